"""Mapping files: where each canonical table comes from, in TOML -> frozen `Mapping`; checked before a single row is read.

    [config]                      # becomes the store's alignment.toml
    time_zone = "Europe/Berlin"

    [source]                      # how the exports are written
    date_order = "dmy"

    [tables.leads]
    from = "contacts.csv"         # or sql = "SELECT ..." over the files of the source folder, named by their stems
    set_aside = [{ when_null = "created_at", reason = "no creation date" }]

    [tables.leads.columns]
    lead_id = "Record ID"
    created_at = "Create Date"
    source = { from = "Original Source", map = { "PAID_SEARCH" = "paid search" } }
    region = { value = "EMEA" }

    [tables.stage_events]
    from = "contacts.csv"
    wide = { mql = "Became MQL", won = "Closed" }   # one column per stage
    columns = { lead_id = "Record ID" }

Only canonical columns can be named, so names, e-mail addresses and phone numbers never arrive in a store.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.config import Config, config_from
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.schema import TABLES

Scalar = str | bool | int | float | date | datetime


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Writing(_Strict):
    """How dates and numbers are written; what is None is taken from the wider setting.

    Attributes:
        time_zone: Zone of instants without an offset.
        date_order: Order of day, month and year where dates are not ISO.
        decimal: Decimal mark.
        thousands: Mark between groups of three digits.
        symbol: Currency sign or unit around a number.
    """

    time_zone: str | None = None
    date_order: Literal["ymd", "dmy", "mdy"] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'"] | None = None
    symbol: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone. {nearest(value, sorted(available_timezones()))[:200]}")
        return value


class SourceFiles(Writing):
    """How the files of the source folder are written, unless a table or column says otherwise."""

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None


class ColumnRule(Writing):
    """Where one canonical column comes from.

    Attributes:
        origin: Column of the source (`from` in the file).
        value: A constant instead.
        map: Value of the source -> canonical value; other values stay.
        minor_units: Digits of the minor unit that amounts are given in (2: cents).
        epoch: Instants are numbers: seconds or milliseconds since 1970.
    """

    origin: Annotated[str | None, Field(alias="from")] = None
    value: Scalar | None = None
    map: dict[str, Scalar] = {}
    minor_units: Annotated[int, Field(ge=0, le=6)] = 0
    epoch: Literal["s", "ms"] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if (self.origin is None) == (self.value is None):
            raise ValueError("a column has either from or value")
        return self


class SetAside(_Strict):
    """Rows that are left out, counted under a reason.

    Attributes:
        when_null: Canonical or source column whose absence sets the row aside.
        when_equals: Column -> value or values that set the row aside; all columns have to agree.
        reason: Under which they are counted.
    """

    when_null: str | None = None
    when_equals: dict[str, Scalar | list[Scalar]] = {}
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _one_test(self) -> SetAside:
        if (self.when_null is None) == (not self.when_equals):
            raise ValueError("a rule has either when_null or when_equals")
        return self


class TableRule(SourceFiles):
    """Where one canonical table comes from: `origin` (`from`) with columns, `origin` with `wide`, or `sql`."""

    origin: Annotated[str | None, Field(alias="from")] = None
    sql: str | None = None
    wide: dict[str, str] = {}
    columns: dict[str, ColumnRule] = {}
    set_aside: tuple[SetAside, ...] = ()

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"from": rule} if isinstance(rule, str) else rule for name, rule in value.items()}

    @model_validator(mode="after")
    def _one_origin(self) -> TableRule:
        if (self.origin is None) == (self.sql is None):
            raise ValueError("a table has either from or sql")
        if self.sql is not None and (self.wide or self.columns):
            raise ValueError("a table with sql names its columns in the SELECT, so it has no columns and no wide")
        if self.origin is not None and not self.columns:
            raise ValueError("a table with from needs columns")
        return self


class Mapping(_Strict):
    """A whole mapping file.

    Attributes:
        config: Settings of the store.
        source: How the files are written.
        tables: Canonical name -> where it comes from.
        name: Name of the file, for messages.
        text: The file itself, for its digest.
    """

    config: dict[str, Any] = {}
    source: SourceFiles = SourceFiles()
    tables: Annotated[dict[str, TableRule], Field(min_length=1)]
    name: str = "mapping"
    text: str = ""

    @property
    def settings(self) -> Config:
        """The configuration that the store gets."""
        return config_from(self.config, origin=f"{self.name} [config]")

    def reading(self, table: str, column: str | None = None) -> Reading:
        """How the texts of a column are to be understood: its own setting, else the table's, else the source's."""
        rule = self.tables[table].columns.get(column or "")
        levels = [level for level in (rule, self.tables[table], self.source) if level is not None]

        def setting(name: str, default: Any) -> Any:
            return next((value for level in levels if (value := getattr(level, name)) is not None), default)

        return Reading(
            time_zone=setting("time_zone", self.settings.time_zone),
            date_order=setting("date_order", None),
            decimal=setting("decimal", "."),
            thousands=setting("thousands", ""),
            symbol=setting("symbol", ""),
            minor_units=rule.minor_units if rule else 0,
            epoch=rule.epoch if rule else None,
        )


def load_mapping(path: str | Path) -> Mapping:
    """The mapping of a TOML file.

    Raises:
        UsageError: When the file is not there, is no TOML, or names a setting, table or column that does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError("the mapping file is not there", value=path, way_out="Check the path given with --mapping")
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the mapping {path.name} is no valid TOML", value=str(error)) from error
    return mapping_from(values, name=path.name, text=text)


