"""Which rules a single row of a table can break, and the sentence each makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from alignment_toolkit.border.hints import WHERE
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.border.sources import Source
from alignment_toolkit.config import Config
from alignment_toolkit.schema import TABLES, Column, Kind

_DATES = "date_order, month_names, two_digit_years_from, excel_dates or epoch"
UNREAD: dict[Kind, tuple[str, str, str]] = {
    "instant": (
        "are not timestamps",
        "An instant is ISO, such as 2026-01-31 or 2026-01-31T09:30:00+02:00",
        f"Repair the values, or declare how they are written ({_DATES}) {WHERE}",
    ),
    "date": (
        "are not dates",
        "A date is ISO, such as 2026-01-31",
        f"Repair the values, or declare how they are written ({_DATES}) {WHERE}",
    ),
    "number": (
        "are not numbers",
        "A number is finite and written like 1234.50",
        f"Repair the values, or declare how they are written (decimal, thousands, symbol, accounting or percent) {WHERE}",
    ),
    "flag": (
        "are not booleans",
        "A flag is true or false, yes or no, 1 or 0",
        "Repair the values, or translate them with a map in a mapping",
    ),
}
TRANSLATE = "Translate them with a map in a mapping"
_SHOWN_DATE = {"ymd": "2026/1/31", "dmy": "31/1/2026", "mdy": "1/31/2026"}


@dataclass(frozen=True)
class Rule:
    """A rule that a row can break.

    Attributes:
        kind: `absent` value, `unread` value, a number that is `impossible`, or a `word` that is not among the allowed ones.
        column: The column it is about.
        broken: Whether a row breaks it.
        fault: The fault without its examples.
        allowed: The allowed words.
    """

    kind: Literal["absent", "unread", "impossible", "word"]
    column: str
    broken: Any
    fault: Fault
    allowed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name for the number of rows that break it."""
        return f"{self.kind} {self.column}"


def rules_of(source: Source, config: Config) -> Iterator[Rule]:
    """Every rule that a single row of the table can break."""
    for column in source.contract.columns:
        if column.name not in source.found:
            continue
        if column.filled or source.contract.key == (column.name,):
            yield Rule("absent", column.name, source.absent(column.name), _absent(source, column))
        if column.kind in UNREAD and not _is_typed(source.found[column.name].type(), column.kind):
            yield Rule("unread", column.name, source.unread(column.name), _unread(source, column))
        if column.positive:
            yield Rule("impossible", column.name, (source.value(column.name) <= 0).fill_null(False), _impossible(source, column))
        if words := allowed_words(source.contract.name, column, config):
            value = source.value(column.name)
            yield Rule("word", column.name, value.notnull() & value.notin(words), _word(source, column, words), words)


def allowed_words(table: str, column: Column, config: Config) -> tuple[str, ...]:
    """The only words a column may hold; empty when free."""
    if (table, column.name) == ("stage_events", "stage"):
        return config.stage_names
    if (table, column.name) == ("deals", "deal_type"):
        return config.deal_types
    if (table, column.name) == ("merges", "table"):
        return tuple(TABLES)
    return column.choices


def _is_typed(dtype: Any, kind: Kind) -> bool:
    return {
        "instant": dtype.is_timestamp() or dtype.is_date(),
        "date": dtype.is_timestamp() or dtype.is_date(),
        "number": dtype.is_integer() or dtype.is_decimal(),  # a float may be infinite
        "flag": dtype.is_boolean(),
    }[kind]


def _absent(source: Source, column: Column) -> Fault:
    rule = f"Every row of {source.contract.name} has a {column.name}"
    return Fault(source.place, f"{column.name} is missing", rule, "Repair the rows, or set them aside by a rule of a mapping")


def _unread(source: Source, column: Column) -> Fault:
    what, rule, way_out = UNREAD[column.kind]
    order = source.reading(column.name).date_order
    if order and column.kind in ("instant", "date"):
        rule = f"The mapping declares date_order = {order!r}, such as {_SHOWN_DATE[order]}; ISO dates also work"
        way_out = "Declare the right order for this column, repair the values, or set the rows aside by a rule"
    return Fault(source.place, f"values of {column.name} {what}", rule, way_out)


def _impossible(source: Source, column: Column) -> Fault:
    rule = f"{column.name} is above 0: how many units of the reporting currency one unit is worth"
    return Fault(source.place, f"values of {column.name} are 0 or less", rule, "Correct the rates, or leave the rows out")


def _word(source: Source, column: Column, words: tuple[str, ...]) -> Fault:
    rule = f"{'Configured' if column.name == 'stage' else 'Agreed'} are: {', '.join(words)}"
    if column.name == "stage":
        way_out = "Translate them with a map in a mapping, or add them to the stages of the configuration"
        return Fault(source.place, "stages are not among the configured ones", rule, way_out)
    what = f"values of {column.name} are not among the agreed ones"
    if column.name == "deal_type":
        way_out = f"{TRANSLATE}; name in deal_type what bookings count, and in other_deal_types what they do not"
        return Fault(source.place, what, rule, way_out)
    return Fault(source.place, what, rule, TRANSLATE)
