"""Counts of deals by everything about them that the records leave open, so that each combination can be resolved either way.

Unit: the deal of the configured kind that existed before `as_of`. A deal with two gaps is in one row, so nothing is counted twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.deals import observed_deals
from alignment_toolkit.counts.lead_gaps import cents_sum, places
from alignment_toolkit.counts.stages import young_seconds
from alignment_toolkit.days import days_until, instant
from alignment_toolkit.deals import deals, in_reporting_currency, last_changes, last_visible_day, rates_on
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import milestones

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

END_OF_TIME = datetime(9999, 12, 31)
FLAGS = ("outcome", "in_quarter", "in_window", "link", "undated", "unborn", "early", "unlabelled", "unkinded", "told", "told_in_quarter")


@query
def deal_gaps(study: Study) -> ir.Table:
    """Deals by outcome, place in time and gaps.

    Returns:
        outcome; in_quarter (closed in it), in_window (created in it); link (won lead, lead not won, unknown lead, no lead); undated (closed
        without a closing instant), unborn (without a creation instant), early (closed before creation), unlabelled (no currency where there
        are several), unkinded (no deal type where there are several); told (the outcome of the snapshot where its history ends otherwise in
        outcome or amount, else "same"), told_in_quarter (closed in it, by the snapshot); n, n_unpriced, amount (cents), told_amount
        (cents of the snapshot), largest (cents of the largest deal won).
    """
    known = deals(study.crm)
    told = known.left_join(as_last_seen(study.crm), "deal_id").drop("deal_id_right")
    won_leads = milestones(study.crm).filter(_.won_at.notnull()).select(won_number="number")
    told = told.left_join(won_leads, told.number == won_leads.won_number)
    closed = told.outcome != "open"
    link = ibis.cases(
        (told.lead_id.isnull(), "no lead"),
        (told.number.isnull(), "unknown lead"),
        (told.won_number.isnull(), "lead not won"),
        else_="won lead",
    )
    flagged = told.mutate(
        in_quarter=closed & places(study, told.closed_at)["in_quarter"],
        in_window=places(study, told.created_at)["in_window"],
        link=link,
        undated=closed & told.closed_at.isnull(),
        unborn=told.created_at.isnull(),
        early=(closed & (told.closed_at < told.created_at)).fill_null(False),
        told_in_quarter=places(study, told.snapshot_closed_at)["in_quarter"],
        won_cents=ibis.ifelse(told.outcome == "won", told.cents, ibis.null("int64")),
    )
    return flagged.group_by(*FLAGS).agg(
        n=_.count(),
        n_unpriced=_.cents.isnull().cast("int64").sum(),
        amount=cents_sum(_.cents),
        told_amount=cents_sum(_.snapshot_cents),
        largest=ibis.coalesce(_.won_cents.max(), 0).cast("int64"),
    )


def as_last_seen(crm: Crm) -> ir.Table:
    """The snapshot of each deal: deal_id, unlabelled, unkinded, told, snapshot_closed_at, snapshot_cents."""
    rows = in_reporting_currency(crm, crm.tables["deals"], cents="snapshot_cents")
    several = {column: several_of(crm, column) for column in ("currency", "deal_type")}
    told = rows.select(
        "deal_id",
        "snapshot_cents",
        "outcome",
        "amount",
        snapshot_closed_at=rows.closed_at,
        unlabelled=rows.currency.isnull() & rows.amount.notnull() & several["currency"],
        unkinded=rows.deal_type.isnull() & several["deal_type"],
    )
    return contradicted(crm, told).drop("outcome", "amount")


def several_of(crm: Crm, column: str) -> ir.BooleanScalar:
    """Whether a column of the deals has more than one value: only then does a missing one leave something open."""
    rows = crm.tables["deals"]
    return (rows[column].nunique() > 1).as_scalar()


def contradicted(crm: Crm, rows: ir.Table) -> ir.Table:
    """The deals with `told`: the snapshot's outcome where the deal's history ends in another one, or in another amount, else "same"."""
    if not crm.has("deal_events"):
        return rows.mutate(told=ibis.literal("same"))
    last = last_changes(replace(crm, as_of=END_OF_TIME))
    joined = rows.left_join(last, "deal_id").drop("deal_id_right")
    other_outcome = joined.outcome_recorded.fill_null(False) & (joined.outcome_then != joined.outcome)
    other_amount = joined.amount_recorded.fill_null(False) & ((joined.amount_then - joined.amount).abs() > 0.005)
    told = ibis.ifelse(other_outcome.fill_null(False) | other_amount.fill_null(False), joined.outcome, "same")
    return joined.mutate(told=told).select(*rows.columns, "told")


@query
def deal_gap_moves(study: Study, *, horizon: int = 365) -> ir.Table:
    """Deals under observation whose win has no amount, that closed before they were created, or that were lost without a day.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Largest age, in days, of the time that deals are open.

    Returns:
        gap (unpriced, early, undated), entry, exit, exit_move, last_index, known_exit (age at the last known event), n, amount (cents),
        seconds (of the quarter, open at an age below the horizon after the last known event; 0 unless undated).
    """
    crm = study.crm
    seen = _with_last_event(study, observed_deals(study))
    undated = (seen.outcome == "lost") & seen.closed_at.isnull()
    gap = ibis.cases(
        ((seen.closed_at < seen.created_at).fill_null(False), "early"),
        ((seen.exit_move == "event") & seen.cents.isnull(), "unpriced"),
        (undated, "undated"),
        else_=ibis.null("string"),
    )
    open_until = (young_seconds(seen.created_at, end, study=study, horizon=horizon) for end in (seen.closed_at, seen.known_at))
    marked = seen.mutate(
        gap=gap,
        paid=ibis.ifelse(seen.exit_move == "event", seen.cents, ibis.null("int64")),
        known_exit=ibis.least(days_until(crm, seen.created_at, seen.known_at), seen.last_index),
        after=ibis.ifelse(undated, next(open_until) - next(open_until), 0),
    )
    kept = marked.filter(marked.gap.notnull())
    groups = ("gap", "entry", "exit", "exit_move", "last_index", "known_exit")
    return kept.group_by(*groups).agg(n=_.count(), amount=cents_sum(_.paid), seconds=_.after.sum().cast("int64"))


def _with_last_event(study: Study, rows: ir.Table) -> ir.Table:
    """Deals with `known_at`: the last change on record before `as_of`, else their creation."""
    if not study.crm.has("deal_events"):
        return rows.mutate(known_at=rows.created_at)
    changes = study.crm.tables["deal_events"]
    last = changes.filter(changes.changed_at < instant(study.as_of)).group_by("deal_id").agg(last_at=_.changed_at.max())
    joined = rows.left_join(last, "deal_id").drop("deal_id_right")
    return joined.mutate(known_at=ibis.greatest(joined.created_at, joined.last_at.fill_null(joined.created_at))).drop("last_at")


@query
def rates_at_hand(study: Study) -> ir.Table:
    """The constant rates: rate_currency, rate; one row of the reporting currency at 1 where there are none."""
    if study.crm.has("exchange_rates"):
        return rates_on(study.crm, {"rate": last_visible_day(study.crm)})
    leads = study.crm.tables["leads"].limit(1)
    return leads.group_by(rate_currency=ibis.literal(study.config.reporting_currency)).agg(rate=ibis.literal(1.0))
