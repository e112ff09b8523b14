"""Counts of deals by the days they were created and closed on, and of leads that turn into them: what a forecast is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.days import DAY, between, instant
from alignment_toolkit.deals import deals
from alignment_toolkit.leads import group_of, lead_rows
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


@query
def deal_days(study: Study) -> ir.Table:
    """Deals by whole days between their instants and the first instant of the report quarter, negative before it.

    Deals without a creation instant, and closed ones without a closing one, have no days and are left out.

    Returns:
        created, closed (day numbers; null while open), is_won, group (0 to 15: sixteen buckets of the jackknife each), n, cents (sum),
        squares (sum of squared whole units).
    """
    known = deals(study.crm).filter(_.created_at.notnull() & ((_.outcome == "open") | _.closed_at.notnull()))
    starts = instant(study.starts_at)
    units = (known.cents / 100).round().cast("int64")
    dated = known.mutate(
        created=day_of(study.crm, ibis.least(known.created_at, ibis.coalesce(known.closed_at, known.created_at)), starts),
        closed=day_of(study.crm, known.closed_at, starts),
        is_won=known.outcome == "won",
        group=group_of(known.bucket),
        squares=(units * units).fill_null(0),
    )
    grouped = dated.group_by("created", "closed", "is_won", "group")
    return grouped.agg(n=_.count(), cents=ibis.coalesce(_.cents.sum(), 0).cast("int64"), squares=_.squares.sum().cast("int64"))


@query
def lead_yields(study: Study) -> ir.Table:
    """Leads, and deals by the age of their lead, created in the year before `as_of`: how leads turn into deals.

    Returns:
        what (lead, deal), age (whole days of the lead when the deal was created, by day numbers, at most 366; null for leads and for deals
        without a lead), group (0 to 15), n, first_day (earliest day number among them).
    """
    crm, starts = study.crm, instant(study.starts_at)
    now = day_number_of(study)
    born = lead_rows(crm).select("number", "bucket", day=day_of(crm, lead_rows(crm).created_at, starts))
    made = deals(crm).filter(_.created_at.notnull()).select("number", "bucket", "created_at", "closed_at")
    day = day_of(crm, ibis.least(made.created_at, ibis.coalesce(made.closed_at, made.created_at)), starts)
    dated = made.mutate(day=day).drop("created_at", "closed_at").filter(_.day >= now - 365)
    told = dated.left_join(born.select("number", lead_day="day"), "number").drop("number_right")
    age = ibis.ifelse(told.lead_day.isnull(), ibis.null("int64"), ibis.least(ibis.greatest(told.day - told.lead_day, 0), 366))
    parts = [
        born.filter(born.day >= now - 365).select("bucket", "day", what=ibis.literal("lead"), age=ibis.null("int64")),
        told.select("bucket", "day", what=ibis.literal("deal"), age=age.cast("int64")),
    ]
    whole = ibis.union(*parts)
    return whole.group_by("what", "age", group=group_of(whole.bucket)).agg(n=_.count(), first_day=_.day.min())


def day_number_of(study: Study) -> int:
    """The number of the first day that is not visible: whole days from the first instant of the report quarter to `as_of`."""
    return round((study.as_of - study.starts_at).total_seconds() / 86_400)


def day_of(crm: Crm, at: ir.TimestampValue, starts: ir.TimestampValue) -> ir.IntegerValue:
    """Whole days from the first instant, rounded down also before it."""
    shift = 200 * 366
    return ((between(crm, starts, at) + shift * DAY) // DAY - shift).cast("int64")
