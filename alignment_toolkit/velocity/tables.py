"""Risk tables of the velocity figures: the pooled one first, then the parts; and how far they reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts.coding import said
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.errors import UsageError, choose
from alignment_toolkit.figures import ALL
from alignment_toolkit.followed import Rule
from alignment_toolkit.stats import RiskTable, risk_table
from alignment_toolkit.study import Study

Horizon = int | Mapping[str, int] | None
NO_HORIZON = "no horizon is given for it"
LIMIT_DAYS = 365  # nothing here looks further than a year


def pooled_first(labels: list[str], table: RiskTable) -> tuple[list[str], RiskTable]:
    """The labels and tables with that of all units together before them.

    Args:
        labels: Labels of the leading axis.
        table: Counts of shape (segments, K+1); each unit is in one segment.
    """
    joined = {name: np.concatenate([array.sum(axis=0, keepdims=True), array]) for name, array in table.arrays()}
    return [ALL, *labels], RiskTable(**joined)


def stage_tables(study: Study, *, query: str = "stage_moves", **choices: Any) -> tuple[list[str], RiskTable]:
    """The pooled table and one per open stage, in the order of the funnel; a stage without visits has an empty one."""
    stages = [stage.name for stage in study.config.open_stages]
    return pooled_first(*risk_table(moves_frame(query, study, by="stage", **choices), segments=stages))


def sliced_tables(query: str, study: Study, *, by: str, **choices: Any) -> tuple[list[str], RiskTable]:
    """The pooled table and, unless `by` is "all", one per segment."""
    frame = moves_frame(query, study, by=by, **choices)
    if by == "all":
        return risk_table(frame, segments=[ALL])
    return pooled_first(*risk_table(frame))


def bucket_frames(query: str, study: Study, *, by: str, last_day: int, **choices: Any) -> dict[str, pd.DataFrame]:
    """The moves with buckets up to a day, of all together and of each segment: what the jackknife leaves parts out of.

    Segments are kept apart, since hundreds of sources times 256 buckets times 365 days do not fit in memory at once.
    """
    frame = moves_frame(query, study, by=by, by_bucket=True, until=last_day, **choices)
    near = frame[frame["day"] <= last_day]
    parts = {} if by == "all" else {str(label): part for label, part in near.groupby("segment", observed=True)}
    return {ALL: near.assign(segment=said(ALL, len(near)))} | parts


def largest_horizon(table: RiskTable, *, rule: Rule, limit: int = LIMIT_DAYS) -> int | None:
    """The largest day index, at most `limit`, up to which enough units were followed at every age; None where there is none.

    Args:
        table: Counts of shape (K+1,).
        rule: How many units are needed.
        limit: Days.
    """
    reached = min(int(rule.reach(table)), limit)
    return reached if reached >= 1 else None


def horizons(labels: list[str], table: RiskTable, *, rule: Rule, asked: Horizon = None) -> tuple[list[int | None], list[str | None]]:
    """H of each segment: the year, or the largest day up to which enough units were followed at every age; and why there is none.

    A segment that reaches less than half as far as the whole has none: "among those who win by day 40" does not compare with a year.

    Args:
        labels: Segments, that of the whole first.
        table: Counts of shape (segments, K+1).
        rule: How many units are needed.
        asked: One horizon for all, or one by segment, instead; kept where enough units were followed for so long.
    """
    if isinstance(asked, Mapping) and asked and not set(asked) & set(labels):
        way_out = choose(next(iter(asked)), labels)
        raise UsageError("horizons are given for segments that are not there", value=", ".join(asked), way_out=way_out)
    least = -(-(largest_horizon(table[0], rule=rule) or 1) // 2) if asked is None and labels else 1
    found: list[tuple[int | None, str | None]] = []
    for place, label in enumerate(labels):
        needed = least if asked is None else asked if isinstance(asked, int) else asked.get(label)
        missing = NO_HORIZON if needed is None else rule.reason(padded(table[place], needed), needed)
        until = None if missing else largest_horizon(table[place], rule=rule) if asked is None else needed
        found.append((until, missing))
    return [until for until, _ in found], [missing for _, missing in found]


def padded(table: RiskTable, last_day: int) -> RiskTable:
    """The table with the day axis up to `last_day` at least; nobody is under observation on the days added."""
    missing = last_day + 1 - table.at_risk.shape[-1]
    if missing <= 0:
        return table
    return RiskTable(**{name: np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)]) for name, array in table.arrays()})
