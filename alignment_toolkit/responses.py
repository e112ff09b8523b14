"""Responses of sales as deferred expressions: when a lead that was handed over was first touched by a person of sales, or closed untouched.

Question: how long does a lead wait for a person? Unit: the lead handed over. The clock starts at the handover (handovers.py) and counts
hours; with business hours configured only those. A lead that is closed without such a touch is a breach, not a lead that went away.
It does not answer what the touch was worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import instant
from alignment_toolkit.handovers import handovers
from alignment_toolkit.leads import SLICES, with_attributes
from alignment_toolkit.periods import midnight
from alignment_toolkit.timelines import milestones, outcomes_to_date, timeline
from alignment_toolkit.touches import touch_rows

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

Within = Literal["quarter", "window"]
HOUR = 3_600_000_000  # microseconds
LONGEST_HOURS = 30 * 24  # nobody speaks of speed after a month


def elapsed(crm: Crm, start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:  # noqa: ARG001
    """Microseconds that the clock of the agreement counts between two instants; never negative."""
    return ibis.greatest(end.delta(start, unit="microsecond"), 0)


def responses(crm: Crm) -> ir.Table:
    """One row per lead handed over before `as_of`.

    Returns:
        number, cell, bucket, handed_at, touched_at (first touch of a person of sales at or after it), closed_at (first win or loss after
        the handover, where it came before such a touch); null where there is none yet.
    """
    return cached(crm, ("responses", crm.as_of), lambda: _responses(crm))


def _responses(crm: Crm) -> ir.Table:
    handed = handovers(crm).select("number", "cell", "bucket", "handed_at")
    touched = touch_rows(crm).filter(_.side == "sales").select("number", "occurred_at")
    after = handed.inner_join(touched, "number").filter(_.occurred_at >= _.handed_at)
    first = after.group_by("number").agg(touched_at=_.occurred_at.min())
    told = handed.left_join(first, "number").drop("number_right").left_join(ends(crm), "number").drop("number_right")
    nothing = ibis.null("timestamp(6)")
    later = [
        ibis.ifelse((at >= told.handed_at) & (at < crm.as_of), at.cast("timestamp(6)"), nothing)
        for at in (told.won_at, told.lost_at, told.over_at)
    ]
    closed = ibis.ifelse(
        later[0].notnull() & (later[1].isnull() | (later[0] <= later[1])), later[0], ibis.coalesce(later[1], later[0], later[2])
    )
    untouched = told.touched_at.isnull() | (closed < told.touched_at)
    return told.select("number", "cell", "bucket", "handed_at", "touched_at", closed_at=ibis.ifelse(untouched, closed, nothing))


def ends(crm: Crm) -> ir.Table:
    """number, won_at and lost_at (first win, first loss), over_at (last event of a lead that is lost now)."""
    lost = outcomes_to_date(crm, timeline(crm)).filter(_.outcome == "lost").select("number", is_lost=ibis.literal(1))
    told = milestones(crm).select("number", "won_at", "lost_at", "last_at").left_join(lost, "number").drop("number_right")
    over = ibis.ifelse(told.is_lost.notnull(), told.last_at, ibis.null("timestamp(6)"))
    return told.select("number", "won_at", "lost_at", over_at=over)


def timed(study: Study, *, within: str) -> ir.Table:
    """The responses to leads handed over in the report quarter or the study's window, with the hours they took.

    Leads handed over before touches were recorded are left out: nobody knows whether they were touched.

    Returns:
        The columns of `responses` and the attributes of the lead; waited (microseconds of the agreement's clock to the touch), closed_after
        (to the end without one), watched (to `as_of`).
    """
    key = ("timed_responses", within, study.as_of, study.starts_at, study.window_opens_at, study.created_before)
    return with_attributes(study.crm, cached(study.crm, key, lambda: _timed(study, within)))


def _timed(study: Study, within: str) -> ir.Table:
    crm = study.crm
    opened = study.starts_at if within == "quarter" and study.cohort != "all" else study.window_opens_at
    begun = study.config.observed_since("touches")
    floors = [at for at in (opened, None if begun is None else midnight(begun, study.config.time_zone)) if at is not None]
    told = responses(crm).filter(_.handed_at < study.created_before)
    kept = told.filter(told.handed_at >= max(floors)) if floors else told
    clock = {
        "waited": elapsed(crm, kept.handed_at, kept.touched_at),
        "closed_after": elapsed(crm, kept.handed_at, kept.closed_at),
        "watched": elapsed(crm, kept.handed_at, instant(crm.as_of)),
    }
    return kept.mutate(**clock)


def response_spells(study: Study, *, within: str = "quarter") -> ir.Table:
    """Each handed-over lead's wait for a person of sales by whole hours, shaped as the spells of journeys.py.

    The touch is the event, being closed untouched competes. Hours take the place of days.
    """
    told = timed(study, within=within)
    last = (told.watched // HOUR).cast("int64") - 1
    is_closed = told.closed_at.notnull()
    # A null instant may be hour 0 to some engines: ask whether there is one before asking when.
    hour = (ibis.ifelse(is_closed, told.closed_after, told.waited) // HOUR).cast("int64")
    seen = ((is_closed | told.touched_at.notnull()) & (hour <= last)).fill_null(False)
    zero = ibis.literal(0).cast("int64")
    moved = told.mutate(
        entry=zero,
        entry_move=ibis.literal("enter"),
        exit=ibis.ifelse(seen, hour, last),
        exit_move=ibis.cases((~seen, "censor"), (is_closed, "competing"), else_="event"),
        last_index=last,
        cents=ibis.null("int64"),
    )
    return moved.filter(_.last_index >= 0).select(
        *SLICES, "number", "bucket", "entry", "entry_move", "exit", "exit_move", "last_index", "cents"
    )
