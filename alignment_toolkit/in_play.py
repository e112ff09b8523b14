"""Deals in play in a quarter as deferred expressions: where each came from, and whether it was won.

Question: which deals could have been won in the quarter, and how did they get there? Unit: the deal, counted once, by its state at the
quarter's end. In play = open at the start + created in the quarter (from its leads, from leads open before it, without a lead) +
re-opened. It does not answer what moved inside the quarter (see the pipeline waterfall of velocity).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import instant, last_whole_day
from alignment_toolkit.deals import deals, last_changes
from alignment_toolkit.journeys import known_states
from alignment_toolkit.leads import ATTRIBUTES, bucket_in, lead_rows, with_attributes
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

OPEN, FROM_LEADS, FROM_EARLIER, WITHOUT_LEAD, REOPENED = "open_at_start", "from_leads", "from_earlier", "without_lead", "reopened"
ORIGINS = (OPEN, FROM_LEADS, FROM_EARLIER, WITHOUT_LEAD, REOPENED)


def in_play(study: Study) -> ir.Table:
    """One row per deal in play in the report quarter.

    A deal without a creation instant counts as open at the start of the quarter it closed in; one that is still open, and a closed one
    without a closing instant, are in play in no quarter, since nothing says in which. A deal of a lead that was closed at the start (lost,
    or won already) counts as re-opened; one of a lead created after the quarter as created without a lead.

    Returns:
        deal_id, bucket, the attributes of its lead, origin (one of `ORIGINS`), is_won and is_closed (in the quarter), cents (at the rates
        of `as_of`, null: unknown), cents_today (at those of the data at hand).
    """
    return cached(study.crm, ("in_play", study.as_of, study.quarter), lambda: _in_play(study))


def _in_play(study: Study) -> ir.Table:
    starts, ends = instant(study.starts_at), instant(study.ends_at)
    told = with_lead_state(study, with_state_at_start(study, deals(study.crm)))
    begun = ibis.ifelse(
        told.created_at.isnull(), told.created_at, ibis.least(told.created_at, ibis.coalesce(told.closed_at, told.created_at))
    )
    within = (told.closed_at >= starts).fill_null(False) & (told.closed_at < ends).fill_null(False)
    closed = (told.outcome != "open") & within
    won = closed & (told.outcome == "won")
    is_new = ((begun >= starts) & (begun < ends)).fill_null(False)
    is_old = (begun < starts).fill_null(False)
    dated = (told.outcome == "open") | told.closed_at.notnull()
    origin = ibis.cases(
        (is_new & told.lead_created.isnull(), WITHOUT_LEAD),
        (is_new & (told.lead_created >= ends), WITHOUT_LEAD),
        (is_new & (told.lead_created >= starts), FROM_LEADS),
        (is_new & told.lead_was_open, FROM_EARLIER),
        (is_new, REOPENED),
        (is_old & told.was_open, OPEN),
        (is_old & (told.opened_again | won), REOPENED),
        (told.created_at.isnull() & closed, OPEN),
        else_=ibis.null("string"),
    )
    kept = told.filter(dated).mutate(origin=origin, is_won=won, is_closed=closed)
    return kept.filter(kept.origin.notnull()).select(
        "deal_id", "bucket", *ATTRIBUTES, "cohort_quarter", "origin", "is_won", "is_closed", "cents", "cents_today"
    )


def with_state_at_start(study: Study, known: ir.Table) -> ir.Table:
    """The deals with was_open (at the quarter's first instant, where they existed then) and opened_again (in the quarter)."""
    starts, ends = study.starts_at, study.ends_at
    still = known.closed_at.isnull() | (known.closed_at >= instant(starts))
    if not study.crm.has("deal_events"):
        return known.mutate(was_open=still, opened_again=ibis.literal(False))
    changes = study.crm.tables["deal_events"]
    again = (changes.outcome == "open") & (changes.changed_at >= instant(starts)) & (changes.changed_at < instant(ends))
    opened = changes.group_by("deal_id").agg(opened_again=again.fill_null(False).any())
    then = last_changes(replace(study.crm, as_of=starts, known_until=None), columns=("outcome",))
    told = known.left_join(then.left_join(opened, "deal_id").drop("deal_id_right"), "deal_id").drop("deal_id_right")
    recorded = told.outcome_recorded.fill_null(False)
    was_open = ibis.ifelse(
        recorded, ibis.coalesce(told.outcome_then, "open") == "open", told.closed_at.isnull() | (told.closed_at >= starts)
    )
    return told.mutate(was_open=was_open, opened_again=told.opened_again.fill_null(False)).drop(
        "outcome_then", "outcome_at", "outcome_recorded"
    )


def with_lead_state(study: Study, known: ir.Table) -> ir.Table:
    """The deals with lead_created (null: no lead) and lead_was_open (at the quarter's first instant)."""
    born = lead_rows(study.crm).select("number", lead_created="created_at")
    waiting = leads_open_at(study.crm, study.starts_at).select("number", waits=ibis.literal(True))
    told = known.left_join(born, "number").drop("number_right")
    told = told.left_join(waiting, "number").drop("number_right")
    return told.mutate(lead_was_open=told.waits.fill_null(False)).drop("waits")


def leads_open_at(crm: Crm, moment: datetime) -> ir.Table:
    """The leads created before an instant and open on the last whole day before it; younger ones than a day are open.

    Returns:
        number, cell.
    """
    early = lead_rows(crm).filter(_.created_at < moment)
    aged = early.select("number", "cell", age=last_whole_day(crm, early.created_at, moment))
    joined = known_states(crm).filter(_.state == "open").inner_join(aged.filter(_.age >= 0), "number")
    waiting = joined.filter((joined.starts <= joined.age) & (joined.ends.isnull() | (joined.ends > joined.age)))
    return waiting.select("number", "cell").union(aged.filter(_.age < 0).select("number", "cell"))


def leads_of_quarter(study: Study) -> ir.Table:
    """One row per lead that deals of the quarter can come from: created in it, or open at its start.

    Returns:
        bucket, the attributes, is_new (created in the quarter; else open at its start).
    """
    return cached(study.crm, ("leads_of_quarter", study.as_of, study.quarter), lambda: _leads_of_quarter(study))


def _leads_of_quarter(study: Study) -> ir.Table:
    starts, ends = study.starts_at, study.ends_at
    new = lead_rows(study.crm).filter((_.created_at >= starts) & (_.created_at < ends)).select("number", "cell")
    waiting = leads_open_at(study.crm, starts)
    both = new.mutate(is_new=ibis.literal(True)).union(waiting.mutate(is_new=ibis.literal(False)))
    return with_attributes(study.crm, both.mutate(bucket=bucket_in(both.number)))
