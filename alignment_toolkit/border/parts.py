"""A canonical table put together from SELECTs over the inputs: of several for the same purpose the best whose inputs are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.clocks import TICK, from_zone
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.border.matching import Matched
from alignment_toolkit.border.parsing import TYPES
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.sql import tables_in
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.mapping import Mapping, PartRule
from alignment_toolkit.schema import TABLES

PART = "__part__"


@dataclass(frozen=True)
class Choice:
    """The parts that make a table, and why.

    Attributes:
        parts: The parts taken, in order.
        notes: One sentence per purpose: where its rows are from, and what better source is not there.
        unmet: Purpose -> the sources of which none is there.
    """

    parts: tuple[PartRule, ...]
    notes: dict[str, str]
    unmet: dict[str, str]


def chosen(mapping: Mapping, matched: Matched, table: str) -> Choice:
    """The parts of a table whose inputs are there, the best of each purpose."""
    taken: list[PartRule] = []
    notes, unmet = {}, {}
    rules = mapping.tables[table].parts
    for what in dict.fromkeys(part.what for part in rules):
        instead = [part for part in rules if part.what == what and not part.also]
        there = next((part for part in instead if _is_there(part, matched)), None)
        better = instead[: instead.index(there)] if there else instead
        if there:
            taken.append(there)
            missing = " and ".join(f"{part.says}" for part in better)
            because = f", because {missing} {'is' if len(better) == 1 else 'are'} not there" if better else ""
            notes[what] = f"{table}: {what} from {there.says}{because}"
        elif instead:
            lacking = " and ".join(f"{part.says}" for part in instead)
            unmet[what] = f"{table}: no {what}, because the source lacks {lacking}"
        taken += [part for part in rules if part.what == what and part.also and _is_there(part, matched)]
    return Choice(tuple(taken), notes, unmet)


def _is_there(part: PartRule, matched: Matched) -> bool:
    """Whether what a part needs is there."""
    return matched.lacking(part.needs) is None and (not part.any_of or any(map(matched.has, part.any_of)))


def files_of(mapping: Mapping, matched: Matched, table: str) -> tuple[str, ...]:
    """Names of the files that a table is made of, through views."""
    waiting = [name for part in chosen(mapping, matched, table).parts for name in tables_in(part.sql)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += tables_in(mapping.views[name]) if name in mapping.views else []
    return tuple(
        dict.fromkeys(item.name for name in mapping.inputs if name in seen and name in matched.found for item in matched.found[name].items)
    )


def ways_to_make(bench: Workbench, table: str) -> tuple[str, ...]:
    """What is not there of each way to make the rows of a table, as files and headers: `customer (id, created)`."""
    matched = bench.matched
    ways = []
    for part in bench.mapping.tables[table].parts:
        lacking = [_told(bench.mapping, need) for need in part.needs if not matched.has(need)]
        if part.any_of and not any(map(matched.has, part.any_of)):
            lacking.append(" or ".join(_told(bench.mapping, need) for need in part.any_of))
        if lacking and not part.also:
            ways.append(" and ".join(lacking))
    return tuple(dict.fromkeys(ways))


def _told(mapping: Mapping, need: str) -> str:
    """An input, or a column of one, by the name of its file and the headers without which it is not this."""
    name, _, own = need.partition(".")
    rule = mapping.inputs[name]
    headers = (rule.columns[column].origin[0] for column in dict.fromkeys([*rule.needs, *([own] if own else [])]))
    return f"{rule.names[0] if rule.names else name} ({', '.join(headers)})"


def from_parts(bench: Workbench, layers: Layers, name: str) -> Source | None:
    """The rows of all parts that are taken; None when there is none."""
    choice = chosen(bench.mapping, bench.matched, name)
    bench.notes += (*choice.notes.values(), *choice.unmet.values())
    tables = [
        layers.select(part.sql, name=f"part {bench.number} {name} {place}", place=f"tables.{name}.parts: {part.says}")
        for place, part in enumerate(choice.parts)
    ]
    if not tables:
        return None
    _note_counts(bench, name, choice, tables)
    rows = _stacked(bench, name, tables)
    found = {column: rows[column] for column in rows.columns if column in TABLES[name].column_names}
    readings = {column: replace(bench.mapping.reading(name, column), is_utc=True) for column in found}
    return Source(TABLES[name], f"{name} ({bench.mapping.name})", rows, found, readings)


def _note_counts(bench: Workbench, name: str, choice: Choice, tables: list[Any]) -> None:
    """Say how many rows the additional parts brought, where they brought any."""
    for part, table in zip(choice.parts, tables, strict=True):
        if part.also and (n := int(bench.backend.to_pyarrow(table.count()).as_py())):
            bench.notes += (f"{name}: {n:,} more row{'s' if n > 1 else ''}, {part.what} from {part.says}",)


def _stacked(bench: Workbench, name: str, tables: list[Any]) -> Any:
    """The rows of all parts under one set of columns, each with the place of its part."""
    import ibis

    for table in tables:
        ensure_columns(table.columns, name, bench.mapping.name)
    columns = [column for column in (*TABLES[name].column_names, "set_aside") if any(column in table.columns for table in tables)]
    texts = {column for column in columns for table in tables if column in table.columns and table[column].type().is_string()}
    parts = []
    for place, table in enumerate(tables):
        values = {column: _typed(bench, table, column, name, as_text=column in texts) for column in columns}
        parts.append(table.select(**values, **{PART: ibis.literal(place, "int64")}))
    return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _typed(bench: Workbench, table: Any, column: str, name: str, *, as_text: bool) -> Any:
    """A column in the type that all parts share: text where one of them gives text, else the type of its kind."""
    import ibis

    dtype = "string" if as_text or column == "set_aside" else TYPES[TABLES[name].column(column).kind]
    if column not in table.columns:
        return ibis.null(dtype)
    value = table[column]
    if dtype == "timestamp" and value.type().is_date():  # a day among instants: UTC, and marked as those of inputs are
        return from_zone(value.cast(dtype), bench.mapping.settings.time_zone) + ibis.interval(microseconds=TICK)
    return value.cast(dtype)


def ensure_columns(columns: Any, name: str, mapping: str) -> None:
    """Check that a SELECT names columns of the canonical table only.

    Raises:
        UsageError: With every unknown column and the nearest known one.
    """
    known = TABLES[name].column_names
    extra = [column for column in columns if column not in known and column != "set_aside"]
    if extra:
        hints = " ".join(f"{column!r}: {nearest(column, known)}" for column in extra)
        what = f"the sql of tables.{name} in {mapping} selects columns that {name} does not have"
        raise UsageError(what, value=", ".join(extra), way_out=hints)
