"""The timeline of leads as deferred expressions: every visible stage event as numbers, the one table that stages are read off.

Unit: the stage event of a known, surviving lead. Stages are ranks, their place in the funnel (won and lost come last); leads are numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import day_number, days_until, is_date, last_whole_day, marked_before
from alignment_toolkit.leads import lead_numbers

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

KEY_STEP = 128  # more than a funnel has stages: microseconds * KEY_STEP + rank orders events, ties by the funnel's order


def timeline(crm: Crm) -> ir.Table:
    """One row per visible stage event of a known, surviving lead, as numbers: all that is told about stages is read off it.

    Returns:
        number (of the lead), created_at (of the lead), entered_at, rank (place in the funnel), is_backfilled.
    """
    known = cached(crm, ("timeline", crm.at_hand.as_of), lambda: _timeline(crm.at_hand))
    return known if crm.at_hand is crm else known.filter((_.entered_at < crm.as_of) & (_.created_at < crm.as_of))


def _timeline(crm: Crm) -> ir.Table:
    stamped = crm.tables["stage_events"].filter(_.entered_at < crm.as_of)
    known = stamped.select("lead_id", "stage", "entered_at", "is_backfilled").inner_join(lead_numbers(crm), "lead_id")
    told = known.select(
        "number",
        "created_at",
        "entered_at",
        rank=stage_rank(crm, known.stage).cast("int16"),
        is_backfilled=known.is_backfilled.fill_null(False),
    )
    return in_funnel_order(crm, told) if crm.has_dates else told


def in_funnel_order(crm: Crm, told: ir.Table) -> ir.Table:
    """The events with each date placed within its day by the funnel: at the day's end, or just before the first instant that follows it.

    Args:
        crm: The records.
        told: number, entered_at, rank.
    """
    timed_at = ibis.ifelse(is_date(told.entered_at), ibis.null(told.entered_at.type()), told.entered_at)
    days = told.mutate(day=day_number(crm, told.entered_at), timed_at=timed_at)
    later = ibis.window(group_by=["number", "day"], order_by=[ibis.desc("rank"), ibis.desc("timed_at")], preceding=None, following=0)
    seen = days.mutate(first_later=days.timed_at.min().over(later))
    before = marked_before(seen.first_later)
    before = ibis.ifelse(day_number(crm, before) == seen.day, before, seen.first_later)  # at midnight nothing of the day is before it
    placed = ibis.ifelse(is_date(seen.entered_at) & seen.first_later.notnull(), before, seen.entered_at)
    return seen.mutate(entered_at=placed.cast(told.entered_at.type())).drop("day", "timed_at", "first_later")


def stage_rank(crm: Crm, stage: ir.StringColumn) -> ir.IntegerColumn:
    """Place of a stage in the funnel, 0 first; won and lost come last."""
    names = crm.config.stage_names
    return ibis.cases(*[(stage == name, index) for index, name in enumerate(names)], else_=len(names))


def won_rank(crm: Crm) -> int:
    """The rank of won; open stages are below it, lost is the next above."""
    return len(crm.config.open_stages)


def lost_rank(crm: Crm) -> int:
    """The rank of lost."""
    return won_rank(crm) + 1


def elapsed(table: ir.Table) -> ir.IntegerValue:
    """Microseconds from the lead's creation to the event, negative before it."""
    return table.entered_at.delta(table.created_at, unit="microsecond")


def order_key(table: ir.Table) -> ir.IntegerValue:
    """What orders the events of a lead: time, then the funnel's order."""
    return elapsed(table) * KEY_STEP + table["rank"]


def rank_in(key: ir.IntegerValue) -> ir.IntegerValue:
    """The rank in an order key: the greatest key says what came last, and engines find it faster than the rank at the latest time."""
    return (key % KEY_STEP + KEY_STEP) % KEY_STEP


def milestones(crm: Crm) -> ir.Table:
    """What one look at each lead's events tells as of the data at hand.

    Returns:
        number, created_at, qualified_at and handed_at (first entry to the stage before the handover, and to that of it), won_at, lost_at
        (first win, first loss), last_at (last event); null where there is none. Of several events at the instant of the first loss, the
        loss is the last in the funnel's order.
    """
    return cached(crm, ("milestones", crm.at_hand.as_of), lambda: _milestones(crm.at_hand))


def _milestones(crm: Crm) -> ir.Table:
    told = timeline(crm)
    rank, handover, qualified = told["rank"], crm.config.handover_stage, crm.config.qualified_stage
    names = crm.config.stage_names
    ready, handed = (ibis.literal(False) if stage is None else rank == names.index(stage) for stage in (qualified, handover))
    return told.group_by("number").agg(
        created_at=told.created_at.max(),
        qualified_at=told.entered_at.min(where=ready),
        handed_at=told.entered_at.min(where=handed),
        won_at=told.entered_at.min(where=rank == won_rank(crm)),
        lost_at=told.entered_at.min(where=rank == lost_rank(crm)),
        last_at=told.entered_at.max(),
    )


def is_heard_of_again(marks: ir.Table) -> ir.BooleanValue:
    """Whether a lead that was lost, and not won before, has a later event: only then does the order of its events matter."""
    lost_first = marks.lost_at.notnull() & (marks.won_at.isnull() | (marks.won_at > marks.lost_at))
    return (lost_first & (marks.last_at > marks.lost_at)).fill_null(False)


def on_whole_days(crm: Crm, table: ir.Table) -> ir.Table:
    """The events of days that were observed whole, with `day` (index since creation, negative ones clamped to 0)."""
    dated = table.mutate(day=days_until(crm, table.created_at, table.entered_at))
    return dated.filter(dated.day <= last_whole_day(crm, dated.created_at, crm.as_of))


def outcomes_to_date(crm: Crm, told: ir.Table) -> ir.Table:
    """What some events say of their leads: number, outcome (won by any of them, else lost by the last of them, else open)."""
    keyed = told.select("number", is_won=(told["rank"] == won_rank(crm)).cast("int8"), key=order_key(told))
    last = keyed.group_by("number").agg(any_won=_.is_won.max(), last=_.key.max())
    outcome = ibis.cases((last.any_won == 1, "won"), (rank_in(last["last"]) == lost_rank(crm), "lost"), else_="open")
    return last.select("number", outcome=outcome)
