"""Where values that are not there stand in the inputs of a mapping, traced through its SELECTs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.lineage import origins
from alignment_toolkit.border.nothing import null_words
from alignment_toolkit.border.parsing import cleaned, without_null_words
from alignment_toolkit.border.parts import chosen
from alignment_toolkit.border.written import Absent, absent


def absent_in_inputs(bench: Workbench, table: str, column: str) -> tuple[Absent, ...]:
    """The absent values behind a column of a table that SELECTs over inputs make: those of ids that an input needs.

    Args:
        bench: The mapping with its source.
        table: Canonical name of the table.
        column: Its column.
    """
    found = {(one.place, one.column): one for name, own in _needed(bench, table, column) for one in _in_input(bench, name, own)}
    return tuple(found.values())


def _needed(bench: Workbench, table: str, column: str) -> Iterator[tuple[str, str]]:
    """Inputs that are there, each with the id that it needs and that a canonical column is made of."""
    inputs, rule = bench.mapping.inputs, bench.mapping.tables[table]
    statements = [part.sql for part in chosen(bench.mapping, bench.matched, table).parts] if rule.parts else [rule.sql or ""]
    leaves = (leaf.partition(".") for sql in statements for leaf in origins(bench.mapping, sql).get(column, ()))
    for name, _, own in dict.fromkeys(leaves):
        if name not in bench.matched.found or own not in inputs[name].needs or own in inputs[name].split:
            continue
        if inputs[name].columns[own].kind_of(own) == "id":
            yield name, own


def _in_input(bench: Workbench, name: str, own: str) -> Iterator[Absent]:
    import ibis

    match = bench.matched.found[name]
    kind, reading = bench.mapping.inputs[name].columns[own].kind_of(own), bench.mapping.input_reading(name, own)
    words = null_words(own, kind) if reading.null_words is None else reading.null_words
    for item in match.items:
        rows = bench.rows.get(item.name)
        if rows is not None and (values := _values(rows, match.headers[own])):
            is_absent = ibis.and_(*(without_null_words(cleaned(value), words, kind).isnull() for value in values))
            backend = bench.shelf.backend or bench.backend
            yield from absent(backend, rows, is_absent, values[0], place=item.name, column=match.headers[own][0])


def _values(rows: Any, headers: tuple[str, ...]) -> list[Any]:
    spelled = {column.casefold(): column for column in rows.columns}
    return [rows[spelled[header.casefold()]] for header in headers if header.casefold() in spelled]
