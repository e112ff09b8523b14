"""Counts of deals by the days they were created and closed on: what a forecast of bookings is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.days import DAY, instant
from alignment_toolkit.deals import deals
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

GROUPS = 16


@query
def deal_days(study: Study) -> ir.Table:
    """Deals by whole days between their instants and the first instant of the report quarter, negative before it.

    Deals without a creation instant, and closed ones without a closing one, have no days and are left out.

    Returns:
        created, closed (day numbers; null while open), is_won, group (0 to 15: sixteen buckets of the jackknife each), n, cents (sum),
        squares (sum of squared whole units).
    """
    known = deals(study.crm).filter(_.created_at.notnull() & ((_.outcome == "open") | _.closed_at.notnull()))
    starts = instant(study.starts_at)
    units = (known.cents / 100).round().cast("int64")
    dated = known.mutate(
        created=day_of(ibis.least(known.created_at, ibis.coalesce(known.closed_at, known.created_at)), starts),
        closed=day_of(known.closed_at, starts),
        is_won=known.outcome == "won",
        group=(known.bucket // (256 // GROUPS)).cast("int16"),
        squares=(units * units).fill_null(0),
    )
    grouped = dated.group_by("created", "closed", "is_won", "group")
    return grouped.agg(n=_.count(), cents=ibis.coalesce(_.cents.sum(), 0).cast("int64"), squares=_.squares.sum().cast("int64"))


def day_of(at: ir.TimestampValue, starts: ir.TimestampValue) -> ir.IntegerValue:
    """Whole days from the first instant, rounded down also before it."""
    shift = 200 * 366
    return ((at.delta(starts, unit="microsecond") + shift * DAY) // DAY - shift).cast("int64")
