"""Where one column comes from, and how its texts are written: the smallest pieces of a mapping file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.errors import nearest
from alignment_toolkit.schema import Granularity, Kind

Scalar = str | bool | int | float | date | datetime
Names = tuple[str, ...]
_NUMBERS = ("amount", "probability", "score", "cost", "quantity", "rate", "mrr")
_LISTED = 3


class Strict(BaseModel):
    """A frozen piece of a mapping: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def listed(value: Any) -> Any:
    """One name as a list of one: `from = "Id"` and `from = ["Id"]` say the same."""
    return (value,) if isinstance(value, str) else value


class Writing(Strict):
    """How dates and numbers are written; what is None is taken from the wider setting.

    Attributes:
        time_zone: Zone of instants without an offset.
        date_order: Order of day, month and year where dates are not ISO; `ymd` also reads 20260701.
        month_names: `en`: English names of months are read, as in 1 July 2026 and Jul 1, 2026.
        two_digit_years_from: First of the hundred years that two digits stand for: with 1970, 26 is 2026 and 70 is 1970. Needs a
            `date_order` or `month_names`.
        excel_dates: Dates and instants are days as spreadsheets count them from 1900 or 1904 on.
        epoch: Dates and instants are numbers: seconds or milliseconds since 1970.
        decimal: Decimal mark.
        thousands: Mark between groups of three digits.
        symbol: Currency signs or units around a number.
        accounting: (5) and 5- are negative numbers.
        open_ended: Days that stand for "no end", such as 9999-12-31: read as empty.
        null_words: Words that stand for nothing, in place of the usual ones such as null, n/a, none and -; of labels, the column itself
            has to say so.
        granularity: `date` when the instants are days, `instant` when midnight is a time of day; else the values decide.
    """

    time_zone: str | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    month_names: Literal["en"] | None = None
    two_digit_years_from: Annotated[int, Field(ge=1850, le=2100)] | None = None
    excel_dates: Literal[1900, 1904] | None = None
    epoch: Literal["s", "ms"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'"] | None = None
    symbol: Names | None = None
    accounting: bool | None = None
    open_ended: tuple[date, ...] | None = None
    null_words: Names | None = None
    granularity: Granularity | None = None

    _listed = field_validator("symbol", "null_words", mode="before")(listed)

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Writing:
        if self.epoch and self.excel_dates:
            raise ValueError("numbers count either from 1970 (epoch) or as spreadsheets do (excel_dates)")
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone. {nearest(value, sorted(available_timezones()))[:200]}")
        return value


class SourceFiles(Writing):
    """How the files of the source folder are written, unless a table or column says otherwise.

    Attributes:
        encoding: Encoding of text files.
        delimiter: Mark between the fields of text files.
        salesforce_ids: Ids are those of Salesforce: the 15 and 18 characters of one record are one id.
        current: Header of a loader's flag that is true for the current version of a row.
    """

    encoding: str | None = None
    delimiter: str | None = None
    salesforce_ids: bool | None = None
    current: str | None = None

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is not None and value != "whitespace" and (len(value) != 1 or value in '"\r\n'):
            raise ValueError('a delimiter is one character, such as ";" or "\\t", or "whitespace" for runs of blanks')
        return value

    @field_validator("encoding")
    @classmethod
    def _known_codec(cls, value: str | None) -> str | None:
        try:
            "".encode(value or "utf-8")
        except LookupError as error:
            raise ValueError("an encoding is named as Python does: utf-8, utf-16, cp1252, cp1251, shift_jis") from error
        return value


class ColumnRule(Writing):
    """Where one canonical column comes from.

    Attributes:
        origin: Columns of the source (`from` in the file): the first of them that is there.
        value: A constant instead.
        map: Value of the source -> canonical value, capitals and blanks at the ends aside; other values stay.
        minor_units: Digits of the minor unit that amounts are given in (2: cents), or `currency`: those of the row's currency (JPY: 0).
        percent: Numbers are per cent: 40 is 0.4.
        person: The values are names of people: a stable pseudonym takes their place.
    """

    origin: Annotated[Names, Field(alias="from")] = ()
    value: Scalar | None = None
    map: dict[str, Scalar] = {}
    minor_units: Annotated[int, Field(ge=0, le=6)] | Literal["currency"] = 0
    percent: bool = False
    person: bool = False

    _one = field_validator("origin", mode="before")(listed)

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if bool(self.origin) == (self.value is not None):
            raise ValueError("a column has either from or value")
        return self


class InputColumn(Writing):
    """One column of an input: the headers it may have, and the kind of its values.

    Attributes:
        origin: Headers (`from` in the file), compared without capitals, blanks and marks; `*` stands for anything. The first that is there.
        kind: What its values are; None: told by the name (`_id`, `_at`, `_on`, `is_`).
        percent: Numbers are per cent: 40 is 0.4.
        pattern: Only what the first group of this regular expression finds; empty where it finds nothing.
        lenient: A value of another kind is empty, not a fault: the column holds several kinds, as a history of fields does.
        person: The values are names of people: a stable pseudonym takes their place.
        words: Name of a dictionary of the mapping that lists the only values allowed; they are compared without capitals.
    """

    origin: Annotated[Names, Field(alias="from", min_length=1)]
    kind: Kind | None = None
    percent: bool = False
    pattern: str | None = None
    lenient: bool = False
    person: bool = False
    words: str | None = None

    _one = field_validator("origin", mode="before")(listed)

    def kind_of(self, name: str) -> Kind:
        """The kind of its values, by its own word or by the name of the column."""
        if self.kind:
            return self.kind
        endings: dict[str, Kind] = {"id": "id", "at": "instant", "on": "date"}
        if name.startswith("is_"):
            return "flag"
        return "number" if name in _NUMBERS else endings.get(name.rpartition("_")[2], "text")


def years_without_order(readings: Mapping[str, Reading]) -> list[str]:
    """What is wrong with columns that read years of two digits although nothing says in which order a date is written.

    Args:
        readings: Place in the mapping file -> how a date or an instant is read there, the settings of all levels taken together.
    """
    open_to_doubt = [place for place, reading in readings.items() if reading.has_years_without_order]
    if not open_to_doubt:
        return []
    more = f" and {len(open_to_doubt) - _LISTED} more" if len(open_to_doubt) > _LISTED else ""
    why = "two_digit_years_from needs date_order or month_names, since 1/2/26 could be any of three days"
    return [f"{why}: {', '.join(open_to_doubt[:_LISTED])}{more}"]


def short_columns(value: Any) -> Any:
    """Columns in their short form: a name or a list of names stands for `{ from = … }`."""
    if not isinstance(value, dict):
        return value
    return {name: {"from": rule} if isinstance(rule, str | list | tuple) else rule for name, rule in value.items()}
