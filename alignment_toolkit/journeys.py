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
from alignment_toolkit.days import DAY, days_until, first_whole_day, last_whole_day
from alignment_toolkit.figures import MISSING
from alignment_toolkit.merging import merge_pairs, survivors
from alignment_toolkit.quarters import quarter_label

if TYPE_CHECKING:
    from datetime import datetime

    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

ATTRIBUTES = ("source", "campaign_id", "persona", "segment", "region")
SLICES = (*ATTRIBUTES, "cohort_quarter")
KEY_STEP = 128  # more than a funnel has stages: microseconds * KEY_STEP + rank orders events, ties by the funnel's order


N_BUCKETS = 256
HEX = "0123456789abcdef"


def bucket_of(identifier: ir.StringColumn) -> ir.IntegerColumn:
    """The jackknife bucket of an id, 0 to 255: the first two hex digits of its md5, the same on every engine."""
    digest = identifier.hexdigest("md5").lower()
    digits = ibis.literal(HEX)
    return (digits.find(digest.substr(0, 1)) * 16 + digits.find(digest.substr(1, 1))).cast("int16")


def leads(crm: Crm) -> ir.Table:
    """One row per surviving lead created before `as_of`.

    Returns:
        The columns of the contract, `created_at` the earliest of the merged records, attributes with blanks and nulls as "(missing)",
        `cohort_quarter` (of creation), `bucket` (0 to 255), `last_index` (last whole observed day index, -1: not yet at risk), `number`
        (key inside the engine: millions of rows are joined and sorted faster by a number than by a text; it ends in the bucket).
    """
    known = cached(crm, ("leads", crm.at_hand.as_of), lambda: _leads(crm.at_hand))
    seen = known if crm.at_hand is crm else known.filter(_.created_at < crm.as_of)
    return seen.mutate(last_index=last_whole_day(seen.created_at, crm.as_of))


def _leads(crm: Crm) -> ir.Table:
    visible = survivors(crm, crm.tables["leads"].filter(_.created_at < crm.as_of))
    named = {name: named_or_missing(visible[name]) for name in ATTRIBUTES}
    told = visible.mutate(
        **named,
        cohort_quarter=quarter_label(crm, visible.created_at),
        bucket=bucket_of(ibis.coalesce(visible.account_id, visible.lead_id)),
    )
    # Numbered within buckets, so that engines of many machines need not bring all leads to one of them.
    place = ibis.row_number().over(ibis.window(group_by="bucket", order_by="lead_id")).cast("int64")
    return told.mutate(number=place * N_BUCKETS + told.bucket)


def bucket_in(number: ir.IntegerValue) -> ir.IntegerValue:
    """The jackknife bucket that a lead's number ends in."""
    return (number % N_BUCKETS).cast("int16")


def with_ids(crm: Crm, table: ir.Table) -> ir.Table:
    """A table with the `lead_id` of each lead in place of its `number`."""
    return table.inner_join(leads(crm).select("number", "lead_id"), "number").drop("number")


def named_or_missing(label: ir.StringColumn) -> ir.StringColumn:
    """The label, "(missing)" where it is null or blank; placeholder words stay what they are."""
    return ibis.coalesce(label.strip().nullif(""), ibis.literal(MISSING))


def stage_rank(crm: Crm, stage: ir.StringColumn) -> ir.IntegerColumn:
    """Place of a stage in the funnel, 0 first; won and lost come last."""
    names = crm.config.stage_names
    return ibis.cases(*[(stage == name, index) for index, name in enumerate(names)], else_=len(names))


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
    return known.select(
        "number",
        "created_at",
        "entered_at",
        rank=stage_rank(crm, known.stage).cast("int16"),
        is_backfilled=known.is_backfilled.fill_null(False),
    )


def lead_numbers(crm: Crm) -> ir.Table:
    """Every id that a lead is known by, those merged into it included: lead_id, number, created_at."""
    own = leads(crm).select("lead_id", "number", "created_at")
    if not crm.has("merges"):
        return own
    pairs = merge_pairs(crm)
    merged = pairs.inner_join(own, pairs.merged_into == own.lead_id)
    return own.union(merged.select("number", "created_at", lead_id=merged.merged_id).select(own.columns))


def elapsed(table: ir.Table) -> ir.IntegerValue:
    """Microseconds from the lead's creation to the event, negative before it."""
    return table.entered_at.delta(table.created_at, unit="microsecond")


def order_key(table: ir.Table) -> ir.IntegerValue:
    """What orders the events of a lead: time, then the funnel's order."""
    return elapsed(table) * KEY_STEP + table["rank"]


def on_whole_days(crm: Crm, table: ir.Table) -> ir.Table:
    """The events of days that were observed whole, with `day` (index since creation, negative ones clamped to 0)."""
    dated = table.mutate(day=days_until(table.created_at, table.entered_at))
    return dated.filter(dated.day <= last_whole_day(dated.created_at, crm.as_of))


def outcomes_to_date(crm: Crm, told: ir.Table) -> ir.Table:
    """What some events say of their leads: number, outcome (won by any of them, else lost by the last of them, else open)."""
    keyed = told.select("number", "rank", key=order_key(told))
    last = keyed.group_by("number").agg(any_won=(_["rank"] == won_rank(crm)).cast("int8").max(), last=_["rank"].argmax(_.key))
    outcome = ibis.cases((last.any_won == 1, "won"), (last["last"] == lost_rank(crm), "lost"), else_="open")
    return last.select("number", outcome=outcome)


