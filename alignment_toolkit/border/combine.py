"""Several sources, one store: each canonical table is made by the mappings that have it, and their rows stand one below the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from alignment_toolkit.border import granularity
from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.duck import stored
from alignment_toolkit.border.leadless import leadless
from alignment_toolkit.border.linking import linked
from alignment_toolkit.border.mapped import Mapped, all_mapped
from alignment_toolkit.border.parsing import TYPES
from alignment_toolkit.border.rings import ring_notes
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.written import Absent
from alignment_toolkit.schema import TABLES


def combined(benches: list[Workbench]) -> tuple[dict[str, Mapped], tuple[str, ...]]:
    """The canonical tables of all mappings together, customers linked to leads, and what was assumed, in words.

    Args:
        benches: Every mapping with its source; the notes of each are extended.
    """
    each: list[dict[str, Mapped]] = []
    for bench in benches:
        elsewhere = (other for other in benches if other is not bench)
        known = frozenset(name for other in elsewhere for name, rule in other.mapping.tables.items() if not rule.alone)
        each.append(all_mapped(bench, known=known))
    made = {name: _stacked(name, [tables[name] for tables in each if name in tables], benches[0].backend) for name in _names(each)}
    for name, table in made.items():
        source, told = granularity.with_dates_found(table.source, benches[0].backend, benches[0].mapping.settings.time_zone)
        made[name] = replace(table, source=source)
        benches[0].notes += told
    made, notes = linked(benches, made)
    backend, kinds = benches[0].backend, benches[0].mapping.settings.deal_type
    own = (note for bench in benches for note in bench.notes)
    return made, (*own, *notes, *leadless(made, backend, kinds), *ring_notes(made, backend))


def _names(each: list[dict[str, Mapped]]) -> list[str]:
    return [name for name in TABLES if any(name in tables for tables in each)]


def _stacked(name: str, tables: list[Mapped], backend: Any) -> Mapped:
    """The rows of all sources of a table; rows of several sources have no row number."""
    import ibis

    if len(tables) == 1:
        return tables[0]
    columns = [column.name for column in TABLES[name].stored_columns if any(column.name in table.source.found for table in tables)]
    parts = [table.source.rows.select(**_both(table, name, columns)) for table in tables]
    rows = stored(backend, ibis.union(*parts, distinct=False), f"stacked {name}")
    found = {column: rows[f"found {column}"] for column in columns}
    place = " and ".join(table.source.place for table in tables)
    typed = {column: rows[column] for column in columns}
    absent_in = partial(_absent_in, [table.source for table in tables])
    source = replace(tables[0].source, place=place, rows=rows, found=found, typed=typed, absent_in=absent_in)
    aside: dict[str, int] = {}
    for table in tables:
        aside |= {reason: aside.get(reason, 0) + n for reason, n in table.aside.items()}
    files = tuple(file for table in tables for file in table.files)
    return Mapped(source, sum(table.read for table in tables), aside, files, tuple(name for table in tables for name in table.not_taken))


def _absent_in(sources: list[Source], column: str) -> tuple[Absent, ...]:
    """The absent values of a column in the files of all sources."""
    return tuple(one for source in sources if source.absent_in and column in source.found for one in source.absent_in(column))


def _both(table: Mapped, name: str, columns: list[str]) -> dict[str, Any]:
    """Every column as found (as text) and as canonical value; null where this source does not have it."""
    import ibis

    values: dict[str, Any] = {}
    for column in columns:
        there, dtype = column in table.source.found, TYPES[TABLES[name].column(column).kind]
        values[f"found {column}"] = table.source.found[column].cast("string") if there else ibis.null("string")
        values[column] = table.source.typed[column].cast(dtype) if there else ibis.null(dtype)
    return values
