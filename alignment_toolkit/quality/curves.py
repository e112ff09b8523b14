"""How does the share of won leads grow with their age?

Unit: the lead. Denominator: leads under observation in the study's window; open ones count as open, lost ones as lost. It does not answer
how long a single win took (velocity does).
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.figures import ALL
from alignment_toolkit.followed import Rule
from alignment_toolkit.quality.slices import refused
from alignment_toolkit.stats import curve_limits, incidence
from alignment_toolkit.stats.risk import RiskTable
from alignment_toolkit.study import Study

COLUMNS = ("segment", "day", "value", "lower", "upper", "at_risk", "n", "events", "matured", "unit")


@checked(by=LEAD_SLICES, longest=DAYS)
def conversion_curves(study: Study, *, by: str = "source", longest: int | None = None) -> pd.DataFrame:
    """Won incidence by age in days, for all leads and for each group, as far as enough leads have been observed.

    Args:
        study: Quarter, as-of and cohort rule.
        by: An attribute of leads, `cohort_quarter`, or `all`.
        longest: Last day; default: the largest horizon of the configuration.

    Returns:
        One row per group and day: segment ("(all)" first, then the groups by size), day (index from 0), value (share won by the end of
        that day), lower, upper (95 %), at_risk (open leads observed on the day), n (leads under observation so far), events (wins so far),
        matured (leads followed at that age: entered by it and observable to it). A curve ends before the first day with fewer than
        `min_n` of them; a group without such a day has no rows.

        An attribute that cannot slice conversions gives the curve of all leads alone.

    Raises:
        UsageError: When there is no such attribute.
    """
    last = max(study.config.horizons_days) if longest is None else longest
    labels, table = risk_of("lead_moves", study, by="all" if refused(study, by) else by, max_day=last)
    everybody, total = risk_of("lead_moves", study, by="all", max_day=last)
    rule = study.followed_rule()
    parts = [_curve(total[place], ALL, rule=rule) for place in range(len(everybody))]
    sizes = table.entered.sum(axis=-1)
    order = sorted(range(len(labels)), key=lambda place: (-sizes[place], labels[place]))
    parts += [_curve(table[place], labels[place], rule=rule) for place in order if labels[place] != ALL]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _curve(table: RiskTable, segment: str, *, rule: Rule) -> pd.DataFrame:
    curve = incidence(table)
    bounds = curve_limits(curve, table)
    frame = pd.DataFrame(
        {
            "segment": segment,
            "day": table.days,
            "value": curve.value,
            "lower": bounds.lower,
            "upper": bounds.upper,
            "at_risk": table.at_risk,
            "n": table.entered.cumsum(),
            "events": (table.events + table.events_from_lost).cumsum(),
            "matured": table.followed(),
            "unit": "share",
        }
    )
    return frame.iloc[: int(rule.reach(table)) + 1]
