"""One input as a typed table: its files put together, its headers found, its texts read, what cannot be read collected as faults."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.fatal import checked
from alignment_toolkit.border.matching import by_folded, first_found
from alignment_toolkit.border.nothing import null_words
from alignment_toolkit.border.parsing import TYPES, cleaned, parsed, without_null_words, without_open_end
from alignment_toolkit.border.personal import pseudonym
from alignment_toolkit.border.rules import TRANSLATE
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.border.sources import Source, settled
from alignment_toolkit.border.spelling import respelled
from alignment_toolkit.mapping import InputColumn
from alignment_toolkit.schema import Column, Table


def typed_input(bench: Workbench, name: str) -> Any:
    """An input that is there, as a table of typed columns; those that are not there are null.

    Faults of its values are added to those of the bench.
    """
    source = _source(bench, name)
    backend = bench.shelf.backend or bench.backend
    source = settled(source, backend, name=None if bench.shelf.backend else f"input {bench.number} {name}")
    source = _comparable(source, bench, backend)
    faults, _ = checked({name: source}, bench.mapping.settings, lambda expression: backend.to_pyarrow(expression).to_pylist())
    bench.faults += [_by_header(fault, bench, name) for fault in faults]
    return source.marked()


def _comparable(source: Source, bench: Workbench, backend: Any) -> Source:
    """The source with labels beyond ASCII, or with blanks too many, spelled so that an engine's LOWER finds those of the mapping."""
    import ibis

    names = [name for name in source.found if name in bench.mapping.compared_labels and source.contract.column(name).kind == "text"]
    values = {name: source.there(name) for name in names if source.found[name].type().is_string()}
    odd = [
        source.rows.filter(value.re_search("[^ -~]|  ").fill_null(False)).select(column=ibis.literal(name), label=value).distinct()
        for name, value in values.items()
    ]
    found = backend.to_pyarrow(ibis.union(*odd, distinct=False) if len(odd) > 1 else odd[0]).to_pylist() if odd else []
    for name in values:
        labels = (row["label"] for row in found if row["column"] == name)
        source = source.respelled(name, respelled(labels, bench.mapping.listed_labels))
    return source


def _source(bench: Workbench, name: str) -> Source:
    match, rule = bench.matched.found[name], bench.mapping.inputs[name]
    rows = _rows(bench, name)
    for column, separator in rule.split.items():
        header = match.headers[column][0]
        rows = rows.mutate(**{header: rows[header].cast("string").split(separator).unnest()})
    contract = Table(name, f"a row of {name}", tuple(_column(bench, column, spec) for column, spec in rule.columns.items()))
    found = {column: _found(bench, name, column, rows) for column in rule.columns if column in match.headers}
    readings = {column: bench.mapping.input_reading(name, column) for column in found}
    readings |= {column: replace(readings[column], is_utc=True) for column in found if rule.columns[column].lenient}  # read already
    place = " and ".join(item.name for item in match.items)
    return Source(contract, place, rows, found, readings)


def _column(bench: Workbench, name: str, spec: InputColumn) -> Column:
    listed = bench.mapping.words[spec.words] if spec.words else {}
    return Column(name, spec.kind_of(name), choices=tuple(label.strip().casefold() for label in listed))


def _rows(bench: Workbench, name: str) -> Any:
    """The rows of its files; those of a split export lose their row numbers."""
    import ibis

    match = bench.matched.found[name]
    parts = [_current(bench, name, item.name) for item in match.items if item.name in bench.rows]
    if len(parts) == 1:
        return parts[0]
    wanted = sorted({header for headers in match.headers.values() for header in headers})
    spelled = [{column.casefold(): column for column in part.columns} for part in parts]
    return ibis.union(
        *(part.select(**{header: part[names[header.casefold()]] for header in wanted}) for part, names in zip(parts, spelled, strict=True)),
        distinct=False,
    )


def _current(bench: Workbench, name: str, file: str) -> Any:
    """The rows of a file without those that a later version supersedes, which are counted."""
    rows, flag = bench.rows[file], bench.mapping.source.current
    headers = first_found(by_folded(rows.columns), (flag,)) if flag else ()
    if not headers or bench.mapping.inputs[name].versions:
        return rows
    current = parsed(rows[headers[0]], "flag").fill_null(True)
    n = (bench.shelf.backend or bench.backend).to_pyarrow((~current).sum()).as_py()
    if n:
        versions = "1 superseded version" if n == 1 else f"{n:,} superseded versions"
        bench.notes += (f"{file}: skipped {versions}; the current version of each row is used",)
    return rows.filter(current)


def _found(bench: Workbench, name: str, column: str, rows: Any) -> Any:
    """The value as found: of several headers the first that holds one; of a person a pseudonym; of a mixed column what can be read."""
    import ibis

    spec: InputColumn = bench.mapping.inputs[name].columns[column]
    headers = bench.matched.found[name].headers[column]
    kind, reading = spec.kind_of(column), bench.mapping.input_reading(name, column)
    words = null_words(column, kind) if reading.null_words is None else reading.null_words
    there = [without_null_words(cleaned(rows[header]), words, kind) for header in headers]
    value = ibis.coalesce(*there) if len(headers) > 1 else there[0] if spec.person or spec.words else rows[headers[0]]
    if spec.pattern:
        value = value.cast("string").re_extract(spec.pattern, 1).nullif("")
    if kind in ("instant", "date"):
        value = without_open_end(value, reading)
    if spec.person:
        return pseudonym(value.cast("string"))
    if spec.words:
        return value.cast("string").lower()
    if spec.lenient:
        return parsed(value, kind, reading).cast(TYPES[kind])
    return value


def _by_header(fault: Fault, bench: Workbench, name: str) -> Fault:
    """The fault with the header of the file in place of our own name for the column, and the dictionary that may be extended."""
    what, way_out = fault.what, fault.way_out
    for column, headers in bench.matched.found[name].headers.items():
        what = what.replace(f"values of {column} ", f"values of {headers[0]!r} ")
        if what != fault.what and (words := bench.mapping.inputs[name].columns[column].words):
            way_out = way_out.replace(TRANSLATE, f'Say what they mean in a mapping: extends = "{bench.mapping.name}", [words.{words}]')
            break
    return replace(fault, what=what, way_out=way_out)
