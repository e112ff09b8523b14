"""Counts of what arrived, and of the days on which deals are said to close: rows by day, with and without a date.

Unit: the row of a canonical table; for closings the deal. Days are local: a month ends on the clocks of the people who close.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from alignment_toolkit.border.clocks import local_clock
from alignment_toolkit.border.times import BURST_LEADS, BURST_TIMES, FIRST_YEAR, LAST_YEAR
from alignment_toolkit.counts.catalogue import counted, query
from alignment_toolkit.schema import TABLES
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

NO_DAY = "(none)"
FAR = "(far)"
DATED_BY = {"deals": "created_at", "deal_events": "changed_at", "subscriptions": "started_on", "exchange_rates": "valid_on"}


def dated_by(table: str) -> str | None:
    """The column that dates a row of a table: its first instant, else its first date; None where it has neither."""
    columns = [column.name for column in TABLES[table].columns if column.kind in ("instant", "date")]
    return DATED_BY.get(table, columns[0] if columns else None)


@query
def rows_by_day(study: Study, *, table: str = "leads") -> ir.Table:
    """Rows of a table by the day that dates them.

    Returns:
        day (ISO text; "(none)": no date, "(far)": a sentinel such as 9999-12-31), n; every row of the table is in one of them.
    """
    rows, column = study.crm.tables[table], dated_by(table)
    return rows.group_by(day=day_text(rows[column], study.crm) if column else ibis.literal(NO_DAY)).agg(n=lambda told: told.count())


def day_text(value: ir.Value, crm: Crm) -> ir.StringValue:
    """The day of a date, or the local day of an instant, as ISO text, with a word where there is none or none that can be."""
    local = local_clock(value, crm.clock) if value.type().is_timestamp() else value
    told = local.cast("date").cast("string")
    return ibis.cases((value.isnull(), NO_DAY), (~value.year().between(FIRST_YEAR, LAST_YEAR), FAR), else_=told)


@query
def closings_by_day(study: Study) -> ir.Table:
    """Deals by the local day on which they closed, and open ones by the day on which they are expected to.

    Returns:
        kind (closed, expected), day (ISO text), n; deals without a day that can be are left out.
    """
    crm = study.crm
    if not crm.has("deals"):
        return nothing_closed(crm)
    deals = crm.tables["deals"]
    closed = deals.filter((deals.outcome != "open") & (deals.closed_at < crm.as_of))
    told = closed.select(kind=ibis.literal("closed"), day=day_text(closed.closed_at, crm))
    waiting = deals.filter((deals.outcome == "open") & deals.close_on.notnull())
    due = waiting.select(kind=ibis.literal("expected"), day=day_text(waiting.close_on, crm))
    every = told.union(due)
    return every.filter(~every.day.isin([NO_DAY, FAR])).group_by("kind", "day").agg(n=lambda rows: rows.count())


def nothing_closed(crm: Crm) -> ir.Table:
    """The shape of `closings_by_day` without a row."""
    leads = crm.tables["leads"].filter(ibis.literal(False))
    return leads.group_by(kind=ibis.literal("closed"), day=ibis.literal(NO_DAY)).agg(n=leads.count())


def burst_days(study: Study) -> list[date]:
    """Days on which many times as many leads were created as on the median day: perhaps the day of an import."""
    return bursts(counted("rows_by_day", study, table="leads"))


def bursts(by_day: pd.DataFrame) -> list[date]:
    """The days of a frame of day and n with at least `BURST_LEADS` rows and `BURST_TIMES` times as many as the median day."""
    real = by_day[~by_day["day"].isin([NO_DAY, FAR])]
    many = (real["n"] >= BURST_LEADS) & (real["n"] >= BURST_TIMES * real["n"].median())
    return [date.fromisoformat(day) for day in sorted(real.loc[many, "day"])]
