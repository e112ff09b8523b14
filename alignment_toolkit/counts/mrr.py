"""Counts of monthly recurring revenue: the bridge between quarter ends, and what customers cost to win.

Unit: the customer; money in whole cents. Start and end of a quarter are valued at the rates of their own day and every movement at
the rate of the quarter's end, so that the effect of exchange rates stands alone and quarters chain.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.customers import customers, day_number, hidden_from, paid_spells, serves
from alignment_toolkit.deals import in_reporting_currency, whole_cents, with_rates
from alignment_toolkit.figures import ALL
from alignment_toolkit.leads import leads
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.periods import Period

EPOCH = date(1970, 1, 1)
PARTS = ("new", "expansion", "reactivation", "contraction", "churn")


def bridge_quarters(study: Study, quarters: int) -> list[Period]:
    """The last quarters that end with the report quarter, earliest first, without those that start before records begin."""
    begun = study.config.observed_since("subscriptions")
    asked = [study.quarter.shift(back) for back in range(1 - quarters, 1)]
    return [quarter for quarter in asked if begun is None or quarter.first_on > begun]


def bounds(study: Study, quarters: list[Period]) -> list[int]:
    """The day before the first quarter, then the last visible day of each, as day numbers."""
    last = hidden_from(study.crm) - 1
    return [day_number(quarters[0].first_on) - 1, *(min(day_number(quarter.end_on) - 1, last) for quarter in quarters)]


@query
def mrr_bridge_parts(study: Study, *, quarters: int = 8) -> ir.Table:
    """What changed monthly recurring revenue in each quarter.

    Returns:
        quarter, start_cents, end_cents, fx_cents (start at the end's rates less start), and for each of new, expansion,
        reactivation, contraction, churn: n_<part> customers and <part>_cents (signed).
    """
    shown = bridge_quarters(study, quarters)
    days = bounds(study, shown)
    wide = cached(study.crm, ("mrr_on", study.as_of, tuple(days)), lambda: mrr_on(study, days))
    return ibis.union(*(one_quarter(wide, days, at=at, label=quarter.label) for at, quarter in enumerate(shown)))


def mrr_on(study: Study, days: list[int]) -> ir.Table:
    """Per customer the cents on each day at that day's rates (own_<i>) and at the next day's (next_<i>), and the first paid day."""
    rates = {f"rate_{at}": EPOCH + timedelta(days=day) for at, day in enumerate(days)}
    spells = with_rates(study.crm, paid_spells(study.crm), rates)
    sums = {f"own_{at}": cents_at(day, rate=at) for at, day in enumerate(days)}
    sums |= {f"next_{at}": cents_at(day, rate=at + 1) for at, day in enumerate(days[:-1])}
    return spells.group_by("customer_id").agg(first=_.start.min(), **sums)


def cents_at(day: int, *, rate: int) -> ir.IntegerScalar:
    """Cents of the spells that serve a day, at one of the joined rates."""
    return ibis.coalesce(whole_cents(_.mrr * _[f"rate_{rate}"]).sum(where=serves(day)), 0).cast("int64")


def one_quarter(wide: ir.Table, days: list[int], *, at: int, label: str) -> ir.Table:
    """One row: the sums of a quarter over customers."""
    moved = wide.mutate(before=wide[f"next_{at}"], after=wide[f"own_{at + 1}"], opening=wide[f"own_{at}"])
    change = moved.after - moved.before
    is_part = {
        "new": (moved.before == 0) & (moved.after > 0) & (moved["first"] > days[at]),
        "reactivation": (moved.before == 0) & (moved.after > 0) & (moved["first"] <= days[at]),
        "expansion": (moved.before > 0) & (moved.after > moved.before),
        "contraction": (moved.before > moved.after) & (moved.after > 0),
        "churn": (moved.before > 0) & (moved.after == 0),
    }
    sums = {f"{part}_cents": total(change, where=is_part[part]) for part in PARTS}
    numbers = {f"n_{part}": is_part[part].cast("int64").sum().cast("int64") for part in PARTS}
    summed = moved.agg(
        start_cents=total(moved.opening), fx_cents=total(moved.before - moved.opening), end_cents=total(moved.after), **sums, **numbers
    )
    return summed.mutate(quarter=ibis.literal(label))


def total(cents: ir.IntegerColumn, *, where: ir.BooleanValue | None = None) -> ir.IntegerScalar:
    """Sum of cents, 0 over nothing."""
    return ibis.coalesce(cents.sum(where=where), 0).cast("int64")


@query
def acquisition_spend(study: Study) -> ir.Table:
    """Money spent on each campaign before `as_of`: campaign_id, cents (reporting currency, constant rates)."""
    costs = study.crm.tables["campaign_costs"]
    seen = costs.filter(costs.spent_on.epoch_days() < hidden_from(study.crm))
    return in_reporting_currency(study.crm, seen, amount="cost").group_by("campaign_id").agg(cents=_.cents.sum().cast("int64"))


@query
def acquisition_yield(study: Study, *, by: str | None = None) -> ir.Table:
    """Leads and customers of each campaign, by an attribute of the lead: campaign_id, segment, leads, customers."""
    born = leads(study.crm)
    won = customers(study.crm).filter(_.lead_id.notnull()).group_by("lead_id").agg(won=_.count())
    segment = ibis.literal(ALL) if by in {None, "all"} else born[by]
    joined = born.mutate(segment=segment).left_join(won, "lead_id")
    return joined.group_by("campaign_id", "segment").agg(leads=_.count(), customers=ibis.coalesce(_.won.sum(), 0).cast("int64"))
