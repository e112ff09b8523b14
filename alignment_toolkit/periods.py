"""Quarters of the fiscal calendar, calendar months, and the instants that bound them.

Their first and last instants are local midnights of the configured time zone, handled as UTC. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from alignment_toolkit.errors import UsageError

_LABEL = re.compile(r"(\d{4})Q([1-4])")
OffsetChanges = tuple[tuple[datetime, int], ...]
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Period(ABC):
    """A stretch of the calendar that figures are told for and compared with the one before: a quarter, or a month.

    Attributes:
        noun: What people call it.
        in_a_year: How many of them make a year.
    """

    noun: ClassVar[str]
    in_a_year: ClassVar[int]

    @property
    @abstractmethod
    def label(self) -> str:
        """The label, such as `2026Q3` or `2026-09`."""

    @property
    @abstractmethod
    def first_on(self) -> date:
        """First day."""

    @property
    def end_on(self) -> date:
        """First day after it (exclusive end)."""
        return self.shift(1).first_on

    @abstractmethod
    def shift(self, periods: int) -> Self:
        """The one that lies so many periods later (negative: earlier)."""

    def last_year(self) -> list[Self]:
        """The periods of the twelve months that end with this one, earliest first."""
        return [self.shift(back) for back in range(1 - self.in_a_year, 1)]


@dataclass(frozen=True, order=True)
class Quarter(Period):
    """One fiscal quarter.

    A fiscal year is named after the calendar year in which it ends; with `start_month=1` both years are the same.

    Attributes:
        year: Fiscal year.
        number: 1 to 4.
        start_month: Month (1-12) in which the fiscal year starts.
    """

    noun: ClassVar[str] = "quarter"
    in_a_year: ClassVar[int] = 4
    year: int
    number: int
    start_month: int = 1

    @classmethod
    def parse(cls, label: str, *, start_month: int = 1) -> Quarter:
        """The quarter of a label such as `2026Q3`.

        Raises:
            UsageError: When the label is not four digits, a Q and 1 to 4, or lies outside 1900 to 2200.
        """
        found = _LABEL.fullmatch(str(label).strip())
        if not found:
            raise UsageError("the quarter cannot be read", value=label, rule="A quarter is a year, Q and 1 to 4, such as 2026Q3")
        year, number = int(found[1]), int(found[2])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise UsageError("the quarter is impossible", value=label, rule=f"The year lies between {FIRST_YEAR} and {LAST_YEAR}")
        return cls(year, number, start_month)

    @classmethod
    def containing(cls, day: date, *, start_month: int = 1) -> Quarter:
        """The quarter that a date falls in."""
        shifted = day.year * 12 + (day.month - 1) - (start_month - 1)
        year, months = divmod(shifted, 12)
        return cls(year + (start_month > 1), months // 3 + 1, start_month)

    @property
    def label(self) -> str:
        """The label, such as `2026Q3`."""
        return f"{self.year}Q{self.number}"

    @property
    def first_on(self) -> date:
        """First day of the quarter."""
        months = (self.year - (self.start_month > 1)) * 12 + (self.start_month - 1) + 3 * (self.number - 1)
        return date(months // 12, months % 12 + 1, 1)

    def shift(self, periods: int) -> Self:
        """The quarter that lies `periods` quarters later (negative: earlier)."""
        index = self.year * 4 + self.number - 1 + periods
        return replace(self, year=index // 4, number=index % 4 + 1)

    def month(self, label: str) -> Month:
        """The month of this quarter that a label such as `2026-09` names.

        Raises:
            UsageError: When the label is not four digits, a dash and 01 to 12, or names a month of another quarter.
        """
        found = _MONTH.fullmatch(str(label).strip())
        if not found:
            raise UsageError("the month cannot be read", value=label, rule="A month is a year and 01 to 12, such as 2026-09")
        mine = Month(self.first_on.year, self.first_on.month)
        known = [mine.shift(later) for later in range(3)]
        asked = Month(int(found[1]), int(found[2]))
        if asked not in known:
            names = ", ".join(month.label for month in known)
            raise UsageError("the month lies outside the quarter", value=label, rule=f"The months of {self.label} are {names}")
        return asked


@dataclass(frozen=True, order=True)
class Month(Period):
    """One calendar month.

    Attributes:
        year: Calendar year.
        number: 1 to 12.
    """

    noun: ClassVar[str] = "month"
    in_a_year: ClassVar[int] = 12
    year: int
    number: int

    @property
    def label(self) -> str:
        """The label, such as `2026-09`."""
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_on(self) -> date:
        """First day of the month."""
        return date(self.year, self.number, 1)

    def shift(self, periods: int) -> Self:
        """The month that lies `periods` months later (negative: earlier)."""
        index = self.year * 12 + self.number - 1 + periods
        return replace(self, year=index // 12, number=index % 12 + 1)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day as a naive UTC datetime (the store's convention).

    Args:
        day: Local calendar day.
        zone: IANA name of the time zone.
    """
    return in_utc(datetime.combine(day, time()), zone)


def in_utc(wall: datetime, zone: str) -> datetime:
    """A wall clock of the zone (or an instant with an offset) as naive UTC."""
    aware = wall if wall.tzinfo else wall.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).replace(tzinfo=None)


def wall_clock(instant: datetime, zone: str) -> datetime:
    """What the clocks of the zone show at a naive UTC instant, without a zone."""
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def local_day(instant: datetime, zone: str) -> date:
    """The local calendar day of a naive UTC instant."""
    return wall_clock(instant, zone).date()


def standard_offset(zone: str) -> int:
    """Seconds that a zone is ahead of UTC in a January."""
    offset = datetime(2000, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def parse_as_of(text: str, zone: str) -> datetime:
    """The exclusive as-of instant of `2026-10-01` (that day's local midnight) or of an ISO instant.

    An instant without an offset is read in `zone`; the result is naive UTC.

    Raises:
        UsageError: When the text is neither a date nor an instant.
    """
    cleaned = str(text).strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cleaned):
            return midnight(date.fromisoformat(cleaned), zone)
        instant = datetime.fromisoformat(cleaned)
        return in_utc(instant, zone)
    except (ValueError, OverflowError) as error:  # the first and the last day of the calendar have no UTC instant in every zone
        rule = "An as-of is an ISO date such as 2026-10-01 (nothing on or after that day is visible) or an ISO instant"
        raise UsageError("the as-of cannot be read", value=text, rule=rule) from error


def last_full_quarter(last_instant: datetime, zone: str, *, start_month: int = 1) -> Quarter:
    """The last quarter that ends at or before the end of the day of the given instant."""
    day_after = local_day(last_instant, zone) + timedelta(days=1)
    return Quarter.containing(day_after, start_month=start_month).shift(-1)


@cache
def offset_changes(zone: str, since: datetime, until: datetime) -> OffsetChanges:
    """The seconds that a zone is ahead of UTC, and the instants (naive UTC) from which on: the first holds at `since` and before it."""
    told = [(since, _offset(since, zone))]
    day = since
    while day < until:
        after = min(day + timedelta(days=1), until)
        if _offset(after, zone) != told[-1][1]:
            told.append((_change_between(day, after, zone), _offset(after, zone)))
        day = after
    return tuple(told)


def _change_between(before: datetime, after: datetime, zone: str) -> datetime:
    """The first second at which the later offset holds."""
    low, high, later = 0, int((after - before).total_seconds()), _offset(after, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(before + timedelta(seconds=middle), zone) == later else (middle, high)
    return before + timedelta(seconds=high)


def _offset(at: datetime, zone: str) -> int:
    ahead = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    return int(ahead.total_seconds()) if ahead else 0
