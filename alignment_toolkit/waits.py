"""How long leads wait, from a risk table by whole hours of the agreement's clock: half of them so long, so many in the agreed time."""

from __future__ import annotations

import numpy as np

from alignment_toolkit.config import Config
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.stats import incidence, incidence_quantile, probability_interval
from alignment_toolkit.stats.risk import RiskTable

HALF = 0.5


def waits(table: RiskTable, config: Config) -> dict[str, float]:
    """The median wait and the share that ended in time, units closed without it competing.

    Args:
        table: One table, without a leading axis.
        config: The settings, for the agreed hours.

    Returns:
        median_hours with lower_hours and upper_hours (null where it is not reached), in_time_share with lower_share and upper_share; 95 %
        limits.
    """
    curve = incidence(table)
    half, limit = incidence_quantile(curve, HALF), min(int(config.sla_hours), LONGEST_HOURS)
    within = curve.at(limit)
    share = probability_interval(within.value, within.variance, table.matured(limit))
    hours = {"median_hours": half.value, "lower_hours": half.lower, "upper_hours": half.upper}
    shares = {"in_time_share": within.value, "lower_share": share.lower, "upper_share": share.upper}
    return {name: float(value) for name, value in (hours | shares).items()}


def unknown(found: dict[str, float]) -> dict[str, float]:
    """The same names without values, for groups too small to tell."""
    return dict.fromkeys(found, np.nan)


def never_half(config: Config) -> str:
    """Why a median is null although there are enough leads; a month of business hours has fewer of them than one of days."""
    return f"fewer than half within {f'{LONGEST_HOURS} working hours' if config.business_hours else '30 days'}"
