"""Day indices as deferred expressions: whole 24-hour days from microseconds, the same on every engine.

`ts.delta(other, unit="day")` counts midnights on one engine and 24-hour periods on another, so days are floored microseconds.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

DAY = 86_400_000_000  # microseconds
EPOCH = datetime(1970, 1, 1)


def days_until(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Day index of `end` counted from `start`: floor of the duration in days, negative durations clamped to 0."""
    return floored(ibis.greatest(end.delta(start, unit="microsecond"), 0))


def last_whole_day(start: ir.TimestampValue, as_of: datetime) -> ir.IntegerValue:
    """Index of the last whole day observed before the exclusive `as_of`; -1 when not even day 0 is whole."""
    return floored(instant(as_of).delta(start, unit="microsecond")) - 1


def first_whole_day(start: ir.TimestampValue, opened: datetime) -> ir.IntegerValue:
    """Index of the first whole day after the window opened; 0 for what started inside the window."""
    waited = ibis.greatest(instant(opened).delta(start, unit="microsecond"), 0)
    return floored(waited + (DAY - 1))


def floored(microseconds: ir.IntegerValue) -> ir.IntegerValue:
    """Whole days in a number of microseconds that is not negative."""
    return (microseconds // DAY).cast("int64")


def instant(moment: datetime) -> ir.TimestampValue:
    """A naive UTC instant as a literal."""
    return ibis.literal(moment, type="timestamp")
