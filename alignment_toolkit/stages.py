"""Stage visits as deferred expressions: when a lead entered a stage, when it left it, and where it went.

Question: how long does a lead stay in a stage and what becomes of it there? Unit: the visit, one stay of one lead in one stage; a lead that
is moved back and comes again makes a new visit. Denominator: visits entered before `as_of`. It does not say whether the lead was won in the
end (journeys.py) unless asked for `first_entries`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import days_until, first_whole_day, instant, last_whole_day
from alignment_toolkit.journeys import events, in_cohort, leads, window_start
from alignment_toolkit.merging import survivors

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

TERMINAL = ("won", "lost")
INSTANT = "timestamp(6)"  # one spelling, since unions refuse columns of unlike precision
BEFORE_ALL = -1  # orders a lead's creation before every event, also one stamped at the same instant


def first_stage(crm: Crm) -> str:
    """The stage that a lead enters by being created."""
    return crm.config.open_stages[0].name


def opportunity_stage(crm: Crm) -> str:
    """The stage from which the opportunity's cycle is counted: `opportunity` where there is one, else the last open stage."""
    names = [stage.name for stage in crm.config.open_stages]
    return "opportunity" if "opportunity" in names else names[-1]


def stamps(crm: Crm) -> ir.Table:
    """One row per change of stage, in order: repeated stamps of the stage a lead is in are not changes.

    Creation is the entry into the first stage unless the lead's first recorded event is itself an entry into it. Stamps from before
    creation count at creation. Nothing after the first win is a change: a lead is won from then on.

    Returns:
        lead_id, stage, rank, entered_at, key (order among the lead's stamps), is_backfilled.
    """
    start = first_stage(crm)
    told = events(crm).select(
        "lead_id",
        "stage",
        "rank",
        "is_backfilled",
        entered_at=_.entered_at.cast(INSTANT),
        key=ibis.greatest(_.key, _["rank"]),
        is_born=ibis.literal(False),
    )
    born = leads(crm).select(
        "lead_id",
        stage=ibis.literal(start),
        rank=ibis.literal(0).cast(told.schema()["rank"]),
        is_backfilled=ibis.literal(False),
        entered_at=_.created_at.cast(INSTANT),
        key=ibis.literal(BEFORE_ALL).cast(told.schema()["key"]),
        is_born=ibis.literal(True),
    )
    ordered = ibis.window(group_by="lead_id", order_by=["key", "is_backfilled"])
    before = ibis.window(group_by="lead_id", order_by=["key", "is_backfilled"], preceding=None, following=0)
    seen = told.union(born).mutate(
        previous=ibis.ifelse(_.is_born.lag().over(ordered), "", _.stage.lag().over(ordered)).fill_null(""),
        following=_.stage.lead().over(ordered).fill_null(""),
        n_wins=(_.stage == "won").cast("int64").sum().over(before),
    )
    restated = seen.is_born & (seen.following == start)
    changed = seen.filter(
        ~restated & (seen.is_born | (seen.previous != seen.stage)) & ((seen.n_wins == 0) | ((seen.n_wins == 1) & (seen.stage == "won")))
    )
    return changed.select("lead_id", "stage", "rank", "entered_at", "key", "is_backfilled")


def visits(crm: Crm) -> ir.Table:
    """One row per visit of a lead to an open stage.

    Returns:
        lead_id, bucket, lead_created_at, stage, rank, entered_at, left_at (null while it lasts), next (stage, won, lost; null while it
        lasts), next_rank, number (1: the lead's first visit to this stage), ending (won, lost: how the lead stands at `as_of`; null: open),
        ended_at, is_backfilled (flagged so, or left at the instant it was entered: such a stay says nothing about time or conversion).
    """
    return cached(crm, ("visits", crm.as_of), lambda: _visits(crm))


def _visits(crm: Crm) -> ir.Table:
    ordered = ibis.window(group_by="lead_id", order_by=["key", "is_backfilled"])
    whole = ibis.window(group_by="lead_id", order_by=["key", "is_backfilled"], preceding=None, following=None)
    told = stamps(crm).mutate(
        next=_.stage.lead().over(ordered),
        next_rank=_["rank"].lead().over(ordered),
        left_at=_.entered_at.lead().over(ordered),
        latest=_.stage.last().over(whole),
        latest_at=_.entered_at.last().over(whole),
    )
    stays = told.filter(_.stage.notin(TERMINAL))
    numbered = stays.mutate(
        number=ibis.row_number().over(ibis.window(group_by=["lead_id", "stage"], order_by=["key", "is_backfilled"])) + 1
    )
    own = leads(crm).select("lead_id", "bucket", lead_created_at="created_at")
    joined = numbered.inner_join(own, "lead_id")
    over = joined.latest.isin(TERMINAL)
    dated = joined.mutate(
        entered_at=ibis.greatest(joined.entered_at, joined.lead_created_at),
        left_at=ibis.ifelse(joined.left_at.notnull(), ibis.greatest(joined.left_at, joined.lead_created_at), ibis.null("timestamp")),
        ending=ibis.ifelse(over, joined.latest, ibis.null("string")),
        ended_at=ibis.ifelse(over, ibis.greatest(joined.latest_at, joined.lead_created_at), ibis.null("timestamp")),
    )
    filled = dated.is_backfilled | (dated.left_at == dated.entered_at).fill_null(False)
    plain = ("lead_id", "bucket", "lead_created_at", "stage", "rank", "entered_at", "left_at", "next", "next_rank", "number")
    return dated.select(*plain, "ending", "ended_at", is_backfilled=filled)


