"""Which instants are dates: a column whose every row is a local midnight has no time of day, and its durations count calendar days.

`ingest` finds it per column of the source and keeps it in the store, as a flag beside each instant column in which some row is a date; a
column of midnights that a mapping calls instants says so in the metadata of its Parquet file. For other stores it is found when they are
opened. Inside an engine a date is marked in the value itself (`clocks.is_date`): one that begins something (a creation, a handover, a
touch) stands at the start of its day, any other at its end, so that plain comparisons of instants put a touch before the close of that
day, and a close after the creation of that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.clocks import DAY, EPOCH, SECOND, TICK, micros, wall_micros
from alignment_toolkit.periods import OffsetChanges, local_day, midnight, offset_changes
from alignment_toolkit.schema import IS_DATE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.border.sources import Source

Fetch = Callable[[Any], list[dict[str, Any]]]
BEGINS = {("leads", "created_at"), ("leads", "score_at"), ("leads", "assigned_at"), ("deals", "created_at"), ("touches", "occurred_at")}
_GLANCE = 20  # rows that nearly always hold a time of day where the column has one
_MOST_DAYS = 40_000  # a century
_YEARS = range(1900, 2101)  # others are sentinels, which are nobody's midnight
LAST = datetime(2100, 1, 1)
_TICK = {"microseconds": TICK}


def dates_in(sources: Mapping[str, Source], fetch: Fetch, zone: str) -> dict[str, dict[str, Any]]:
    """Table -> instant column -> whether each row is a date, for the columns in which some row is one.

    Args:
        sources: Canonical table name -> table as found.
        fetch: Runs an expression on the engine and gives its rows.
        zone: The configured time zone.
    """
    found = {name: dict(_dates_of(source, fetch, zone)) for name, source in sources.items()}
    return {name: columns for name, columns in found.items() if columns}


def _dates_of(source: Source, fetch: Fetch, zone: str) -> Iterator[tuple[str, Any]]:
    import ibis

    undecided = []
    flags = {name: source.value(name + IS_DATE).fill_null(False) for name in source.contract.instants if name + IS_DATE in source.found}
    is_any = fetch(source.rows.aggregate(**{name: flag.any() for name, flag in flags.items()}))[0] if flags else {}
    for column in (name for name in source.contract.instants if name in source.found):
        if column in flags:
            yield from [(column, flags[column])] if is_any[column] else []
        elif source.reading(column).granularity == "instant":
            continue
        elif source.found[column].type().is_date():
            yield column, ibis.literal(True)
        else:
            undecided.append(column)
    if not undecided:
        return
    values = source.rows.select(**{column: source.value(column).cast("timestamp(6)") for column in undecided})
    glance = fetch(values.limit(_GLANCE))
    for column in undecided:
        if all(_is_midnight(row[column], zone) for row in glance) and _all_midnight(values, column, fetch, zone):
            yield column, ibis.literal(True)


def _all_midnight(values: ir.Table, column: str, fetch: Fetch, zone: str) -> bool:
    """Whether a column has values and each is a local midnight."""
    days = [row[column] for row in fetch(values.select(column).distinct().limit(_MOST_DAYS + 1)) if row[column] is not None]
    real = [at for at in days if at.year in _YEARS]
    return len(real) > 0 and len(days) <= _MOST_DAYS and all(_is_midnight(at, zone) for at in real)


def _is_midnight(at: datetime | None, zone: str) -> bool:
    """Whether an instant is the first of its local day; nothing and sentinels say neither yes nor no."""
    return at is None or at.year not in _YEARS or midnight(local_day(at, zone), zone) == at


def offsets_for(sources: Mapping[str, Source], fetch: Fetch, *, zone: str, until: datetime) -> OffsetChanges:
    """The offsets of the zone from the first instant of these tables to an as-of, or to the last instant where that comes first."""
    found = []
    for source in sources.values():
        columns = [column for column in source.contract.instants if column in source.found]
        values = {f"{column} {how}": getattr(source.value(column), how)() for column in columns for how in ("min", "max")}
        found += [at for at in fetch(source.rows.aggregate(**values))[0].values() if at is not None] if values else []
    since, last = max(min(found), EPOCH), max(found)
    end = until if until < LAST else min(last, LAST)
    return offset_changes(zone, since, max(end, since))


def marked(source: Source, dates: Mapping[str, Any], changes: OffsetChanges) -> ir.Table:
    """The canonical table with its dates marked in the values.

    Args:
        source: A table as found.
        dates: Instant column -> whether each row is a date; columns that are not in it are instants.
        changes: Offsets of the configured zone.
    """
    import ibis

    values = {name: value for name, value in source.columns().items() if not name.endswith(IS_DATE)}
    rows = source.rows.select(**values, **{name + IS_DATE: flag for name, flag in dates.items()})
    told = {}
    for name in source.contract.instants:
        # An instant may bear the mark by chance: it gives way by a microsecond.
        plain = ibis.ifelse(micros(rows[name]) % SECOND == TICK, rows[name] - ibis.interval(**_TICK), rows[name])
        if name in dates:
            begins = (source.contract.name, name) in BEGINS
            day = (rows[name] if begins else _end_of_day(rows[name], changes)) + ibis.interval(**_TICK)
            told[name] = ibis.ifelse(rows[name + IS_DATE], day, plain).cast("timestamp")
        elif name in source.found:
            told[name] = plain.cast("timestamp")
    return rows.mutate(**told).select(*values)


def _end_of_day(midnight: Any, changes: OffsetChanges) -> Any:
    """The last second of the local day that begins at an instant; days on which clocks change are longer or shorter."""
    import ibis

    later = midnight + ibis.interval(seconds=86_399)
    steps = {after - before for (_, before), (_, after) in pairwise(changes)} - {0}
    if not steps:
        return later
    past = (wall_micros(micros(later), changes) + SECOND + DAY // 2) % DAY - DAY // 2
    return ibis.cases(*((past == step * SECOND, later - ibis.interval(seconds=step)) for step in sorted(steps)), else_=later)


def days_of(dates: Mapping[str, Mapping[str, Any]]) -> str:
    """The columns that hold dates, in words; empty where there are none."""
    names = [f"{table}.{column}" for table, columns in dates.items() for column in columns]
    return f"Date-only columns, counted in calendar days: {', '.join(names)}" if names else ""


def with_dates_found(source: Source, backend: Any, zone: str) -> tuple[Source, tuple[str, ...]]:
    """A canonical table with the flags that are true of some row, and a sentence on them for the journal of an ingest.

    A column that has none and is midnight in every row was called instants by a mapping: its reading says so from here on.

    Args:
        source: A table as the mappings make it.
        backend: The embedded engine.
        zone: The configured time zone.
    """
    columns = [at for at in source.contract.instants if at + IS_DATE in source.found]
    counts = {f"dates {column}": source.rows[column + IS_DATE].sum() for column in columns}
    counts |= {column: source.rows[column].count() for column in columns}
    found = backend.to_pyarrow(source.rows.aggregate(**counts)).to_pylist()[0] if columns else {}
    idle = [column for column in columns if not found[f"dates {column}"]]
    kept = replace(
        source, found={name: value for name, value in source.found.items() if name.removesuffix(IS_DATE) not in idle or name in idle}
    )
    told = [f"{column} ({found[f'dates {column}']:,} of {found[column]:,} rows)" for column in columns if column not in idle]
    sentence = f"{source.contract.name}: date-only columns, counted in calendar days: {', '.join(told)}"
    return _with_declared_instants(kept, backend, zone), (sentence,) if told else ()


def _with_declared_instants(source: Source, backend: Any, zone: str) -> Source:
    """The source, whose readings call the columns instants that opening the store would take for dates although they bear no flag."""
    as_stored = replace(source, found={name: source.value(name) for name in source.found}, readings={})
    would_be = dict(_dates_of(as_stored, lambda query: backend.to_pyarrow(query).to_pylist(), zone))
    instants = [name for name in would_be if name + IS_DATE not in source.found]
    return replace(source, readings=source.readings | {name: replace(source.reading(name), granularity="instant") for name in instants})
