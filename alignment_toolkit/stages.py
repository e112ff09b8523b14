"""Stage visits as deferred expressions: when a lead entered a stage, when it left it, and where it went.

Question: how long does a lead stay in a stage and what becomes of it there? Unit: the visit, one stay of one lead in one stage; a lead that
is moved back and comes again makes a new visit. Denominator: visits entered before `as_of`. It does not say whether the lead was won in the
end (journeys.py) unless asked for `first_entries`.

Stages are handled as ranks, their place in the funnel (won and lost come last): millions of rows sort faster by a number.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import EPOCH, days_until, instant, is_date, last_whole_day
from alignment_toolkit.journeys import entry_index, in_cohort, window_start
from alignment_toolkit.leads import lead_numbers, lead_rows
from alignment_toolkit.timelines import KEY_STEP, is_heard_of_again, lost_rank, milestones, timeline, won_rank

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

INSTANT = "timestamp(6)"  # one spelling, since unions refuse columns of unlike precision
BIRTH = -2  # orders creation before every event, also one stamped at the same instant


def stage_label(crm: Crm, rank: ir.IntegerValue) -> ir.StringValue:
    """The stage's name from its rank; null stays null."""
    return ibis.cases(*[(rank == at, name) for at, name in enumerate(crm.config.stage_names)], else_=ibis.null("string"))


def opportunity_stage(crm: Crm) -> str:
    """The stage from which the opportunity's cycle is counted: `opportunity` where there is one, else the last open stage."""
    names = [stage.name for stage in crm.config.open_stages]
    return "opportunity" if "opportunity" in names else names[-1]


def stamps(crm: Crm, *, since: datetime | None = None) -> ir.Table:
    """One row per creation and per change of stage: repeated stamps of the stage a lead is in are not changes.

    Stamps from before creation count at creation. Nothing after the first win is a change: a lead is won from then on.

    Args:
        crm: The records.
        since: Leaves out leads that were won, or lost for good, before this instant.

    Returns:
        number, sequence (orders the stamps of a lead; holds the stage's rank and the flag, see `rank_of`), entered_at.
    """
    marks = milestones(crm)
    told, born = timeline(crm), lead_rows(crm)
    if since is not None:
        over = marks.filter((over_at(marks) < instant(since)) & (marks.created_at < instant(since)))
        told, born = told.anti_join(over, "number"), born.anti_join(over, "number")
    events = dated(told)
    won = marks.filter(_.won_at.notnull())
    wins = won.select("number", last=sequence_of(won, won.won_at, rank=won_rank(crm)) + 1)
    alive = events.left_join(wins, "number").filter(lambda stamp: stamp["last"].isnull() | (stamp.sequence <= stamp["last"]))
    births = born.select("number", sequence=ibis.literal(BIRTH).cast("int64"), entered_at=_.created_at.cast(INSTANT))
    ordered = ibis.window(group_by="number", order_by="sequence")
    seen = alive.select("number", "sequence", "entered_at").union(births).mutate(previous=_.sequence.lag().over(ordered))
    after_birth = seen.previous.isnull() | (seen.previous == BIRTH)
    return seen.filter(after_birth | (rank_of(seen.previous) != rank_of(seen.sequence))).drop("previous")


def over_at(marks: ir.Table) -> ir.TimestampValue:
    """When a lead was won, else when it was lost for good; null while it may still move."""
    return ibis.cases((marks.won_at.notnull(), marks.won_at), (is_heard_of_again(marks), ibis.null(INSTANT)), else_=marks.lost_at)


def dated(told: ir.Table) -> ir.Table:
    """Stage events as number, sequence, entered_at (creation, where the stamp is older than that)."""
    return told.select(
        "number",
        sequence=sequence_of(told, told.entered_at, rank=told["rank"]) + told.is_backfilled.cast("int64"),
        entered_at=ibis.greatest(told.entered_at, told.created_at).cast(INSTANT),
    )


def sequence_of(table: ir.Table, entered_at: ir.TimestampValue, *, rank: ir.IntegerValue | int) -> ir.IntegerValue:
    """What orders a stamp of a stage, without the flag for back-filled ones in its last bit."""
    since_birth = ibis.greatest(entered_at.delta(table.created_at, unit="microsecond"), 0)
    return ((since_birth * KEY_STEP + rank) * 2).cast("int64")


