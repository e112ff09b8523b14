"""Fiscal quarter labels of instants as a deferred expression."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from alignment_toolkit.figures import MISSING
from alignment_toolkit.periods import Quarter, local_day, midnight

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

EARLIER = "(earlier)"
MOST = 200  # fifty years of quarters: what a stray date puts before them is "(earlier)"
_FIRST = {"leads": "created_at", "deals": "created_at", "subscriptions": "started_on"}


def quarter_label(crm: Crm, instant: ir.TimestampValue) -> ir.StringValue:
    """The fiscal quarter of each instant, "(missing)" for null, "(earlier)" before every labelled quarter; bounds are local midnights."""
    zone = crm.config.time_zone
    bounds = [(instant >= midnight(quarter.first_on, zone), quarter.label) for quarter in labelled_quarters(crm)]
    return ibis.cases((instant.isnull(), MISSING), *bounds, else_=EARLIER)


def labelled_quarters(crm: Crm) -> list[Quarter]:
    """The quarters from the one of `as_of` back to that of the first record, latest first."""
    latest = Quarter.containing(local_day(crm.as_of, crm.config.time_zone), start_month=crm.config.fiscal_year_start_month)
    quarters = [latest]
    while quarters[-1].first_on > first_day(crm) and len(quarters) < MOST:
        quarters.append(quarters[-1].shift(-1))
    return quarters


def first_day(crm: Crm) -> date:
    """The day before the first lead, deal or subscription began (a day of slack for time zones); asked of the engine once."""
    key = ("first_day",)
    if key not in crm.counts:
        begun = [crm.tables[table][column].cast("date").min() for table, column in _FIRST.items() if table in crm.tables]
        found = [value for column in begun if (value := column.to_pyarrow().as_py()) is not None]
        crm.counts[key] = pd.DataFrame({"day": [min(found, default=crm.as_of.date())]})
    day: date = crm.counts[key]["day"].iloc[0]
    return max(day, date(1800, 1, 1)) - timedelta(days=1)
