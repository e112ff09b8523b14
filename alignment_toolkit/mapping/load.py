"""TOML -> `Mapping`: what it extends is merged in, every fault is said at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.mapping.columns import ColumnRule, InputColumn, Writing, years_without_order
from alignment_toolkit.mapping.tables import InputRule, LabelRule, PartRule, SetAside, SourceFiles, TableRule, Vendor
from alignment_toolkit.mapping.whole import Mapping
from alignment_toolkit.schema import TABLES

_SHIPPED = "alignment_toolkit.mapping.vendors"


def shipped_names() -> tuple[str, ...]:
    """Names of the mappings that come with the package."""
    return tuple(sorted(path.name.removesuffix(".toml") for path in files(_SHIPPED).iterdir() if path.name.endswith(".toml")))


@cache
def shipped(name: str) -> Mapping:
    """A mapping that comes with the package."""
    return mapping_from(tomllib.loads(_shipped_text(name)), name=name, text=_shipped_text(name))


def load_mapping(where: str | Path) -> Mapping:
    """The mapping of a TOML file, or a shipped one by its name.

    Raises:
        UsageError: When it is neither, is no TOML, or names a setting, table or column that does not exist.
    """
    path = Path(where)
    if not path.is_file():
        if str(where) in shipped_names():
            return shipped(str(where))
        way_out = f"Check the path given with --mapping, or give the name of a shipped mapping: {', '.join(shipped_names())}"
        raise UsageError("the mapping file is not there", value=where, way_out=way_out)
    text, values = _parsed(path)
    return mapping_from(values, name=path.name, text=text, folder=path.parent)


def _parsed(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the mapping {path.name} is no valid TOML", value=str(error)) from error


def _shipped_text(name: str) -> str:
    return files(_SHIPPED).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def mapping_from(values: dict[str, Any], *, name: str, text: str = "", folder: Path | None = None) -> Mapping:
    """The mapping of parsed TOML values.

    Args:
        values: Section -> values.
        name: Name of the file, for messages.
        text: The file itself.
        folder: Where a file that it extends is looked for.

    Raises:
        UsageError: With every fault of the mapping.
    """
    values, text = _extended(values, text, name=name, folder=folder, seen=(name,))
    faults = []
    values = _with_shared_columns(values)
    try:
        mapping = Mapping.model_validate(values | {"name": name, "text": text})
        faults += _unknown_names(mapping)
        _ = mapping.settings
        faults += [] if faults else years_without_order(dict(_readings_of_days(mapping)))
    except ValidationError as error:
        faults += [_fault(detail) for detail in error.errors()]
    if faults:
        raise UsageError(f"the mapping {name} cannot be used", rule="; ".join(faults))
    return mapping


def _extended(values: dict[str, Any], text: str, *, name: str, folder: Path | None, seen: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """The values merged into those of the mapping that they extend, and the texts of both, for the digest."""
    base = values.get("extends")
    if not isinstance(base, str):
        return values, text
    path = (folder or Path()) / base
    if path.name in seen or not (path.is_file() or base in shipped_names()):
        way_out = f"Shipped mappings: {', '.join(shipped_names())}"
        rule = "A mapping extends a shipped one, or a file beside it, and never itself"
        raise UsageError(f"the mapping {name} extends one that is not there", value=base, rule=rule, way_out=way_out)
    base_text, under = _parsed(path) if path.is_file() else (_shipped_text(base), tomllib.loads(_shipped_text(base)))
    under, base_text = _extended(under, base_text, name=base, folder=path.parent, seen=(*seen, path.name))
    return _merged(under, values), base_text + text


def _with_shared_columns(values: dict[str, Any]) -> dict[str, Any]:
    """The values; inputs with `columns_of` also have the columns of the input that it names."""
    inputs = values.get("inputs")
    if not isinstance(inputs, dict):
        return values
    told = {
        name: rule | {"columns": other["columns"] | rule.get("columns", {})}
        for name, rule in inputs.items()
        if isinstance(rule, dict)
        and isinstance(other := inputs.get(rule.get("columns_of")), dict)
        and isinstance(other.get("columns"), dict)
    }
    return values | {"inputs": inputs | told}


def _merged(under: Any, over: Any) -> Any:
    """Merge sections and replace the rest. A column given only settings keeps its headers; one given only headers keeps its settings."""
    if isinstance(over, dict) and isinstance(under, str | list) and not {"from", "value"} & set(over):
        return {"from": under} | over
    if isinstance(under, dict) and "from" in under and isinstance(over, str | list):
        return under | {"from": over}
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {key: _merged(under[key], value) if key in under else value for key, value in over.items()}


def _unknown_names(mapping: Mapping) -> list[str]:
    """Tables, columns, stages and inputs that do not exist."""
    faults = []
    stages = mapping.settings.stage_names
    for name, rule in mapping.tables.items():
        if name not in TABLES:
            faults.append(f"unknown table {name!r}. {nearest(name, TABLES)}")
            continue
        known = TABLES[name].column_names
        unknown = (column for column in (*rule.columns, *rule.once) if column not in known)
        faults += [f"tables.{name}.columns: unknown column {column!r}. {nearest(column, known)}" for column in unknown]
        if rule.wide and name != "stage_events":
            faults.append(f"tables.{name}: wide is for stage_events only")
        faults += [f"tables.{name}.wide: unknown stage {stage!r}. {nearest(stage, stages)}" for stage in rule.wide if stage not in stages]
        faults += [f"tables.{name}.parts: {fault}" for part in rule.parts for fault in _unknown_needs(mapping, part.needs + part.any_of)]
        faults += [fault for words, label in rule.labels.items() for fault in _unknown_meanings(mapping, words, label)]
    faults += [f"vendor: {fault}" for fault in _unknown_needs(mapping, mapping.vendor.needs if mapping.vendor else ())]
    faults += [
        f"inputs.{name}.columns.{column}: unknown words {spec.words!r}. {nearest(spec.words, mapping.words)}"
        for name, rule in mapping.inputs.items()
        for column, spec in rule.columns.items()
        if spec.words and spec.words not in mapping.words
    ]
    same = ((name, other) for name, rule in mapping.inputs.items() for other in (rule.same_as, rule.columns_of) if other)
    return faults + [f"inputs.{name}: {fault}" for name, other in same for fault in _unknown_needs(mapping, (other,))]


def _readings_of_days(mapping: Mapping) -> Iterator[tuple[str, Reading]]:
    """Place -> how each date and instant that the mapping takes from a file is read."""
    days = ("date", "instant")
    for name, source in mapping.inputs.items():
        yield from (
            (f"inputs.{name}.columns.{column}", mapping.input_reading(name, column))
            for column, rule in source.columns.items()
            if rule.kind_of(column) in days
        )
    for name, table in mapping.tables.items():
        taken = [column for column, spec in table.columns.items() if spec.origin and TABLES[name].column(column).kind in days]
        yield from ((f"tables.{name}.columns.{column}", mapping.reading(name, column)) for column in taken)
        if table.wide:
            yield f"tables.{name}.wide", mapping.reading(name, "entered_at")
        if table.sql is not None and not mapping.inputs:  # a SELECT over files as they are; its columns are not known yet
            yield f"tables.{name}", mapping.reading(name)


def _unknown_meanings(mapping: Mapping, words: str, rule: LabelRule) -> list[str]:
    """Words of a section of `[words]` that a label cannot be read as."""
    known = ("", *mapping.settings.stage_names) if rule.meanings == "stages" else rule.meanings
    listed = mapping.words.get(words, {}).items() if known else ()
    choices = ", ".join(repr(word) for word in known)
    return [f"words.{words}: {label!r} is read as one of {choices} (given: {word!r})" for label, word in listed if word not in known]


def _unknown_needs(mapping: Mapping, needs: tuple[str, ...]) -> list[str]:
    faults = []
    for need in needs:
        name, _, column = need.partition(".")
        if name not in mapping.inputs:
            faults.append(f"unknown input {name!r}. {nearest(name, mapping.inputs)}")
        elif column and column not in mapping.inputs[name].columns:
            faults.append(f"unknown column {column!r} of the input {name!r}. {nearest(column, mapping.inputs[name].columns)}")
    return faults


_SECTIONS: dict[str, tuple[str, ...]] = {
    "": ("config", "source", "tables", "extends", "vendor", "strip", "words", "inputs", "views", "links"),
    "source": tuple(SourceFiles.model_fields),
    "vendor": tuple(Vendor.model_fields),
    "inputs": tuple(InputRule.model_fields),
    "input column": ("from", *(name for name in InputColumn.model_fields if name != "origin")),
    "table": ("from", *(name for name in TableRule.model_fields if name != "origin")),
    "column": ("from", *(name for name in ColumnRule.model_fields if name not in ("origin", *Writing.model_fields)), *Writing.model_fields),
    "set_aside": tuple(SetAside.model_fields),
    "parts": tuple(PartRule.model_fields),
    "labels": tuple(LabelRule.model_fields),
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
        return _SECTIONS[place[0] if place[0] in ("source", "vendor") else ""]
    if place[0] == "inputs":
        return _SECTIONS["input column" if "columns" in place else "inputs"]
    for inner in ("set_aside", "parts", "labels"):
        if inner in place:
            return _SECTIONS[inner]
    return _SECTIONS["column" if "columns" in place else "table"]