def rank_of(sequence: ir.IntegerValue) -> ir.IntegerValue:
    """The stage's rank that a stamp's sequence holds; creation is an entry into the first stage.

    The remainder comes first: engines divide whole numbers as floats, and a sequence has more digits than a float.
    """
    return ibis.ifelse(sequence == BIRTH, 0, (sequence % (2 * KEY_STEP)) // 2)


def visits(crm: Crm, *, since: datetime | None = None) -> ir.Table:
    """One row per visit of a lead to an open stage.

    Creation is the entry into the first stage unless the lead's first recorded event is itself an entry into it.

    Args:
        crm: The records.
        since: May leave out leads that were won, or lost for good, before this instant.

    Returns:
        number, rank (of the stage), entered_at, left_at (null while it lasts), next_rank (of the stage it went to; null while it lasts),
        is_backfilled (flagged so, or left in the second it was entered in a column with times of day: such a stay says nothing about time
        or conversion; a stay of one day in a column of dates is a stay of 0 days).
    """
    key = ("visits", crm.at_hand.as_of)
    whole = crm.cache.get((*key, None))
    known = cached(crm, (*key, since), lambda: _visits(crm.at_hand, since)) if whole is None else whole
    return known if crm.at_hand is crm else _visits_by_then(crm, known)


def watched_visits(study: Study) -> ir.Table:
    """The visits of leads that can be seen in the study's window; the quarter before is looked at, too, so its leads are kept."""
    looks_back = study.crm.at_hand is not study.crm
    return visits(study.crm, since=window_start(study if looks_back else study.previous(), "leads", "stage_events"))


def _visits_by_then(crm: Crm, known: ir.Table) -> ir.Table:
    """What could be seen of the visits at an earlier as-of: those begun by then, still going on where they ended later."""
    seen = known.filter(_.entered_at < crm.as_of)
    over = (seen.left_at < crm.as_of).fill_null(False)
    return seen.mutate(
        left_at=ibis.ifelse(over, seen.left_at, ibis.null("timestamp")),
        next_rank=ibis.ifelse(over, seen.next_rank, ibis.null("int16")),
    )


def _visits(crm: Crm, since: datetime | None) -> ir.Table:
    ordered = ibis.window(group_by="number", order_by="sequence")
    told = stamps(crm, since=since).mutate(onward=_.sequence.lead().over(ordered), left_at=_.entered_at.lead().over(ordered))
    restated = (told.sequence == BIRTH) & told.onward.notnull() & (rank_of(told.onward) == 0)
    stays = told.filter((rank_of(told.sequence) < won_rank(crm)) & ~restated)
    flagged = (stays.sequence != BIRTH) & (stays.sequence % 2 == 1)
    return stays.select(
        "number",
        "entered_at",
        "left_at",
        rank=rank_of(stays.sequence).cast("int16"),
        next_rank=ibis.ifelse(stays.onward.notnull(), rank_of(stays.onward), ibis.null("int64")).cast("int16"),
        is_backfilled=flagged | stamped_together(crm, stays).fill_null(False),
    )


def stamped_together(crm: Crm, stay: ir.Table) -> ir.BooleanValue:
    """Whether a stay was left in the second it was entered, as only a back-filled one is; days say nothing about that."""
    together = stay.left_at.truncate("s") == stay.entered_at.truncate("s")
    return together & ~is_date(stay.entered_at) & ~is_date(stay.left_at) if crm.has_dates else together


def is_advance(crm: Crm, visit: ir.Table) -> ir.BooleanValue:
    """Whether a visit ended in a later stage or a win; false while it lasts."""
    return ((visit.next_rank > visit["rank"]) & (visit.next_rank != lost_rank(crm))).fill_null(False)


def is_return(visit: ir.Table) -> ir.BooleanValue:
    """Whether a visit ended by moving back to an earlier stage; false while it lasts."""
    return (visit.next_rank < visit["rank"]).fill_null(False)


def n_skipped(crm: Crm, visit: ir.Table) -> ir.IntegerValue:
    """Open stages jumped over by an advance, 0 otherwise; a win straight from a stage jumps over the open stages after it."""
    return ibis.ifelse(is_advance(crm, visit), visit.next_rank - visit["rank"] - 1, 0).fill_null(0)


def observed_visits(study: Study, *, silent: Literal["open", "lost"] = "open") -> ir.Table:
    """The visits that stage figures are estimated from, by day index since entry; back-filled ones are left out.

    The rules are those of leads with the visit as the unit: visits entered before the window opened come under observation at the first
    whole day of their age inside it, those entered after the report quarter (or before outcomes were recorded) are left out, and what
    happens on the unfinished day is open until tomorrow.

    Args:
        study: What is looked at.
        silent: `lost` counts open visits of leads without a sign of life for more than `stale_days` as lost on the last one.

    Returns:
        number, rank, created_at (the entry into the stage), entry, entry_move, exit, exit_move (event: advanced, competing: lost or moved
        back, censor), last_index, cents (null).
    """
    stays = watched_visits(study).filter(~_.is_backfilled)
    ended = stays.mutate(ended_at=stays.left_at, won=is_advance(study.crm, stays))
    return under_observation(study, ended if silent == "open" else given_up(study.crm, ended))


def first_entries(study: Study) -> ir.Table:
    """Leads by the first entry into each stage they reached, followed until the lead was won or lost for good.

    A lead that was lost and re-opened counts as open in between. Money is that of the lead's won deals, null without deals.

    Returns:
        As `observed_visits`; event: won, competing: lost; cents of the win.
    """
    from alignment_toolkit.journeys import won_amounts

    crm = study.crm
    stays = watched_visits(study)
    # The last stay of a lead says how it ended; an open one is -1, since engines pass over nulls when they look for the last.
    order = stays.entered_at.delta(instant(EPOCH), unit="microsecond") * KEY_STEP + stays["rank"]
    ends = stays.mutate(order=order, way=ibis.coalesce(stays.next_rank, -1)).group_by("number")
    ending = ends.agg(way=_.way.argmax(_.order), ended_at=_.left_at.max())
    first = stays.filter(~_.is_backfilled).group_by("number", "rank").agg(entered_at=_.entered_at.min())
    told = first.inner_join(ending, "number")
    over = told.way >= won_rank(crm)
    told = told.mutate(ended_at=ibis.ifelse(over, told.ended_at, ibis.null(INSTANT)), won=told.way == won_rank(crm))
    if crm.has("deals"):
        told = told.left_join(won_amounts(crm), "number").drop("number_right", "n_unpriced")
    return under_observation(study, told)


def under_observation(study: Study, units: ir.Table) -> ir.Table:
    """Units with entered_at, ended_at (null while open) and won -> their day indices inside the study's window."""
    start = window_start(study, "leads", "stage_events")
    cohort = in_cohort(study, units.mutate(created_at=_.entered_at))
    if start is not None:
        cohort = cohort.filter(_.ended_at.isnull() | (_.ended_at >= instant(start)))  # the others are never seen: less to compute
    aged = cohort.mutate(
        entry=entry_index(study, cohort.created_at),
        left=days_until(study.crm, cohort.created_at, cohort.ended_at),
        last_index=last_whole_day(study.crm, cohort.created_at, study.as_of),
    )
    # days_until of a null end is 0, since engines' GREATEST passes over nulls: ask whether it ended before asking when.
    gone = aged.ended_at.notnull() & (aged.left <= aged.last_index)
    seen = aged.mutate(
        exit=ibis.ifelse(gone, aged.left, aged.last_index),
        exit_move=ibis.cases((gone & aged.won, "event"), (gone, "competing"), else_="censor"),
        entry_move=ibis.literal("enter"),
    ).filter((_.entry <= _.last_index) & (_.exit >= _.entry))
    cents = seen.cents if "cents" in seen.columns else ibis.null("int64")
    plain = ("number", "rank", "created_at", "entry", "entry_move", "exit", "exit_move", "last_index")
    return seen.select(*plain, cents=cents)


def given_up(crm: Crm, stays: ir.Table) -> ir.Table:
    """Open visits of leads that have been silent for more than `stale_days`, ended as lost on their last sign of life."""
    joined = stays.left_join(last_heard(crm), "number").drop("number_right")
    heard_at = ibis.greatest(joined.entered_at, ibis.coalesce(joined.heard_at, joined.entered_at))
    silent = joined.left_at.isnull() & (heard_at < instant(crm.as_of - timedelta(days=crm.config.stale_days)))
    return joined.mutate(ended_at=ibis.ifelse(silent, heard_at, joined.left_at)).drop("heard_at")


def last_heard(crm: Crm) -> ir.Table:
    """The last sign of life of each lead before `as_of`, a stage event or a touch: number, heard_at."""
    return cached(crm, ("last_heard", crm.as_of), lambda: _last_heard(crm))


def _last_heard(crm: Crm) -> ir.Table:
    signs = timeline(crm).select("number", at=_.entered_at.cast(INSTANT))
    if crm.has("touches"):
        seen = crm.tables["touches"].filter(_.occurred_at < crm.as_of).inner_join(lead_numbers(crm), "lead_id")
        signs = signs.union(seen.select("number", at=_.occurred_at.cast(INSTANT)))
    return signs.group_by("number").agg(heard_at=_["at"].max())
