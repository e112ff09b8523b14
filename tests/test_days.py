"""Day indices: floors of durations in 24-hour days, below, at and above each boundary."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.days import days_until, first_whole_day, last_whole_day
from alignment_toolkit.store import Crm

PLAIN = Crm({}, Config(), datetime(2026, 10, 1))  # no instant of it is a date
BEGUN = datetime(2026, 3, 28, 12)  # the clocks of Berlin change in the night that follows
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)


def _value(expression: ibis.expr.types.Value) -> object:
    return ibis.duckdb.connect().execute(expression)


def _literal(moment: datetime) -> ibis.expr.types.TimestampScalar:
    return ibis.literal(moment, type="timestamp")


@pytest.mark.parametrize(
    ("after", "index"),
    [(-9 * DAY, 0), (-TICK, 0), (0 * DAY, 0), (DAY - TICK, 0), (DAY, 1), (DAY + TICK, 1), (90 * DAY - TICK, 89), (90 * DAY, 90)],
)
def test_an_event_s_day_is_the_floor_of_its_age_and_never_negative(after: timedelta, index: int) -> None:
    assert _value(days_until(PLAIN, _literal(BEGUN), _literal(BEGUN + after))) == index


@pytest.mark.parametrize(
    ("after", "index"),
    [(TICK, -1), (DAY - TICK, -1), (DAY, 0), (2 * DAY - TICK, 0), (2 * DAY, 1), (365 * DAY, 364), (365 * DAY - TICK, 363)],
)
def test_the_last_whole_day_before_an_exclusive_as_of(after: timedelta, index: int) -> None:
    assert _value(last_whole_day(PLAIN, _literal(BEGUN), BEGUN + after)) == index


@pytest.mark.parametrize(
    ("after", "index"),
    [(-DAY, 0), (0 * DAY, 0), (TICK, 1), (DAY - TICK, 1), (DAY, 1), (DAY + TICK, 2), (90 * DAY, 90), (90 * DAY + TICK, 91)],
)
def test_the_first_whole_day_after_a_window_opened(after: timedelta, index: int) -> None:
    assert _value(first_whole_day(PLAIN, _literal(BEGUN), BEGUN + after)) == index


@pytest.mark.parametrize("after", [n * DAY + shift for n in (1, 2, 365) for shift in (-TICK, 0 * TICK, TICK)])
def test_a_window_that_closes_and_opens_at_the_same_instant_loses_at_most_the_running_day(after: timedelta) -> None:
    """Days before the instant and days after it never overlap, and only the day that it cuts is in neither."""
    last, first = (_value(bound(PLAIN, _literal(BEGUN), BEGUN + after)) for bound in (last_whole_day, first_whole_day))
    assert first - last == (1 if after % DAY == timedelta(0) else 2)


def test_a_day_is_24_hours_even_when_the_clocks_change() -> None:
    noon_to_noon = datetime(2026, 3, 29, 11)  # the next local noon in Berlin comes 23 hours later
    assert _value(days_until(PLAIN, _literal(BEGUN), _literal(noon_to_noon))) == 0
