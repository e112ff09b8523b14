"""Responses of sales as deferred expressions: when a lead that was handed over was first touched by a person of sales, or closed untouched.

Question: how long does a lead wait for a person? Unit: the lead handed over. The clock starts at the handover (handovers.py) and counts
hours; with business hours configured only those (workhours.py). A lead that is closed without such a touch is a breach, not a lead that
went away. Before the handover a lead that marketing has qualified waits for the system: that delay is told apart. It does not answer what
the touch was worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import instant, not_before
from alignment_toolkit.handovers import handovers
from alignment_toolkit.leads import SLICES, lead_rows, with_attributes
from alignment_toolkit.periods import midnight
from alignment_toolkit.timelines import milestones, outcomes_to_date, timeline
from alignment_toolkit.touches import touch_rows
from alignment_toolkit.workhours import elapsed

if TYPE_CHECKING:
    from datetime import datetime

    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

Within = Literal["quarter", "window"]
HOUR = 3_600_000_000  # microseconds
LONGEST_HOURS = 30 * 24  # nobody speaks of speed after a month


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
    after = handed.inner_join(touched, "number")
    after = after.filter(not_before(crm, after.occurred_at, after.handed_at))
    first = after.group_by("number").agg(touched_at=_.occurred_at.min())
    told = handed.left_join(first, "number").drop("number_right").left_join(ends(crm), "number").drop("number_right")
    closed = closed_after(crm, told, told.handed_at)
    untouched = told.touched_at.isnull() | (closed < told.touched_at)
    ended = ibis.ifelse(untouched, closed, ibis.null("timestamp(6)"))
    return told.select("number", "cell", "bucket", "handed_at", "touched_at", closed_at=ended)


def closed_after(crm: Crm, told: ir.Table, since: ir.TimestampValue) -> ir.TimestampValue:
    """When leads with the columns of `ends` were first won or lost at or after an instant of theirs; else over for good; null: not yet."""
    nothing = ibis.null("timestamp(6)")
    won, lost, over = (
        ibis.ifelse(not_before(crm, at, since) & (at < crm.as_of), at.cast("timestamp(6)"), nothing)
        for at in (told.won_at, told.lost_at, told.over_at)
    )
    return ibis.ifelse(won.notnull() & (lost.isnull() | (won <= lost)), won, ibis.coalesce(lost, won, over))


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
    since = looked_at_since(study, within=within, table="touches")
    told = responses(crm).filter(_.handed_at < study.created_before)
    kept = told if since is None else told.filter(told.handed_at >= since)
    ways = {"waited": kept.touched_at, "closed_after": kept.closed_at, "watched": instant(crm.as_of)}
    return kept.mutate(**{name: elapsed(crm, kept.handed_at, end, since=since) for name, end in ways.items()})


def looked_at_since(study: Study, *, within: str, table: str) -> datetime | None:
    """The first instant of the report quarter or of the study's window, or that from which on a table is recorded; None: ever."""
    opened = study.starts_at if within == "quarter" and study.cohort != "all" else study.window_opens_at
    begun = study.config.observed_since(table)
    floors = [at for at in (opened, None if begun is None else midnight(begun, study.config.time_zone)) if at is not None]
    return max(floors, default=None)


def assignments(study: Study) -> ir.Table:
    """The leads that were qualified in the report quarter, and how long each waited to be given to sales.

    Returns:
        number, cell, bucket and the attributes of the lead; qualified_at (first entry to the stage before the handover), handed_at,
        closed_at (won or lost before it); waited, closed_after, watched as in `timed`. A lead that was handed over first waited no time.
    """
    key = ("assignments", study.as_of, study.starts_at, study.window_opens_at, study.created_before)
    return with_attributes(study.crm, cached(study.crm, key, lambda: _assignments(study)))


def _assignments(study: Study) -> ir.Table:
    crm, since = study.crm, looked_at_since(study, within="quarter", table="stage_events")
    marks = milestones(crm).select("number", "qualified_at").filter((_.qualified_at < study.created_before) & _.qualified_at.notnull())
    ready = marks if since is None else marks.filter(_.qualified_at >= since)
    told = ready.inner_join(lead_rows(crm).select("number", "cell", "bucket"), "number")
    told = told.left_join(handovers(crm).select("number", "handed_at"), "number").drop("number_right")
    told = told.left_join(ends(crm), "number").drop("number_right")
    closed = closed_after(crm, told, told.qualified_at)
    before = told.handed_at.isnull() | (closed < told.handed_at)
    kept = told.select(
        "number", "cell", "bucket", "qualified_at", "handed_at", closed_at=ibis.ifelse(before, closed, ibis.null("timestamp(6)"))
    )
    ways = {"waited": kept.handed_at, "closed_after": kept.closed_at, "watched": instant(crm.as_of)}
    return kept.mutate(**{name: elapsed(crm, kept.qualified_at, end, since=since) for name, end in ways.items()})


def response_spells(study: Study, *, within: str = "quarter") -> ir.Table:
    """Each handed-over lead's wait for a person of sales by whole hours, shaped as the spells of journeys.py.

    The touch is the event, being closed untouched competes. Hours take the place of days.
    """
    told = timed(study, within=within)
    return hourly_spells(told, told.touched_at)


def assignment_spells(study: Study) -> ir.Table:
    """Each qualified lead's wait to be given to sales by whole hours; the handover is the event, being closed before it competes."""
    told = assignments(study)
    return hourly_spells(told, told.handed_at)


def hourly_spells(told: ir.Table, met_at: ir.TimestampValue) -> ir.Table:
    """Waits as spells.

    Args:
        told: bucket, number and slices; closed_at, waited, closed_after, watched.
        met_at: When what was waited for came; null: not yet, or never.
    """
    last = (told.watched // HOUR).cast("int64") - 1
    is_closed = told.closed_at.notnull()
    # A null instant may be hour 0 to some engines: ask whether there is one before asking when.
    hour = (ibis.ifelse(is_closed, told.closed_after, told.waited) // HOUR).cast("int64")
    seen = ((is_closed | met_at.notnull()) & (hour <= last)).fill_null(False)
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
