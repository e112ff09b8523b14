"""Counts of customers: who was active, what their revenue did, how long they stayed, and what other records say.

Unit: the customer; money in whole cents of the reporting currency, so that parts add up on every engine and in every order.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import sliced_moves
from alignment_toolkit.customers import (
    FOREVER,
    customers,
    day_number,
    hidden_from,
    life_journeys,
    lives,
    paid_spells,
    serves,
    started_before,
    stretches,
    subscription_rows,
)
from alignment_toolkit.figures import ALL
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

TRIANGLE_QUARTERS = 12  # quarters shown, the report quarter last; customers of earlier ones are left out of the triangle
ENDED = "ended subscriptions"


def sliced(table: ir.Table, by: str | None) -> ir.Table:
    """The table with `segment`: an origin of the customer, or "(all)"."""
    return table.mutate(segment=ibis.literal(ALL) if by in {None, "all"} else table[by])


@query
def customer_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of customers inside the study's window: under observation, churned, censored, by day of their first life."""
    return sliced_moves(study, life_journeys(study), by=by, by_bucket=by_bucket)


def quarter_days(study: Study) -> tuple[int, int]:
    """The day before the quarter and its last visible day, as day numbers."""
    first, end = day_number(study.quarter.first_on), day_number(study.quarter.end_on)
    return first - 1, min(end, hidden_from(study.crm)) - 1


@query
def active_at_start(study: Study, *, by: str | None = None) -> ir.Table:
    """Customers active at the start of the quarter, by segment and bucket.

    Returns:
        segment, bucket, n, lost (not active at its end), start_cents, kept_cents (at the end, capped per customer), end_cents.
    """
    begin, finish = quarter_days(study)
    per_customer = (
        paid_spells(study.crm)
        .group_by("customer_id")
        .agg(before=cents_on(begin), after=cents_on(finish))
        .filter(_.before > 0)
        .inner_join(customers(study.crm), "customer_id")
    )
    return (
        sliced(per_customer, by)
        .group_by("segment", "bucket")
        .agg(
            n=_.count(),
            lost=(_.after == 0).cast("int64").sum().cast("int64"),
            start_cents=_.before.sum().cast("int64"),
            kept_cents=ibis.least(_.before, _.after).sum().cast("int64"),
            end_cents=_.after.sum().cast("int64"),
        )
    )


def cents_on(day: int) -> ir.IntegerScalar:
    """Monthly revenue on a day: the sum of the spells that serve it."""
    return ibis.coalesce(_.cents.sum(where=serves(day)), 0).cast("int64")


@query
def cohort_steps(study: Study) -> ir.Table:
    """Changes of the customers and revenue of each starting quarter, by the quarter at whose end they show.

    Quarters are counted from the report quarter (0), earlier ones negative. Only first lives: returns have their own row.

    Returns:
        cohort, quarter, kind (size: customers who started; size_cents: their revenue on the first day; customers, cents: changes of
        those still there at the quarter's end), n.
    """
    first_lives = lives(study.crm).select("customer_id", born="start", died="end")
    within = paid_spells(study.crm).inner_join(first_lives, "customer_id").filter(_.start < _.died)
    placed = within.mutate(cohort=quarter_index(study, within.born))
    active = stretches(placed, gap_days=0).inner_join(first_lives, "customer_id")
    people = active.mutate(cohort=quarter_index(study, active.born), amount=ibis.literal(1).cast("int64"))
    money = placed.mutate(amount=placed.cents)
    newborn = first_lives.mutate(amount=ibis.literal(1).cast("int64"), cohort=quarter_index(study, first_lives.born))
    on_first_day = money.filter(_.start == _.born)
    parts = [
        step(study, newborn, day="born", kind="size", sign=1),
        step(study, on_first_day, day="born", kind="size_cents", sign=1),
        *(step(study, people, day=day, kind="customers", sign=sign) for day, sign in (("start", 1), ("end", -1))),
        *(step(study, money, day=day, kind="cents", sign=sign) for day, sign in (("start", 1), ("end", -1))),
    ]
    steps = ibis.union(*parts).filter((_.cohort > -TRIANGLE_QUARTERS) & (_.cohort <= 0) & (_.quarter <= 0))
    return steps.group_by("cohort", "quarter", "kind").agg(n=_.n.sum().cast("int64"))


def step(study: Study, table: ir.Table, *, day: str, kind: str, sign: int) -> ir.Table:
    """Signed amounts by cohort and the quarter of a day column."""
    placed = table.mutate(quarter=quarter_index(study, table[day]))
    summed = placed.group_by("cohort", "quarter").agg(n=(_.amount.sum() * sign).cast("int64"))
    return summed.mutate(kind=ibis.literal(kind)).select("cohort", "quarter", "kind", "n")


