"""Texts of dates and instants -> wall clock and offset -> naive UTC.

Each step is an expression of its own, so that a caller can store it: engines repeat an expression wherever it is mentioned, and the
zone arithmetic mentions the wall clock five times.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.periods import OffsetChanges

EPOCH = datetime(1970, 1, 1)
SECOND, DAY = 1_000_000, 86_400_000_000  # microseconds
TICK = 1  # microsecond past the second: the mark of a date among instants
_LONG_BEFORE = 36_525 * DAY  # added before numbers are divided, so that none is negative; floats still hold the sum

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_OFFSET = r"(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_ISO = rf"^(\d{{4}}-\d{{1,2}}-\d{{1,2}}(?:[T ]{_CLOCK})?)(?: *{_OFFSET})?$"
_AFTER_CLOCK = rf":\d{{2}}(?:\.\d{{1,9}})? *{_OFFSET}$"
_HALF = r"\d *([AaPp])\.?[Mm]\.?"
_REST = rf"(?:,? *[T ] *({_CLOCK}))?(?: *[AaPp]\.?[Mm]\.?)?(?: *{_OFFSET})?$"
_SECONDS = ("____-__-__ __:__:__", "____-__-__T__:__:__")
_UTC = ("Z", ".000Z", ".000+0000", "+00:00", "+0000", "+00", " UTC")
_ORDERED = {
    "ymd": (r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _REST, r"\1-\2-\3 \4\5"),
    "dmy": (r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _REST, r"\3-\2-\1 \4\5"),
    "mdy": (r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _REST, r"\3-\1-\2 \4\5"),
}


def wall_clock(text: Any, *, order: str | None) -> Any:
    """The date and time as written, without a zone; null where the text is neither ISO nor in the declared order.

    Args:
        text: Strings without blanks at their ends.
        order: `ymd`, `dmy` or `mdy`; None: only ISO is read.
    """
    import ibis

    if order is None:
        return _is_common(text).ifelse(text.substr(0, 19).try_cast("timestamp"), _iso_clock(text))
    wall = _iso_clock(_as_iso(text, order))
    half, hour = text.re_extract(_HALF, 1).lower(), wall.hour()
    past_noon, past_midnight = (half == "p") & (hour < 12), (half == "a") & (hour == 12)
    shift = ibis.cases((half == "", 0), (~hour.between(1, 12), None), (past_noon, 12), (past_midnight, -12), else_=0)
    return wall + shift * ibis.interval(hours=1)


def offset_of(text: Any, *, order: str | None) -> Any:
    """Minutes ahead of UTC that the text states; null where it states none.

    Args:
        text: Strings without blanks at their ends.
        order: As for `wall_clock`.
    """
    import ibis

    if order is None:
        stated = (text.length() > 19).ifelse(ibis.literal(0), ibis.null("int64"))
        return _is_common(text).ifelse(stated, _stated_offset(text))
    return _stated_offset(_as_iso(text, order))


def _is_common(text: Any) -> Any:
    """Whether a text is written as nearly all are, so that no pattern need be tried: a day or whole seconds, in UTC or without a zone."""
    day = text.like("____-__-__")
    seconds = text.substr(0, 19).like(_SECONDS[0]) | text.substr(0, 19).like(_SECONDS[1])
    return (text >= "0") & (text < ":") & (day | (seconds & text.substr(19).isin(("", *_UTC))))


def _iso_clock(iso: Any) -> Any:
    return iso.re_extract(_ISO, 1).nullif("").try_cast("timestamp")


def _stated_offset(iso: Any) -> Any:
    import ibis

    offset = iso.re_extract(_AFTER_CLOCK, 1)
    digits = offset.re_replace("[^0-9]", "")
    minutes = digits.substr(0, 2).try_cast("int64").fill_null(0) * 60 + digits.substr(2, 2).try_cast("int64").fill_null(0)
    return ibis.cases((offset == "", None), (offset.startswith("-"), -minutes), else_=minutes)


def _as_iso(text: Any, order: str | None) -> Any:
    """Year, month and day in the order of ISO; texts in no declared order stay as they are."""
    if order is None:
        return text
    pattern, replacement = _ORDERED[order]
    return text.re_replace(pattern, replacement).strip()


def instant_of(wall: Any, offset: Any, *, zone: str) -> Any:
    """Naive UTC of a wall clock with its offset; without one it is a wall clock of `zone`.

    Args:
        wall: Naive local time.
        offset: Minutes ahead of UTC, null for none.
        zone: IANA name.
    """
    return offset.isnull().ifelse(from_zone(wall, zone), wall - offset.fill_null(0) * _minute())


def _minute() -> Any:
    import ibis

    return ibis.interval(minutes=1)


def from_zone(wall: Any, zone: str) -> ir.Value:
    """Naive UTC of a wall clock: a time that occurs twice is its first occurrence, one that is skipped moves on with the clock.

    Sentinels such as 0001-01-01 and 9999-12-31 are nobody's wall clock and stay as written.

    Args:
        wall: Naive local time.
        zone: IANA name.
    """
    if zone == "UTC":
        return wall
    late = _at_zone(zone, wall)
    early = late - 60 * _minute()
    first = (to_zone(early, zone) == wall).ifelse(early, late)
    return wall.year().between(1900, 2100).ifelse(first, wall)


def to_zone(instant: Any, zone: str) -> Any:
    """Wall clock of a naive UTC (or aware) instant.

    Args:
        instant: Naive UTC, or an aware instant.
        zone: IANA name.
    """
    if zone == "UTC":
        return instant.cast("timestamp")
    return _of_zone(zone, instant.cast("timestamp('UTC')"))


def _at_zone(zone: str, wall: Any) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')"))
    def timezone(zone: str, wall: Any) -> Any: ...

    return timezone(zone, wall).cast("timestamp")


def _of_zone(zone: str, instant: Any) -> Any:
    import ibis

    @ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
    def timezone(zone: str, instant: Any) -> Any: ...

    return timezone(zone, instant)


def micros(at: Any) -> Any:
    """Microseconds of an instant since 1970."""
    import ibis

    return at.delta(ibis.literal(EPOCH, type="timestamp"), unit="microsecond")


def is_date(since_1970: Any) -> Any:
    """Whether an instant inside an engine, in microseconds since 1970, stands for a day without a time of day.

    Such a value lies one microsecond past a whole second of its local day. The mark travels with the value through minima, CASE and
    COALESCE, which a flag beside it would not.
    """
    return (since_1970 + _LONG_BEFORE) % SECOND == TICK


def day_number(since_1970: Any, changes: OffsetChanges) -> Any:
    """Days from 1970-01-01 to the local day of an instant.

    Args:
        since_1970: Microseconds.
        changes: Offsets of the zone, as `periods.offset_changes` returns them.
    """
    return ((wall_micros(since_1970, changes) + _LONG_BEFORE) // DAY).cast("int64") - _LONG_BEFORE // DAY


def span(start: Any, end: Any, changes: OffsetChanges) -> Any:
    """Microseconds from one instant to another, given in microseconds since 1970; whole calendar days where either is a date."""
    import ibis

    days = day_number(end, changes) - day_number(start, changes)
    return ibis.ifelse(is_date(start) | is_date(end), days * DAY, end - start)


def local_clock(at: Any, changes: OffsetChanges) -> Any:
    """What the clocks of a zone show at an instant."""
    import ibis

    shown = [at + ibis.interval(seconds=offset) if offset else at for _, offset in changes]
    until = [(at < ibis.literal(change, type="timestamp"), before) for (change, _), before in zip(changes[1:], shown, strict=False)]
    return ibis.cases(*until, else_=shown[-1]) if until else shown[-1]


def wall_micros(since_1970: Any, changes: OffsetChanges) -> Any:
    """What the clocks of a zone show at an instant, in microseconds since 1970."""
    import ibis

    offsets = [offset * SECOND for _, offset in changes]
    starts = [(at - EPOCH).days * DAY + (at - EPOCH).seconds * SECOND for at, _ in changes[1:]]
    until = [(since_1970 < start, before) for start, before in zip(starts, offsets, strict=False)]
    return since_1970 + (ibis.cases(*until, else_=offsets[-1]) if until else offsets[-1])
