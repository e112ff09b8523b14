"""What arrived, what meets and what heaps: small tables with the answer worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from scipy.stats import binomtest

from alignment_toolkit.config import Config
from alignment_toolkit.counts.arrivals import bursts, dated_by
from alignment_toolkit.health import (
    arrival_sentences,
    arrivals,
    heaping,
    heaping_sentences,
    match_rates,
    match_sentences,
    rows_by_week,
    unanswered,
)
from alignment_toolkit.health.heaping import is_end
from alignment_toolkit.schema import TABLES
from tests.health.tiny import LEADS, deal, lead, spell, study


def test_arrivals_count_every_row_and_say_how_old_the_newest_is() -> None:
    late = [*LEADS, lead(5, created_at="2026-06-29"), lead(6, created_at="2026-07-01"), lead(7, created_at="2150-01-01")]
    frame = arrivals(study(leads=late, products=[{"product": "x"}])).set_index("table")
    row = frame.loc["leads"]
    assert (row["read"], row["used"], row["set_aside"], row["reasons"]) == (7, 7, 0, "")
    assert (row["dated_by"], row["first_on"], row["last_on"], row["days_old"]) == ("created_at", "2026-01-01", "2026-06-29", 1)
    assert (row["undated"], row["after_as_of"]) == (1, 1)
    assert frame.loc["products", ["dated_by", "first_on", "days_old", "undated"]].isna().all()
    assert list(frame.index) == ["leads", "stage_events", "deals", "products"]


def test_arrivals_in_words() -> None:
    told = arrival_sentences(arrivals(study(leads=[*LEADS, lead(6, created_at="2026-07-01")])))
    assert told == [
        "13 rows of 3 tables were read, 13 used and 0 set aside.",
        "The newest row of leads is 177 days older than the as-of.",
        "The newest row of stage_events is 139 days older than the as-of.",
        "The newest row of deals is 149 days older than the as-of.",
        "1 row of leads lies after the as-of and is not visible.",
    ]


def test_every_table_that_is_dated_is_dated_by_one_of_its_columns() -> None:
    for name, table in TABLES.items():
        column = dated_by(name)
        assert column is None or table.column(column).kind in ("instant", "date")
    assert dated_by("deals") == "created_at"
    assert dated_by("owners") is None


def test_weeks_without_a_row_are_shown() -> None:
    made = study(leads=[lead(1, created_at=day) for day in ("2026-01-05", "2026-01-11", "2026-01-20")])
    frame = rows_by_week(made, tables=("leads", "touches"))
    assert [(week.isoformat(), n) for week, n in zip(frame["week"], frame["n"], strict=True)] == [
        ("2026-01-05", 2),
        ("2026-01-12", 0),
        ("2026-01-19", 1),
    ]


@pytest.mark.parametrize(("n", "found"), [(29, []), (30, [date(2026, 1, 9)])])
def test_a_burst_is_thirty_rows_and_five_times_the_median_day(n: int, found: list[date]) -> None:
    import pandas as pd

    days = pd.DataFrame({"day": ["2026-01-07", "2026-01-08", "2026-01-09", "(none)"], "n": [6, 6, n, 900]})
    assert bursts(days) == found


def test_match_rates_between_tables() -> None:
    made = study(
        deals=[deal(1), deal(2, lead_id="L3"), deal(3, lead_id="L9"), deal(4, lead_id=None)],
        feedback=[{"lead_id": "L1", "given_at": "2026-02-03", "verdict": "accepted"}],
        subscriptions=[spell("A"), spell("B", lead_id="L8")],
    )
    frame = match_rates(made)
    rates = {(row.records, row.met_in): (row.matched, row.of) for row in frame.itertuples()}
    assert rates[("leads", "stage events")] == (3, 4)
    assert rates[("leads", "deals")] == (2, 4)
    assert rates[("won leads", "won deals")] == (1, 1)
    assert rates[("leads with a won deal", "won leads")] == (1, 2)
    assert rates[("leads handed over", "feedback")] == (1, 1)
    assert rates[("won leads", "subscriptions")] == (1, 1)
    assert rates[("deals", "a lead's id")] == (3, 4)
    assert rates[("deals with a lead_id", "leads")] == (2, 3)
    assert rates[("subscriptions with a lead_id", "leads")] == (1, 2)
    assert ("leads", "touches") not in rates
    assert frame.set_index(["records", "met_in"]).loc[("deals with a lead_id", "leads"), "match_share"] == pytest.approx(2 / 3)
    assert match_sentences(frame) == [
        "1 of the 2 leads with a won deal are not met in won leads.",
        "1 of the 3 deals with a lead_id are not met in leads.",
        "1 of the 2 subscriptions with a lead_id are not met in leads.",
    ]


def test_everything_meets() -> None:
    assert match_sentences(match_rates(study())) == ["Wherever a record names another, the other one is there."]


@pytest.mark.parametrize(
    ("day", "month", "quarter", "fiscal"),
    [
        ("2026-01-30", False, False, False),
        ("2026-01-31", True, False, True),
        ("2026-02-28", True, False, False),
        ("2028-02-28", False, False, False),
        ("2028-02-29", True, False, False),
        ("2026-03-31", True, True, False),
    ],
)
def test_ends_of_months_and_of_quarters(day: str, month: bool, quarter: bool, fiscal: bool) -> None:
    told = date.fromisoformat(day)
    assert is_end(told, period="month", start_month=1) is month
    assert is_end(told, period="quarter", start_month=1) is quarter
    assert is_end(told, period="quarter", start_month=2) is fiscal


def closed_on(*days: date) -> list[dict]:
    return [deal(n, lead_id=None, created_at="2026-01-01", closed_at=f"{day}T12:00") for n, day in enumerate(days)]


def test_closing_days_on_period_ends_against_chance() -> None:
    span = [date(2026, 1, 1) + timedelta(days=step) for step in range(90)]
    made = study(deals=closed_on(*span, *[date(2026, 3, 31)] * 10))
    month, quarter = heaping(made).to_dict("records")
    assert (month["kind"], month["period"], month["n"], month["of"]) == ("closed", "month", 13, 100)
    assert (quarter["n"], quarter["chance_share"], quarter["excess"]) == (11, pytest.approx(1 / 90), pytest.approx(11 - 100 / 90))
    assert quarter["p"] == pytest.approx(binomtest(11, 100, 1 / 90, alternative="greater").pvalue)
    assert month["lower_share"] < 0.13 < month["upper_share"]
    assert heaping_sentences(heaping(made))[1].endswith(
        "lie on the last day of a quarter, 1.1 % of all days do; more than chance explains."
    )


def test_days_as_they_come_are_no_heap_and_few_deals_no_answer() -> None:
    span = [date(2026, 1, 1) + timedelta(days=step) for step in range(90)]
    even = heaping(study(deals=closed_on(*span)))
    assert (even["p"] > 0.5).all()
    assert "no more than chance explains" in heaping_sentences(even)[0]
    few = heaping(study(deals=closed_on(*span[:3]), config=Config(min_n=4)))
    assert few["reason"].tolist() == ["not enough data"] * 2
    assert heaping_sentences(few)[0] == "Closing days of closed deals at the end of a month: not enough data (3 deals)."
    waiting = deal(1, outcome="open", closed_at=None, close_on="2026-09-30")
    assert heaping(study(deals=[waiting]))["kind"].tolist() == ["expected", "expected"]


def test_tables_that_are_missing_are_named() -> None:
    missing = [sentence for sentence in unanswered(study()) if sentence.startswith("Without the table")]
    assert missing[0] == "Without the table deal_events this page cannot say whether deals were rewritten after the fact."
    assert len(missing) == 5
