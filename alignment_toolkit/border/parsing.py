"""One value as found -> one value of its kind, as Ibis expressions; what cannot be read becomes null and is counted by the checks.

ISO dates and instants, plain decimal numbers and the usual words for yes and no are read; everything else only where a `Reading`
says so, because `03/04/2026` and `1.234` mean different things to different people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.clocks import from_zone, instant_of, offset_of, to_zone, wall_clock
from alignment_toolkit.border.datetexts import order_of, since_1970, spelled_out, wall_clock_of_serial
from alignment_toolkit.border.nothing import is_nothing
from alignment_toolkit.schema import Granularity, Kind

if TYPE_CHECKING:
    import ibis.expr.types as ir

TYPES: dict[Kind, str] = {"id": "string", "text": "string", "instant": "timestamp", "date": "date", "number": "float64", "flag": "boolean"}
LONGEST_NAME = 200
_KEPT, _DIGEST = 190, 8
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Reading:
    """How the texts of a column are to be understood.

    Attributes:
        time_zone: Zone in which an instant without an offset is read.
        day_zone: Zone whose midnight a day without a time of day becomes; None: `time_zone`.
        granularity: Whether instants are days or have a time of day; None: the values decide (granularity.py).
        is_utc: Timestamps without a zone are UTC, as in a store and in the typed inputs of a mapping, not wall clocks of `time_zone`.
        date_order: `ymd`, `dmy` or `mdy` for dates that are not ISO; `ymd` also reads `20260701`. None: only ISO is read.
        decimal: Decimal mark of numbers.
        thousands: Mark between groups of three digits; empty: none is allowed.
        symbol: Currency signs or units that may stand before or after a number.
        accounting: `(5)` and `5-` are negative.
        minor_units: Digits of the minor unit the number is given in (2: cents).
        percent: The number is per cent: 40 is 0.4, and so is `40 %`.
        open_ended: Days (ISO) that stand for "no end" and are read as empty.
        month_names: `en`: English names of months, as in `1 July 2026` and `Jul 1, 2026`, are read besides.
        two_digit_years_from: First of the hundred years that two digits stand for (1970: 26 is 2026); None: they are not read.
        excel_dates: 1900 or 1904: numbers as dates and instants are days as spreadsheets of that system count them.
        epoch: Numbers as dates and instants are `s` seconds or `ms` milliseconds since 1970; None: not allowed.
        null_words: Words that stand for nothing; None: those that usually do in a column of its kind.
        salesforce_ids: Ids of 15 characters are extended to 18.
        is_code: Texts are codes, such as those of currencies: read in capitals and without blanks.
    """

    time_zone: str = "UTC"
    date_order: str | None = None
    decimal: str = "."
    thousands: str = ""
    symbol: str | tuple[str, ...] = ""
    accounting: bool = False
    minor_units: int = 0
    percent: bool = False
    open_ended: tuple[str, ...] = ()
    month_names: str | None = None
    two_digit_years_from: int | None = None
    excel_dates: int | None = None
    epoch: str | None = None
    null_words: tuple[str, ...] | None = None
    salesforce_ids: bool = False
    is_code: bool = False
    granularity: Granularity | None = None
    is_utc: bool = False
    day_zone: str | None = None

    @property
    def has_years_without_order(self) -> bool:
        """Whether texts may hold years of two digits while nothing says where the year stands."""
        is_ordered = self.date_order or self.month_names or self.excel_dates or self.epoch
        return self.two_digit_years_from is not None and not is_ordered


def cleaned(value: Any) -> ir.Value:
    """What counts as there: a string loses stray blanks at its ends and is null when nothing is left; NaN is null."""
    found = value.type()
    if found.is_string():
        return value.replace("\u00a0", " ").strip().nullif("")
    return value.isnan().ifelse(_nothing(value, str(found)), value) if found.is_floating() else value


def cleaned_column(column: Any) -> ir.Value:
    """As `cleaned`, for a column of a table: a text that holds nothing stray, as nearly all do, is not built anew."""
    if not column.type().is_string():
        return cleaned(column)
    stray = (column < "!") | (column.right(1) <= " ") | column.contains("\u00a0")
    return stray.ifelse(cleaned(column), column)


def without_null_words(value: Any, words: tuple[str, ...], kind: Kind) -> Any:
    """A value without blanks at its ends, null where it is a word for nothing.

    Args:
        value: A column as found.
        words: The words, in every spelling.
        kind: Kind of the contract's column.
    """
    if not value.type().is_string() or not words:
        return value
    return is_nothing(value, words, is_id=kind == "id").ifelse(_nothing(value, "string"), value)


def as_code(text: Any) -> ir.Value:
    """A code, such as that of a currency, in capitals and without blanks: `usd` and `U SD` are USD."""
    return text.replace(" ", "").upper()


def shortened(text: Any) -> ir.Value:
    """A name that people can read: one of more than 200 characters keeps its beginning and ends in a digest of the whole.

    Names that differ stay different and equal ones equal, so ids still find each other. Without it one name of 100,000 characters, which
    stands in hundreds of rows, sentences and descriptions, makes pages of many megabytes, and no report can be published.
    """
    from alignment_toolkit.hashing import md5

    return (text.length() > LONGEST_NAME).ifelse(text.substr(0, _KEPT) + "…" + md5(text).substr(0, _DIGEST), text)


def without_open_end(value: Any, reading: Reading) -> Any:
    """The value as found, null where it is a day that stands for "no end", such as 9999-12-31."""
    found = value.type()
    if not reading.open_ended or not (found.is_string() or found.is_timestamp() or found.is_date()):
        return value
    return value.cast("string").substr(0, 10).isin(reading.open_ended).fill_null(False).ifelse(_nothing(value, str(found)), value)


def parsed(value: ir.Value, kind: Kind, reading: Reading = Reading(), *, is_clean: bool = False) -> ir.Value:
    """The value in the type of its kind; null where it cannot be read (a fault that the checks count).

    Args:
        value: A column as found: text, or already typed.
        kind: Kind of the contract's column.
        reading: How texts are to be understood.
        is_clean: Whether blanks were taken off before.
    """
    found = value.type()
    if found.is_null():
        return value.cast(TYPES[kind])
    parser = {"id": _identifier, "text": _text, "instant": _instant, "date": _date, "number": _number, "flag": _flag}[kind]
    return parser(value if is_clean else cleaned(value), reading)


def _identifier(value: ir.Value, reading: Reading) -> ir.Value:
    from alignment_toolkit.border.salesforce_ids import long_salesforce_id

    text = _text(value, reading)
    return long_salesforce_id(value, otherwise=text) if reading.salesforce_ids and value.type().is_string() else text


def _text(value: ir.Value, reading: Reading) -> ir.Value:
    if value.type().is_string():
        return shortened(as_code(value) if reading.is_code else value)
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
    finite = finite / 100 if reading.percent else finite
    return finite / 10**reading.minor_units if reading.minor_units else finite


_MARKS = {".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019\u02bc]"}


def _number_text(text: Any, reading: Reading) -> ir.Value:
    """The text as a number that every engine reads, null when it is not written as the reading says."""
    import ibis

    symbols = (reading.symbol,) if isinstance(reading.symbol, str) else reading.symbol
    text = _without_symbols(text, symbols)
    if reading.accounting:
        text = text.replace("\u2212", "-").re_replace("^[(] *([^ ].*?) *[)]$", r"-\1")
        text = _without_symbols(text.re_replace("^([^-].*?) *-$", r"-\1"), symbols)
    if reading.percent:
        text = text.re_replace(" *%$", "")
    decimal, groups = "," if reading.decimal == "," else r"\.", ""
    if reading.thousands:
        mark = _MARKS.get(reading.thousands, reading.thousands)
        groups = rf"\d{{1,3}}(?:{mark}\d{{3}})+|"
    good = text.re_search(rf"^[+-]?(?:(?:{groups}\d+)(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][+-]?\d+)?$")
    if reading.thousands:
        text = text.re_replace(mark, "")
    text = text.replace(",", ".") if reading.decimal == "," else text
    return good.ifelse(text, ibis.null("string"))


def _without_symbols(text: Any, symbols: tuple[str, ...]) -> Any:
    """The text without a currency sign or unit at either end; a sign of the number may stand before or behind it."""
    if listed := "|".join(re.escape(symbol) for symbol in symbols if symbol):
        text = text.re_replace(f"^([+-]?) *(?:{listed}) *", r"\1")
        text = text.re_replace(f" *(?:{listed})(-?)$", r"\1")
    return text


# As Stripe counts them (docs.stripe.com/currencies): the Ugandan shilling and the Icelandic króna have no smaller unit, but their amounts
# are still given in hundredths.
MINOR_DIGITS = {
    0: ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"),
    3: ("bhd", "jod", "kwd", "omr", "tnd"),
}


def minor_digits(currency: Any) -> ir.Value:
    """Digits of the minor unit of a currency: none for the yen, three for the Kuwaiti dinar, two for those that are not listed."""
    import ibis

    return ibis.cases(*((currency.lower().isin(codes), digits) for digits, codes in MINOR_DIGITS.items()), else_=2)


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
        return (to_zone(value, reading.time_zone) if found.timezone else value).cast("date")
    counted = _counted(value, reading)
    if not found.is_string():
        return (wall_clock(_digits(value, reading), order="ymd") if counted is None else counted).cast("date")
    written = wall_clock(spelled_out(value, reading), order=order_of(reading)).cast("date")
    return written if counted is None else counted.cast("date").fill_null(written)


def _instant(value: Any, reading: Reading) -> ir.Value:
    found = value.type()
    if found.is_timestamp():
        at = value.cast("timestamp")  # the session lives in UTC, so an aware instant becomes naive UTC
        return at if found.timezone or reading.is_utc else from_zone(at, reading.time_zone)
    if found.is_date():
        return from_zone(value.cast("timestamp"), reading.time_zone)
    if reading.epoch and (found.is_numeric() or found.is_string()):
        counted = since_1970(value.try_cast("float64"), reading.epoch)
    else:
        local = _counted(value, reading)
        counted = None if local is None else from_zone(local, reading.time_zone)
    if not found.is_string():
        return from_zone(wall_clock(_digits(value, reading), order="ymd"), reading.time_zone) if counted is None else counted
    text, order = spelled_out(value, reading), order_of(reading)
    written = instant_of(wall_clock(text, order=order), offset_of(text, order=order), zone=reading.time_zone)
    return written if counted is None else counted.fill_null(written)


def _counted(value: Any, reading: Reading) -> Any:
    """Local time of a number that counts days, seconds or milliseconds, as declared; None where nothing of the kind is."""
    if not (reading.epoch or reading.excel_dates) or not (value.type().is_numeric() or value.type().is_string()):
        return None
    number = value.try_cast("float64")
    if reading.epoch:
        return to_zone(since_1970(number, reading.epoch), reading.time_zone)
    return wall_clock_of_serial(number, reading.excel_dates or 1900)


def _digits(value: Any, reading: Reading) -> Any:
    """Whole numbers such as 20260701 as texts of a day where the order ymd is declared; else null."""
    if not value.type().is_numeric() or reading.date_order != "ymd":
        return _nothing(value, "string")
    return spelled_out(value.round().cast("int64").cast("string"), reading)


def _nothing(value: Any, dtype: str) -> ir.Value:
    """A typed null of the column's shape: the whole column is of a type that cannot be read as this kind."""
    import ibis

    return value.isnull().ifelse(ibis.null(dtype), ibis.null(dtype))
