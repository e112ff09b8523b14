"""Small exports in the forms of the vendors, written by hand."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow.parquet as pq

from alignment_toolkit.ingest import IngestResult, ingest


def folder(place: Path, **files: str) -> Path:
    """A folder with these CSV files; two underscores in a name stand for a blank."""
    place.mkdir(exist_ok=True)
    for name, text in files.items():
        (place / f"{name.replace('__', ' ')}.csv").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return place


def rows(done: IngestResult, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a table of the store, in these columns, sorted."""
    found = pq.read_table(done.out / f"{table}.parquet").to_pylist()
    return sorted((tuple(row.get(column) for column in columns) for row in found), key=str)


def made(tmp_path: Path, source: Path, mapping: Any = None, **options: Any) -> IngestResult:
    """The store of a folder."""
    return ingest(mapping, source=source, out=tmp_path / "store", **options)


def counts(done: IngestResult) -> dict[str, tuple[int, int, dict[str, int]]]:
    """Table -> rows read, used and set aside; read is used and set aside together."""
    for table in done.tables:
        assert table.read == table.used + sum(table.set_aside.values())
    return {table.table: (table.read, table.used, table.set_aside) for table in done.tables}
