"""Customers as deferred expressions: subscription spells, the lives made of them, and where each customer came from.

Question: who pays how much on which day, and when did a customer leave? Unit: the customer. Denominator: customers with at least
one visible paid spell. It does not answer why they left, nor what a trial would have become: trials are no customers.

Days are whole numbers since 1970 (plain dates, never converted between zones), so that every engine computes the same integers.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import day_number as local_day_of
from alignment_toolkit.deals import in_reporting_currency
from alignment_toolkit.figures import MISSING
from alignment_toolkit.journeys import window_start
from alignment_toolkit.leads import bucket_of, leads
from alignment_toolkit.merging import survivors
from alignment_toolkit.periods import local_day
from alignment_toolkit.quarters import EARLIER, labelled_quarters

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

ORIGINS = ("source", "persona", "campaign_id", "cycle", "quality", "cohort_quarter")
FOREVER = (date(9999, 12, 31) - date(1970, 1, 1)).days  # the end of a spell that is still open
CYCLES = ((30, "0-30 days"), (90, "31-90 days"), (180, "91-180 days"))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def hidden_from(crm: Crm) -> int:
    """The first day that is not visible: the local day of `as_of`, as a day number."""
    return day_number(local_day(crm.as_of, crm.config.time_zone))


def end_day(hidden: int) -> ir.IntegerValue:
    """First day not served; FOREVER while the spell is open: no end, an end that is not visible yet, or a sentinel such as 9999-12-31."""
    known = _.ended_on.notnull() & (_.ended_on.epoch_days() < hidden)
    return ibis.ifelse(known, _.ended_on.epoch_days(), FOREVER).cast("int64")


def is_paid() -> ir.BooleanValue:
    """A spell that makes its customer active: no trial, a price above zero, at least one day served."""
    return ~_.is_trial.fill_null(False) & (_.cents > 0).fill_null(False) & (_.end > _.start)


def serves(day: int) -> ir.BooleanValue:
    """Whether a spell covers a day: started on or before it, and not ended by it."""
    return (_.start <= day) & (_.end > day)


def subscription_rows(crm: Crm) -> ir.Table:
    """Every visible row of `subscriptions`, trials included, whatever its faults.

    Returns:
        customer_id, lead_id (of the surviving lead), currency, mrr, is_trial, start, end (day numbers, FOREVER while open), cents
        (per month, reporting currency at the last rate before `as_of`).
    """
    return cached(crm, ("subscription_rows", crm.as_of), lambda: _subscription_rows(crm))


def _subscription_rows(crm: Crm) -> ir.Table:
    hidden = hidden_from(crm)
    seen = survivors(crm, crm.tables["subscriptions"]).filter(_.started_on.epoch_days() < hidden)
    priced = in_reporting_currency(crm, seen, amount="mrr")
    return priced.select(
        "customer_id", "lead_id", "currency", "mrr", "is_trial", "cents", start=_.started_on.epoch_days().cast("int64"), end=end_day(hidden)
    )


def paid_spells(crm: Crm) -> ir.Table:
    """The rows of `subscription_rows` that make a customer active."""
    return subscription_rows(crm).filter(is_paid())


def stretches(spells: ir.Table, *, gap_days: int) -> ir.Table:
    """Spells of a customer joined where at most `gap_days` lie between them.

    Args:
        spells: customer_id, start, end (day numbers).
        gap_days: An absence of more days than this begins a new stretch; 0 joins only what touches or overlaps.

    Returns:
        customer_id, stretch (1, 2, ... in time), start, end.
    """
    before = ibis.window(group_by="customer_id", order_by=["start", "end"], preceding=(None, 1))
    ordered = spells.mutate(served_until=_.end.max().over(before))
    opens = ordered.served_until.isnull() | (ordered.start - ordered.served_until > gap_days)
    so_far = ibis.window(group_by="customer_id", order_by=["start", "end"], preceding=None, following=0)
    numbered = ordered.mutate(opens=opens.cast("int64")).mutate(stretch=_.opens.sum().over(so_far).cast("int64"))
    return numbered.group_by("customer_id", "stretch").agg(start=_.start.min(), end=_.end.max())


def lives(crm: Crm) -> ir.Table:
    """One row per customer: the first life, and whether another followed.

    A life is activity with absences of at most `gap_days`. It ends on the first day not served; churn is dated there.

    Returns:
        customer_id, start, end (day numbers, FOREVER while it lasts), last_end (end of the latest life), n_lives.
    """
    return cached(crm, ("lives", crm.as_of), lambda: _lives(crm))


def _lives(crm: Crm) -> ir.Table:
    every = stretches(paid_spells(crm), gap_days=crm.config.gap_days)
    first = _.stretch == 1
    return every.group_by("customer_id").agg(
        start=_.start.max(where=first), end=_.end.max(where=first), last_end=_.end.max(), n_lives=_.count()
    )


def customers(crm: Crm) -> ir.Table:
    """One row per customer: its first life and where it came from.

    Returns:
        The columns of `lives`, bucket (two hex digits), lead_id (of its earliest spell that names one), source, persona,
        campaign_id, cycle (days from the lead's creation to the first paid day, in bands), quality (third of the lead's score among
        customers); "(missing)" where unknown.
    """
    return cached(crm, ("customers", crm.as_of), lambda: _customers(crm))


def _customers(crm: Crm) -> ir.Table:
    born = leads(crm).select("lead_id", "source", "persona", "campaign_id", "score", "created_at")
    joined = lives(crm).left_join(acquiring_leads(crm), "customer_id").drop("customer_id_right")
    known = joined.left_join(born, "lead_id").drop("lead_id_right")
    named = {name: ibis.coalesce(known[name], ibis.literal(MISSING)) for name in ("source", "persona", "campaign_id")}
    rank = ibis.percent_rank().over(ibis.window(group_by=known.score.isnull(), order_by=known.score))
    tiers = [(known.score.isnull(), MISSING), (rank < 1 / 3, "low score"), (rank < 2 / 3, "middle score")]
    return known.select(
        "customer_id", "lead_id", "start", "end", "last_end", "n_lives",
        **named,
        cohort_quarter=starting_quarter(crm, known.start),
        bucket=bucket_of(known.customer_id),
        cycle=cycle_band(known.start - local_day_of(crm, known.created_at)),
        quality=ibis.cases(*tiers, else_="high score"),
    )  # fmt: skip


def acquiring_leads(crm: Crm) -> ir.Table:
    """The lead of each customer's earliest row that names one (the smallest id of a tie): customer_id, lead_id."""
    named = subscription_rows(crm).filter(_.lead_id.notnull())
    earliest = named.mutate(first=_.start.min().over(ibis.window(group_by="customer_id"))).filter(_.start == _.first)
    return earliest.group_by("customer_id").agg(lead_id=_.lead_id.min())


