"""Fiscal quarter labels of instants as a deferred expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from alignment_toolkit.figures import MISSING
from alignment_toolkit.periods import Quarter, local_day, midnight

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

EARLIER = "(earlier)"
LABELLED = 60  # quarters before as_of that get a label of their own: fifteen years


def quarter_label(crm: Crm, instant: ir.TimestampValue) -> ir.StringValue:
    """The fiscal quarter of each instant, "(missing)" for null, "(earlier)" before the last fifteen years; bounds are local midnights."""
    config = crm.config
    last = Quarter.containing(local_day(crm.as_of, config.time_zone), start_month=config.fiscal_year_start_month)
    quarters = [last.shift(-back) for back in range(LABELLED)]
    begun = [(instant >= midnight(quarter.first_on, config.time_zone), quarter.label) for quarter in quarters]
    return ibis.cases((instant.isnull(), MISSING), *begun, else_=EARLIER)
