"""What lies at a source: the files of a folder or the tables behind an address, with their headers and before any row is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.border import address
from alignment_toolkit.border.sentences import BadFile
from alignment_toolkit.border.sniffing import headings
from alignment_toolkit.errors import UsageError

ENDINGS = (".csv", ".txt", ".tsv", ".parquet")
_DATABASES = (".duckdb", ".ddb", ".db")
_OF_THE_ENGINE = ("information_schema", "pg_catalog", "pg_toast", "sys", "system", "temp")


@dataclass(frozen=True)
class Item:
    """One file or table.

    Attributes:
        name: File name, or table with its schema, for messages.
        stem: The name without ending or schema.
        columns: Its headers; none where the file cannot be read.
        path: The file; None: a table.
        schema: Schema of the table.
    """

    name: str
    stem: str
    columns: tuple[str, ...]
    path: Path | None = None
    schema: Any = None


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
        from alignment_toolkit.border import duck

        return _tables(duck.connect(database=str(path), read_only=True), path.name)
    if not path.is_dir():
        raise UsageError("the source folder is not there", value=source, way_out="Give the folder that holds the exports with --source")
    folder = path.resolve()
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS]
    return Shelf(folder.name, tuple(_file(path, folder) for path in paths), folder)


def _file(path: Path, folder: Path) -> Item:
    try:
        columns = _parquet_columns(path) if path.suffix.lower() == ".parquet" else headings(path)
    except (BadFile, OSError):
        columns = ()  # the fault is worded where the file is read, if a mapping asks for it
    return Item(path.relative_to(folder).as_posix(), path.stem, columns, path)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except pa.ArrowException:
        return ()


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