def starting_quarter(crm: Crm, day: ir.IntegerValue) -> ir.StringValue:
    """The fiscal quarter of a day number, "(earlier)" before every labelled quarter."""
    return ibis.cases(*[(day >= day_number(quarter.first_on), quarter.label) for quarter in labelled_quarters(crm)], else_=EARLIER)


def cycle_band(days: ir.IntegerValue) -> ir.StringValue:
    """Days from lead to first paid day in bands; a negative number counts in the first."""
    bands = [(days <= last, label) for last, label in CYCLES]
    return ibis.cases((days.isnull(), MISSING), *bands, else_="over 180 days")


def life_journeys(study: Study) -> ir.Table:
    """One row per customer at risk inside the study's window: the journeys that every retention figure is counted from.

    Observation ends `gap_days` before `as_of`: an end on or after that day is provisional and counts neither way. Customers who
    started before the window opened (or before records begin) enter at the age they had that day; those who started after the
    report quarter are left out.

    Returns:
        The origins, bucket, start, entry, entry_move, exit, exit_move (event: churned; censor), last_index, cents (null: no money
        here).
    """
    key = ("life_journeys", study.as_of, study.window_opens_at, study.created_before)
    return cached(study.crm, key, lambda: _life_journeys(study))


def _life_journeys(study: Study) -> ir.Table:
    observed_until = hidden_from(study.crm) - study.config.gap_days
    moving = (
        customers(study.crm)
        .filter(_.start < started_before(study))
        .mutate(entry=entry_age(study), last_index=observed_until - _.start - 1, age=_.end - _.start)
    )
    churned = moving.age <= moving.last_index
    at_risk = (moving.entry <= moving.last_index) & (moving.age >= moving.entry)
    return moving.filter(at_risk).mutate(
        entry_move=ibis.literal("enter"),
        exit=ibis.ifelse(churned, moving.age, moving.last_index),
        exit_move=ibis.ifelse(churned, "event", "censor"),
        cents=ibis.null("int64"),
    )


def started_before(study: Study) -> int:
    """First day on which a new customer no longer belongs to the study."""
    return day_number(local_day(study.created_before, study.config.time_zone))


def entry_age(study: Study) -> ir.IntegerValue:
    """Age in days at which a customer comes under observation: 0 for those who started inside the window."""
    opened = window_start(study, "subscriptions")
    if opened is None:
        return ibis.literal(0).cast("int64")
    return ibis.greatest(day_number(local_day(opened, study.config.time_zone)) - _.start, 0).cast("int64")


def life_rows(study: Study) -> ir.Table:
    """Rows for Cox regression: customers whose start is on record, over all history up to the report quarter.

    Returns:
        customer_id, source, persona, days (of the first life, up to `gap_days` before `as_of`), event (1: churned).
    """
    observed_until = hidden_from(study.crm) - study.config.gap_days
    begun = study.config.observed_since("subscriptions")
    earliest = 0 if begun is None else day_number(begun)
    kept = customers(study.crm).filter((_.start >= earliest) & (_.start < ibis.least(started_before(study), observed_until)))
    churned = kept.end < observed_until
    return kept.select(
        "customer_id",
        "source",
        "persona",
        days=ibis.ifelse(churned, kept.end, observed_until - 1) - kept.start,
        event=churned.cast("int64"),
    )
