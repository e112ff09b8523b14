"""Durations as deferred expressions: whole 24-hour days between instants, calendar days where either end is a date.

`ts.delta(other, unit="day")` counts midnights on one engine and 24-hour periods on another, so days are floored microseconds. An end
without a time of day (border/granularity.py) makes a duration a difference of local calendar days, which no zone and no clock change moves.
Every clock of the package goes through `between`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from alignment_toolkit.border import clocks

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

DAY, EPOCH = clocks.DAY, clocks.EPOCH  # a day in microseconds


def between(crm: Crm, start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds from one instant to another, negative when it is earlier; whole calendar days where either is a date.

    Args:
        crm: The records, which know whether any instant is a date, and the zone whose days count.
        start: Start of the duration.
        end: Its end.
    """
    if not crm.has_dates:
        return end.delta(start, unit="microsecond")
    return span(crm, clocks.micros(start), clocks.micros(end))


def span(crm: Crm, start: ir.IntegerValue, end: ir.IntegerValue) -> ir.IntegerValue:
    """As `between`, for instants given as microseconds since 1970."""
    return clocks.span(start, end, crm.clock) if crm.has_dates else end - start


def days_until(crm: Crm, start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Day index of `end` counted from `start`: floor of the duration in days, negative durations clamped to 0."""
    return floored(ibis.greatest(between(crm, start, end), 0))


def seconds_between(crm: Crm, start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Whole seconds from one instant to another; 0 when it is earlier."""
    return (ibis.greatest(between(crm, start, end), 0) // 1_000_000).cast("int64")


def last_whole_day(crm: Crm, start: ir.TimestampValue, as_of: datetime) -> ir.IntegerValue:
    """Index of the last whole day observed before the exclusive `as_of`; -1 when not even day 0 is whole."""
    return floored(between(crm, start, instant(as_of))) - 1


def first_whole_day(crm: Crm, start: ir.TimestampValue, opened: datetime) -> ir.IntegerValue:
    """Index of the first whole day after the window opened; 0 for what started inside the window."""
    return floored(ibis.greatest(between(crm, start, instant(opened)), 0) + (DAY - 1))


def not_before(crm: Crm, later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.BooleanValue:
    """Whether an instant is at or after another; on the day of a date everything is at or after it, and it after everything."""
    return between(crm, earlier, later) >= 0 if crm.has_dates else later >= earlier


def follows(crm: Crm, later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.BooleanValue:
    """Whether an instant is after another; on the day of a date everything is after it, and it after everything."""
    if not crm.has_dates:
        return later > earlier
    return ibis.ifelse(is_date(later) | is_date(earlier), not_before(crm, later, earlier), later > earlier)


def is_date(at: ir.TimestampValue) -> ir.BooleanValue:
    """Whether an instant of these records is a date, a day without a time of day."""
    return clocks.is_date(clocks.micros(at))


def day_number(crm: Crm, at: ir.TimestampValue) -> ir.IntegerValue:
    """Days from 1970-01-01 to the local day of an instant."""
    return clocks.day_number(clocks.micros(at), crm.clock)


def marked_before(at: ir.TimestampValue) -> ir.TimestampValue:
    """A date on the day of an instant that comes before it, to the second."""
    return at.truncate("s") - ibis.interval(microseconds=1_000_000 - clocks.TICK)


def floored(microseconds: ir.IntegerValue) -> ir.IntegerValue:
    """Whole days in a number of microseconds that is not negative."""
    return (microseconds // DAY).cast("int64")


def instant(moment: datetime) -> ir.TimestampValue:
    """A naive UTC instant as a literal."""
    return ibis.literal(moment, type="timestamp")
