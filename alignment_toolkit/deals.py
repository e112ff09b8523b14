"""Deals as deferred expressions: outcome, amount and dates as they were known at `as_of`, at constant currency.

Unit: the deal. With `deal_events` outcome and amount are rebuilt from history; without, columns are "as last seen" but for outcomes dated
at or after `as_of`, which are open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.figures import MISSING
from alignment_toolkit.leads import ATTRIBUTES, bucket_of, leads, named_or_missing
from alignment_toolkit.merging import merge_pairs, survivors
from alignment_toolkit.periods import local_day
from alignment_toolkit.quarters import quarter_label

CHANGING = ("amount", "outcome")  # what deal_events keeps a history of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def deals(crm: Crm) -> ir.Table:
    """One row per deal of the configured kinds that existed before `as_of` (deals without a creation instant are kept).

    Returns:
        deal_id, lead_id, number (of a known lead), created_at (null: undated), closed_at (null while open), outcome (open, won, lost),
        cents (int64, reporting currency at constant rates, null: unknown), cents_today (at the rates of the data at hand), bucket,
        cohort_quarter (of its creation), and the attributes of its lead (source: its own when it has no lead).
    """
    return cached(crm, ("deals", crm.as_of), lambda: _deals(crm))


def _deals(crm: Crm) -> ir.Table:
    every = deal_records(crm)
    priced = in_reporting_currency(crm, as_known(crm, every.filter(every.created_at.isnull() | (every.created_at < crm.as_of))))
    looks_back = crm.at_hand is not crm
    priced = in_reporting_currency(crm.at_hand, priced, cents="cents_today") if looks_back else priced.mutate(cents_today=_.cents)
    closed = (priced.outcome != "open") & (priced.closed_at.isnull() | (priced.closed_at < crm.as_of))
    told = priced.mutate(
        outcome=ibis.ifelse(closed, priced.outcome, "open"), closed_at=ibis.ifelse(closed, priced.closed_at, ibis.null("timestamp"))
    )
    return told.drop("amount", "currency")


def deal_records(crm: Crm) -> ir.Table:
    """The deals of the configured kinds as last seen, each with its lead's attributes: what does not depend on an earlier as-of."""
    return cached(crm, ("deal_records", crm.at_hand.as_of), lambda: _deal_records(crm.at_hand))


def _deal_records(crm: Crm) -> ir.Table:
    raw = survivors(crm, without_merged(crm))
    is_counted = raw.deal_type.isnull() | raw.deal_type.isin(crm.config.deal_type)
    seen = raw.filter((raw.created_at.isnull() | (raw.created_at < crm.as_of)) & is_counted)
    own = leads(crm).select("lead_id", "number", lead_bucket="bucket", **{f"lead_{name}": name for name in ATTRIBUTES})
    told = seen.left_join(own, "lead_id")
    attributes = {name: ibis.coalesce(told[f"lead_{name}"], ibis.literal(MISSING)) for name in ATTRIBUTES}
    attributes["source"] = ibis.coalesce(told.lead_source, named_or_missing(told.source))
    bucket = ibis.coalesce(told.lead_bucket, bucket_of(ibis.coalesce(told.account_id, told.lead_id, told.deal_id)))
    plain = ("deal_id", "lead_id", "number", "created_at", "closed_at", "outcome", "amount", "currency", "close_on")
    return told.select(*plain, bucket=bucket, cohort_quarter=quarter_label(crm, told.created_at), **attributes)


def without_merged(crm: Crm) -> ir.Table:
    """The deals but those merged into another before `as_of`; the survivor keeps its own values."""
    every = crm.tables["deals"]
    if not crm.has("merges"):
        return every
    pairs = merge_pairs(crm, table="deals")
    return every.anti_join(pairs, every.deal_id == pairs.merged_id)


def as_known(crm: Crm, seen: ir.Table) -> ir.Table:
    """Outcome and amount as of `as_of`: the last change before it, where the deal has a history of them; else as last seen.

    A deal whose recorded outcomes all lie at or after `as_of` is open, an amount first recorded then is unknown.
    """
    if not crm.has("deal_events"):
        return seen
    told = seen.left_join(last_changes(crm), "deal_id").drop("deal_id_right")
    amount = ibis.ifelse(told.amount_recorded.fill_null(False), told.amount_then, told.amount)
    before = ibis.coalesce(told.outcome_then, ibis.literal("open"))
    outcome = ibis.ifelse(told.outcome_recorded.fill_null(False), before, told.outcome)
    closed_at = ibis.ifelse(told.outcome_then.notnull() & (told.outcome_then != "open"), told.outcome_at, told.closed_at)
    return told.mutate(amount=amount, outcome=outcome, closed_at=closed_at).select(seen.columns)


