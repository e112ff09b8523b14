"""The clock of an agreement in hours: all hours, or with `business_hours` configured the working ones alone.

Working hours are read off the wall clock of the reporting zone and added up in whole microseconds, so that every engine counts the same.
Public holidays count as the weekdays they fall on, and the hour of the night in which clocks change as the wall clock shows it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from alignment_toolkit.border.clocks import wall_micros
from alignment_toolkit.config import WEEKDAYS, BusinessHours
from alignment_toolkit.days import DAY, EPOCH, between, day_number, instant, is_date
from alignment_toolkit.periods import OffsetChanges, offset_changes

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
        return ibis.greatest(between(crm, start, end), 0)
    changes = offset_changes(crm.config.time_zone, since or FIRST, max(crm.as_of, since or FIRST))
    spent = worked(end, hours, changes) - worked(start, hours, changes)
    if crm.has_dates:  # a date has no hours: the working days from the one to the other count whole
        days = _worked_by(day_number(crm, end) * DAY, hours) - _worked_by(day_number(crm, start) * DAY, hours)
        spent = ibis.ifelse(is_date(start) | is_date(end), days, spent)
    return ibis.greatest(spent, 0)


def worked(at: ir.TimestampValue, hours: BusinessHours, changes: OffsetChanges) -> ir.IntegerValue:
    """Working microseconds from a Monday long ago to an instant.

    Args:
        at: The instant, UTC.
        hours: Working days and hours.
        changes: As `offset_changes` returns them.
    """
    return _worked_by(wall_micros(at.delta(instant(EPOCH), unit="microsecond"), changes), hours)


def _worked_by(shown: ir.IntegerValue, hours: BusinessHours) -> ir.IntegerValue:
    """Working microseconds from a Monday long ago to what the wall clock shows."""
    wall = shown + TO_MONDAY
    week, inside = (wall // WEEK).cast("int64"), wall % WEEK
    begins, length = hours.begins_at * SECOND, (hours.ends_at - hours.begins_at) * SECOND
    starts = [WEEKDAYS.index(day) * DAY + begins for day in hours.days]
    parts = [ibis.least(ibis.greatest(inside - start, 0), length) for start in starts]
    return week * (length * len(starts)) + sum(parts[1:], parts[0])
