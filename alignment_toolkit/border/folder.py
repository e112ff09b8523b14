"""The tables of a folder or a DuckDB file: which files are canonical tables, which are ignored, which are broken."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from alignment_toolkit.border import duck
from alignment_toolkit.border.compare import declared_instants
from alignment_toolkit.border.kinds import OTHERS, ensure_parquet, refuse_other
from alignment_toolkit.border.parsing import Reading
from alignment_toolkit.border.records import set_aside_notes
from alignment_toolkit.border.sentences import BadFile, Fault
from alignment_toolkit.border.sniffing import dialect_of
from alignment_toolkit.border.sources import Source, settled, source_of
from alignment_toolkit.border.written import absent_in_file
from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import files_of
from alignment_toolkit.snapshots.whole import lost_files

ENDINGS = (".parquet", ".csv")
_OWN = (CONFIG_FILE, "ingest.json", "truth.json", "README.md")
_numbers = itertools.count()


@dataclass
class Found:
    """What lies at a place.

    Attributes:
        backend: The Ibis backend that reads it.
        sources: Canonical table name -> table as found.
        faults: Files that cannot be read.
        broken: Tables whose file cannot be read.
        ignored: Table -> unknown columns; under "" the names of ignored files or tables.
        notes: Assumptions made, in words.
    """

    backend: Any
    sources: dict[str, Source] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def fetch(self, expression: Any) -> list[dict[str, Any]]:
        """The rows of a small result."""
        return self.backend.to_pyarrow(expression).to_pylist()

    def add(self, source: Source) -> None:
        """Take in a table in the order of the contracts, with its unknown columns."""
        self.sources[source.contract.name] = source
        if source.unknown:
            self.ignored[source.contract.name] = source.unknown


def find_tables(place: Path, *, reading: Reading, backend: Any = None) -> Found:
    """The tables of a folder of Parquet and CSV files.

    Args:
        place: The folder.
        reading: How texts of CSV files are understood.
        backend: Another Ibis backend to read Parquet with; None: embedded DuckDB.
    """
    found = Found(backend or duck.connect())
    files = [path for name, path in files_of(place).items() if name not in _OWN]
    named = [path for path in files if path.stem.lower() in TABLES and path.suffix.lower() in ENDINGS]
    if backend is None:
        duck.spill_for(found.backend, named)
    for fault in lost_files(place):
        _refuse(found, Path(fault.place).stem, fault)
    if others := tuple(path.name for path in files if path not in named):
        found.ignored[""] = others
    for name in TABLES:
        paths = [path for path in named if path.stem.lower() == name]
        if len(paths) > 1:
            listed = " and ".join(path.name for path in paths)
            _refuse(found, name, Fault(listed, "two files hold the same table", f"A store has one file for {name}", "Remove one of them"))
        elif paths:
            _take(found, name, paths[0], reading, foreign=not duck.is_ours(found.backend))
        for path in (one for one in files if not paths and one.suffix.lower() in OTHERS and one.name.lower().partition(".")[0] == name):
            _refuse(found, name, *refuse_other(path, path.name).faults)
    return found


def _take(found: Found, name: str, path: Path, reading: Reading, *, foreign: bool) -> None:
    try:
        rows = _foreign(found, name, path) if foreign else _embedded(found, path)
    except BadFile as error:
        _refuse(found, name, *error.faults)
        return
    source = source_of(name, rows, place=path.name, reading=reading)
    if path.suffix.lower() == ".csv":
        source = replace(source, absent_in=partial(absent_in_file, source, found.backend))
        source = settled(source, found.backend, name=f"{name}_typed_{next(_numbers)}")
    else:
        instants = declared_instants(path) & source.found.keys()
        source = replace(source, readings=source.readings | {column: replace(reading, granularity="instant") for column in instants})
    found.add(source)


def _refuse(found: Found, name: str, *faults: Fault) -> None:
    found.faults += faults
    found.broken.add(name)


def _embedded(found: Found, path: Path) -> Any:
    name = f"{path.stem.lower()}_{next(_numbers)}"
    if path.suffix.lower() == ".parquet":
        return duck.load_parquet(found.backend, path, name=name, place=path.name)
    dialect = dialect_of(path, place=path.name)
    rows, aside = duck.load_csv(found.backend, path, dialect, name=name, place=path.name)
    found.notes += (*dialect.notes, *set_aside_notes(path.name, aside))
    return rows


def _foreign(found: Found, name: str, path: Path) -> Any:
    if path.suffix.lower() != ".parquet":
        raise BadFile(Fault(path.name, "this engine reads Parquet only", "", "Make a Parquet store with alignment ingest"))
    ensure_parquet(path, place=path.name)
    return found.backend.read_parquet(str(path), table_name=f"{name}_{next(_numbers)}")


def find_tables_in(place: Path, *, reading: Reading) -> Found:
    """The tables of a DuckDB file, opened read-only."""
    try:
        backend = duck.connect(database=str(place), read_only=True)
    except Exception as error:
        fault = Fault(place.name, "the file is not a DuckDB database that can be read", str(error).splitlines()[0], "Write it again")
        found = Found(None, faults=[fault])
        found.broken |= set(TABLES)
        return found
    return from_backend(backend, reading=reading)


def from_backend(backend: Any, *, reading: Reading) -> Found:
    """The canonical tables among those that a backend lists."""
    found = Found(backend)
    listed = {name.lower(): name for name in sorted(backend.list_tables())}
    for name in TABLES:
        if name in listed:
            found.add(source_of(name, backend.table(listed[name]), place=listed[name], reading=reading))
    if others := tuple(name for folded, name in listed.items() if folded not in TABLES):
        found.ignored[""] = others
    return found
