"""Counts of customers whose records contradict each other: gone by one, still there by another, or without a believable end.

Unit: the customer. Everything is by subscriptions as in the churn figures; beside them stands what the other records say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.customers import cents_on, quarter_days
from alignment_toolkit.customers import hidden_from, life_journeys, paid_spells, subscription_rows
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

SOURCES = ("event", "flag")


@query
def customer_gaps(study: Study) -> ir.Table:
    """Customers active at the start of the quarter by what is said of them.

    Returns:
        is_lost (not active at its end, by subscriptions), is_said (another record says gone: dated in the quarter, or undated), is_silent
        (gone by subscriptions while a kind of record that exists does not say so), is_endless (paid by a spell whose end is a sentinel), n,
        start_cents, kept_cents (at the end, capped per customer), end_cents.
    """
    begin, finish = quarter_days(study)
    paid = paid_spells(study.crm).group_by("customer_id").agg(before=cents_on(begin), after=cents_on(finish)).filter(_.before > 0)
    told = with_records(study.crm, paid, since=begin, until=finish)
    lost = told.after == 0
    flagged = told.mutate(is_lost=lost, is_said=~lost & (told.n_dated + told.n_undated > 0), is_silent=lost & told.is_unsaid)
    return flagged.group_by("is_lost", "is_said", "is_silent", "is_endless").agg(
        n=_.count(),
        start_cents=_.before.sum().cast("int64"),
        kept_cents=ibis.least(_.before, _.after).sum().cast("int64"),
        end_cents=_.after.sum().cast("int64"),
    )


def with_records(crm: Crm, customers: ir.Table, *, since: int, until: int) -> ir.Table:
    """Customers beside what other records say of them.

    Returns:
        The columns of `customers`, n_dated (records of churn dated after day `since` and by day `until`), n_undated, said_on (the first
        such day, null: undated), is_unsaid (a kind of record that exists does not name the customer), is_endless (a spell ends on a
        sentinel).
    """
    rows = crm.tables["subscriptions"]
    odd = ~rows.ended_on.year().between(1971, 2099)
    endless = rows.filter(odd.fill_null(False)).select("customer_id").distinct().mutate(endless=ibis.literal(True))
    told = customers.left_join(endless, "customer_id").drop("customer_id_right")
    told = told.mutate(is_endless=told.endless.fill_null(False)).drop("endless")
    if not crm.has("churn_events"):
        nothing = ibis.literal(0).cast("int64")
        return told.mutate(n_dated=nothing, n_undated=nothing, said_on=ibis.null("int64"), is_unsaid=ibis.literal(False))
    records = crm.tables["churn_events"]
    day = records.churned_on.epoch_days().cast("int64")
    seen = records.mutate(day=day).filter((day < hidden_from(crm)).fill_null(True))
    within = ((seen.day > since) & (seen.day <= until)).fill_null(False)
    said = seen.group_by("customer_id").agg(
        n_dated=within.cast("int64").sum().cast("int64"),
        n_undated=seen.day.isnull().cast("int64").sum().cast("int64"),
        said_on=seen.day.min(where=within),
        n_kinds=seen.origin.nunique(where=seen.origin.isin(SOURCES)),
    )
    joined = told.left_join(said, "customer_id").drop("customer_id_right")
    kinds = records.filter(records.origin.isin(SOURCES)).origin.nunique().as_scalar()
    counts = {name: joined[name].fill_null(0) for name in ("n_dated", "n_undated")}
    return joined.mutate(**counts, is_unsaid=joined.n_kinds.fill_null(0) < kinds).drop("n_kinds")


@query
def life_gaps(study: Study) -> ir.Table:
    """Customers under observation whose records contradict each other, by day index of their first life.

    Returns:
        gap: `churn_said` (still there by subscriptions, gone by another record), `churn_unsaid` (gone by subscriptions while a kind of
        record that exists does not say so), `endless` (still there, and the end of a spell is a sentinel); entry, exit, exit_move,
        last_index; day (age at the first record that says gone; null: undated); n.
    """
    lives = life_journeys(study)
    told = with_records(study.crm, lives, since=-1, until=hidden_from(study.crm) - 1)
    there = told.exit_move == "censor"
    gap = ibis.cases(
        (there & (told.n_dated + told.n_undated > 0), "churn_said"),
        (~there & told.is_unsaid, "churn_unsaid"),
        (there & told.is_endless, "endless"),
        else_=ibis.null("string"),
    )
    age = ibis.ifelse(told.said_on.notnull(), ibis.greatest(told.said_on - told.start, 0), ibis.null("int64"))
    marked = told.mutate(gap=gap, day=age)
    return marked.filter(marked.gap.notnull()).group_by("gap", "entry", "exit", "exit_move", "last_index", "day").agg(n=_.count())


@query
def turned_subscriptions(study: Study) -> ir.Table:
    """Subscriptions that end on or before their start and so make nobody a customer: n, n_priced, cents (per month)."""
    rows = subscription_rows(study.crm)
    turned = rows.filter((rows.end <= rows.start) & ~rows.is_trial.fill_null(False))
    return turned.agg(
        n=turned.count(),
        n_priced=(turned.cents > 0).cast("int64").sum().fill_null(0).cast("int64"),
        cents=turned.cents.sum().fill_null(0).cast("int64"),
    )
