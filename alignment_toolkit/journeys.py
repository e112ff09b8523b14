"""Lead journeys as deferred expressions: what happened to a lead, at which day index, as far as it is visible at `as_of`.

Question: in which state (open, won, lost) is a lead at an age of k whole days? Unit: the lead, after merges. Denominator: leads created
before `as_of`. It does not answer where in the funnel a lead stood (stages.py) nor what a deal did (deals.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import DAY, days_until, first_whole_day
from alignment_toolkit.leads import ATTRIBUTES, SLICES, bucket_in, bucket_of, lead_rows, leads, named_or_missing, with_attributes, with_ids
from alignment_toolkit.timelines import (
    is_heard_of_again,
    lost_rank,
    milestones,
    on_whole_days,
    order_key,
    rank_in,
    stage_rank,
    timeline,
    won_rank,
)

if TYPE_CHECKING:
    from datetime import datetime

    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study


def states(crm: Crm) -> ir.Table:
    """One row per visit of a lead to a state, by day index.

    A lead is open from day 0, won from the first win on (later reversals do not undo it here), else lost from its latest loss until a later
    non-terminal event. Several events on one day count as the state at the day's end.

    Returns:
        number, state (open, lost), starts (first day index), ends (day index of the next state, null while it lasts), next (won, lost,
        open or null), is_born (whether it is the lead's first).
    """
    known = known_states(crm)
    if crm.at_hand is crm:
        return known
    return by_then(known.inner_join(lead_rows(crm).select("number", "last_index"), "number")).drop("last_index")


def known_states(crm: Crm) -> ir.Table:
    """The states as of the data at hand, whatever the as-of."""
    return cached(crm, ("states", crm.at_hand.as_of), lambda: _states(crm.at_hand))


def by_then(seen: ir.Table) -> ir.Table:
    """What could be seen of states by each lead's `last_index`: a whole day's state depends on nothing that came after it."""
    over = (seen.ends <= seen.last_index).fill_null(False)
    ended = {"ends": ibis.ifelse(over, seen.ends, ibis.null("int64")), "next": ibis.ifelse(over, seen.next, ibis.null("string"))}
    return seen.filter(seen.starts <= seen.last_index).mutate(**ended)


def _states(crm: Crm) -> ir.Table:
    """Most leads end once and for good, which two instants tell; only those with events after a loss need all their events in order."""
    marks = milestones(crm)
    again = marks.filter(is_heard_of_again(marks)).select("number")
    born = lead_rows(crm).filter(_.last_index >= 0).select("number", "created_at", "last_index")
    return ended_once(crm, born.anti_join(again, "number"), marks).union(ended_often(crm, born.semi_join(again, "number"), again))


def ended_once(crm: Crm, born: ir.Table, marks: ir.Table) -> ir.Table:
    """States of leads that were won or lost for good, or neither."""
    told = born.left_join(marks.select("number", "won_at", "lost_at"), "number").drop("number_right")
    is_won = told.won_at.notnull() & (told.lost_at.isnull() | (told.won_at <= told.lost_at))
    # A null end is day 0 to some engines: ask whether there is one before asking when.
    day = days_until(crm, told.created_at, ibis.ifelse(is_won, told.won_at, told.lost_at))
    over = (told.won_at.notnull() | told.lost_at.notnull()) & (day <= told.last_index)
    dated = told.mutate(day=day, over=over.fill_null(False), is_won=is_won.fill_null(False))
    nothing, no_name = ibis.null("int64"), ibis.null("string")
    zero = ibis.literal(0).cast("int64")
    return dated.select(
        "number",
        state=ibis.literal("open"),
        next=ibis.cases((~dated.over, no_name), (dated.is_won, "won"), else_="lost"),
        ends=ibis.ifelse(dated.over, dated.day, nothing),
        starts=zero,
        is_born=ibis.literal(True),
    ).union(
        dated.filter(dated.over & ~dated.is_won).select(
            "number", state=ibis.literal("lost"), next=no_name, ends=nothing, starts=_.day, is_born=ibis.literal(False)
        )
    )


def ended_often(crm: Crm, born: ir.Table, again: ir.Table) -> ir.Table:
    """States of leads with events after a loss, by the order of their days."""
    told = on_whole_days(crm, timeline(crm).semi_join(again, "number"))
    daily = (
        told.mutate(key=order_key(told), is_won=(told["rank"] == won_rank(crm)).cast("int8"))
        .group_by("number", "day")
        .agg(any_won=_.is_won.max(), last=_.key.max())
        .mutate(state=ibis.cases((_.any_won == 1, "won"), (rank_in(_["last"]) == lost_rank(crm), "lost"), else_="open"))
        .select("number", "state", day=_.day.cast("int64"))
    )
    first = born.select("number", state=ibis.literal("open"), day=ibis.literal(-1).cast("int64"))
    ordered = ibis.window(group_by="number", order_by="day")
    so_far = ibis.window(group_by="number", order_by="day", preceding=None, following=0)
    changed = daily.union(first).mutate(before=_.state.lag().over(ordered), wins=(_.state == "won").cast("int64").sum().over(so_far))
    kept = (changed.before.isnull() | (changed.before != changed.state)) & (
        (changed.wins == 0) | ((changed.wins == 1) & (changed.state == "won"))
    )
    visits = changed.filter(kept).mutate(next=_.state.lead().over(ordered), ends=_.day.lead().over(ordered))
    return visits.filter(_.state != "won").select("number", "state", "next", "ends", starts=ibis.greatest(_.day, 0), is_born=_.day < 0)


def won_amounts(crm: Crm) -> ir.Table:
    """Money won per lead: cents of its visible won deals of the configured kind.

    Returns:
        number, cents (null when no amount is known), n_unpriced (won deals without an amount).
    """
    from alignment_toolkit.deals import deals

    won = deals(crm).filter((_.outcome == "won") & _.number.notnull())
    return won.group_by("number").agg(cents=_.cents.sum(), n_unpriced=_.cents.isnull().cast("int64").sum())


def spells(study: Study) -> ir.Table:
    """One row per visit to the open or lost state inside the study's window: the journeys that every conversion is counted from.

    Leads created before the window opened (or before records begin) enter at the first whole day of their age inside it; leads created
    after the report quarter, and cohorts whose outcomes were not recorded, are left out.

    Returns:
        number, the lead's attributes, bucket, entry (day index), entry_move (enter, enter_lost, or null after a transition), exit (day
        index), exit_move, last_index, cents (of a win, null when unknown).
    """
    key = ("spells", study.as_of, study.window_opens_at, study.created_before)
    return with_attributes(study.crm, cached(study.crm, key, lambda: _spells(study)))


def _spells(study: Study) -> ir.Table:
    crm = study.crm
    chosen = in_cohort(study, lead_rows(crm))
    cohort = chosen.select("number", "cell", "last_index", first=entry_index(study, chosen.created_at))
    seen = by_then(known_states(crm).inner_join(cohort.filter(_["first"] <= _.last_index), "number"))
    joined = seen.filter(_.ends.isnull() | (_.ends >= _["first"]))
    late = joined.is_born | (joined.starts < joined["first"])
    lost = joined.state == "lost"
    left = ibis.cases(
        (joined.ends.isnull() & lost, "censor_lost"),
        (joined.ends.isnull(), "censor"),
        (lost & (joined.next == "won"), "event_from_lost"),
        (lost, "reopen"),
        (joined.next == "won", "event"),
        else_="competing",
    )
    moved = joined.select(
        "number",
        "cell",
        "last_index",
        bucket=bucket_in(joined.number),
        entry=ibis.greatest(joined.starts, joined["first"]),
        entry_move=ibis.cases((late & lost, "enter_lost"), (late, "enter"), else_=ibis.null("string")),
        exit=ibis.coalesce(joined.ends, joined.last_index),
        exit_move=left,
    )
    if not crm.has("deals"):
        return moved.mutate(cents=ibis.null("int64"))
    return moved.left_join(won_amounts(crm), "number").select(*moved.columns, "cents")


def in_cohort(study: Study, table: ir.Table) -> ir.Table:
    """The leads that conversions are estimated from: created before the report quarter ended, outcomes recorded."""
    kept = table.filter(_.created_at < study.created_before)
    floor = outcomes_recorded_at(study)
    return kept if floor is None else kept.filter(_.created_at >= floor)


def outcomes_recorded_at(study: Study) -> datetime | None:
    """First instant from which outcomes were recorded, None when they always were."""
    from alignment_toolkit.periods import midnight

    day = study.config.outcome_observed_from
    return None if day is None else midnight(day, study.config.time_zone)


def window_start(study: Study, *tables: str) -> datetime | None:
    """First instant of observation: the later of the window's opening and the day records of these tables begin; None: all history."""
    from alignment_toolkit.periods import midnight

    day = study.config.observed_since(*tables)
    begun = None if day is None else midnight(day, study.config.time_zone)
    starts = [instant for instant in (study.window_opens_at, begun) if instant is not None]
    return max(starts, default=None)


def entry_index(study: Study, begun_at: ir.TimestampValue, *, tables: tuple[str, ...] = ("leads", "stage_events")) -> ir.IntegerValue:
    """First whole day index, since `begun_at`, inside the window; `tables`: those whose records the clock depends on."""
    start = window_start(study, *tables)
    return ibis.literal(0).cast("int64") if start is None else first_whole_day(study.crm, begun_at, start)


__all__ = [
    "ATTRIBUTES",
    "DAY",
    "SLICES",
    "bucket_of",
    "entry_index",
    "in_cohort",
    "leads",
    "named_or_missing",
    "outcomes_recorded_at",
    "spells",
    "stage_rank",
    "states",
    "timeline",
    "window_start",
    "with_ids",
    "won_amounts",
]
