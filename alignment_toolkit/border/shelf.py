"""What lies at a source: the files of a folder or the tables behind an address, with their headers and before any row is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignment_toolkit.border import address
from alignment_toolkit.border.kinds import OTHERS, READABLE, broken_parquet, ensure_parquet, refuse_other
from alignment_toolkit.border.sentences import BadFile, Fault
from alignment_toolkit.border.sniffing import Headings, headings
from alignment_toolkit.errors import DataRefused, UsageError

_DATABASES = (".duckdb", ".ddb", ".db")
_OF_THE_ENGINE = ("information_schema", "pg_catalog", "pg_toast", "sys", "system", "temp")


@dataclass(frozen=True)
class Item:
    """One file or table.

    Attributes:
        name: File name, or table with its schema, for messages.
        stem: The name without ending or schema.
        columns: Its headers; none where the file cannot be read at all.
        path: The file; None: a table.
        schema: Schema of the table.
        faults: Why the file cannot be read.
        is_empty: Whether a header is all that it holds.
    """

    name: str
    stem: str
    columns: tuple[str, ...]
    path: Path | None = None
    schema: Any = None
    faults: tuple[Fault, ...] = ()
    is_empty: bool = False

    @property
    def is_opaque(self) -> bool:
        """Whether it cannot be read and its headers cannot be seen, so that it may be any table."""
        return bool(self.faults) and len(self.columns) < 2

    @property
    def is_text(self) -> bool:
        """Whether it is to be read as delimited text."""
        return self.path is not None and self.path.suffix.lower() != ".parquet"


@dataclass(frozen=True, eq=False)
class Shelf:
    """What lies at a source.

    Attributes:
        place: The source for messages, without a password.
        items: Its files or tables, by name.
        folder: The folder; None behind an address.
        backend: The engine behind an address; None for a folder.
    """

    place: str
    items: tuple[Item, ...]
    folder: Path | None = None
    backend: Any = None


def shelf_of(source: str | Path) -> Shelf:
    """What lies at a folder, in a DuckDB file or behind a connection address.

    Raises:
        UsageError: When the place is not there, or cannot be connected to.
    """
    if address.is_address(source):
        return _tables(address.connect(str(source)), address.shown(source))
    path = Path(source)
    if path.is_file() and path.suffix.lower() in _DATABASES:
        return _database(path)
    if path.is_file():
        way_out = "Give the folder that holds the exports, a DuckDB file or a connection address with --source"
        rule = _file(path, path.parent.resolve()).faults
        raise UsageError("the source is a file", value=source, rule=rule[0].sentence() if rule else "", way_out=way_out)
    if not path.is_dir():
        raise UsageError("the source folder is not there", value=source, way_out="Give the folder that holds the exports with --source")
    folder = path.resolve()
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (*READABLE, *OTHERS) and path.is_file()]
    paths.sort(key=lambda path: path.suffix.lower() in OTHERS)  # of two files of one name, the one that can be read comes first
    return Shelf(folder.name, tuple(_file(path, folder) for path in paths if not _is_hidden(path, folder)), folder)


def written_as(shelf: Shelf, settings: Callable[[Item], tuple[str | None, str | None]]) -> Shelf:
    """The shelf as its headers are read with declared settings.

    Args:
        shelf: The shelf as its files alone tell it.
        settings: Item -> declared encoding and delimiter.
    """
    return replace(shelf, items=tuple(_declared(item, *settings(item)) for item in shelf.items))


def _declared(item: Item, encoding: str | None, delimiter: str | None) -> Item:
    if item.path is None or not item.is_text or item.path.suffix.lower() in OTHERS or not (encoding or delimiter):
        return item
    return _with(item, headings(item.path, encoding=encoding, delimiter=delimiter, place=item.name))


def _with(item: Item, found: Headings) -> Item:
    return replace(item, columns=found.columns, faults=found.faults, is_empty=found.is_empty)


def _is_hidden(path: Path, folder: Path) -> bool:
    """Whether a file is one of a program's own, such as a lock (`~$Leads.xlsx`) or what macOS puts into archives."""
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.relative_to(folder).parts)


def _file(path: Path, folder: Path) -> Item:
    name, ending = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name, path.suffix.lower()
    stem = Path(path.stem).stem if ending in OTHERS and Path(path.stem).suffix.lower() in READABLE else path.stem
    item = Item(name, stem, (), path)
    try:
        if ending in OTHERS:
            return replace(item, faults=refuse_other(path, name).faults)
        return _parquet(item, path) if ending == ".parquet" else _with(item, headings(path, place=name))
    except OSError as error:
        return replace(item, faults=(Fault(name, f"the file cannot be opened: {error.strerror}", "", "Let it be readable"),))


def _parquet(item: Item, path: Path) -> Item:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        ensure_parquet(path, place=item.name)
        found = pq.read_metadata(path)
    except BadFile as error:
        return replace(item, faults=error.faults)
    except pa.ArrowException as error:
        return replace(item, faults=(broken_parquet(item.name, error),))
    return replace(item, columns=tuple(found.schema.to_arrow_schema().names), is_empty=found.num_rows == 0)


def _database(path: Path) -> Shelf:
    from alignment_toolkit.border import duck

    try:
        return _tables(duck.connect(database=str(path), read_only=True), path.name)
    except Exception as error:
        what = f"the source {path.name} is not a DuckDB database that can be read"
        raise DataRefused(
            what, rule=str(error).splitlines()[0], way_out="Copy or recreate the file. The existing store is unchanged"
        ) from error


def _tables(backend: Any, place: str) -> Shelf:
    """Tables of every schema that is not the engine's own; those of the current schema come first."""
    current = getattr(backend, "current_database", None)
    names = [name for name in backend.list_databases() if name.lower() not in _OF_THE_ENGINE] if current else [None]
    schemas = sorted(names, key=lambda name: (name != current, name))
    items = [_table(backend, name, schema) for schema in schemas for name in sorted(backend.list_tables(database=schema))]
    return Shelf(place, tuple(items), backend=backend)


def _table(backend: Any, name: str, schema: Any) -> Item:
    columns = tuple(backend.table(name, database=schema).columns)
    return Item(f"{schema}.{name}" if schema else name, name, columns, schema=schema)
