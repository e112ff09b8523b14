"""Did it change? Leads created in the report quarter against those of the four quarters before.

Unit: the lead, by the quarter in which it was created. Both groups are cut at the largest age that both have reached, since an older cohort
has had more time. The log-rank test compares daily win hazards up to that age, not final shares; how large a difference is, the effects
say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.coverage import coverage
from alignment_toolkit.followed import Rule
from alignment_toolkit.stats import (
    RiskTable,
    bucket_tables,
    curve_limits,
    incidence,
    jackknife,
    jackknife_difference,
    logrank,
    risk_table,
    state_probabilities,
)
from alignment_toolkit.stats.risk import Array
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.cycle import mean_cycle
from alignment_toolkit.velocity.tables import LIMIT_DAYS, padded

NOW, BEFORE = "report quarter", "four quarters before"
UNITS = {"won_share": "share", "cycle_days": "days"}
READ = ("leads", "stage_events")


def win_hazard_test(study: Study) -> pd.DataFrame:
    """Cause-specific log-rank test of the win hazard, the report quarter's leads against those of the four quarters before.

    Args:
        study: Quarter and as-of; the cohort rule plays no part, whole cohorts are compared.

    Returns:
        One row: days (largest common age, last whole day index), n_now, won_now, n_before, won_before (within those days), statistic,
        freedom, p_value (null with a reason where fewer than `min_n` leads of either group were followed from the first day on).

    Reference:
        Mantel 1966; lost leads leave the risk set, so this is a test of the win hazard and not of the share won.
    """
    table, days = _cohorts(study)
    seen = table.cut(days)
    test = logrank(seen)
    n, won = seen.n, (seen.events + seen.events_from_lost).sum(axis=-1)
    reason = coverage(study).reason(READ) or _missing(table, 0, rule=_rule(study))
    row = {"days": days, "n_now": int(n[0]), "won_now": int(won[0]), "n_before": int(n[1]), "won_before": int(won[1])}
    found = {"statistic": float(test.statistic), "freedom": float(test.freedom), "p_value": float(test.p)}
    nothing = dict.fromkeys(found, np.nan)
    return pd.DataFrame([row | (nothing if reason else found) | {"reason": reason}])


def change(study: Study) -> pd.DataFrame:
    """How large the change is: the difference in the share won by h and in the mean cycle among those won by h.

    Args:
        study: Quarter and as-of.

    Returns:
        Two rows, measure `won_share` and `cycle_days`: unit (share, days), horizon_days (h: the largest age at most a year up to
        which enough leads of both groups were followed at every age), now, before, difference with lower and upper (95 %, jackknife of the
        difference over shared accounts), reason.
    """
    table, days = _cohorts(study)
    until, reason = _common_horizon(table, days, rule=_rule(study)), coverage(study).reason(READ)
    measures: dict[str, Callable[[RiskTable], Array]] = {
        "won_share": lambda part: state_probabilities(part.cut(until or 0)).won[..., -1],
        "cycle_days": lambda part: mean_cycle(part, until or 0),
    }
    rows: list[dict[str, Any]]
    if until is None or reason:
        nothing = dict.fromkeys(("now", "before", "difference", "lower", "upper"), np.nan)
        missing = reason or _missing(table, 1, rule=_rule(study))
        rows = [_measure(name, None) | nothing | {"reason": missing} for name in measures]
    else:
        buckets = _buckets(study, until)
        rows = [
            {"measure": name, "unit": UNITS[name], "horizon_days": until} | _effect(buckets, measure) for name, measure in measures.items()
        ]
    return pd.DataFrame(rows).astype({"horizon_days": "Int64"})


def _measure(name: str, until: int | None) -> dict[str, Any]:
    return {"measure": name, "unit": UNITS[name], "horizon_days": until}


def win_curves(study: Study) -> pd.DataFrame:
    """Share won by age of the report quarter's leads and of those of the four quarters before, up to the age that both have reached.

    Args:
        study: Quarter and as-of.

    Returns:
        group, day, won_share with lower_share and upper_share (95 %); no rows where the two cannot be compared (see `change`).

    Reference:
        Aalen and Johansen 1978; interval on the log(-log) scale.
    """
    table, days = _cohorts(study)
    until = _common_horizon(table, days, rule=_rule(study))
    if until is None or coverage(study).reason(READ):
        return pd.DataFrame(columns=["group", "day", "won_share", "lower_share", "upper_share"])
    seen = table.cut(until)
    curve = incidence(seen)
    bounds = curve_limits(curve, seen)
    parts = []
    for at, group in enumerate((NOW, BEFORE)):
        columns = {"won_share": curve.value[at], "lower_share": bounds.lower[at], "upper_share": bounds.upper[at]}
        parts.append(pd.DataFrame({"group": group, "day": seen.days, **columns}))
    return pd.concat(parts, ignore_index=True)


def _effect(buckets: RiskTable, measure: Callable[[RiskTable], Array]) -> dict[str, Any]:
    now, before = (float(jackknife(buckets[at], measure).value) for at in (0, 1))
    found = jackknife_difference(buckets[0], buckets[1], measure)
    reason = "nobody was won in one of the two" if np.isnan(found.value) else None
    limits = {"lower": float(found.lower), "upper": float(found.upper)}
    return {"now": now, "before": before, "difference": float(found.value), **limits, "reason": reason}


def _cohorts(study: Study) -> tuple[RiskTable, int]:
    """Tables of the two groups, shape (2, K+1), and the largest age that both have reached (0 without any)."""
    table = risk_table(_grouped(study, by_bucket=False), segments=[NOW, BEFORE])[1]
    reached = [int(np.flatnonzero(table.potential[at]).max(initial=0)) for at in (0, 1)]
    return table, min(reached)


def _buckets(study: Study, until: int) -> RiskTable:
    frame = _grouped(study, by_bucket=True)
    return bucket_tables(frame[frame["day"] <= until], max_day=until, segments=[NOW, BEFORE])[1]


def _grouped(study: Study, *, by_bucket: bool) -> pd.DataFrame:
    """Moves of the two groups; whole cohorts are followed, so the window of the study plays no part."""
    whole = replace(study, cohort="all")
    frame = moves_frame("lead_moves", whole, by="cohort_quarter", by_bucket=by_bucket)
    names = {study.quarter.label: NOW} | {study.quarter.shift(back).label: BEFORE for back in (-1, -2, -3, -4)}
    return frame.assign(segment=frame["segment"].map(names)).dropna(subset="segment")


def _rule(study: Study) -> Rule:
    return study.followed_rule(in_window=False)


def _missing(table: RiskTable, horizon: int, *, rule: Rule) -> str | None:
    """Why the two groups cannot be compared at a horizon, None where they can."""
    return next(filter(None, rule.reasons(padded(table, horizon), horizon)), None)


def _common_horizon(table: RiskTable, days: int, *, rule: Rule) -> int | None:
    """The largest h at most a year, and not beyond the common age, up to which enough leads of both groups were followed at every age."""
    reached = min(int(rule.reach(table).min()), days, LIMIT_DAYS)
    return reached if reached >= 1 else None