def is_advance(visit: ir.Table) -> ir.BooleanColumn:
    """Whether a visit ended in a later stage or a win; false while it lasts."""
    return ((visit.next == "won") | ((visit.next != "lost") & (visit.next_rank > visit["rank"]))).fill_null(False)


def is_return(visit: ir.Table) -> ir.BooleanColumn:
    """Whether a visit ended by moving back to an earlier stage; false while it lasts."""
    return (visit.next.notin(TERMINAL) & (visit.next_rank < visit["rank"])).fill_null(False)


def n_skipped(visit: ir.Table) -> ir.IntegerColumn:
    """Open stages jumped over by an advance, 0 otherwise; a win straight from a stage jumps over the open stages after it."""
    return ibis.ifelse(is_advance(visit), visit.next_rank - visit["rank"] - 1, 0).fill_null(0)


def observed_visits(study: Study, *, silent: Literal["open", "lost"] = "open") -> ir.Table:
    """The visits that stage figures are estimated from, by day index since entry; back-filled ones are left out.

    The rules are those of leads with the visit as the unit: visits entered before the window opened come under observation at the first
    whole day of their age inside it, those entered after the report quarter (or before outcomes were recorded) are left out, and what
    happens on the unfinished day is open until tomorrow.

    Args:
        study: What is looked at.
        silent: `lost` counts open visits of leads without a sign of life for more than `stale_days` as lost on the last one.

    Returns:
        lead_id, bucket, stage, created_at (the entry into the stage), entry, entry_move, exit, exit_move (event: advanced, competing: lost
        or moved back, censor), last_index, cents (null).
    """
    stays = visits(study.crm).filter(~_.is_backfilled)
    ended = stays.mutate(ended_at=stays.left_at, won=is_advance(stays))
    return under_observation(study, ended if silent == "open" else given_up(study.crm, ended))


def first_entries(study: Study) -> ir.Table:
    """Leads by the first entry into each stage they reached, followed until the lead was won or lost for good.

    A lead that was lost and re-opened counts as open in between. Money is that of the lead's won deals, null without deals.

    Returns:
        As `observed_visits`; event: won, competing: lost; cents of the win.
    """
    from alignment_toolkit.journeys import won_amounts

    crm = study.crm
    reached = visits(crm).filter((_.number == 1) & ~_.is_backfilled)
    told = reached.mutate(won=(reached.ending == "won").fill_null(False))
    if crm.has("deals"):
        told = told.left_join(won_amounts(crm), "lead_id").drop("lead_id_right", "n_unpriced")
    return under_observation(study, told)


def under_observation(study: Study, units: ir.Table) -> ir.Table:
    """Units with entered_at, ended_at (null while open) and won -> their day indices inside the study's window."""
    start = window_start(study, "leads", "stage_events")
    cohort = in_cohort(study, units.mutate(created_at=_.entered_at))
    aged = cohort.mutate(
        entry=ibis.literal(0).cast("int64") if start is None else first_whole_day(cohort.created_at, start),
        left=days_until(cohort.created_at, cohort.ended_at),
        last_index=last_whole_day(cohort.created_at, study.as_of),
    )
    # days_until of a null end is 0, since engines' GREATEST passes over nulls: ask whether it ended before asking when.
    gone = aged.ended_at.notnull() & (aged.left <= aged.last_index)
    seen = aged.mutate(
        exit=ibis.ifelse(gone, aged.left, aged.last_index),
        exit_move=ibis.cases((gone & aged.won, "event"), (gone, "competing"), else_="censor"),
        entry_move=ibis.literal("enter"),
    ).filter((_.entry <= _.last_index) & (_.exit >= _.entry))
    cents = seen.cents if "cents" in seen.columns else ibis.null("int64")
    plain = ("lead_id", "bucket", "stage", "created_at", "entry", "entry_move", "exit", "exit_move", "last_index")
    return seen.select(*plain, cents=cents)


def given_up(crm: Crm, stays: ir.Table) -> ir.Table:
    """Open visits of leads that have been silent for more than `stale_days`, ended as lost on their last sign of life."""
    joined = stays.left_join(last_heard(crm), "lead_id").drop("lead_id_right")
    heard_at = ibis.greatest(joined.entered_at, ibis.coalesce(joined.heard_at, joined.entered_at))
    silent = joined.left_at.isnull() & (heard_at < instant(crm.as_of - timedelta(days=crm.config.stale_days)))
    return joined.mutate(ended_at=ibis.ifelse(silent, heard_at, joined.left_at)).drop("heard_at")


def last_heard(crm: Crm) -> ir.Table:
    """The last sign of life of each lead before `as_of`, a stage event or a touch: lead_id, heard_at."""
    return cached(crm, ("last_heard", crm.as_of), lambda: _last_heard(crm))


def _last_heard(crm: Crm) -> ir.Table:
    signs = events(crm).select("lead_id", at=_.entered_at.cast(INSTANT))
    if crm.has("touches"):
        seen = survivors(crm, crm.tables["touches"].filter(_.occurred_at < crm.as_of))
        signs = signs.union(seen.filter(_.lead_id.notnull()).select("lead_id", at=_.occurred_at.cast(INSTANT)))
    return signs.group_by("lead_id").agg(heard_at=_["at"].max())
