"""A company written by hand whose journeys can be followed on paper."""

from __future__ import annotations

from functools import cache
from typing import Any

from alignment_toolkit.config import Config
from alignment_toolkit.study import Study
from tests.worlds import study

LEADS = [
    {"lead_id": "a", "created_at": "2026-01-01", "source": "web", "account_id": "A", "campaign_id": "c1"},
    {"lead_id": "b", "created_at": "2026-01-02", "source": "web", "account_id": "A"},
    {"lead_id": "c", "created_at": "2026-01-03", "source": "ads", "campaign_id": "c1"},
    {"lead_id": "d", "created_at": "2026-01-04", "source": "ads"},
    {"lead_id": "e", "created_at": "2026-01-05", "source": "ads"},
    {"lead_id": "old", "created_at": "2026-01-06", "source": "ads"},
]
EVENTS = [
    {"lead_id": "a", "stage": "sal", "entered_at": "2026-01-11"},
    {"lead_id": "a", "stage": "won", "entered_at": "2026-02-01"},
    {"lead_id": "c", "stage": "won", "entered_at": "2026-02-10"},
    {"lead_id": "d", "stage": "lost", "entered_at": "2026-02-20"},
]
DEALS = [
    # won: its account's touches are those of a and b
    {"deal_id": "1", "lead_id": "a", "outcome": "won", "created_at": "2026-01-16", "closed_at": "2026-02-01", "amount": 1000.0},
    {"deal_id": "2", "lead_id": "c", "outcome": "won", "created_at": "2026-02-01", "closed_at": "2026-02-10", "amount": 500.01},
    # won without a lead, and so without a touch
    {"deal_id": "3", "account_id": "Z", "outcome": "won", "created_at": "2026-02-01", "closed_at": "2026-02-11", "amount": 99.99},
    # won without an amount: a deal, but no bookings
    {"deal_id": "4", "lead_id": "e", "outcome": "won", "created_at": "2026-02-01", "closed_at": "2026-02-12"},
    # before the quarter
    {"deal_id": "5", "lead_id": "d", "outcome": "won", "created_at": "2025-02-01", "closed_at": "2025-02-12", "amount": 7.0},
]
TOUCHES = [
    {"touch_id": "01", "lead_id": "a", "occurred_at": "2026-01-01", "side": "marketing", "channel": "ads", "campaign_id": "c1"},
    {"touch_id": "02", "lead_id": "b", "occurred_at": "2026-01-10", "side": "marketing", "channel": "mail", "campaign_id": "c2"},
    {"touch_id": "03", "lead_id": "a", "occurred_at": "2026-01-15", "side": "sales", "channel": "call", "is_human": True},
    {"touch_id": "04", "lead_id": "a", "occurred_at": "2026-01-12", "side": "sales", "channel": "bot", "is_human": False},
    {"touch_id": "05", "lead_id": "a", "occurred_at": "2026-02-01", "side": "sales", "channel": "call"},  # at the win, not before it
    {"touch_id": "06", "lead_id": "c", "occurred_at": "2026-02-09", "side": "sales", "channel": "call"},
    {"touch_id": "07", "lead_id": "d", "occurred_at": "2026-01-05", "side": "marketing", "channel": "ads"},
    {"touch_id": "08", "lead_id": "e", "occurred_at": "2026-02-01", "side": "marketing", "channel": "mail"},
    {"touch_id": "09", "lead_id": "old", "occurred_at": "2026-01-07", "side": "marketing", "channel": "ads"},  # still open
    {"touch_id": "10", "lead_id": "old", "occurred_at": "2026-01-08", "side": "marketing", "channel": " "},
]
CAMPAIGNS = [
    {"campaign_id": "c1", "name": "Spring", "channel": "ads"},
    {"campaign_id": "c2", "name": "Letter", "channel": "mail"},
]


def company(*, quarter: str = "2026Q1", as_of: str = "2026-04-01", config: Config | None = None, **tables: list[dict[str, Any]]) -> Study:
    """The company, with tables replaced by those given; an empty list takes a table away."""
    if (quarter, as_of, config, tables) == ("2026Q1", "2026-04-01", None, {}):
        return plain_company()
    return made(quarter, as_of, config, tables)


@cache
def plain_company() -> Study:
    """The company as it stands, made once: what has been counted of it is not counted again."""
    return made("2026Q1", "2026-04-01", None, {})


def made(quarter: str, as_of: str, config: Config | None, tables: dict[str, list[dict[str, Any]]]) -> Study:
    """A study of the company."""
    given = {"leads": LEADS, "stage_events": EVENTS, "deals": DEALS, "touches": TOUCHES, "campaigns": CAMPAIGNS} | tables
    kept = {name: rows for name, rows in given.items() if rows}
    return study(quarter, cohort="4q", as_of=as_of, config=config or Config(min_n=1, half_life_days=10), **kept)
