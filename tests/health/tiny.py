"""A company of four leads that nobody made a mistake with, for mistakes to be planted in one at a time."""

from __future__ import annotations

from typing import Any

from alignment_toolkit.config import Config
from alignment_toolkit.study import Study
from tests import worlds

SETTINGS = Config(min_n=1, horizons_days=(30, 90))
STAGES = ("mql", "sal", "sql", "opportunity", "won")


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {"lead_id": f"L{number}", "created_at": f"2026-01-{number:02d}", "source": "web", "persona": "CFO"} | more


def event(number: int, stage: str, day: str, **more: Any) -> dict[str, Any]:
    return {"lead_id": f"L{number}", "stage": stage, "entered_at": day} | more


def deal(number: int, **more: Any) -> dict[str, Any]:
    """A deal of lead 1: created in February, won ten days later."""
    told = {"lead_id": "L1", "outcome": "won", "created_at": "2026-02-01", "closed_at": "2026-02-11", "amount": 1000.0}
    return {"deal_id": f"D{number}"} | told | {"deal_type": "new", "currency": "EUR"} | more


def spell(customer: str, **more: Any) -> dict[str, Any]:
    told = {"subscription_id": f"S{customer}", "customer_id": customer, "lead_id": "L1", "started_on": "2025-06-01", "mrr": 100.0}
    return told | {"currency": "EUR"} | more


LEADS = [lead(1), lead(2), lead(3), lead(4)]
WON = [event(1, stage, f"2026-02-{place:02d}") for place, stage in zip((1, 2, 3, 4, 11), STAGES, strict=True)]
EVENTS = [*WON, event(2, "lost", "2026-01-22"), event(3, "mql", "2026-02-01")]
SOUND: dict[str, list[dict[str, Any]]] = {"leads": LEADS, "stage_events": EVENTS, "deals": [deal(1)]}


def study(*, quarter: str = "2026Q1", config: Config = SETTINGS, **tables: list[dict[str, Any]]) -> Study:
    """All history of the sound company, with other tables in place of its own."""
    return worlds.study(quarter, as_of="2026-07-01", cohort="all", config=config, **(SOUND | tables))
