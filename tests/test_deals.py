"""Deals as they were known at an as-of: outcome, amount, currency, kind, dates. One decision per row of each table."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.deals import deals, last_visible_day, rates_on
from alignment_toolkit.drivers import bookings_change
from alignment_toolkit.quality import bookings
from tests.worlds import study

AS_OF = datetime(2026, 6, 30, 22)  # the first instant of July in Berlin
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
Row = dict[str, Any]


def _deals(rows: list[Row], *, config: Config | None = None, **tables: list[Row]) -> pd.DataFrame:
    made = [{"lead_id": "a", "created_at": "2026-01-05", "source": "web", "persona": "CFO"}]
    happened = [{"lead_id": "a", "stage": "won", "entered_at": "2026-02-01"}]
    seen = study(
        "2026Q2",
        as_of=AS_OF.isoformat(),
        config=config or Config(time_zone="Europe/Berlin"),
        leads=made,
        stage_events=happened,
        deals=rows,
        **tables,
    )
    frame = deals(seen.crm).to_pandas().set_index("deal_id")
    return frame.astype(object).where(frame.notna(), None)


CLOSES: dict[str, tuple[Row, str, bool]] = {
    "closed just before as-of": ({"outcome": "won", "closed_at": AS_OF - TICK}, "won", True),
    "closed at as-of": ({"outcome": "won", "closed_at": AS_OF}, "open", False),
    "closed after as-of": ({"outcome": "lost", "closed_at": AS_OF + DAY}, "open", False),
    "lost": ({"outcome": "lost", "closed_at": AS_OF - DAY}, "lost", True),
    "won, undated": ({"outcome": "won"}, "won", False),
    "open with a date in the past": ({"outcome": "open", "closed_at": AS_OF - DAY}, "open", False),
}


@cache
def _closes() -> pd.DataFrame:
    return _deals([{"deal_id": name, "created_at": "2026-01-06", **row} for name, (row, _, _) in CLOSES.items()])


@pytest.mark.parametrize("name", CLOSES)
def test_an_outcome_dated_at_or_after_as_of_is_open(name: str) -> None:
    _, outcome, dated = CLOSES[name]
    told = _closes().loc[name]
    assert (told["outcome"], told["closed_at"] is not None) == (outcome, dated)


SEEN: dict[str, tuple[Row, bool]] = {
    "created before": ({"created_at": AS_OF - TICK}, True),
    "created at as-of": ({"created_at": AS_OF}, False),
    "undated": ({}, True),
    "of the kind": ({"deal_type": "new"}, True),
    "of no kind": ({"deal_type": None}, True),
    "renewal": ({"deal_type": "renewal"}, False),
    "expansion": ({"deal_type": "expansion"}, False),
}


def test_deals_of_the_configured_kind_that_exist_before_as_of() -> None:
    told = _deals([{"deal_id": name, "outcome": "open", **row} for name, (row, _) in SEEN.items()])
    assert set(told.index) == {name for name, (_, seen) in SEEN.items() if seen}
    renewals = _deals([{"deal_id": name, "outcome": "open", **row} for name, (row, _) in SEEN.items()], config=Config(deal_type="renewal"))
    assert "renewal" in renewals.index
    assert "of the kind" not in renewals.index


@pytest.mark.parametrize(("kinds", "right"), [("new", 100.0), (("new", "expansion"), 110.0), (("expansion", "renewal"), 11.0)])
def test_bookings_and_their_bridge_count_every_configured_kind_of_deal(kinds: Any, right: float) -> None:
    won = {"lead_id": "a", "created_at": "2026-04-05", "closed_at": "2026-05-01", "outcome": "won"}
    sold = [
        won | {"deal_id": kind, "deal_type": kind, "amount": amount}
        for kind, amount in (("new", 100.0), ("expansion", 10.0), ("renewal", 1.0))
    ]
    leads = [{"lead_id": "a", "created_at": "2026-01-05", "source": "web"}]
    company = study("2026Q2", as_of="2026-07-01", config=Config(deal_type=kinds), leads=leads, stage_events=[], deals=sold)
    assert bookings(company)["value"].tolist() == [right]
    assert bookings_change(company)["change"] == right


def test_no_kind_of_deal_is_refused() -> None:
    for kinds in ((), "", ("new", " ")):
        with pytest.raises(ValueError, match="name the deal types that bookings count"):
            Config(deal_type=kinds)


HISTORY: dict[str, tuple[list[Row], str, int | None, datetime | None]] = {
    "no history": ([], "won", 99_900, datetime(2026, 6, 1)),
    "won in history": ([{"changed_at": AS_OF - DAY, "outcome": "won"}], "won", 99_900, AS_OF - DAY),
    "won a tick before": ([{"changed_at": AS_OF - TICK, "outcome": "won"}], "won", 99_900, AS_OF - TICK),
    "won at as-of": ([{"changed_at": AS_OF, "outcome": "won"}], "open", 99_900, None),
    "lost, won later": (
        [{"changed_at": AS_OF - DAY, "outcome": "lost"}, {"changed_at": AS_OF + DAY, "outcome": "won"}],
        "lost",
        99_900,
        AS_OF - DAY,
    ),
    "re-opened": (
        [{"changed_at": AS_OF - 2 * DAY, "outcome": "won"}, {"changed_at": AS_OF - DAY, "outcome": "open"}],
        "open",
        99_900,
        None,
    ),
    "amount then": (
        [{"changed_at": AS_OF - DAY, "amount": 10.0}, {"changed_at": AS_OF, "amount": 70.0}],
        "won",
        1_000,
        datetime(2026, 6, 1),
    ),
    "amount from later": ([{"changed_at": AS_OF, "amount": 70.0}], "won", None, datetime(2026, 6, 1)),
    "last amount": (
        [{"changed_at": AS_OF - DAY, "amount": 5.0}, {"changed_at": AS_OF - 2 * DAY, "amount": 6.0}],
        "won",
        500,
        datetime(2026, 6, 1),
    ),
    "other columns": ([{"changed_at": AS_OF - DAY, "stage": "sql"}], "won", 99_900, datetime(2026, 6, 1)),
    "two at once": (
        [{"changed_at": AS_OF - DAY, "amount": 5.0, "outcome": "lost"}, {"changed_at": AS_OF - DAY, "amount": 6.0, "outcome": "won"}],
        "won",
        600,
        AS_OF - DAY,
    ),
    "two at once, swapped": (
        [{"changed_at": AS_OF - DAY, "amount": 6.0, "outcome": "won"}, {"changed_at": AS_OF - DAY, "amount": 5.0, "outcome": "lost"}],
        "won",
        600,
        AS_OF - DAY,
    ),
}


@cache
def _histories() -> pd.DataFrame:
    rows = [
        {"deal_id": name, "created_at": "2026-01-06", "outcome": "won", "closed_at": datetime(2026, 6, 1), "amount": 999.0}
        for name in HISTORY
    ]
    return _deals(rows, deal_events=[{"deal_id": name, **row} for name, (changes, *_) in HISTORY.items() for row in changes])


@pytest.mark.parametrize("name", HISTORY)
def test_outcome_and_amount_are_rebuilt_from_history(name: str) -> None:
    _, outcome, cents, closed_at = HISTORY[name]
    told = _histories().loc[name]
    assert (told["outcome"], told["cents"], told["closed_at"]) == (outcome, cents, closed_at)


@pytest.mark.parametrize("outcome", ["won", "lost", "open"])
def test_the_outcome_last_seen_decides_a_tie_in_the_history(outcome: str) -> None:
    at_once = [{"deal_id": "D", "changed_at": AS_OF - DAY, "outcome": each} for each in ("open", "won", "lost")]
    told = _deals([{"deal_id": "D", "created_at": "2026-01-06", "outcome": outcome, "amount": 5.0}], deal_events=at_once)
    assert told.loc["D"]["outcome"] == outcome


def test_one_row_per_deal_whatever_its_history() -> None:
    assert _histories().index.is_unique
    assert len(_histories()) == len(HISTORY)


def test_amounts_are_at_the_last_rate_before_as_of_in_local_days() -> None:
    rates = [
        {"currency": "USD", "valid_on": "2026-05-01", "rate_to_reporting": 0.5},
        {"currency": "USD", "valid_on": "2026-06-30", "rate_to_reporting": 0.9},
        {"currency": "USD", "valid_on": "2026-07-01", "rate_to_reporting": 7.0},
        {"currency": "JPY", "valid_on": "2026-07-01", "rate_to_reporting": 0.01},
        {"currency": "EUR", "valid_on": "2026-05-01", "rate_to_reporting": 3.0},
    ]
    amounts = {
        "usd": ("USD", 100.0),
        "eur": ("EUR", 100.0),
        "none": (None, 100.0),
        "jpy": ("JPY", 100.0),
        "unknown": ("USD", None),
        "zero": ("USD", 0.0),
    }
    amounts |= {"minus": ("USD", -10.0), "half": ("EUR", 0.005)}
    rows = [{"deal_id": name, "outcome": "open", "currency": currency, "amount": amount} for name, (currency, amount) in amounts.items()]
    told = _deals(rows, exchange_rates=rates)["cents"].to_dict()
    # the yen has no rate before July, so its first one is used (data.md, Time)
    assert told == {"usd": 9000, "eur": 10000, "none": 10000, "jpy": 100, "unknown": None, "zero": 0, "minus": -900, "half": 1}


def test_a_rate_of_the_day_that_as_of_cuts_is_visible() -> None:
    for as_of, rate in (
        ("2026-06-30T00:00:00", 0.5),
        ("2026-06-30T00:00:00.000001", 0.9),
        ("2026-07-01T00:00:00", 0.9),
        ("2026-07-01T00:00:01", 7.0),
    ):
        rates = [
            {"currency": "USD", "valid_on": day, "rate_to_reporting": value}
            for day, value in (("2026-06-01", 0.5), ("2026-06-30", 0.9), ("2026-07-01", 7.0))
        ]
        seen = study("2026Q2", as_of=as_of, leads=[{"lead_id": "a", "created_at": "2026-01-01"}], stage_events=[], exchange_rates=rates)
        assert rates_on(seen.crm, {"rate": last_visible_day(seen.crm)}).to_pandas()["rate"].tolist() == [rate]


def test_a_deal_has_its_lead_s_attributes_and_its_own_source_without_one() -> None:
    rows = [
        {"deal_id": "of a lead", "lead_id": "a", "source": "crm says event", "outcome": "open"},
        {"deal_id": "of none", "source": " Partner ", "account_id": "k", "outcome": "open"},
        {"deal_id": "of an unknown lead", "lead_id": "zz", "source": "", "outcome": "open"},
    ]
    told = _deals(rows)
    assert told["source"].to_dict() == {"of a lead": "web", "of none": "Partner", "of an unknown lead": "(missing)"}
    assert told["persona"].to_dict() == {"of a lead": "CFO", "of none": "(missing)", "of an unknown lead": "(missing)"}
    assert len(told) == 3


def test_deals_merged_away_are_not_counted_twice_and_deals_of_merged_leads_follow() -> None:
    rows = [{"deal_id": name, "lead_id": lead, "outcome": "open"} for name, lead in (("1", "a"), ("2", "a"), ("3", "gone"), ("4", "a"))]
    merges = [
        {"table": "deals", "lost_id": "1", "survivor_id": "2", "merged_at": AS_OF - TICK},
        {"table": "deals", "lost_id": "4", "survivor_id": "2", "merged_at": AS_OF},
        {"table": "leads", "lost_id": "gone", "survivor_id": "a", "merged_at": AS_OF - DAY},
    ]
    told = _deals(rows, merges=merges)
    assert sorted(told.index) == ["2", "3", "4"]
    assert set(told["lead_id"]) == {"a"}
