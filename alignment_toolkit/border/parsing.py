"""One value as found -> one value of its kind, as Ibis expressions; what cannot be read becomes null and is counted by the checks.

ISO dates and instants, plain decimal numbers and the usual words for yes and no are read; everything else only where a `Reading`
says so, because `03/04/2026` and `1.234` mean different things to different people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alignment_toolkit.schema import Kind

if TYPE_CHECKING:
    import ibis.expr.types as ir

TYPES: dict[Kind, str] = {"id": "string", "text": "string", "instant": "timestamp", "date": "date", "number": "float64", "flag": "boolean"}
DATE_ORDERS = {"ymd": (1, 2, 3), "dmy": (3, 2, 1), "mdy": (3, 1, 2)}
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_TIME = r"(?:,? *[T ] *(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?)?"
_HALF = r" *([AaPp]\.?[Mm]\.?)?"
_OFFSET = r" *(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_ISO = r"^(\d{4})-(\d{2})-(\d{2})" + _TIME + r"()" + _OFFSET + "$"
_ORDERED = {
    "ymd": r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME + _HALF + _OFFSET + "$",
    "dmy": r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME + _HALF + _OFFSET + "$",
    "mdy": r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME + _HALF + _OFFSET + "$",
}


@dataclass(frozen=True)
class Reading:
    """How the texts of a column are to be understood.

    Attributes:
        time_zone: Zone in which an instant without an offset is read.
        date_order: `ymd`, `dmy` or `mdy` for dates that are not ISO; None: only ISO is read.
        decimal: Decimal mark of numbers.
        thousands: Mark between groups of three digits; empty: none is allowed.
        symbol: Currency sign or unit that may stand before or after a number.
        minor_units: Digits of the minor unit the number is given in (2: cents).
        epoch: Numbers as instants: `s` seconds or `ms` milliseconds since 1970; None: not allowed.
    """

    time_zone: str = "UTC"
    date_order: str | None = None
    decimal: str = "."
    thousands: str = ""
    symbol: str = ""
    minor_units: int = 0
    epoch: str | None = None


def cleaned(value: Any) -> ir.Value:
    """What counts as there: a string loses stray blanks at its ends and is null when nothing is left; NaN is null."""
    found = value.type()
    if found.is_string():
        return value.replace("\u00a0", " ").strip().nullif("")
    return value.isnan().ifelse(_nothing(value, str(found)), value) if found.is_floating() else value


def parsed(value: ir.Value, kind: Kind, reading: Reading = Reading()) -> ir.Value:
    """The value in the type of its kind; null where it cannot be read (a fault that the checks count).

    Args:
        value: A column as found: text, or already typed.
        kind: Kind of the contract's column.
        reading: How texts are to be understood.
    """
    found = value.type()
    if found.is_null():
        return value.cast(TYPES[kind])
    parser = {"id": _identifier, "text": _identifier, "instant": _instant, "date": _date, "number": _number, "flag": _flag}[kind]
    return parser(cleaned(value), reading)


def _identifier(value: ir.Value, _: Reading) -> ir.Value:
    if value.type().is_string():
        return value
    if value.type().is_floating():  # pandas turns whole-number keys into floats as soon as one is missing
        return (value == value.floor()).ifelse(value.cast("int64").cast("string"), value.cast("string"))
    return value.cast("string")


def _number(value: Any, reading: Reading) -> ir.Value:
    if value.type().is_string():
        value = _number_text(value, reading).try_cast("float64")
    elif value.type().is_numeric():
        value = value.cast("float64")
    else:
        return _nothing(value, "float64")
    finite = value.isinf().ifelse(_nothing(value, "float64"), value)
    return finite / 10**reading.minor_units if reading.minor_units else finite


def _number_text(text: Any, reading: Reading) -> ir.Value:
    """The text as a number that every engine reads, null when it is not written as the reading says."""
    import ibis

    if reading.symbol:
        text = text.replace(reading.symbol, "").strip()
    decimal = "," if reading.decimal == "," else r"\."
    groups = ""
    if reading.thousands:
        mark = {".": r"\.", " ": r"[ \x{a0}\x{202f}]"}.get(reading.thousands, reading.thousands)
        groups = rf"\d{{1,3}}(?:{mark}\d{{3}})+|"
    good = text.re_search(rf"^[+-]?(?:(?:{groups}\d+)(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?$")
    if reading.thousands:
        text = text.re_replace(mark, "")
    text = text.replace(",", ".") if reading.decimal == "," else text
    return good.ifelse(text, ibis.null("string"))


def _flag(value: Any, _: Reading) -> ir.Value:
    import ibis

    if value.type().is_boolean():
        return value
    word = value.cast("string").lower()
    return ibis.cases((word.isin(_YES), True), (word.isin(_NO), False), else_=ibis.null("boolean"))


def _date(value: Any, reading: Reading) -> ir.Value:
    found = value.type()
    if found.is_date():
        return value
    if found.is_timestamp():
        return (_to_zone(value, reading.time_zone) if found.timezone else value).cast("date")
    if not found.is_string():
        return _nothing(value, "date")
    parts = _Parts(value, reading)
    return parts.day_text.try_cast("date")


def _instant(value: Any, reading: Reading) -> ir.Value:
    found = value.type()
    if found.is_timestamp():
        return value.cast("timestamp")  # the session lives in UTC, so an aware instant becomes naive UTC
    if found.is_date():
        return _from_zone(value.cast("timestamp"), reading.time_zone)
    if found.is_numeric() and reading.epoch:
        return _since_1970(value.cast("float64"), reading.epoch)
    if not found.is_string():
        return _nothing(value, "timestamp")
    if reading.epoch:
        return _since_1970(value.try_cast("float64"), reading.epoch)
    return _Parts(value, reading).instant(reading.time_zone)


def _since_1970(seconds: Any, unit: str) -> ir.Value:
    millis = (seconds * (1 if unit == "ms" else 1_000)).round().cast("int64")
    return millis.as_timestamp("ms").cast("timestamp")


def _nothing(value: Any, dtype: str) -> ir.Value:
    """A typed null of the column's shape: the whole column is of a type that cannot be read as this kind."""
    import ibis

    return value.isnull().ifelse(ibis.null(dtype), ibis.null(dtype))


