"""How much of the bookings hangs on a few sources or campaigns?

Unit: the group (a source, a campaign) with leads or bookings; deals without one are left out, with their share. Denominator: bookings of
the report quarter. It does not answer whether the few could be replaced.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, checked, several
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.figures import MISSING, known
from alignment_toolkit.stats import interval_from_replicates
from alignment_toolkit.stats.risk import N_BUCKETS, Array, ratio
from alignment_toolkit.study import Study

TOPS = (0.1, 0.2)
NO_DEALS, NO_BOOKINGS = "no deals table", "no bookings in the quarter"


@checked(by=several(LEAD_SLICES))
def concentration(study: Study, *, by: tuple[str, ...] = ("source", "campaign_id")) -> pd.DataFrame:
    """Share of bookings from the best 10 % and 20 % of groups.

    Args:
        study: Quarter and as-of.
        by: Attributes of leads whose groups are looked at.

    Returns:
        One row per attribute and top: slice; best_share (0.1, 0.2 of the groups); groups (how many those are, rounded up); n (groups with
        leads in the quarter or bookings); events (deals won); value: their share of the bookings of named groups, in [0, 1], with lower and
        upper by the delete-a-bucket jackknife, the best chosen anew each time; even_share (what it would be were all groups alike);
        unnamed_share (share of all bookings without such a group); reason. Null without a deals table, without bookings, or where none of
        them has a group.
    """
    return pd.DataFrame([row for name in by for row in _rows(study, name)])


def _rows(study: Study, by: str) -> list[dict[str, Any]]:
    if not study.crm.has("deals"):
        return [_row(by, top, reason=NO_DEALS) for top in TOPS]
    booked = counted("bookings_buckets", study, by=by)
    named = booked[booked["segment"] != MISSING]
    created = counted("leads_created", study, by=by)["segment"]
    groups = sorted((set(created) | set(named["segment"])) - {MISSING})
    table = _by_bucket(named, groups)
    total = float(booked["amount"].sum())
    shared: dict[str, Any] = {"n": len(groups), "events": int(named["n"].sum())}
    shared |= {"unnamed_share": (total - float(table.sum())) / total if total > 0 else None}
    if table.sum() <= 0:
        reason = f"no booking of the quarter has a {by.removesuffix('_id')}" if total > 0 else NO_BOOKINGS
        return [_row(by, top, reason=reason, **shared) for top in TOPS]
    return [_row(by, top, **shared, **_figure(table, math.ceil(top * len(groups)))) for top in TOPS]


def _by_bucket(booked: pd.DataFrame, groups: list[str]) -> Array:
    """Cents per bucket and group, shape (256, groups)."""
    table = np.zeros((N_BUCKETS, len(groups)))
    place = {name: index for index, name in enumerate(groups)}
    for bucket, segment, amount in zip(booked["bucket"], booked["segment"], booked["amount"], strict=True):
        table[bucket, place[segment]] += amount
    return table


def top_share(amounts: Array, count: int) -> Array:
    """Share of the `count` largest amounts in their sum, over the last axis; null where the sum is 0."""
    largest = -np.sort(-amounts, axis=-1)[..., :count]
    return ratio(largest.sum(axis=-1), amounts.sum(axis=-1))


def _figure(table: Array, count: int) -> dict[str, Any]:
    whole = table.sum(axis=0)
    interval = interval_from_replicates(top_share(whole, count), top_share(whole - table, count), table.sum(axis=1) > 0)
    lower, upper = (known(np.clip(limit, 0, 1)) for limit in (interval.lower, interval.upper))
    return {"groups": count, "value": float(interval.value), "lower": lower, "upper": upper, "even_share": count / table.shape[1]}


COLUMNS = ("slice", "best_share", "groups", "n", "events", "value", "lower", "upper", "even_share", "unnamed_share", "unit", "reason")


def _row(by: str, top: float, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS), "slice": by, "best_share": top, "unit": "share", **values}
