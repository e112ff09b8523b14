"""Leads, bookings and the naive shares with their denominators."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.quality import bookings, lead_counts, naive_shares
from alignment_toolkit.study import Study
from tests.worlds import study

Row = dict[str, Any]
LEADS = [
    {"lead_id": "a", "created_at": "2026-01-05", "source": "web"},
    {"lead_id": "b", "created_at": "2026-02-05", "source": "web"},
    {"lead_id": "c", "created_at": "2025-11-05", "source": "ads"},
    {"lead_id": "d", "created_at": "2026-03-05", "source": "ads"},
    {"lead_id": "e", "created_at": "2024-03-05", "source": "ads"},
]
EVENTS = [
    {"lead_id": "a", "stage": "won", "entered_at": "2026-01-25"},
    {"lead_id": "b", "stage": "lost", "entered_at": "2026-02-25"},
    {"lead_id": "e", "stage": "won", "entered_at": "2024-03-25"},
]
DEALS = [
    {"deal_id": "1", "lead_id": "a", "outcome": "won", "created_at": "2026-01-10", "closed_at": "2026-01-25", "amount": 100.10},
    {"deal_id": "2", "lead_id": "a", "outcome": "won", "created_at": "2025-11-10", "closed_at": "2025-12-31", "amount": 50.0},
    {"deal_id": "3", "lead_id": "b", "outcome": "lost", "created_at": "2026-02-10", "closed_at": "2026-02-25"},
    {"deal_id": "4", "lead_id": "d", "outcome": "open", "created_at": "2026-03-10"},
    {"deal_id": "5", "source": "Partner", "outcome": "won", "amount": 7.0},
]


def _study(cohort: str = "4q", **tables: list[Row]) -> Study:
    given = {"leads": LEADS, "stage_events": EVENTS} | tables
    return study("2026Q1", cohort=cohort, as_of="2026-04-01", config=Config(min_n=20), **given)


def _by_segment(frame: pd.DataFrame, kpi: str) -> dict[str, tuple[float, float]]:
    rows = frame[frame["kpi"] == kpi]
    return {row.segment: (row.value, row.n) for row in rows.itertuples()}


def test_leads_of_the_quarter_and_of_all_history() -> None:
    assert _by_segment(lead_counts(_study()), "leads") == {"(all)": (3, 3)}
    assert _by_segment(lead_counts(_study("all")), "leads") == {"(all)": (5, 5)}
    assert _by_segment(lead_counts(_study(), by="source"), "leads") == {"web": (2, 2), "ads": (1, 1)}


def test_no_leads_are_a_zero_and_min_n_nulls_no_count() -> None:
    told = lead_counts(_study(leads=[{"lead_id": "z", "created_at": "2020-01-01"}])).iloc[0]
    assert (told["value"], told["n"], told["reason"]) == (0, 0, None)


def test_bookings_are_exact_and_name_what_is_missing() -> None:
    assert _by_segment(bookings(_study(deals=DEALS)), "bookings") == {"(all)": (100.10, 1)}
    assert _by_segment(bookings(_study(deals=DEALS), to_date=True), "bookings_to_date") == {"(all)": (157.10, 3)}
    assert _by_segment(bookings(_study(deals=DEALS), by="source", to_date=True), "bookings_to_date") == {
        "web": (150.10, 2),
        "Partner": (7.0, 1),
    }
    assert bookings(_study()).iloc[0]["reason"] == "no deals table"
    assert bookings(_study(), by="source").empty


@pytest.mark.parametrize(
    ("deals", "value", "reason"),
    [
        ([{"deal_id": "1", "outcome": "lost", "closed_at": "2026-01-25"}], 0.0, None),
        ([{"deal_id": "1", "outcome": "won", "closed_at": "2026-01-25"}], None, "deals were won but no amount is recorded"),
        ([{"deal_id": "1", "outcome": "won", "closed_at": "2026-01-25", "amount": 0.0}], 0.0, None),
        ([{"deal_id": "1", "outcome": "won", "closed_at": "2026-01-25", "amount": -5.0}], -5.0, None),
        ([{"deal_id": str(n), "outcome": "won", "closed_at": "2026-01-25", "amount": 0.1} for n in range(3)], 0.3, None),
    ],
)
def test_bookings_of_nothing_unknown_zero_and_negative_amounts(deals: list[Row], value: float | None, reason: str | None) -> None:
    told = bookings(_study(deals=deals)).iloc[0]
    assert (None if pd.isna(told["value"]) else told["value"], told["reason"]) == (value, reason)


@pytest.mark.parametrize(
    ("cohort", "won_share", "closed", "created"),
    [
        ("1q", (1 / 3, 3), (1 / 2, 2), (1 / 3, 3)),
        ("4q", (1 / 4, 4), (2 / 3, 3), (2 / 4, 4)),
        ("all", (2 / 5, 5), (3 / 4, 4), (3 / 5, 5)),
    ],
)
def test_each_naive_share_has_its_denominator(
    cohort: str, won_share: tuple[float, int], closed: tuple[float, int], created: tuple[float, int]
) -> None:
    told = naive_shares(_study(cohort, deals=DEALS))
    assert _by_segment(told, "won_share_to_date")["(all)"] == pytest.approx(won_share)
    assert _by_segment(told, "win_rate_closed_naive")["(all)"] == pytest.approx(closed)
    assert _by_segment(told, "win_rate_created_naive")["(all)"] == pytest.approx(created)
    assert ((told["lower"] < told["value"]) & (told["value"] < told["upper"])).all()


def test_without_deals_the_win_rates_count_leads() -> None:
    told = naive_shares(_study("all"))
    assert _by_segment(told, "win_rate_closed_naive")["(all)"] == pytest.approx((2 / 3, 3))
    assert _by_segment(told, "win_rate_created_naive")["(all)"] == pytest.approx((2 / 5, 5))


def test_an_empty_denominator_has_a_reason() -> None:
    made = _study("1q", leads=[{"lead_id": "z", "created_at": "2020-01-01"}], deals=DEALS[3:4])
    told = naive_shares(made).set_index("kpi")
    assert told["reason"].to_dict() == {
        "won_share_to_date": "nothing in the denominator",
        "win_rate_closed_naive": "nothing in the denominator",
        "win_rate_created_naive": None,
    }
    assert told["n"].tolist() == [0, 0, 1]


def test_segments_of_the_naive_shares_add_up() -> None:
    told = naive_shares(_study("all", deals=DEALS), by="source")
    assert _by_segment(told, "won_share_to_date") == {"ads": (pytest.approx(1 / 3), 3), "web": (0.5, 2)}
    assert sum(n for _, n in _by_segment(told, "win_rate_created_naive").values()) == 5
