"""Dates that are written otherwise than in ISO -> texts and days that `clocks` reads; only as far as a mapping declares the form.

Every step mentions its text once: engines repeat an expression wherever it is mentioned, and a chain of steps would multiply it.
Declared forms: `20260701` (order ymd), two-digit years, English names of months, days since 1900 or 1904 as spreadsheets count them, and
seconds or milliseconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.border.parsing import Reading

_MONTHS = (
    *("jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?", "sept?(?:ember)?"),
    *("oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?"),
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[.]?,? +)?"
_DAY, _MONTH, _YEAR, _REST = "([0-9]{1,2})(?:st|nd|rd|th)?", "#([0-9]{2})", "([0-9]{4}|[0-9]{2})", "($|[^0-9].*$)"
_NAMED = {  # pattern of a date whose month is marked -> places of day, month and year in it
    rf"(?i)^{_WEEKDAY}{_DAY}[-/ .,]+{_MONTH}[-/ .,]+{_YEAR}{_REST}": {"d": 1, "m": 2, "y": 3},
    rf"(?i)^{_WEEKDAY}{_MONTH}[-/ .,]+{_DAY}[-/ .,]+{_YEAR}{_REST}": {"d": 2, "m": 1, "y": 3},
    rf"(?i)^([0-9]{{4}})[-/ .,]+{_MONTH}[-/ .,]+{_DAY}{_REST}": {"d": 3, "m": 2, "y": 1},
}
_COMPACT = {  # the longest first; what follows may be an offset
    r"^([0-9]{4})([0-9]{2})([0-9]{2})[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})($|[Z+-].*$)": r"\1-\2-\3 \4:\5:\6\7",
    r"^([0-9]{4})([0-9]{2})([0-9]{2})[T ]?([0-9]{2}):?([0-9]{2})($|[Z+-].*$)": r"\1-\2-\3 \4:\5\6",
    r"^([0-9]{4})([0-9]{2})([0-9]{2})$": r"\1-\2-\3",
}
_NAMED_ONLY = "~"  # begins a date whose month was a name, until its year is whole
_LAST_SERIAL, _LEAP_BUG = 2_958_465, 60  # 9999-12-31; 1900-02-29, which only spreadsheets know
_DAY_SECONDS = 86_400
EPOCH_UNITS = {"s": 1, "ms": 1_000}
_FIRST_MS, _FIRST_SECONDS = 10**10, 253_402_300_799  # seconds of our time read as milliseconds fall into 1970; the end of 9999


def order_of(reading: Reading) -> str | None:
    """The order of year, month and day in what `spelled_out` returns."""
    return reading.date_order or ("ymd" if reading.month_names else None)


def spelled_out(text: Any, reading: Reading) -> Any:
    """The text with the month as a number and the year in four digits, in the order of `order_of`; what is not declared stays as it is.

    Without a declared order only a date with the name of its month may have a year of two digits: `1/2/26` could be any of three days.
    """
    order = order_of(reading)
    named = "" if reading.date_order else _NAMED_ONLY
    if reading.month_names:
        for number, name in enumerate(_MONTHS, start=1):
            text = text.re_replace(rf"(?i)(^|[^a-z]){name}[.]?($|[^a-z])", rf"\1#{number:02}\2")
        for pattern, place in _NAMED.items():
            first, second, third = (place[letter] for letter in order or "")
            text = text.re_replace(pattern, rf"{named}\{first}/\{second}/\{third}\4")
    if order and reading.two_digit_years_from is not None:
        text = _with_whole_year(text, order, reading.two_digit_years_from, before=named)
    if reading.month_names and named:
        text = text.re_replace(f"^{named}", "")
    if order == "ymd":
        for pattern, apart in _COMPACT.items():
            text = text.re_replace(pattern, apart)
    return text


def _with_whole_year(text: Any, order: str, first_year: int, *, before: str) -> Any:
    """The text with the century before a year of two digits, among the hundred years from the first one on; `before`: how a text begins."""
    days = "[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    centuries: dict[int, list[str]] = {}
    for year in range(first_year, first_year + 100):
        centuries.setdefault(year // 100, []).append(f"{year % 100:02}")
    for century, listed in centuries.items():
        years = f"({'|'.join(listed)})"
        pattern = rf"^({before}){years}({days}){_REST}" if order == "ymd" else rf"^([0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]){years}(){_REST}"
        text = text.re_replace(pattern, rf"\1{century}\2\3\4")
    return text


def since_1970(number: Any, unit: str) -> ir.Value:
    """Naive UTC of seconds or milliseconds since 1970; null where the number is plainly of the other unit."""
    import ibis

    other = number.abs() > _FIRST_SECONDS if unit == "s" else number.abs().between(_FIRST_MS // 100, _FIRST_MS - 1)
    millis = (other | number.isnan() | number.isinf()).ifelse(ibis.null("float64"), number) * (1_000 // EPOCH_UNITS[unit])
    return millis.round().cast("int64").as_timestamp("ms").cast("timestamp")


def wall_clock_of_serial(number: Any, first_year: int) -> ir.Value:
    """Local date and time of days since 1900 or 1904 as spreadsheets count them; null for 1900-02-29, which never was."""
    import ibis

    day = number.floor()
    seconds = ((number - day) * _DAY_SECONDS).round()
    good = (number >= 0) & (day <= _LAST_SERIAL)
    if first_year == 1900:
        good &= (day != _LEAP_BUG) & (day >= 1)
        start, day = "1899-12-30", day + (day < _LEAP_BUG).ifelse(1, 0)
    else:
        start = "1904-01-01"
    elapsed = good.ifelse(day * _DAY_SECONDS + seconds, ibis.null("float64")).cast("int64")
    return ibis.literal(start).cast("timestamp") + elapsed.as_interval("s")
