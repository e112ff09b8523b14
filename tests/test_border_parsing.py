"""Texts into instants, dates, numbers and flags: what is read, what is refused, what depends on what was declared."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_toolkit.border.duck import connect
from alignment_toolkit.border.parsing import Reading, parsed

BACKEND = connect()


def values(texts: list[str | None], kind: str, **reading: object) -> list:
    table = BACKEND.create_table(
        "texts", pa.table({"i": range(len(texts)), "text": pa.array(texts, pa.string())}), temp=True, overwrite=True
    )
    made = table.select("i", value=parsed(table.text, kind, Reading(**reading))).order_by("i")
    return [row["value"] for row in made.to_pyarrow().to_pylist()]


INSTANTS = {
    "2026-01-31": datetime(2026, 1, 31),
    " 2026-01-31 \u00a0": datetime(2026, 1, 31),
    "2026-01-31T09:30": datetime(2026, 1, 31, 9, 30),
    "2026-01-31 9:30:05.123456": datetime(2026, 1, 31, 9, 30, 5, 123456),
    "2026-01-31T09:30:00Z": datetime(2026, 1, 31, 9, 30),
    "2026-01-31 09:30:00 UTC": datetime(2026, 1, 31, 9, 30),
    "2026-01-31T09:30:00+02:00": datetime(2026, 1, 31, 7, 30),
    "2026-01-31T09:30:00-0330": datetime(2026, 1, 31, 13),
    "2026-01-31T09:30:00+05": datetime(2026, 1, 31, 4, 30),
    "2026-02-30": None,
    "2026-13-01": None,
    "2026-01-31 25:00": None,
    "31/01/2026": None,
    "01.02.2026": None,
    "January 2026": None,
    "46053": None,
    "": None,
}


def test_iso_instants_and_nothing_else() -> None:
    assert dict(zip(INSTANTS, values(list(INSTANTS), "instant"), strict=True)) == INSTANTS


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("dmy", [datetime(2026, 2, 1), datetime(2026, 12, 31, 14, 5), None, datetime(2026, 3, 4, 0, 30), datetime(2026, 1, 2), None]),
        ("mdy", [datetime(2026, 1, 2), None, datetime(2026, 12, 31), datetime(2026, 4, 3, 0, 30), datetime(2026, 1, 2), None]),
    ],
)
def test_other_orders_only_as_declared(order: str, expected: list) -> None:
    texts = ["1/2/2026", "31.12.2026 14:05", "12/31/2026", "4/3/2026, 12:30 am", "2026-01-02", "1/2/26"]
    if order == "dmy":
        expected[3] = datetime(2026, 3, 4, 0, 30)
    assert values(texts, "instant", date_order=order) == expected


def test_noon_and_midnight_on_a_twelve_hour_clock() -> None:
    texts = ["1/2/2026 12:00 PM", "1/2/2026 12:00 AM", "1/2/2026 1:05 p.m.", "1/2/2026 13:00 PM"]
    hours = [value and value.hour for value in values(texts, "instant", date_order="mdy")]
    assert hours == [12, 0, 13, None]


def test_wall_clocks_that_are_skipped_or_stand_twice() -> None:
    texts = ["2026-03-29 02:30", "2026-10-25 02:30", "2026-07-01", "2026-10-25 02:30+01:00", "9999-12-31", "1900-01-01"]
    assert values(texts[:4], "instant", time_zone="Europe/Berlin") == [
        datetime(2026, 3, 29, 1, 30),  # skipped: moves on with the clock
        datetime(2026, 10, 25, 0, 30),  # twice: the first
        datetime(2026, 6, 30, 22),
        datetime(2026, 10, 25, 1, 30),
    ]
    assert values(["9999-12-31"], "instant", time_zone="Europe/Berlin") == [datetime(9999, 12, 31)]
    assert values(["2017-10-15"], "instant", time_zone="America/Sao_Paulo") == [datetime(2017, 10, 15, 3)]  # a midnight that is skipped
    assert values(["2026-11-01"], "instant", time_zone="America/Havana") == [datetime(2026, 11, 1, 4)]  # a midnight that stands twice


@pytest.mark.no_cover
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2037, 12, 31)), min_size=1, max_size=40),
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "America/New_York", "UTC"]),
)
def test_zones_agree_with_zoneinfo(moments: list[datetime], zone: str) -> None:
    moments = [moment.replace(second=0, microsecond=0) for moment in moments]
    expected = [moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None) for moment in moments]
    assert values([moment.isoformat(" ") for moment in moments], "instant", time_zone=zone) == expected


def test_dates_are_never_converted_between_zones() -> None:
    texts = ["2026-01-31", "2026-01-31 23:59", "2026-01-31T23:59:00+00:00", "31/01/2026", "9999-12-31"]
    day = date(2026, 1, 31)
    assert values(texts, "date", time_zone="Asia/Tokyo") == [day, day, day, None, date(9999, 12, 31)]
    assert values(texts[3:4], "date", date_order="dmy") == [day]


def test_numbers() -> None:
    plain = {"1234.5": 1234.5, "-3": -3.0, "+.5": 0.5, "1e3": 1000.0, "12 ": 12.0, "0": 0.0}
    refused = ("1,234.50", "1,5", "€5", "5 %", "nan", "inf", "1_0", "0x1F", "--1", "1.2.3", "")
    assert dict(zip(plain, values(list(plain), "number"), strict=True)) == plain
    assert values(list(refused), "number") == [None] * len(refused)


def test_numbers_as_declared() -> None:
    texts = ["1.234,50", "1234,5", "€ 5", "5 €", "1.234.567", "12.34", "1.5"]
    assert values(texts, "number", decimal=",", thousands=".", symbol="€") == [1234.5, 1234.5, 5.0, 5.0, 1234567.0, None, None]
    assert values(["1,234.50", "12,34"], "number", thousands=",") == [1234.5, None]
    assert values(["1 234,5", "1\u202f234,5"], "number", decimal=",", thousands=" ") == [1234.5, 1234.5]
    assert values(["1999", "5"], "number", minor_units=2) == [19.99, 0.05]


def test_flags() -> None:
    texts = ["TRUE", "Yes", "1", "t", "false", "NO", "0", "N", "maybe", "2", ""]
    assert values(texts, "flag") == [True] * 4 + [False] * 4 + [None] * 3


def test_seconds_and_milliseconds_since_1970() -> None:
    assert values(["1704067200", "x"], "instant", epoch="s") == [datetime(2024, 1, 1), None]
    assert values(["1704067200500"], "instant", epoch="ms") == [datetime(2024, 1, 1, 0, 0, 0, 500_000)]


def test_days_counted_since_1970_are_days_of_the_zone() -> None:
    # 1,783,896,400 s = 20,646 days (2026-07-12) and 82,000 s (22:46:40 UTC), which is the 13th in Berlin
    assert values(["1783896400", "2026-07-01", "x"], "date", epoch="s") == [date(2026, 7, 12), date(2026, 7, 1), None]
    assert values(["1783896400000"], "date", epoch="ms", time_zone="Europe/Berlin") == [date(2026, 7, 13)]
    assert values(["1783896400000"], "date", epoch="s") == [None]  # milliseconds read as seconds lie in the year 58,499
    assert values(["1783896400"], "instant", epoch="ms") == [None]  # seconds read as milliseconds lie in January 1970


def test_dates_without_marks_only_where_the_order_is_ymd() -> None:
    texts = ["20260701", "20260701T0930", "20260701 093015Z", "20260231", "2026-07-01"]
    read = [datetime(2026, 7, 1), datetime(2026, 7, 1, 9, 30), datetime(2026, 7, 1, 9, 30, 15), None, datetime(2026, 7, 1)]
    assert values(texts, "instant", date_order="ymd") == read
    assert values(texts[:1], "instant") == values(texts[:1], "date", date_order="dmy") == [None]
    rows = BACKEND.create_table("whole", pa.table({"day": [20260701, 20261301]}), temp=True, overwrite=True)
    made = rows.select(day=parsed(rows.day, "date", Reading(date_order="ymd")), no_day=parsed(rows.day, "date"))
    assert made.to_pyarrow().to_pylist() == [{"day": date(2026, 7, 1), "no_day": None}, {"day": None, "no_day": None}]


def test_two_digit_years_fall_into_the_hundred_years_that_are_declared() -> None:
    texts = ["31/12/69", "1.2.70", "1/7/26 14:05", "1/7/2026", "30/2/26"]
    read = [datetime(2069, 12, 31), datetime(1970, 2, 1), datetime(2026, 7, 1, 14, 5), datetime(2026, 7, 1), None]
    assert values(texts, "instant", date_order="dmy", two_digit_years_from=1970) == read
    assert values(["26-07-01", "69-07-01"], "date", date_order="ymd", two_digit_years_from=1950) == [date(2026, 7, 1), date(1969, 7, 1)]
    assert values(["31/1/26", "1/2/26", "2026-01-31"], "date", two_digit_years_from=1970) == [None, None, date(2026, 1, 31)]
    named = ["31-Jan-26", "Jan 31, 70", "31/1/26", "26-01-31"]  # beside a name of a month the order is still not known
    assert values(named, "date", month_names="en", two_digit_years_from=1970) == [date(2026, 1, 31), date(1970, 1, 31), None, None]
    assert values(texts[:3], "instant", date_order="dmy") == [None] * 3


def test_english_names_of_months() -> None:
    texts = [
        "01-Jul-2026",
        "Jul 1, 2026",
        "1st July 2026",
        "Wed, 01 Jul 2026 09:30:00 GMT",
        "July 1 2026, 9:30 PM",
        "2026-Jul-01",
        "30 Feb 2026",
    ]
    day, morning, evening = datetime(2026, 7, 1), datetime(2026, 7, 1, 9, 30), datetime(2026, 7, 1, 21, 30)
    for order in ("dmy", "mdy", None):
        assert values(texts, "instant", month_names="en", date_order=order) == [day, day, day, morning, evening, day, None]
    assert values(texts, "instant", date_order="dmy") == [None] * len(texts)


def test_days_as_spreadsheets_count_them() -> None:
    # 2026-07-01 is day 46,204 of a count whose day 61 is 1900-03-01: 126 years of 365 days, 31 leap days and 122 days from March on
    assert values(["46204", "46204.5", "61", "60", "59", "2026-07-01"], "instant", excel_dates=1900) == [
        *(datetime(2026, 7, 1), datetime(2026, 7, 1, 12), datetime(1900, 3, 1), None, datetime(1900, 2, 28), datetime(2026, 7, 1)),
    ]
    assert values(["44742", "0"], "date", excel_dates=1904) == [date(2026, 7, 1), date(1904, 1, 1)]  # 1,462 days later
    assert values(["46204.5"], "instant", excel_dates=1900, time_zone="Europe/Berlin") == [datetime(2026, 7, 1, 10)]


def test_amounts_of_accountants() -> None:
    texts = ["(1,234.50)", "1234-", "−7", "$5", "-$5", "($5)", "$(5)", "EUR 5", "5 EUR", "( 5 )"]
    read = [-1234.5, -1234.0, -7.0, 5.0, -5.0, -5.0, -5.0, 5.0, 5.0, -5.0]
    assert values(texts, "number", accounting=True, thousands=",", symbol=("$", "EUR")) == read
    assert values(["(-5)", "5$5", "()", "5 %"], "number", accounting=True, symbol="$") == [None] * 4
    assert values(["(5)", "5-"], "number") == [None, None]
    assert values(["40 %", "40%", "40"], "number", percent=True) == [0.4] * 3
    assert values(["1'234.50", "1’234", "12'34"], "number", thousands="'") == [1234.5, 1234.0, None]


def test_typed_columns() -> None:
    table = pa.table(
        {
            "whole": pa.array([7.0, None]),
            "at": pa.array([datetime(2026, 1, 2, 23, 30)] * 2, pa.timestamp("ns", "UTC")),
            "on": pa.array([date(2026, 1, 2)] * 2),
            "n": pa.array([1, 0]),
            "far": pa.array([float("inf"), float("nan")]),
        }
    )
    rows = BACKEND.create_table("typed", table, temp=True, overwrite=True)
    zone = Reading(time_zone="Europe/Berlin")
    made = rows.select(
        key=parsed(rows.whole, "id"),
        at=parsed(rows["at"], "instant", zone),
        local_day=parsed(rows["at"], "date", zone),
        midnight=parsed(rows.on, "instant", zone),
        flag=parsed(rows.n, "flag"),
        number=parsed(rows.far, "number"),
        no_instant=parsed(rows.n, "instant"),
    )
    first, second = made.to_pyarrow().to_pylist()
    assert first == {
        "key": "7",
        "at": datetime(2026, 1, 2, 23, 30),
        "local_day": date(2026, 1, 3),
        "midnight": datetime(2026, 1, 1, 23),
        "flag": True,
        "number": None,
        "no_instant": None,
    }
    assert second["key"] is None
    assert second["flag"] is False


def test_a_name_of_over_200_characters_is_cut_and_stays_itself() -> None:
    long, other = "x" * 100_000, "x" * 99_999 + "y"
    kept, cut, again, different, wide, none = values(["x" * 200, long, long, other, "é" * 201, None], "text")
    assert (kept, none) == ("x" * 200, None)
    assert cut == again == "x" * 190 + "…" + hashlib.md5(long.encode()).hexdigest()[:8]
    assert different[:191] == cut[:191]
    assert different != cut
    assert wide == "é" * 190 + "…" + hashlib.md5(("é" * 201).encode()).hexdigest()[:8]