def last_changes(crm: Crm, *, columns: tuple[str, ...] = CHANGING) -> ir.Table:
    """The last visible change of each column per deal, whatever the rows' order.

    Of several at the same instant the outcome that the deal was last seen with counts, else the greatest value.

    Args:
        crm: The records; visible is what lies before its `as_of`.
        columns: Of `deal_events`.

    Returns:
        deal_id, and for each column <column>_then and <column>_at (null when every change lies at or after `as_of`: not known before it),
        <column>_recorded (true: the deal has a history of it, so the last-seen value says nothing about `as_of`).
    """
    changes = crm.tables["deal_events"]
    values = {column: changes[column].max() for column in columns}
    if "outcome" in columns and crm.has("deals"):
        now = crm.tables["deals"].select("deal_id", outcome_now="outcome")
        changes = changes.left_join(now, "deal_id").drop("deal_id_right")
        agreeing = changes.outcome_now.max(where=changes.outcome == changes.outcome_now)
        values = {column: changes[column].max() for column in columns} | {"outcome": ibis.coalesce(agreeing, changes.outcome.max())}
    at_once = changes.group_by("deal_id", "changed_at").agg(**values)
    last: dict[str, ir.Value] = {}
    for column in columns:
        told = at_once[column].notnull()
        seen = told & (at_once.changed_at < crm.as_of)
        last |= {
            f"{column}_then": at_once[column].argmax(at_once.changed_at, where=seen),
            f"{column}_at": at_once.changed_at.max(where=seen),
            f"{column}_recorded": told.any(),
        }
    return at_once.group_by("deal_id").agg(**last)


def in_reporting_currency(crm: Crm, table: ir.Table, *, amount: str = "amount", cents: str = "cents") -> ir.Table:
    """The table with `cents`: whole cents of the reporting currency at the last rate before `as_of` (constant currency).

    An amount without a currency is in the reporting currency.
    """
    priced = with_rates(crm, table, {"rate": last_visible_day(crm)})
    return priced.mutate(**{cents: whole_cents(priced[amount] * priced.rate)}).drop("rate")


def with_rates(crm: Crm, table: ir.Table, days: Mapping[str, date]) -> ir.Table:
    """The table with a column per day: the rate of its `currency` into the reporting currency on that day.

    Args:
        crm: The records.
        table: Rows with a column `currency`; null is the reporting currency.
        days: Name of the new column -> the day.
    """
    if not crm.has("exchange_rates"):
        return table.mutate(**dict.fromkeys(days, ibis.literal(1.0)))
    rates = rates_on(crm, days)
    joined = table.left_join(rates, table.currency == rates.rate_currency)
    home = joined.currency.isnull() | (joined.currency == crm.config.reporting_currency)
    return joined.mutate(**{name: ibis.ifelse(home, 1.0, joined[name]) for name in days}).drop("rate_currency")


def rates_on(crm: Crm, days: Mapping[str, date]) -> ir.Table:
    """One row per currency: its last rate valid on each day; where its first rate comes later, that one (data.md, Time).

    Returns:
        rate_currency, and the columns named in `days`.
    """
    rates = crm.tables["exchange_rates"]
    valid = {
        name: ibis.coalesce(
            rates.rate_to_reporting.argmax(rates.valid_on, where=rates.valid_on <= day), rates.rate_to_reporting.argmin(rates.valid_on)
        )
        for name, day in days.items()
    }
    return rates.group_by(rate_currency=rates.currency).agg(**valid)


def last_visible_day(crm: Crm) -> date:
    """The last local day of which anything lies before `as_of`: money is valued at its rates."""
    return local_day(crm.as_of - timedelta(microseconds=1), crm.config.time_zone)


def whole_cents(money: ir.FloatingValue) -> ir.IntegerValue:
    """Money as whole cents: sums of integers are exact on every engine and in every order."""
    return (money * 100).round().cast("int64")
