"""Do the chances find the leads that are not won better than a fixed number of days? Asked of past quarters, with what was known then.

Unit: the lead that was open at the end of a past quarter. Chances are estimated from what was visible at that instant; the outcome is
whether the lead was won within the horizon after it. The rule calls a lead stalled after `stale_days` in its stage.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, DAYS_AHEAD, QUARTERS_BACK, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import coverage
from alignment_toolkit.figures import ALL
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.chances import HORIZON, win_chances

QUARTERS = 4
COLUMNS = ("quarter", "open", "won", "listed", "auc_chances", "auc_rule", "precision_chances_share", "precision_rule_share")


@checked(days=DAYS, horizon=DAYS_AHEAD, quarters=QUARTERS_BACK)
def stalled_check(study: Study, *, days: int | None = None, horizon: int = HORIZON, quarters: int = QUARTERS) -> pd.DataFrame:
    """The ranking by chances beside the fixed-days rule, at the ends of past quarters.

    Args:
        study: Report quarter; the quarters before it are looked at whose outcomes are known by its `as_of`.
        days: The rule: stalled after so many days in a stage; None: `stale_days`.
        horizon: Days after the quarter's end.
        quarters: Past quarters at most.

    Returns:
        One row per past quarter, latest first, then "(all)": quarter, open (leads), won (within the horizon), listed (leads that the rule
        calls stalled), auc_chances and auc_rule (how well each tells leads that are not won from those that are; ½ is chance),
        precision_chances_share and precision_rule_share (of a list as long as the rule's, the share that was indeed not won; ties count in
        proportion). Null where nobody was won, or listed. "(all)" adds up the lists and averages the AUC by open leads. Empty without a
        past quarter.

    Reference:
        Hanley and McNeil 1982 (area under the curve with ties).
    """
    limit = study.config.stale_days if days is None else days
    rows = [row for each in past(study, horizon=horizon, quarters=quarters) if (row := _row(each, limit, horizon)) is not None]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame if frame.empty else pd.concat([frame, pd.DataFrame([_together(frame)])], ignore_index=True)


def past(study: Study, *, horizon: int, quarters: int) -> Iterator[Study]:
    """The studies of past quarters that the records cover and whose outcomes are known by the study's as-of."""
    each = study
    for _ in range(quarters):
        each = each.previous()
        is_covered = not coverage(each).reason(("leads", "stage_events"))
        if is_covered and each.as_of + timedelta(days=horizon) <= study.as_of:
            yield each


def _row(study: Study, limit: int, horizon: int) -> dict[str, Any] | None:
    counts = counted("open_outcomes", study, horizon=horizon)
    now, _ = win_chances(study, horizon=horizon).of(counts["segment"], counts["day"])
    seen = counts.assign(now=now).dropna(subset="now")
    if seen.empty:
        return None
    n, won = seen["n"].to_numpy(float), seen["n_won"].to_numpy(float)
    chances, rule = -np.asarray(seen["now"], dtype=np.float64), np.asarray(seen["day"] > limit, dtype=np.float64)
    listed = float(n[rule > 0].sum())
    told = {"quarter": study.quarter.label, "open": int(n.sum()), "won": int(won.sum()), "listed": int(listed)}
    areas = {f"auc_{name}": area(score, n - won, won) for name, score in (("chances", chances), ("rule", rule))}
    shares = {f"precision_{name}_share": precision(score, n - won, n, listed) for name, score in (("chances", chances), ("rule", rule))}
    return told | areas | shares


def area(score: Array, hits: Array, misses: Array) -> float:
    """The chance that a hit has a higher score than a miss, ties by half; groups of equal score hold several units; null without either."""
    _, place = np.unique(score, return_inverse=True)
    good, bad = np.bincount(place, hits), np.bincount(place, misses)
    below = np.cumsum(bad) - bad
    return float(ratio(np.array((good * (below + bad / 2)).sum(), dtype=np.float64), np.array(good.sum() * bad.sum(), dtype=np.float64)))


def precision(score: Array, hits: Array, n: Array, length: float) -> float:
    """The share of hits among the `length` units of the highest score; of equal ones at the end of the list as many as fit."""
    _, place = np.unique(-score, return_inverse=True)
    good, every = np.bincount(place, hits), np.bincount(place, n)
    taken = np.clip(length - (np.cumsum(every) - every), 0, every)
    shares = ratio(np.asarray(good, dtype=np.float64), np.asarray(every, dtype=np.float64), empty=0.0)
    return float(ratio(np.asarray((taken * shares).sum(), dtype=np.float64), np.array(float(length))))


def _together(frame: pd.DataFrame) -> dict[str, Any]:
    told: dict[str, Any] = {"quarter": ALL} | {name: int(frame[name].sum()) for name in ("open", "won", "listed")}
    for name, weight in (("auc", "open"), ("precision", "listed")):
        for column in [column for column in COLUMNS if column.startswith(name)]:
            known = frame[frame[column].notna()]
            told[column] = float(ratio(np.array((known[column] * known[weight]).sum()), np.array(float(known[weight].sum()))))
    return told