def mapping_from(values: dict[str, Any], *, name: str, text: str = "") -> Mapping:
    """The mapping of parsed TOML values.

    Args:
        values: Section -> values.
        name: Name of the file, for messages.
        text: The file itself.

    Raises:
        UsageError: With every fault of the mapping.
    """
    faults = []
    try:
        mapping = Mapping.model_validate(values | {"name": name, "text": text})
        faults += _unknown_names(mapping)
        _ = mapping.settings
    except ValidationError as error:
        faults += [_fault(detail) for detail in error.errors()]
    if faults:
        raise UsageError(f"the mapping {name} cannot be used", rule="; ".join(faults))
    return mapping


def _unknown_names(mapping: Mapping) -> list[str]:
    """Tables, columns and stages that do not exist."""
    faults = []
    stages = mapping.settings.stage_names
    for name, rule in mapping.tables.items():
        if name not in TABLES:
            faults.append(f"unknown table {name!r}. {nearest(name, TABLES)}")
            continue
        known = TABLES[name].column_names
        unknown = (column for column in rule.columns if column not in known)
        faults += [f"tables.{name}.columns: unknown column {column!r}. {nearest(column, known)}" for column in unknown]
        if rule.wide and name != "stage_events":
            faults.append(f"tables.{name}: wide is for stage_events only")
        faults += [f"tables.{name}.wide: unknown stage {stage!r}. {nearest(stage, stages)}" for stage in rule.wide if stage not in stages]
    return faults


_SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("config", "source", "tables"),
    "source": tuple(SourceFiles.model_fields),
    "table": ("from", "sql", "wide", "columns", "set_aside", *SourceFiles.model_fields),
    "column": ("from", "value", "map", "minor_units", "epoch", *Writing.model_fields),
    "set_aside": tuple(SetAside.model_fields),
}


def _fault(error: Any) -> str:
    place = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        return f"{'.'.join(place[:-1]) or 'file'}: unknown key {place[-1]!r}. {nearest(place[-1], _known_keys(place))}"
    if error["type"] == "missing":
        return f"{'.'.join(place)} is missing"
    given = "" if isinstance(error["input"], dict) else f" (given: {str(error['input'])[:60]!r})"
    return f"{'.'.join(place) or 'file'}: {error['msg'].removeprefix('Value error, ')}{given}"


def _known_keys(place: list[str]) -> tuple[str, ...]:
    if len(place) <= 2:
        return _SECTIONS["source" if place[0] == "source" else ""]
    if "set_aside" in place:
        return _SECTIONS["set_aside"]
    return _SECTIONS["column" if "columns" in place else "table"]
