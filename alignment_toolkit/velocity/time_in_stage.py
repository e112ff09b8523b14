"""Time in stage and time to advance: how long do leads stay, and how long do those who move on take?

Unit: the visit. Denominator: visits under observation in the study's window. The naive figures stand beside: they look at finished visits
alone, which are the quick ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, checked
from alignment_toolkit.figures import NO_LOSSES, NOT_ENOUGH
from alignment_toolkit.followed import smallest_by_quantile
from alignment_toolkit.stats import Quantile, RiskTable, advance_quantile_interval, bucket_tables, survival, survival_quantile, up_to
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.stage_conversion import whole_counts
from alignment_toolkit.velocity.tables import LIMIT_DAYS, bucket_frames, largest_horizon, padded, stage_tables

STILL_THERE = "more than half are still in the stage"
HALF, MOST = 0.5, 0.9


def time_in_stage(study: Study) -> pd.DataFrame:
    """Days until half, and nine in ten, of the visits are over, either way, and the sensitivity of the median.

    Args:
        study: Quarter, as-of and cohort rule.

    Returns:
        The rows and columns of `stay_quantiles` and, before the reason, stale_lost_median_days: the median when open visits of leads that
        have been silent for more than `stale_days` count as lost on the last sign of life.
    """
    frame = stay_quantiles(study)
    stale = _stays(stage_tables(study, silent="lost")[1], study)[0].value
    reason = frame.pop("reason")
    return frame.assign(stale_lost_median_days=stale if study.config.losses_recorded else np.nan, reason=reason)


def stay_quantiles(study: Study) -> pd.DataFrame:
    """Days until half, and nine in ten, of the visits are over, either way.

    Args:
        study: Quarter, as-of and cohort rule.

    Returns:
        One row for all visits together, stage "(all)", then one per open stage in order: n (visits under observation), finished,
        still_open, median_days with lower_days and upper_days (95 %), p90_days, naive_mean_days and naive_median_days (of finished
        visits alone), smallest_followed, reason. Quantiles, and their limits, are null where fewer than `min_n` visits were followed at an
        age up to them, and where the data do not reach them. All times are null where losses are not recorded, since nobody knows when a
        stay that ended in one was over.

    Reference:
        Kaplan and Meier 1958; Brookmeyer and Crowley 1982.
    """
    labels, table = stage_tables(study)
    half, most, reasons = _stays(table, study)
    finished = (table.events + table.competing).sum(axis=-1)
    frame = pd.DataFrame(
        {
            "stage": labels,
            "n": table.n,
            "finished": finished,
            "still_open": table.n - finished,
            "median_days": half.value,
            "lower_days": half.lower,
            "upper_days": half.upper,
            "p90_days": most.value,
            "naive_mean_days": naive_mean(table),
            "naive_median_days": naive_median(table),
            "smallest_followed": smallest_by_quantile(table, half.value),
        }
    )
    if not study.config.losses_recorded:
        frame = frame.assign(**dict.fromkeys([str(name) for name in frame if str(name).endswith("_days")], np.nan))
        return whole_counts(frame, "n", "finished", "still_open").assign(reason=NO_LOSSES)
    return whole_counts(frame, "n", "finished", "still_open").assign(reason=reasons)


def _stays(table: RiskTable, study: Study) -> tuple[Quantile, Quantile, Any]:
    """Median and 90th percentile of the stay where enough visits were followed up to them, and why a median is null."""
    rule, curve, cap = study.followed_rule("visit"), survival(table), table.late_entry_cap()
    anywhere, reach = survival_quantile(curve, HALF, cap=cap), rule.reach(table)
    half, most = (up_to(survival_quantile(curve, p, cap=cap), reach) for p in (HALF, MOST))
    reasons = [
        None if known <= last else STILL_THERE if np.isnan(known) and last >= 0 else rule.reason(table[at], int(np.nan_to_num(known)))
        for at, (known, last) in enumerate(zip(anywhere.value, reach, strict=True))
    ]
    return half, most, reasons


@checked(horizon=DAYS_AHEAD)
def time_to_advance(study: Study, *, horizon: int | None = None) -> pd.DataFrame:
    """Days until half, and nine in ten, of those who advance by H have done so: the smallest t with F(t) ≥ p × F(H).

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: H in days; by default a year, or as far as enough visits were followed at every age.

    Returns:
        One row for all visits together, stage "(all)", then one per open stage: n, advanced (by H), horizon_days, median_days with
        lower_days and upper_days (95 %, jackknife of F(t) − p × F(H)), p90_days, reason.
    """
    labels, table = stage_tables(study)
    limit = LIMIT_DAYS if horizon is None else horizon
    rule = study.followed_rule("visit")
    reach = [largest_horizon(table[place], rule=rule, limit=limit) for place in range(len(labels))]
    frames = bucket_frames("stage_moves", study, by="stage", last_day=limit)
    rows = []
    for place, (label, until) in enumerate(zip(labels, reach, strict=True)):
        needed = horizon or until or 1
        missing = rule.reason(padded(table[place], needed), needed) or (None if label in frames else NOT_ENOUGH)
        rows.append({"stage": label, "n": int(table.n[place]), **_advance(frames.get(label), needed, missing)})
    return pd.DataFrame(rows).astype({"advanced": "Int64", "horizon_days": "Int64"})


def _advance(frame: pd.DataFrame | None, until: int, missing: str | None) -> dict[str, object]:
    nothing = dict.fromkeys(("median_days", "lower_days", "upper_days", "p90_days"), np.nan)
    if frame is None or missing:
        return {"advanced": None, "horizon_days": None, **nothing, "reason": missing}
    buckets = bucket_tables(frame, max_day=until)[1][0]
    half, most = (advance_quantile_interval(buckets, p, until) for p in (HALF, MOST))
    days = {"median_days": half.value, "lower_days": half.lower, "upper_days": half.upper, "p90_days": most.value}
    found = {name: float(value) for name, value in days.items()}
    reason = f"nobody advanced within {until} days" if np.isnan(found["median_days"]) else None
    return {"advanced": int(buckets.total(axis=-1).won_by(until)), "horizon_days": until, **found, "reason": reason}


def naive_mean(table: RiskTable) -> np.ndarray:
    """Mean whole days of finished units alone; null where none is finished. Shape (...)."""
    left = table.events + table.competing
    n = left.sum(axis=-1)
    return np.where(n > 0, (left * table.days).sum(axis=-1) / np.maximum(n, 1), np.nan)


def naive_median(table: RiskTable) -> np.ndarray:
    """Median whole days of finished units alone, the mean of the middle two where their number is even; null where none is. Shape (...)."""
    left = np.cumsum(table.events + table.competing, axis=-1)
    n = left[..., -1:]
    lower, upper = ((left >= np.maximum(np.ceil(n / 2), 1)).argmax(axis=-1), (left >= np.floor(n / 2) + 1).argmax(axis=-1))
    return np.where(n[..., 0] > 0, (lower + upper) / 2, np.nan)
