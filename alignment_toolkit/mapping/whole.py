"""A whole mapping, frozen: settings, how files are written, inputs, views and canonical tables."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from alignment_toolkit.border.nothing import LABELS, null_words, spellings, without
from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.config import DEAL_TYPES, Config, config_from, with_deal_types
from alignment_toolkit.mapping.columns import ColumnRule, InputColumn, Names, Scalar, SourceFiles, Strict, Writing
from alignment_toolkit.mapping.tables import InputRule, TableRule, Vendor


class Mapping(Strict):
    """A whole mapping file.

    Attributes:
        extends: A shipped mapping, or another file, that this one changes.
        config: Settings of the store.
        source: How the files are written.
        vendor: What a shipped mapping says of itself.
        strip: Prefixes that headers may bear besides, such as `property_`.
        words: Name -> label of the source -> our word: a table `word_<name>` (label, word) for the SELECTs.
        inputs: Tables of the vendor under names of our own.
        views: SELECTs over the inputs and over earlier views that the tables share. `home_currency` gives the company's currency, where
            the source states it: it is the reporting currency unless another is configured.
        links: `leads` and `customers`: SELECTs that say by which keys customers of one source are leads of another.
        tables: Canonical name -> where it comes from.
        name: Name of the file, for messages.
        text: The file itself, for its digest.
    """

    extends: str | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    source: SourceFiles = SourceFiles()
    vendor: Vendor | None = None
    strip: Names = ()
    words: dict[str, dict[str, Scalar]] = Field(default_factory=dict)
    inputs: dict[str, InputRule] = Field(default_factory=dict)
    views: dict[str, str] = Field(default_factory=dict)
    links: dict[Literal["leads", "customers"], str] = Field(default_factory=dict)
    tables: Annotated[dict[str, TableRule], Field(min_length=1)]
    name: str = "mapping"
    text: str = ""

    @property
    def word_tables(self) -> dict[str, dict[str, Scalar]]:
        """`words`, in which a label that is the name of a configured stage stands for it."""
        rules = {name: rule for table in self.tables.values() for name, rule in table.labels.items()}
        stages: dict[str, Scalar] = {name: name for name in self.settings.stage_names}
        by_stage = {name for name, rule in rules.items() if rule.meanings == "stages"}
        return {name: _with_new(words, stages) if name in by_stage else words for name, words in self.words.items()}

    @cached_property
    def settings(self) -> Config:
        """The configuration that the store gets."""
        return config_from(with_deal_types(self.config, self.other_deal_types), origin=f"{self.name} [config]")

    @property
    def other_deal_types(self) -> set[str]:
        """Kinds of deals that the mapping names besides the usual ones."""
        rule = self.tables["deals"].columns.get("deal_type") if "deals" in self.tables else None
        named = [*self.words.get("deal_type", {}).values(), *(rule.map.values() if rule else ()), rule.value if rule else None]
        return {str(word) for word in named if word} - set(DEAL_TYPES)

    @cached_property
    def compared_labels(self) -> frozenset[str]:
        """Columns of inputs that the SELECTs compare as labels, in small letters."""
        parts = (part.sql for rule in self.tables.values() for part in rule.parts)
        return frozenset(name for sql in (*self.views.values(), *parts) for name in re.findall(r"LOWER\((?:\w+\.)?(\w+)\)", sql))

    @cached_property
    def listed_labels(self) -> tuple[str, ...]:
        """Every label of its words."""
        return tuple(label for words in self.words.values() for label in words)

    def configured(self, values: dict[str, Any]) -> Mapping:
        """The same mapping with another configuration, whose time zone then also holds for what is read."""
        copied = self.model_copy(update={"config": values})
        copied.__dict__.pop("settings", None)  # pydantic copies cached properties too
        return copied

    def reading(self, table: str, column: str | None = None) -> Reading:
        """How the texts of a canonical column are to be understood: its own setting, else the table's, else the source's."""
        return self._reading(self.tables[table].columns.get(column or ""), self.tables[table], column or "")

    def input_reading(self, name: str, column: str) -> Reading:
        """How the texts of a column of an input are to be understood; a word for nothing that the mapping lists as a label is a label."""
        rule = self.inputs[name].columns[column]
        reading = self._reading(rule, self.inputs[name], column)
        if reading.null_words is not None or (kind := rule.kind_of(column)) != "text":
            return reading
        return replace(reading, null_words=without(null_words(column, kind), self.listed_labels))

    def _reading(self, rule: ColumnRule | InputColumn | None, table: InputRule | TableRule, column: str) -> Reading:
        levels = [level for level in (rule, table, self.source) if level is not None]

        def setting(name: str, default: Any = None) -> Any:
            return next((value for level in levels if (value := getattr(level, name, None)) is not None), default)

        minor = getattr(rule, "minor_units", 0)
        counting = next((level for level in levels if level.epoch or level.excel_dates), None) or _agreed(table)
        return Reading(
            time_zone=setting("time_zone", self.settings.time_zone),
            day_zone=self.settings.time_zone,
            date_order=setting("date_order"),
            month_names=setting("month_names"),
            two_digit_years_from=setting("two_digit_years_from"),
            excel_dates=counting.excel_dates,
            epoch=counting.epoch,
            decimal=setting("decimal", "."),
            thousands=setting("thousands", ""),
            symbol=setting("symbol", ""),
            accounting=setting("accounting", False),
            minor_units=minor if isinstance(minor, int) else 0,
            percent=rule.percent if rule else False,
            salesforce_ids=setting("salesforce_ids", False),
            open_ended=tuple(day.isoformat() for day in setting("open_ended", ())),
            null_words=_stated_words(rule, levels, column),
            granularity=setting("granularity", None),
        )


def _agreed(table: InputRule | TableRule) -> Writing:
    """How numbers count days where a column does not say: as the columns that do say, when all of them agree."""
    stated = {(rule.epoch, rule.excel_dates): rule for rule in table.columns.values() if rule.epoch or rule.excel_dates}
    return next(iter(stated.values())) if len(stated) == 1 else Writing()


def _stated_words(rule: Writing | None, levels: list[Any], column: str) -> tuple[str, ...] | None:
    """The words for nothing that a mapping states for a column, in every spelling; of labels it states them only in the column itself."""
    asked = levels if column not in LABELS else [rule] if rule else []
    words = next((level.null_words for level in asked if level.null_words is not None), None)
    return None if words is None else spellings(words)


def _with_new(words: dict[str, Scalar], more: dict[str, Scalar]) -> dict[str, Scalar]:
    known = {label.strip().casefold() for label in words}
    return words | {label: word for label, word in more.items() if label.casefold() not in known}