def won_rank(crm: Crm) -> int:
    """The rank of won; open stages are below it, lost is the next above."""
    return len(crm.config.open_stages)


def lost_rank(crm: Crm) -> int:
    """The rank of lost."""
    return won_rank(crm) + 1


def outcome_events(crm: Crm) -> ir.Table:
    """The events that can change an outcome, on whole observed days: wins, losses, and whatever follows a lead's first loss.

    They are few, so they are chosen before anything is worked out about them. An event at the instant of the first loss comes before it in
    the funnel's order and changes nothing.

    Returns:
        number, day, rank, key.
    """
    told = timeline(crm)
    ending = told.filter(_["rank"] >= won_rank(crm))
    first_loss = ending.filter(_["rank"] == lost_rank(crm)).group_by(loser="number").agg(lost_at=_.entered_at.min())
    others = told.filter(_["rank"] < won_rank(crm))
    after = others.inner_join(first_loss, others.number == first_loss.loser).filter(_.entered_at > _.lost_at).drop("loser", "lost_at")
    chosen = on_whole_days(crm, ending.union(after))
    return chosen.select("number", "day", "rank", key=order_key(chosen))


def states(crm: Crm) -> ir.Table:
    """One row per visit of a lead to a state, by day index.

    A lead is open from day 0, won from the first win on (later reversals do not undo it here), else lost from its latest loss until a later
    non-terminal event. Several events on one day count as the state at the day's end.

    Returns:
        number, state (open, lost), starts (first day index), ends (day index of the next state, null while it lasts), next (won, lost,
        open or null), is_born (whether it is the lead's first).
    """
    known = cached(crm, ("states", crm.at_hand.as_of), lambda: _states(crm.at_hand))
    return known if crm.at_hand is crm else _states_by_then(crm, known)


def _states_by_then(crm: Crm, known: ir.Table) -> ir.Table:
    """What could be seen of the states at an earlier as-of: a whole day's state depends on nothing that came after it."""
    seen = known.inner_join(leads(crm).select("number", "last_index"), "number").filter(_.starts <= _.last_index)
    return cut_states(seen).drop("last_index")


def cut_states(seen: ir.Table) -> ir.Table:
    """States that end after the last whole observed day, still going on."""
    over = (seen.ends <= seen.last_index).fill_null(False)
    return seen.mutate(ends=ibis.ifelse(over, seen.ends, ibis.null("int64")), next=ibis.ifelse(over, seen.next, ibis.null("string")))


def _states(crm: Crm) -> ir.Table:
    daily = (
        outcome_events(crm)
        .group_by("number", "day")
        .agg(any_won=(_["rank"] == won_rank(crm)).cast("int8").max(), last=_["rank"].argmax(_.key))
        .mutate(state=ibis.cases((_.any_won == 1, "won"), (_["last"] == lost_rank(crm), "lost"), else_="open"))
        .select("number", "day", "state")
    )
    born = leads(crm).filter(_.last_index >= 0).select("number", day=ibis.literal(-1).cast("int64"), state=ibis.literal("open"))
    ordered = ibis.window(group_by="number", order_by="day")
    so_far = ibis.window(group_by="number", order_by="day", preceding=None, following=0)
    everything = daily.mutate(day=_.day.cast("int64")).union(born)
    changed = everything.mutate(before=_.state.lag().over(ordered), wins=(_.state == "won").cast("int64").sum().over(so_far)).filter(
        (_.before.isnull() | (_.before != _.state)) & ((_.wins == 0) | ((_.wins == 1) & (_.state == "won")))
    )
    visits = changed.mutate(next=_.state.lead().over(ordered), ends=_.day.lead().over(ordered))
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
        The lead's attributes, number, bucket, created_at, entry (day index), entry_move (enter, enter_lost, or null after a transition), exit (day
        index), exit_move, last_index, cents (of a win, null when unknown).
    """
    key = ("spells", study.as_of, study.window_opens_at, study.created_before)
    return cached(study.crm, key, lambda: _spells(study))


def _spells(study: Study) -> ir.Table:
    crm = study.crm
    chosen = in_cohort(study, leads(crm))
    cohort = chosen.mutate(first=entry_index(study, chosen.created_at))
    joined = states(crm).inner_join(cohort, "number").filter((_.first <= _.last_index) & (_.ends.isnull() | (_.ends >= _.first)))
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
    moved = joined.mutate(
        entry=ibis.greatest(joined.starts, joined["first"]),
        entry_move=ibis.cases((late & lost, "enter_lost"), (late, "enter"), else_=ibis.null("string")),
        exit=ibis.coalesce(joined.ends, joined.last_index),
        exit_move=left,
    )
    kept = (*SLICES, "number", "bucket", "created_at", "entry", "entry_move", "exit", "exit_move", "last_index")
    if not crm.has("deals"):
        return moved.select(*kept, cents=ibis.null("int64"))
    return moved.left_join(won_amounts(crm), "number").select(*kept, "cents")


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
    return ibis.literal(0).cast("int64") if start is None else first_whole_day(begun_at, start)


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
