"""Deals as deferred expressions: outcome, amount and dates as they were known at `as_of`, at constant currency.

Unit: the deal. With `deal_events` outcome and amount are rebuilt from history; without, columns are "as last seen" but for outcomes dated
at or after `as_of`, which are open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.figures import MISSING
from alignment_toolkit.merging import survivors

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def deals(crm: Crm) -> ir.Table:
    """One row per deal of the configured kind that existed before `as_of` (deals without a creation instant are kept).

    Returns:
        deal_id, lead_id, account_id, owner_id, product, created_at (null: undated), closed_at (null while open), outcome (open, won, lost),
        cents (int64, reporting currency at constant rates, null: unknown), bucket, and the attributes of its lead (source: its own when it
        has no lead).
    """
    return cached(crm, ("deals", crm.as_of), lambda: _deals(crm))


def _deals(crm: Crm) -> ir.Table:
    from alignment_toolkit.journeys import ATTRIBUTES, bucket_of, leads, named_or_missing

    raw = survivors(crm, crm.tables["deals"])
    kind = crm.config.deal_type
    seen = raw.filter((raw.created_at.isnull() | (raw.created_at < crm.as_of)) & (raw.deal_type.isnull() | (raw.deal_type == kind)))
    known = as_known(crm, seen)
    priced = in_reporting_currency(crm, known)
    closed = (priced.outcome != "open") & (priced.closed_at.isnull() | (priced.closed_at < crm.as_of))
    own = leads(crm).select("lead_id", lead_bucket="bucket", **{f"lead_{name}": name for name in ATTRIBUTES})
    told = priced.mutate(
        outcome=ibis.ifelse(closed, priced.outcome, "open"), closed_at=ibis.ifelse(closed, priced.closed_at, ibis.null("timestamp"))
    ).left_join(own, "lead_id")
    attributes = {name: ibis.coalesce(told[f"lead_{name}"], ibis.literal(MISSING)) for name in ATTRIBUTES}
    attributes["source"] = ibis.coalesce(told.lead_source, named_or_missing(told.source))
    bucket = ibis.coalesce(told.lead_bucket, bucket_of(ibis.coalesce(told.account_id, told.lead_id, told.deal_id)))
    plain = ("deal_id", "lead_id", "account_id", "owner_id", "product", "created_at", "closed_at", "outcome", "cents", "loss_reason")
    return told.select(*plain, bucket=bucket, **attributes)


def as_known(crm: Crm, seen: ir.Table) -> ir.Table:
    """Outcome and amount as of `as_of`: the last change before it, where the deal has changes; else as last seen."""
    if not crm.has("deal_events"):
        return seen
    changes = crm.tables["deal_events"].filter(_.changed_at < crm.as_of)
    priced = changes.filter(_.amount.notnull()).group_by("deal_id").agg(amount_then=_.amount.argmax(_.changed_at))
    turned = changes.filter(_.outcome.notnull()).group_by("deal_id").agg(
        outcome_then=_.outcome.argmax(_.changed_at), turned_at=_.changed_at.max()
    )
    told = seen.left_join(priced, "deal_id").drop("deal_id_right").left_join(turned, "deal_id").drop("deal_id_right")
    outcome = ibis.coalesce(told.outcome_then, told.outcome)
    closed_at = ibis.ifelse(told.outcome_then.notnull() & (told.outcome_then != "open"), told.turned_at, told.closed_at)
    return told.mutate(amount=ibis.coalesce(told.amount_then, told.amount), outcome=outcome, closed_at=closed_at).drop(
        "amount_then", "outcome_then", "turned_at"
    )


def in_reporting_currency(crm: Crm, table: ir.Table, *, amount: str = "amount", cents: str = "cents") -> ir.Table:
    """The table with `cents`: whole cents of the reporting currency at the last rate before `as_of` (constant currency).

    An amount without a currency is in the reporting currency.
    """
    if not crm.has("exchange_rates"):
        return table.mutate(**{cents: whole_cents(table[amount])})
    rates = constant_rates(crm)
    joined = table.left_join(rates, table.currency == rates.rate_currency)
    rate = ibis.ifelse(joined.currency.isnull() | (joined.currency == crm.config.reporting_currency), 1.0, joined.rate)
    return joined.mutate(**{cents: whole_cents(joined[amount] * rate)}).drop("rate_currency", "rate")


def constant_rates(crm: Crm) -> ir.Table:
    """One rate per currency, the last that was valid before `as_of`: rate_currency, rate."""
    rates = crm.tables["exchange_rates"]
    seen = rates.filter(rates.valid_on < crm.as_of.date())
    return seen.group_by(rate_currency=seen.currency).agg(rate=seen.rate_to_reporting.argmax(seen.valid_on))


def whole_cents(money: ir.FloatingValue) -> ir.IntegerValue:
    """Money as whole cents: sums of integers are exact on every engine and in every order."""
    return (money * 100).round().cast("int64")
