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
