"""The clock of an agreement in hours: all hours, or with `business_hours` configured the working ones alone.

Working hours are read off the wall clock of the reporting zone and added up in whole microseconds, so that every engine counts the same.
Public holidays count as the weekdays they fall on, and the hour of the night in which clocks change as the wall clock shows it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from alignment_toolkit.config import WEEKDAYS, BusinessHours
from alignment_toolkit.days import DAY, EPOCH, instant

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

SECOND = 1_000_000  # microseconds
WEEK = 7 * DAY
TO_MONDAY = 3 * DAY + 5_000 * WEEK  # 1970 began on a Thursday; long before any record, so that no number is negative
FIRST = datetime(2000, 1, 1)


def elapsed(crm: Crm, start: ir.TimestampValue, end: ir.TimestampValue, *, since: datetime | None = None) -> ir.IntegerValue:
    """Microseconds that the clock of the agreement counts between two instants; never negative.

    Args:
        crm: Its configuration says which hours count, and in which zone.
        start: An instant.
        end: Another.
        since: No start lies before it (naive UTC); None: 2000.
    """
    hours = crm.config.business_hours
    if hours is None:
        return ibis.greatest(end.delta(start, unit="microsecond"), 0)
    changes = offset_changes(crm.config.time_zone, since or FIRST, max(crm.as_of, since or FIRST))
    return ibis.greatest(worked(end, hours, changes) - worked(start, hours, changes), 0)


def worked(at: ir.TimestampValue, hours: BusinessHours, changes: tuple[tuple[datetime, int], ...]) -> ir.IntegerValue:
    """Working microseconds from a Monday long ago to an instant.

    Args:
        at: The instant, UTC.
        hours: Working days and hours.
        changes: As `offset_changes` returns them.
    """
    later = [offset for _, offset in changes]
    until = [(at < instant(change), before * SECOND) for (change, _), before in zip(changes[1:], later, strict=False)]
    ahead = ibis.cases(*until, else_=later[-1] * SECOND) if until else ibis.literal(later[-1] * SECOND)
    wall = at.delta(instant(EPOCH), unit="microsecond") + ahead + TO_MONDAY
    week, inside = (wall // WEEK).cast("int64"), wall % WEEK
    begins, length = hours.begins_at * SECOND, (hours.ends_at - hours.begins_at) * SECOND
    starts = [WEEKDAYS.index(day) * DAY + begins for day in hours.days]
    parts = [ibis.least(ibis.greatest(inside - start, 0), length) for start in starts]
    return week * (length * len(starts)) + sum(parts[1:], parts[0])


@cache
def offset_changes(zone: str, since: datetime, until: datetime) -> tuple[tuple[datetime, int], ...]:
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