def quarter_index(study: Study, day: ir.IntegerValue) -> ir.IntegerValue:
    """Quarters after the report quarter (0) in which a day falls; 1 for any later day, one before the triangle for any earlier."""
    bounds = [(day >= day_number(study.quarter.shift(at).first_on), at) for at in range(1, -TRIANGLE_QUARTERS, -1)]
    return ibis.cases(*bounds, else_=-TRIANGLE_QUARTERS).cast("int64")


@query
def month_steps(study: Study, *, by: str | None = None) -> ir.Table:
    """Changes of the revenue and the number of customers observed, by month of their age (a month is 365.25 / 12 days).

    Only customers whose start is on record: those who started before records begin are left out, since the ones who left before
    then are unknown.

    Returns:
        segment, bucket, month, n (change of the customers observed in the month), cents (change of their revenue on its first day).
    """
    hidden = hidden_from(study.crm)
    begun = study.config.observed_since("subscriptions")
    kept = customers(study.crm).filter((_.start < started_before(study)) & (_.start >= (0 if begun is None else day_number(begun))))
    seen = sliced(kept, by).mutate(gone=month_of(hidden - 1 - _.start, up=False) + 1, born=_.start, died=_.end).drop("start", "end")
    spells = paid_spells(study.crm).select("customer_id", "start", "end", "cents").inner_join(seen, "customer_id").filter(_.start < _.died)
    paid = spells.mutate(
        from_month=month_of(spells.start - spells.born, up=True),
        to_month=ibis.least(month_of(spells.end - spells.born, up=True), spells.gone),
    ).filter(_.from_month < _.to_month)
    zero = ibis.literal(0).cast("int64")
    parts = [
        seen.select("segment", "bucket", month=zero, n=zero + 1, cents=zero),
        seen.select("segment", "bucket", month=_.gone, n=zero - 1, cents=zero),
        paid.select("segment", "bucket", month=_.from_month, n=zero, cents=_.cents),
        paid.select("segment", "bucket", month=_.to_month, n=zero, cents=-_.cents),
    ]
    return ibis.union(*parts).group_by("segment", "bucket", "month").agg(n=_.n.sum().cast("int64"), cents=_.cents.sum().cast("int64"))


def month_of(age: ir.IntegerValue, *, up: bool) -> ir.IntegerValue:
    """Age in days as months of 1461 / 48 days: the first month that begins on or after it (`up`), or the last that begins by it."""
    return ((age * 48 + (1460 if up else 0)) // 1461).cast("int64")


@query
def churn_records(study: Study) -> ir.Table:
    """Customers that each record of churn names, and that each pair of records names together.

    Records are `ended subscriptions` (none is open any more, trials included) and every origin in `churn_events` dated before
    `as_of` or undated.

    Returns:
        record, other (the same record on the diagonal), n; one row (all), (all) with the customers that have a subscription.
    """
    rows = subscription_rows(study.crm)
    known = rows.group_by("customer_id").agg(last_end=_.end.max())
    flags = [known.filter(_.last_end < FOREVER).select("customer_id", record=ibis.literal(ENDED))]
    if study.crm.has("churn_events"):
        told = study.crm.tables["churn_events"]
        seen = told.filter(told.churned_on.isnull() | (told.churned_on.epoch_days() < hidden_from(study.crm)))
        flags.append(seen.inner_join(known, "customer_id").select("customer_id", record=_.origin).distinct())
    every = reduce(lambda left, right: left.union(right), flags)
    pairs = every.inner_join(every.view().select("customer_id", other="record"), "customer_id")
    counts = pairs.group_by("record", "other").agg(n=_.count())
    total = known.agg(n=_.count()).select(record=ibis.literal(ALL), other=ibis.literal(ALL), n=_.n)
    return counts.select("record", "other", "n").union(total)


@query
def customer_standing(study: Study) -> ir.Table:
    """Customers and subscription rows by standing at `as_of`: standing, n."""
    hidden, gap = hidden_from(study.crm), study.config.gap_days
    people = lives(study.crm)
    gone = people.last_end < FOREVER
    rows = subscription_rows(study.crm)
    trial = rows.is_trial.fill_null(False)
    counted = {
        "customers": people,
        "active": people.filter(~gone),
        "provisional churn": people.filter(gone & (hidden - people.last_end <= gap)),
        "churned once": people.filter(people.end < hidden - gap),
        "returned": people.filter(people.n_lives > 1),
        "trial rows": rows.filter(trial),
        "free rows": rows.filter(~trial & (rows.cents == 0)),
        "negative rows": rows.filter(~trial & (rows.cents < 0)),
        "rows that end on or before their start": rows.filter(rows.end <= rows.start),
    }
    return ibis.union(*(table.agg(n=_.count()).select(standing=ibis.literal(name), n=_.n) for name, table in counted.items()))
