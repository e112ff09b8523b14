"""Quarters and the instants that bound them, on both sides of every boundary."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.errors import UsageError
from alignment_toolkit.periods import Month, Quarter, in_utc, last_full_quarter, local_day, midnight, parse_as_of, wall_clock

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("label", "start_month", "first", "end"),
    [
        ("2026Q3", 1, date(2026, 7, 1), date(2026, 10, 1)),
        ("2026Q4", 1, date(2026, 10, 1), date(2027, 1, 1)),
        ("2026Q1", 2, date(2025, 2, 1), date(2025, 5, 1)),
        ("2026Q4", 2, date(2025, 11, 1), date(2026, 2, 1)),
        ("2026Q1", 4, date(2025, 4, 1), date(2025, 7, 1)),
        ("2026Q4", 4, date(2026, 1, 1), date(2026, 4, 1)),
        ("2026Q2", 10, date(2026, 1, 1), date(2026, 4, 1)),
        ("2026Q1", 12, date(2025, 12, 1), date(2026, 3, 1)),
    ],
)
def test_days_of_a_fiscal_quarter(label: str, start_month: int, first: date, end: date) -> None:
    quarter = Quarter.parse(label, start_month=start_month)
    assert (quarter.first_on, quarter.end_on, quarter.label) == (first, end, label)
    for day, expected in ((first, label), (end - timedelta(days=1), label), (end, quarter.shift(1).label)):
        assert Quarter.containing(day, start_month=start_month).label == expected
    assert Quarter.containing(first - timedelta(days=1), start_month=start_month) == quarter.shift(-1)


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(1, 12), st.integers(-50, 50))
def test_every_day_lies_in_the_quarter_that_contains_it(day: date, start_month: int, far: int) -> None:
    quarter = Quarter.containing(day, start_month=start_month)
    assert quarter.first_on <= day < quarter.end_on
    assert Quarter.parse(quarter.label, start_month=start_month) == quarter
    assert quarter.shift(far).shift(-far) == quarter
    assert quarter.shift(1).first_on == quarter.end_on


@pytest.mark.parametrize(
    ("quarter", "start_month", "months"),
    [
        ("2026Q3", 1, ["2026-07", "2026-08", "2026-09"]),
        ("2026Q4", 2, ["2025-11", "2025-12", "2026-01"]),
        ("2026Q1", 12, ["2025-12", "2026-01", "2026-02"]),
    ],
)
def test_a_quarter_is_its_three_months(quarter: str, start_month: int, months: list[str]) -> None:
    whole = Quarter.parse(quarter, start_month=start_month)
    parts = [whole.month(label) for label in months]
    assert [part.label for part in parts] == months
    assert (parts[0].first_on, parts[-1].end_on) == (whole.first_on, whole.end_on)
    assert all(later.first_on == earlier.end_on for earlier, later in pairwise(parts))


@given(st.integers(1950, 2150), st.integers(1, 12), st.integers(-500, 500))
def test_months_follow_one_another(year: int, number: int, steps: int) -> None:
    month = Month(year, number)
    assert month.shift(steps).shift(-steps) == month
    assert month.shift(1).first_on == month.end_on
    assert month.shift(12).label == f"{year + 1:04d}-{number:02d}"
    assert [month.last_year()[0], month.last_year()[-1], len(month.last_year())] == [month.shift(-11), month, 12]


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("2026-06", "the month lies outside the quarter: '2026-06'. The months of 2026Q3 are 2026-07, 2026-08, 2026-09."),
        ("2026-13", "the month cannot be read: '2026-13'. A month is a year and 01 to 12, such as 2026-09."),
        ("September", "the month cannot be read: 'September'. A month is a year and 01 to 12, such as 2026-09."),
    ],
)
def test_what_is_no_month_of_the_quarter_is_refused(label: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        Quarter.parse("2026Q3").month(label)
    assert str(caught.value) == sentence


def test_the_last_year_ends_with_the_quarter() -> None:
    assert [quarter.label for quarter in Quarter.parse("2026Q2").last_year()] == ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]


@pytest.mark.parametrize("label", ["", "2026", "2026Q0", "2026Q5", "2026-Q3", "Q32026", "26Q3", "2026q3", "2026Q33", "last"])
def test_labels_that_are_none_are_refused(label: str) -> None:
    with pytest.raises(UsageError) as refused:
        Quarter.parse(label)
    assert str(refused.value) == f"the quarter cannot be read: {label!r}. A quarter is a year, Q and 1 to 4, such as 2026Q3."


@pytest.mark.parametrize("label", ["1899Q4", "2201Q1", "9999Q4", "0000Q1"])
def test_impossible_years_are_refused(label: str) -> None:
    with pytest.raises(UsageError) as refused:
        Quarter.parse(label)
    assert str(refused.value) == f"the quarter is impossible: {label!r}. The year lies between 1900 and 2200."


@pytest.mark.parametrize("label", ["1900Q1", "2200Q4"])
@pytest.mark.parametrize("zone", ZONES)
def test_the_first_and_last_quarters_have_instants(label: str, zone: str) -> None:
    quarter = Quarter.parse(label, start_month=12)
    assert midnight(quarter.first_on, zone) < midnight(quarter.end_on, zone)


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2026, 7, 1), "UTC", datetime(2026, 7, 1)),
        (date(2026, 7, 1), "Europe/Berlin", datetime(2026, 6, 30, 22)),
        (date(2026, 1, 1), "Europe/Berlin", datetime(2025, 12, 31, 23)),
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 28, 23)),
        (date(2026, 3, 30), "Europe/Berlin", datetime(2026, 3, 29, 22)),
        (date(2026, 10, 1), "America/New_York", datetime(2026, 10, 1, 4)),
        (date(2026, 4, 1), "Asia/Kolkata", datetime(2026, 3, 31, 18, 30)),
    ],
)
def test_a_day_begins_at_local_midnight(day: date, zone: str, instant: datetime) -> None:
    assert midnight(day, zone) == instant
    assert local_day(instant, zone) == day
    assert local_day(instant - TICK, zone) == day - timedelta(days=1)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES))
def test_wall_clocks_and_utc_are_inverse_but_for_the_repeated_hour(instant: datetime, zone: str) -> None:
    wall = wall_clock(instant, zone)
    assert wall.tzinfo is None
    offset = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert wall - instant == offset
    assert in_utc(wall, zone) in {instant, instant - timedelta(hours=1), instant - timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-10-01", "Europe/Berlin", datetime(2026, 9, 30, 22)),
        (" 2026-10-01 ", "UTC", datetime(2026, 10, 1)),
        ("2026-10-01T06:30:00", "Europe/Berlin", datetime(2026, 10, 1, 4, 30)),
        ("2026-10-01T06:30:00.000001", "UTC", datetime(2026, 10, 1, 6, 30, 0, 1)),
        ("2026-10-01T06:30:00+02:00", "America/New_York", datetime(2026, 10, 1, 4, 30)),
        ("2026-10-01T06:30:00Z", "America/New_York", datetime(2026, 10, 1, 6, 30)),
    ],
)
def test_an_as_of_is_a_local_day_or_an_instant(text: str, zone: str, instant: datetime) -> None:
    assert parse_as_of(text, zone) == instant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "01.10.2026", "10/01/2026", "2026Q3", "0001-01-01"])
def test_an_as_of_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_as_of(text, "Europe/Berlin")
    assert str(refused.value) == (
        f"the as-of cannot be read: {text!r}. "
        "An as-of is an ISO date such as 2026-10-01 (nothing on or after that day is visible) or an ISO instant."
    )


@pytest.mark.parametrize("text", ["9999-12-31T23:00:00", "9999-12-31T23:59:59.999999-12:00"])
def test_an_instant_beyond_the_end_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^the as-of cannot be read: "):
        parse_as_of(text, "Etc/GMT+12" if text == "9999-12-31T23:00:00" else "UTC")


@pytest.mark.parametrize(
    ("last", "zone", "label"),
    [
        (datetime(2026, 9, 30, 21, 59, 59), "Europe/Berlin", "2026Q3"),
        (datetime(2026, 9, 30, 0, 0, 0), "Europe/Berlin", "2026Q3"),
        (datetime(2026, 9, 29, 21, 59, 59), "Europe/Berlin", "2026Q2"),
        (datetime(2026, 9, 30, 22, 0, 0), "Europe/Berlin", "2026Q3"),
        (datetime(2026, 9, 30, 22, 0, 0), "UTC", "2026Q3"),
        (datetime(2026, 10, 1, 3, 59, 59), "America/New_York", "2026Q3"),
        (datetime(2026, 9, 30, 3, 59, 59), "America/New_York", "2026Q2"),
        (datetime(2026, 11, 15), "UTC", "2026Q3"),
    ],
)
def test_the_last_full_quarter_ends_by_the_end_of_the_last_day(last: datetime, zone: str, label: str) -> None:
    assert last_full_quarter(last, zone).label == label


def test_the_last_full_quarter_of_another_fiscal_year() -> None:
    assert last_full_quarter(datetime(2026, 10, 31, 12), "UTC", start_month=2).label == "2027Q3"
    assert last_full_quarter(datetime(2026, 10, 30, 12), "UTC", start_month=2).label == "2027Q2"
