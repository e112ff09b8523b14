"""The one door to an engine: `open_crm(where, as_of=...)` -> `Crm` (Ibis tables, configuration, as-of).

A store is a folder with one Parquet or CSV file per canonical table, a DuckDB file, or a connection address. It is opened read-only,
checked once with all fatal faults collected, and given out as tables with every column of their contract in canonical types.

In a store, an instant in Parquet without a zone is UTC (that is how stores are written); an instant in CSV without a zone is
a wall clock of the configured zone. Instants that are dates are found, or flagged in the store, as border/granularity.py says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alignment_toolkit.border import address, seal
from alignment_toolkit.border.clocks import TICK
from alignment_toolkit.border.fatal import checked
from alignment_toolkit.border.folder import Found, find_tables, find_tables_in
from alignment_toolkit.border.granularity import dates_in, days_of, marked, offsets_for
from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.border.sources import Source
from alignment_toolkit.config import CONFIG_FILE, Config, load_config
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.periods import OffsetChanges, offset_changes, standard_offset
from alignment_toolkit.prepared import Prepared, prepared_for
from alignment_toolkit.schema import TABLES

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

ROOT_VARIABLE = "ALIGNMENT_ROOT"
SENTINEL_YEAR = 2100
_DATABASES = (".duckdb", ".ddb", ".db")
EVENT_COLUMNS = {
    "leads": ("created_at",),
    "stage_events": ("entered_at",),
    "deals": ("created_at", "closed_at"),
    "deal_events": ("changed_at",),
    "touches": ("occurred_at",),
    "feedback": ("given_at",),
    "actions": ("acted_at",),
    "subscriptions": ("started_on",),
    "churn_events": ("churned_on",),
}


@dataclass(frozen=True, eq=False)
class Crm:
    """One company's records behind one engine.

    Attributes:
        tables: Canonical name -> Ibis table with every column of its contract; absent columns are null, absent tables not in it.
        config: The company's settings.
        as_of: Exclusive naive UTC instant; nothing at or after it is visible.
        prepared: Where counts of these records may have been kept (prepared.py); None: nowhere.
        known_until: The as-of of the data at hand, for a look back at an earlier as-of on today's data; None: `as_of` itself.
        has_dates: Whether some instants are dates, marked as border/granularity.py says; otherwise all have a time of day.
        where: What the user pointed at, for messages.
        present: Table -> names of the columns that really were there.
        empty: Optional tables without a row: they answer nothing, as if they were missing.
        ignored: Table -> columns that the contract does not know; under "" the files or tables that are no canonical table.
        notes: What was assumed while reading, in words.
        offsets: What `clock` has worked out.
        cache: Tables already materialised in the engine (caching.py); copies made with `dataclasses.replace` share it.
        counts: Results of counts queries already run (counts/catalogue.py), shared likewise.
    """

    tables: dict[str, ir.Table]
    config: Config
    as_of: datetime
    where: str = ""
    present: dict[str, frozenset[str]] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    offsets: list[OffsetChanges] = field(default_factory=list, repr=False)
    cache: dict[tuple[object, ...], ir.Table] = field(default_factory=dict, repr=False)
    counts: dict[tuple[object, ...], pd.DataFrame] = field(default_factory=dict, repr=False)
    known_until: datetime | None = None
    has_dates: bool = False
    prepared: Prepared | None = None

    @property
    def clock(self) -> OffsetChanges:
        """The offsets of the configured zone over the time that is recorded, worked out once."""
        if not self.offsets:
            span = event_span(self)
            self.offsets.append(offset_changes(self.config.time_zone, span.first or self.as_of, span.last or self.as_of))
        return self.offsets[0]

    @property
    def at_hand(self) -> Crm:
        """The same records as of the data at hand: what happened is worked out once, an earlier as-of only sees less of it."""
        return self if self.known_until in (None, self.as_of) else replace(self, as_of=self.known_until)

    def has(self, *names: str) -> bool:
        """Whether all these tables are there and hold a row."""
        return all(name in self.tables and name not in self.empty for name in names)


def open_crm(where: str | Path, *, as_of: datetime, config: Config | None = None, backend: Any = None) -> Crm:
    """The records of a store, checked.

    Args:
        where: A folder, a `.duckdb` file, a connection address, or `env:NAME` for an address in an environment variable.
        as_of: Exclusive naive UTC instant.
        config: Settings; None: those of the store's `alignment.toml`, else the defaults.
        backend: An Ibis backend that reads the (Parquet) files instead of the embedded engine.

    Raises:
        UsageError: When the place is not there, or cannot be connected to.
        DataRefused: With every fatal fault of every table.
    """
    import ibis

    # Ibis spends longer on merging nested selects into one than engines do on planning them.
    ibis.options.sql.fuse_selects = False
    settings = config or load_config(store_config(where))
    found = _found(where, settings, backend)
    folder = _folder(found, where)
    key = seal.content_key(found.sources, folder, settings) if folder else None
    sources = _sound(found, where, settings, key)
    dates = dates_in(sources, found.fetch, settings.time_zone)
    clock = offsets_for(sources, found.fetch, zone=settings.time_zone, until=as_of) if dates else ()
    return Crm(
        tables={name: marked(source, dates.get(name, {}), clock) if clock else source.canonical() for name, source in sources.items()},
        config=settings,
        as_of=as_of,
        where=address.shown(where),
        present={name: frozenset(source.found) & {*source.contract.column_names} for name, source in sources.items()},
        empty=frozenset(name for name in sources if not TABLES[name].required and _is_empty(sources[name], found)),
        ignored=found.ignored,
        notes=(*found.notes, days_of(dates)) if dates else found.notes,
        has_dates=bool(dates),
        offsets=[clock] if clock else [],
        prepared=prepared_for(folder, key) if folder and backend is None else None,
    )


def _is_empty(source: Source, found: Found) -> bool:
    """Whether a table holds no row."""
    first = source.rows.limit(1)
    return not found.fetch(first.aggregate(n=first.count()))[0]["n"]


def seal_store(folder: Path, *, config: Config | None = None, is_checked: bool = False) -> None:
    """Say in a folder of Parquet files that it is sound, so that opening it need not check it again.

    Args:
        folder: The store.
        config: The settings it is read with; None: its own.
        is_checked: Whether what was written is canonical values that were checked before; otherwise they are checked here.

    Raises:
        DataRefused: With every fatal fault of every table.
        OSError: When the folder cannot be written.
    """
    settings = config or load_config(store_config(folder))
    found = _found(folder, settings, None)
    written = {name: replace(source, tidy=frozenset(source.found)) for name, source in found.sources.items()}
    key = seal.content_key(found.sources, folder, settings)
    seal.seal(written if is_checked else _sound(found, folder, settings, key), folder, key)


def _folder(found: Found, where: str | Path) -> Path | None:
    """The folder of a store whose files could be read, None for any other."""
    folder = None if address.is_address(where) or found.faults else locate(where)
    return folder if folder and folder.is_dir() else None


def _sound(found: Found, where: str | Path, config: Config, key: str | None) -> dict[str, Source]:
    """The tables found, after the fatal checks, unless a seal says that they were checked before.

    Raises:
        DataRefused: With every fatal fault of every table.
    """
    folder = _folder(found, where)
    if folder and (sources := seal.sealed(found.sources, folder, key)) and not _missing_tables(found, where):
        return sources
    fatal, sources = checked(found.sources, config, found.fetch)
    if faults := [*found.faults, *_missing_tables(found, where), *fatal]:
        raise refused(faults, where=address.shown(where))
    seal.pass_on(sources, key)
    return sources


def refused(faults: list[Fault], *, where: str) -> DataRefused:
    """The error that lists these faults."""
    n = len(faults)
    return DataRefused(
        f"the data of {where} cannot be used: {n} fault{'s' if n > 1 else ''}", faults=[fault.sentence() for fault in faults]
    )


def locate(where: str | Path) -> Path:
    """The path of a store: absolute, or looked up from $ALIGNMENT_ROOT, else from the working directory and its parents.

    Raises:
        UsageError: When it is nowhere; the places tried are listed.
    """
    path = Path(where).expanduser()
    root = os.environ.get(ROOT_VARIABLE)
    here = Path.cwd()
    bases = [Path(root)] if root else [here, *here.parents]
    tried = [path] if path.is_absolute() else [base / path for base in bases]
    for place in tried:
        if place.exists():
            return place
    rule = f"Tried: {', '.join(str(place) for place in tried)}"
    raise UsageError("the store is not there", value=where, rule=rule, way_out="Give a folder of tables, a .duckdb file or env:NAME")


def store_config(where: str | Path) -> Path | None:
    """The configuration that belongs to a store, None when it has none.

    A folder keeps it inside; a DuckDB file has it beside itself; an address has none.
    """
    if address.is_address(where):
        return None
    place = locate(where)
    path = (place if place.is_dir() else place.parent) / CONFIG_FILE
    return path if path.is_file() else None


class Span(NamedTuple):
    """First and last instant at which something was recorded to have happened, naive UTC; None where nothing was."""

    first: datetime | None
    last: datetime | None


def last_event_day(crm: Crm | Mapping[str, ir.Table]) -> datetime:
    """The last instant at which something was recorded to have happened (naive UTC).

    Raises:
        DataRefused: When there is no usable instant at all.
    """
    last = event_span(crm).last
    if last is None:
        raise DataRefused("the store holds no dated event", rule="Leads have a created_at, stage events an entered_at")
    return last


def event_span(crm: Crm | Mapping[str, ir.Table], *, tables: Iterable[str] = tuple(EVENT_COLUMNS)) -> Span:
    """When the records of these tables begin and end; one small query per table, since Ibis compiles long unions slowly.

    Promised and scheduled days (expected closes, ends of subscriptions, close dates of open deals) do not count, nor do sentinels
    from the year 2100 on.
    """
    held = crm.tables if isinstance(crm, Crm) else crm
    zone = crm.config.time_zone if isinstance(crm, Crm) else "UTC"
    seen = [at for name in tables if name in held for at in _bounds(held[name], name, zone=zone) if at is not None]
    if isinstance(crm, Crm) and crm.has_dates:
        seen = [at.replace(microsecond=0) if at.microsecond == TICK else at for at in seen]
    return Span(min(seen, default=None), max(seen, default=None))


def _bounds(table: ir.Table, name: str, *, zone: str) -> list[datetime | None]:
    """First and last usable instant of each column that dates an event."""
    import ibis

    measures: dict[str, ir.Value] = {}
    for column in EVENT_COLUMNS[name]:
        at = table[column].cast("timestamp")
        if TABLES[name].column(column).kind == "date":  # noon of the local day, so that the zone does not move it to another
            at = at + ibis.interval(seconds=12 * 3600 - standard_offset(zone))
        real = at < ibis.timestamp(f"{SENTINEL_YEAR}-01-01 00:00:00")
        real = real & (table.outcome != "open") if (name, column) == ("deals", "closed_at") else real
        measures |= {f"first_{column}": at.min(where=real), f"last_{column}": at.max(where=real)}
    return list(table.aggregate(**measures).to_pyarrow().to_pylist()[0].values())


def row_counts(where: str | Path) -> dict[str, int]:
    """Rows of every canonical table of a store as they lie there, unchecked; empty where nothing can be read.

    Raises:
        UsageError: When the place is not there, or cannot be connected to.
    """
    found = _found(where, Config(), None)
    return {name: int(found.fetch(source.rows.aggregate(n=source.rows.count()))[0]["n"]) for name, source in found.sources.items()}


def _found(where: str | Path, config: Config, backend: Any) -> Found:
    reading = Reading(time_zone=config.time_zone, is_utc=True)
    if address.is_address(where):
        return address.find_tables_at(str(where), reading=reading)
    place = locate(where)
    if place.is_dir():
        return find_tables(place, reading=reading, backend=backend)
    if place.suffix.lower() in _DATABASES:
        return find_tables_in(place, reading=reading)
    way_out = "Give the folder that holds leads.parquet or leads.csv"
    raise UsageError("Not a store", value=place, rule="A store is a folder or a .duckdb file", way_out=way_out)


def _missing_tables(found: Found, where: str | Path) -> list[Fault]:
    there = ", ".join(found.sources) or "none"
    is_folder = not address.is_address(where) and locate(where).is_dir()
    way_out = "Add the file" if is_folder else "Add the table"
    return [
        Fault(
            f"{name} is missing",
            f"no {name}.parquet or {name}.csv is there" if is_folder else f"no table {name} is there",
            f"{name} ({table.row}) is required. Tables found: {there}",
            f"{way_out}, or make the store from an export with a mapping: alignment ingest --mapping FILE --source DIR --out DIR",
        )
        for name, table in TABLES.items()
        if table.required and name not in found.sources and name not in found.broken
    ]
