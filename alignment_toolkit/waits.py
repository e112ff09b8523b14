"""How long leads wait, from a risk table by whole hours of the agreement's clock: half of them so long, so many in the agreed time."""

from __future__ import annotations

from typing import Any

import numpy as np

from alignment_toolkit.config import Config
from alignment_toolkit.followed import Rule, estimates
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.stats import Curve, Quantile, RiskTable, incidence, incidence_quantile, up_to

HALF, MOST = 0.5, 0.9


def waits(table: RiskTable, config: Config, rule: Rule) -> dict[str, Any]:
    """The median wait and the share that ended in time, units closed without it competing.

    Args:
        table: One table, without a leading axis.
        config: The settings, for the agreed hours.
        rule: How many units are needed.

    Returns:
        median_hours with lower_hours and upper_hours, p90_hours, in_time_share with lower_share and upper_share (95 % limits; null where
        too few units were followed), reason (why the median is null).
    """
    segments, curve, reach = table[None], incidence(table[None]), rule.reach(table)
    half, most = (up_to(incidence_quantile(curve, p, cap=segments.late_entry_cap()), reach) for p in (HALF, MOST))
    share = estimates(curve, segments, min(int(config.sla_hours), LONGEST_HOURS), rule)
    hours = {"median_hours": half.value, "lower_hours": half.lower, "upper_hours": half.upper, "p90_hours": most.value}
    shares = {"in_time_share": share.value, "lower_share": share.lower, "upper_share": share.upper}
    reason = why_no_median(curve, segments, half, config=config, rule=rule)[0]
    return {name: float(value[0]) for name, value in (hours | shares).items()} | {"reason": reason}


def why_no_median(curve: Curve, table: RiskTable, half: Quantile, *, config: Config, rule: Rule) -> list[str | None]:
    """Why the median of each segment is null, None where it is not; the table has one leading axis."""
    anywhere, reach = incidence_quantile(curve, HALF).value, rule.reach(table)
    reasons: list[str | None] = []
    for at, known in enumerate(half.value):
        few = reach[at] < 0 or not np.isnan(anywhere[at])
        missing = rule.reason(table[at], int(np.nan_to_num(anywhere[at]))) if few else never_half(config)
        reasons.append(missing if np.isnan(known) else None)
    return reasons


def never_half(config: Config) -> str:
    """Why a median is null although there are enough leads; a month of business hours has fewer of them than one of days."""
    return f"fewer than half within {f'{LONGEST_HOURS} working hours' if config.business_hours else '30 days'}"
