"""The open pipeline as deferred expressions: what each deal was at a quarter's start and at its end, and how it got from one to the other.

Unit: the deal. Amounts are at the rates of the data at hand, so that quarters chain; an unknown amount counts as nothing. A deal is due
when it is expected to close before the quarter's end, overdue ones included, or when it did close in the quarter. Without `deal_events`
nothing here can be known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import instant
from alignment_toolkit.deals import deal_records, in_reporting_currency, last_changes
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

KEPT = ("outcome", "amount", "close_on")
STEPS = ("created", "reopened", "amount_changes", "pulled_in", "pushed_out", "won", "lost")
SCOPES = ("all", "due")


def pipeline_moves(study: Study) -> ir.Table:
    """One row per deal that was in the pipeline at some time of the quarter, and per scope.

    Returns:
        deal_id, source, scope (all: every open deal; due: those due by the quarter's end), and as 0 or 1 deals: start, end and the steps
        created, reopened, pulled_in, pushed_out, won, lost; and the same as <name>_cents with amount_changes_cents (signed). For every row
        start + created + reopened + pulled_in − pushed_out − won − lost = end, in money with the amount changes.
    """
    return cached(study.crm, ("pipeline_moves", study.as_of, study.quarter), lambda: _pipeline_moves(study))


def _pipeline_moves(study: Study) -> ir.Table:
    told = both_ends(study)
    whole = told.mutate(due0=ibis.literal(True), due1=ibis.literal(True), scope=ibis.literal("all"))
    end_on = ibis.literal(study.quarter.end_on)
    due = told.mutate(due0=(told.close0 < end_on).fill_null(False), due1=(told.close1 < end_on).fill_null(False), scope=ibis.literal("due"))
    return stepped(whole).union(stepped(due))


def stepped(told: ir.Table) -> ir.Table:
    """The flows of one scope. What closed in the quarter was due in it: from outside the scope it was pulled in first."""
    gone = told.is_won | told.is_lost
    start = told.was_open & told.due0
    end = told.is_open & told.due1
    created, reopened = told.is_new & (told.due0 | told.due1 | gone), told.is_again & (told.due1 | gone)
    entered = start | created | reopened
    pulled = ~entered & told.was_open & (end | gone)
    inside = entered | pulled
    pushed = inside & told.is_open & ~told.due1
    flags = {
        "start": start,
        "created": created,
        "reopened": reopened,
        "pulled_in": pulled,
        "pushed_out": pushed,
        "won": inside & told.is_won,
        "lost": inside & told.is_lost,
        "end": end,
    }
    at_start = {"start", "created"}
    money = {f"{name}_cents": ibis.ifelse(flag, told.cents0 if name in at_start else told.cents1, 0) for name, flag in flags.items()}
    money["amount_changes_cents"] = ibis.ifelse(start | created, told.cents1 - told.cents0, 0)
    kept = told.mutate(inside=inside, **{name: flag.cast("int64") for name, flag in flags.items()}, **money)
    return kept.filter(kept.inside).select("deal_id", "source", "scope", *flags, *money)


def both_ends(study: Study) -> ir.Table:
    """One row per deal with its state at the quarter's first instant (at its creation, when it was created in the quarter) and at its end.

    Returns:
        deal_id, source, was_open, is_new, is_again (closed at the start and open, or won, since), is_open, is_won, is_lost (at the end,
        of what was in the pipeline), cents0, cents1, close0, close1.
    """
    crm, starts, ends = study.crm, study.starts_at, study.ends_at
    known = deal_records(crm).filter(_.created_at.notnull() & (_.created_at < ends))
    known = known.filter((_.outcome == "open") | _.closed_at.notnull())
    told = state_at(study, state_at(study, known, starts, "0"), ends, "1").left_join(first_in_quarter(study), "deal_id")
    is_new = told.created_at >= instant(starts)
    was_open = ~is_new & (told.outcome0 == "open")
    reopened = told.opened_again.fill_null(False) | (told.outcome1 == "open") | ((told.outcome1 == "won") & told.changed.fill_null(False))
    again = ~is_new & (told.outcome0 != "open") & reopened
    first = {
        "amount0": ibis.ifelse(is_new, ibis.coalesce(told.first_amount, told.amount1), told.amount0),
        "close0": ibis.ifelse(is_new, ibis.coalesce(told.first_close, told.close1), told.close0),
    }
    in_it = is_new | was_open | again
    priced = told.mutate(
        was_open=was_open,
        is_new=is_new,
        is_again=again,
        is_open=in_it & (told.outcome1 == "open"),
        is_won=in_it & (told.outcome1 == "won"),
        is_lost=in_it & (told.outcome1 == "lost"),
        **first,
    ).filter(in_it)
    for end in ("0", "1"):
        priced = in_reporting_currency(crm.at_hand, priced, amount=f"amount{end}", cents=f"cents{end}")
    flags = ("was_open", "is_new", "is_again", "is_open", "is_won", "is_lost")
    cents = {name: priced[name].fill_null(0) for name in ("cents0", "cents1")}
    return priced.select("deal_id", "source", *flags, "close0", "close1", **cents)


def state_at(study: Study, known: ir.Table, moment: datetime, name: str) -> ir.Table:
    """The deals with outcome, amount and expected close just before an instant, from their history; as last seen where they have none."""
    then_crm = replace(study.crm, as_of=moment, known_until=None)
    changes = cached(study.crm, ("changes_before", moment), lambda: last_changes(then_crm, columns=KEPT))
    told = known.left_join(changes, "deal_id").drop("deal_id_right")
    closed = (told.closed_at < moment).fill_null(False)
    seen = {"outcome": ibis.ifelse(closed, told.outcome, "open"), "amount": told.amount, "close_on": told.close_on}
    open_before = ibis.coalesce(told.outcome_then, ibis.literal("open"))
    then = {"outcome": open_before, "amount": told.amount_then, "close_on": told.close_on_then}
    states = {column: ibis.ifelse(told[f"{column}_recorded"].fill_null(False), then[column], seen[column]) for column in KEPT}
    short = {"outcome": f"outcome{name}", "amount": f"amount{name}", "close_on": f"close{name}"}
    named = told.mutate(**{short[column]: state for column, state in states.items()})
    return named.drop(*(f"{column}_{part}" for column in KEPT for part in ("then", "at", "recorded")))


def first_in_quarter(study: Study) -> ir.Table:
    """What the history says happened inside the quarter: deal_id, first_amount, first_close, opened_again, changed (any outcome)."""
    events = changes_in_quarter(study)
    return events.group_by("deal_id").agg(
        first_amount=events.amount.argmin(events.changed_at, where=events.amount.notnull()),
        first_close=events.close_on.argmin(events.changed_at, where=events.close_on.notnull()),
        opened_again=(events.outcome == "open").fill_null(False).any(),
        changed=events.outcome.notnull().any(),
    )


def changes_in_quarter(study: Study) -> ir.Table:
    """The deal events of the quarter; of several at one instant the greatest values."""
    events = study.crm.tables["deal_events"]
    within = events.filter((events.changed_at >= instant(study.starts_at)) & (events.changed_at < instant(study.ends_at)))
    return within.group_by("deal_id", "changed_at").agg(**{name: within[name].max() for name in KEPT})


def pushes(study: Study) -> ir.Table:
    """One row per time that the expected close of an open deal was moved to a later day inside the quarter.

    Returns:
        deal_id, left_quarter (whether it moved from before the quarter's end to after it).
    """
    events = study.crm.tables["deal_events"].filter(_.close_on.notnull() & (_.changed_at < study.ends_at))
    at_once = events.group_by("deal_id", "changed_at").agg(close_on=events.close_on.max(), ends=events.outcome.isin(["won", "lost"]).any())
    order = ibis.window(group_by="deal_id", order_by="changed_at")
    told = at_once.mutate(before=at_once.close_on.lag().over(order))
    end_on = ibis.literal(study.quarter.end_on)
    later = (told.changed_at >= instant(study.starts_at)) & (told.close_on > told.before) & ~told.ends.fill_null(False)
    return told.filter(later).select("deal_id", left_quarter=(told.before < end_on) & (told.close_on >= end_on))
