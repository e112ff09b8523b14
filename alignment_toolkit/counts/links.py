"""Counts of what meets across systems: leads with deals, touches, verdicts and customers, deals with a history, money with a rate.

Unit: the row of the table named; leads after merges.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.lead_gaps import gap_of
from alignment_toolkit.counts.mrr import EPOCH, bounds, bridge_quarters
from alignment_toolkit.deals import deals, last_visible_day
from alignment_toolkit.handovers import handovers
from alignment_toolkit.journeys import known_states
from alignment_toolkit.leads import lead_numbers, lead_rows
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import milestones

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

LINKED = ("deals", "touches", "feedback", "subscriptions")
BRIDGED = 8  # quarters of the bridge of recurring revenue
DATED_BY = {"deals": "created_at", "subscriptions": "started_on", "campaign_costs": "spent_on"}
PRICED = {"deals": "amount", "subscriptions": "mrr", "campaign_costs": "cost"}


@query
def lead_links(study: Study) -> ir.Table:
    """Leads by what other tables hold of them.

    Returns:
        is_won, is_handed (over to sales), is_told (has stage events), in_deals, in_won_deals, in_touches, in_feedback, in_subscriptions
        (false where there is no such table), n.
    """
    crm = study.crm
    marks = milestones(crm).select("number", "won_at")
    told = lead_rows(crm).select("number").left_join(marks, "number")
    flags = {"is_won": told.won_at.notnull(), "is_told": told.number_right.notnull()}
    told = told.mutate(**flags).drop("number_right", "won_at")
    told = _flagged(told, handovers(crm).select("number"), "is_handed")
    won = deals(crm).filter((_.outcome == "won") & _.number.notnull()).select("number") if crm.has("deals") else None
    told = _flagged(told, won, "in_won_deals")
    for name in LINKED:
        told = _flagged(told, named_leads(crm, name), f"in_{name}")
    columns = ("is_won", "is_handed", "is_told", "in_won_deals", *(f"in_{name}" for name in LINKED))
    return told.group_by(*columns).agg(n=_.count())


def named_leads(crm: Crm, table: str) -> ir.Table | None:
    """The leads that rows of a table name: number; None where there is no such table."""
    return crm.tables[table].select("lead_id").inner_join(lead_numbers(crm), "lead_id").select("number") if crm.has(table) else None


def _flagged(leads: ir.Table, named: ir.Table | None, flag: str) -> ir.Table:
    if named is None:
        return leads.mutate(**{flag: ibis.literal(False)})
    joined = leads.left_join(named.distinct(), "number")
    return joined.mutate(**{flag: joined.number_right.notnull()}).drop("number_right")


@query
def lead_turns(study: Study) -> ir.Table:
    """Leads whose history turns: what (a gap of `lead_gaps`, `reopened`, `lost`: ever lost, `won`: ever won), n."""
    crm = study.crm
    marks = milestones(crm)
    again = known_states(crm).filter(_.next == "open").select("number").distinct()
    counted = {"reopened": again, "lost": marks.filter(_.lost_at.notnull()), "won": marks.filter(_.won_at.notnull())}
    parts = [table.agg(n=_.count()).select(what=ibis.literal(name), n=_.n) for name, table in counted.items()]
    return ibis.union(*parts, gap_of(study).group_by(what=_.gap).agg(n=_.count()), distinct=False)


@query
def deal_links(study: Study) -> ir.Table:
    """Deals by whether they name a lead and have a history: is_won, has_lead_id, in_deal_events, n; no row without deals."""
    crm = study.crm
    if not crm.has("deals"):
        none = crm.tables["leads"].filter(ibis.literal(False))
        no = ibis.literal(False)
        return none.group_by(is_won=no, has_lead_id=no, in_deal_events=no).agg(n=_.count())
    rows = crm.tables["deals"]
    told = rows.select("deal_id", is_won=rows.outcome == "won", has_lead_id=rows.lead_id.notnull())
    if crm.has("deal_events"):
        joined = told.left_join(crm.tables["deal_events"].select("deal_id").distinct(), "deal_id")
        told = joined.mutate(in_deal_events=joined.deal_id_right.notnull()).drop("deal_id_right")
    else:
        told = told.mutate(in_deal_events=ibis.literal(False))
    return told.group_by("is_won", "has_lead_id", "in_deal_events").agg(n=_.count())


@query
def currencies_used(study: Study) -> ir.Table:
    """Rows with money by currency: table, currency ("(none)" where it is missing), n; one row (rates), (none) where nothing has money."""
    parts = []
    for name, column in PRICED.items():
        if study.crm.has(name):
            rows = study.crm.tables[name].filter(_[column].notnull())
            parts.append(rows.group_by(table=ibis.literal(name), currency=ibis.coalesce(rows.currency, "(none)")).agg(n=_.count()))
    if not parts:
        none = study.crm.tables["leads"].agg(n=ibis.literal(0).cast("int64"))
        return none.select(table=ibis.literal("(rates)"), currency=ibis.literal("(none)"), n=none.n)
    return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


@query
def late_rates(study: Study) -> ir.Table:
    """Rows with money whose currency has no rate yet on the day on which they are valued, so that its first rate is used.

    Deals, costs and revenue retention are valued on the last visible day; the bridge of recurring revenue on the ends of quarters.

    Returns:
        table, currency, first_on (ISO text of the first rate), is_headline (valued so in the headline figures), n.
    """
    crm, parts = study.crm, []
    for name, column in PRICED.items() if crm.has("exchange_rates") else ():
        if not crm.has(name):
            continue
        rows = crm.tables[name].filter(_[column].notnull() & (_.currency != crm.config.reporting_currency))
        rows = rows.select("currency", born=rows[DATED_BY[name]].cast("date"))
        first = crm.tables["exchange_rates"].group_by(rate_currency=_.currency).agg(first_on=_.valid_on.min())
        told = rows.inner_join(first, rows.currency == first.rate_currency).mutate(is_headline=_.first_on > last_visible_day(crm))
        late = told.is_headline
        if name == "subscriptions":
            ends = [EPOCH + timedelta(days=day) for day in bounds(study, bridge_quarters(study, BRIDGED))]
            late = late | ibis.or_(*((told.born <= day) & (told.first_on > day) for day in ends))
        late = late & (told.born.isnull() | (told.born <= last_visible_day(crm)))
        kept = told.filter(late).mutate(first_on=told.first_on.cast("string"))
        parts.append(kept.group_by("currency", "first_on", "is_headline", table=ibis.literal(name)).agg(n=_.count()))
    if not parts:
        text, none = ibis.literal(""), crm.tables["leads"].filter(ibis.literal(False))
        return none.group_by(currency=text, is_headline=ibis.literal(False), table=text, first_on=text).agg(n=_.count())
    columns = ("table", "currency", "first_on", "is_headline", "n")
    return ibis.union(*(part.select(*columns) for part in parts), distinct=False) if len(parts) > 1 else parts[0].select(*columns)


@query
def rates_valid(study: Study) -> ir.Table:
    """Exchange rates by currency: currency, first_on, last_on (ISO text), low, high, n; no row without rates."""
    rates = study.crm.tables["exchange_rates"] if study.crm.has("exchange_rates") else None
    if rates is None:
        text, none = ibis.literal(""), study.crm.tables["leads"].filter(ibis.literal(False))
        return none.group_by(currency=text, first_on=text, last_on=text, low=ibis.literal(1.0), high=ibis.literal(1.0)).agg(n=_.count())
    seen = rates.filter(rates.valid_on.cast("timestamp") < study.as_of)
    return seen.group_by("currency").agg(
        first_on=_.valid_on.min().cast("string"),
        last_on=_.valid_on.max().cast("string"),
        low=_.rate_to_reporting.min(),
        high=_.rate_to_reporting.max(),
        n=_.count(),
    )
