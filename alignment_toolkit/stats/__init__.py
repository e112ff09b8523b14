"""Statistics of times and outcomes, all from risk tables: counts per day index made in the engine.

Everything here is a pure function of numpy arrays whose last axis is the day index; leading axes broadcast. Null is NaN, and no function
raises or warns because a group is empty.
"""

from alignment_toolkit.stats.cox import CoxFit, cox
from alignment_toolkit.stats.incidence import Curve, StateProbabilities, hazards, incidence, state_probabilities
from alignment_toolkit.stats.intervals import (
    Bounds,
    curve_limits,
    difference_interval,
    loglog_interval,
    probability_interval,
    wilson_interval,
)
from alignment_toolkit.stats.jackknife import Interval, interval_from_replicates, jackknife, jackknife_difference
from alignment_toolkit.stats.logrank import LogRank, logrank
from alignment_toolkit.stats.means import MeanTime, mean_time_among, mean_time_interval, restricted_mean
from alignment_toolkit.stats.multiplicity import benjamini_hochberg
from alignment_toolkit.stats.quantiles import (
    Quantile,
    advance_quantile,
    advance_quantile_interval,
    incidence_quantile,
    survival_quantile,
    up_to,
)
from alignment_toolkit.stats.risk import RiskTable, bucket_tables, leave_one_out, risk_table, table_from_counts
from alignment_toolkit.stats.shrinkage import ShrunkRates, effective_counts, effective_wins, shrink
from alignment_toolkit.stats.survival import survival
from alignment_toolkit.stats.value import value_curve, value_of_one, value_per_unit

__all__ = [
    "Bounds",
    "CoxFit",
    "Curve",
    "Interval",
    "LogRank",
    "MeanTime",
    "Quantile",
    "RiskTable",
    "ShrunkRates",
    "StateProbabilities",
    "advance_quantile",
    "advance_quantile_interval",
    "benjamini_hochberg",
    "bucket_tables",
    "cox",
    "curve_limits",
    "difference_interval",
    "effective_counts",
    "effective_wins",
    "hazards",
    "incidence",
    "incidence_quantile",
    "interval_from_replicates",
    "jackknife",
    "jackknife_difference",
    "leave_one_out",
    "loglog_interval",
    "logrank",
    "mean_time_among", "mean_time_interval",
    "probability_interval",
    "restricted_mean",
    "risk_table",
    "shrink",
    "state_probabilities",
    "survival",
    "survival_quantile",
    "table_from_counts",
    "up_to",
    "value_curve",
    "value_of_one",
    "value_per_unit",
    "wilson_interval",
]  # fmt: skip
