"""What a figure reads: which states of records, and which of them lie in its reach.

A figure that is not listed is taken to read everything that is visible, so a new one is never said to be untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Aspect = Literal["leads", "stages", "feedback", "touches", "deals", "customers", "costs"]
Scope = Literal["visible", "in the quarter", "won", "won in the quarter"]

KINDS: dict[Aspect, str] = {
    "leads": "lead",
    "stages": "lead",
    "feedback": "lead",
    "touches": "lead",
    "deals": "deal",
    "customers": "customer",
    "costs": "campaign",
}


@dataclass(frozen=True)
class Reach:
    """What a figure reads.

    Attributes:
        aspects: Which states of records.
        scope: `visible`: all that was known at the as-of; `in the quarter`: leads created in it; `won`, `won in the quarter`: deals.
    """

    aspects: tuple[Aspect, ...]
    scope: Scope = "visible"


_FUNNEL = Reach(("leads", "stages"))
_MONEY = Reach(("leads", "stages", "deals"))
_CUSTOMERS = Reach(("customers",))
_REACHES: tuple[tuple[str, Reach], ...] = (
    ("leads", Reach(("leads",), "in the quarter")),
    ("bookings", Reach(("deals",), "won in the quarter")),
    ("bookings_to_date", Reach(("deals",), "won")),
    ("acceptance_rate", Reach(("leads", "stages", "feedback"))),
    ("conversion_*", _FUNNEL),
    ("stage_conversion_*", _FUNNEL),
    ("time_in_stage_*", _FUNNEL),
    ("won_share_to_date", _FUNNEL),
    ("cycle_mean", _FUNNEL),
    ("value_per_lead_*", _MONEY),
    ("sales_velocity", _MONEY),
    ("stalled_value", _MONEY),
    ("win_rate_*", _MONEY),
    ("logo_churn", _CUSTOMERS),
    ("gross_revenue_retention", _CUSTOMERS),
    ("net_revenue_retention", _CUSTOMERS),
    ("retention_*", _CUSTOMERS),
    ("early_churn_*", _CUSTOMERS),
)
EVERYTHING = Reach(tuple(KINDS))


def reach_of(kpi: str) -> Reach:
    """What a figure reads."""
    return next((reach for pattern, reach in _REACHES if fnmatchcase(kpi, pattern)), EVERYTHING)
