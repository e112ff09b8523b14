"""Companies with planted conversions: leads of one day's age apart, won or lost on known days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from alignment_toolkit.config import Config
from alignment_toolkit.study import Study
from tests import worlds

START = datetime(2025, 1, 1)


def leads_of(name: str, *, n: int, won: int, day: int = 10, start: datetime = START, **attributes: Any) -> tuple[list[dict], list[dict]]:
    """`n` leads of a source, the first `won` of them won on day `day`, the others lost on it."""
    leads, events = [], []
    for number in range(n):
        lead = f"{name}{start:%y%m%d}{attributes.get('persona', '')}{number:04d}"
        created = start + timedelta(minutes=number)
        leads.append({"lead_id": lead, "created_at": created.isoformat(), "source": name} | attributes)
        stage = "won" if number < won else "lost"
        events.append({"lead_id": lead, "stage": stage, "entered_at": (created + timedelta(days=day)).isoformat()})
    return leads, events


def study_of(
    *parts: tuple[list[dict], list[dict]],
    quarter: str = "2025Q4",
    as_of: str = "2026-01-01",
    cohort: str = "all",
    config: Config | None = None,
    **tables: Any,
) -> Study:
    """A study of several groups of leads."""
    leads = [row for part in parts for row in part[0]]
    events = [row for part in parts for row in part[1]]
    return worlds.study(quarter, as_of=as_of, cohort=cohort, config=config, leads=leads, stage_events=events, **tables)


def won_deals(*parts: tuple[list[dict], list[dict]], amount: float = 1000.0) -> list[dict]:
    """A deal of the same amount for each win."""
    return [
        {"deal_id": f"D-{row['lead_id']}", "lead_id": row["lead_id"], "outcome": "won", "closed_at": row["entered_at"], "amount": amount}
        for part in parts
        for row in part[1]
        if row["stage"] == "won"
    ]