class _Parts:
    """The pieces of a date or instant text: ISO always, the declared order besides."""

    def __init__(self, text: Any, reading: Reading) -> None:
        self.text = text
        self.iso = text.re_search(_ISO)
        self.order = reading.date_order
        self.pattern = _ORDERED.get(reading.date_order or "")

    def _piece(self, iso_group: int, ordered_group: int | None = None) -> Any:
        first = self.text.re_extract(_ISO, iso_group)
        if self.pattern is None:
            return first
        return self.iso.ifelse(first, self.text.re_extract(self.pattern, ordered_group or iso_group))

    @property
    def day_text(self) -> Any:
        """`YYYY-MM-DD`, null where the text is not a date in an allowed form."""
        import ibis

        year, month, day = (self._piece(i, at) for i, at in enumerate(DATE_ORDERS[self.order or "ymd"], start=1))
        joined = year + "-" + month.lpad(2, "0") + "-" + day.lpad(2, "0")
        good = self.iso if self.pattern is None else self.iso | self.text.re_search(self.pattern)
        return good.ifelse(joined, ibis.null("string"))

    def instant(self, zone: str) -> ir.Value:
        """Naive UTC; a text without an offset is a wall clock of `zone`."""
        naive = (self.day_text + " " + self._clock()).try_cast("timestamp")
        offset = self._piece(9)
        shifted = naive - self._offset_minutes(offset) * _minute()
        return (offset == "").ifelse(_from_zone(naive, zone), shifted)

    def _clock(self) -> Any:
        import ibis

        hour, minute, second, fraction, half = (self._piece(i) for i in (4, 5, 6, 7, 8))
        number, evening = hour.nullif("").try_cast("int64"), half.lower().startswith("p")
        of_day = ibis.cases((half == "", number), (~number.between(1, 12), 99), else_=number % 12 + evening.cast("int64") * 12)
        text = of_day.fill_null(0).cast("string").lpad(2, "0")
        return text + ":" + minute.nullif("").fill_null("00") + ":" + second.nullif("").fill_null("00") + fraction

    @staticmethod
    def _offset_minutes(offset: Any) -> Any:
        digits = offset.re_replace("[^0-9]", "")
        hours, minutes = digits.substr(0, 2).try_cast("int64").fill_null(0), digits.substr(2, 2).nullif("").try_cast("int64").fill_null(0)
        return (hours * 60 + minutes) * offset.startswith("-").ifelse(-1, 1)


def _minute() -> Any:
    import ibis

    return ibis.interval(minutes=1)


def _from_zone(wall: Any, zone: str) -> ir.Value:
    """Naive UTC of a wall clock: a time that occurs twice is its first occurrence, one that is skipped moves on with the clock.

    Sentinels such as 0001-01-01 and 9999-12-31 are nobody's wall clock and stay as written.
    """
    if zone == "UTC":
        return wall
    late = _at_zone(zone, wall)
    early = late - 60 * _minute()
    first = (_to_zone(early, zone) == wall).ifelse(early, late)
    return wall.year().between(1900, 2100).ifelse(first, wall)


def _to_zone(instant: Any, zone: str) -> Any:
    """Wall clock of a naive UTC (or aware) instant."""
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
