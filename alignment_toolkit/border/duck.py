"""Files into the embedded engine: Parquet as lazy views, delimited text parsed once into tables of strings.

Every table gets a column `ROW`: the row in the file (the header of a CSV being row 1), so that faults can be found again.
"""

from __future__ import annotations

import itertools
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border import kinds
from alignment_toolkit.border.reasons import ABOVE
from alignment_toolkit.border.records import LONGEST_FIELD, TAIL, Sorter, numbered_records, odd_rows
from alignment_toolkit.border.sentences import BadFile
from alignment_toolkit.border.sniffing import Dialect
from alignment_toolkit.border.sql import literal

if TYPE_CHECKING:
    import ibis.expr.types as ir

ROW = "__row__"
_BATCH = 50_000
_OURS = "_set_up_by_alignment"
_MB = 1_000_000
_INGEST_MB = 2500
_STORE_MB = 700  # at least; so much is little beside the frames of a million leads
_TIMES_THE_FILES = 7  # what is worked out from a store in Parquet, beside what it takes there
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def connect(**options: Any) -> Any:
    """An in-memory DuckDB behind Ibis whose session lives in UTC."""
    import ibis

    ibis.options.sql.fuse_selects = False  # a value that is mentioned often is a column of a SELECT of its own, worked out once
    backend = ibis.duckdb.connect(**options)
    backend.raw_sql("SET TimeZone = 'UTC'")
    setattr(backend, _OURS, True)
    backend.raw_sql("SET enable_progress_bar = false")  # it would be drawn into the output of whoever waits for a long query
    return backend


def is_ours(backend: Any) -> bool:
    """Whether an engine was set up here; another DuckDB may live in another zone and is as foreign as any engine."""
    return getattr(backend, _OURS, False)


def spill(backend: Any, *, megabytes: int = _INGEST_MB) -> None:
    """Keep at most so much in memory; what is more goes to a temporary folder (TMPDIR), which goes when the engine does.

    The engine's own limit, four fifths of the machine's memory, stands where it is the lower one.
    """
    folder = tempfile.TemporaryDirectory(prefix="alignment-")
    if megabytes * _MB < _limit(backend):
        backend.raw_sql(f"SET memory_limit = '{megabytes}MB'")
    backend.con.execute("SET temp_directory = ?", [folder.name])
    weakref.finalize(backend, folder.cleanup)


def spill_for(backend: Any, files: Iterable[Path]) -> None:
    """Keep what is worked out from these files within a memory that grows with them; small ones never need a limit."""
    size = sum(path.stat().st_size for path in files)
    if size * _TIMES_THE_FILES > _STORE_MB * _MB // 2:
        spill(backend, megabytes=max(_STORE_MB, size * _TIMES_THE_FILES // _MB))


def _limit(backend: Any) -> float:
    number, unit = backend.con.execute("SELECT current_setting('memory_limit')").fetchone()[0].split()
    return float(number) * _UNITS[unit]


def stored(backend: Any, table: ir.Table, name: str) -> ir.Table:
    """The rows of an expression, computed once and kept in a temporary table of the embedded engine."""
    backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {backend.compile(table)}')
    return backend.table(name)


def load_parquet(backend: Any, path: Path, *, name: str, place: str, is_proven: bool = True) -> ir.Table:
    """A lazy view of a Parquet file with its row numbers.

    Args:
        backend: The engine.
        path: The file.
        name: Name of the view.
        place: The file in messages.
        is_proven: Whether its inside is known to be sound; else every value is read once.

    Raises:
        BadFile: When the file is no Parquet file, its end is missing or its inside is damaged.
    """
    kinds.ensure_parquet(path, place=place)
    try:
        if not is_proven:
            backend.con.execute("SELECT max(hash(one)) FROM read_parquet(?) AS one", [str(path)])
        table = backend.read_parquet(str(path), table_name=name, file_row_number=True)
    except Exception as error:
        raise BadFile(kinds.broken_parquet(place, error)) from error
    return table.mutate((table["file_row_number"] + 1).name(ROW)).drop("file_row_number")


def load_csv(backend: Any, path: Path, dialect: Dialect, *, name: str, place: str) -> tuple[ir.Table, dict[str, int]]:
    """A table of strings holding the records of a delimited file as they are, and the rows that are none by reason; empty fields are null.

    The engine's reader takes plain files; whatever it does not understand goes through Python's, which also knows the row of each fault.

    Raises:
        BadFile: When rows have more or fewer fields than the header, or a quote is never closed.
    """
    import duckdb

    if dialect.plain:
        try:
            table = _fast(backend, path, dialect, name)
        except duckdb.Error:
            pass
        else:
            if not _has_odd_rows(backend, name, dialect.header):
                return table, {}
    return _careful(backend, path, dialect, name, place)


def _fast(backend: Any, path: Path, dialect: Dialect, name: str) -> ir.Table:
    columns = dict.fromkeys(dialect.header, "VARCHAR")
    options = f"auto_detect = false, header = true, quote = '\"', escape = '\"', max_line_size = {LONGEST_FIELD}, delim = ?, columns = ?"
    numbered = f'SELECT row_number() OVER () + 1 AS "{ROW}", * FROM read_csv(?, {options})'
    backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {numbered}', [str(path), dialect.delimiter, columns])
    return backend.table(name)


def _has_odd_rows(backend: Any, name: str, header: tuple[str, ...]) -> bool:
    """Whether a table holds blank rows, rows that look like a header, or a footer at its end."""
    columns = [f'"{column.replace(chr(34), chr(34) * 2)}"' for column in header]
    blank = " AND ".join(f"coalesce(trim({column}), '') = ''" for column in columns)
    names = ", ".join(literal(name) for column in header for name in (column.casefold(), column.lower()))
    named = " OR ".join(f"lower(trim({column})) IN ({names})" for column in columns[:2])
    found = backend.con.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}" WHERE ({blank}) OR {named})').fetchone()
    if found[0]:
        return True
    last = f'SELECT * FROM "{name}" WHERE "{ROW}" > (SELECT max("{ROW}") FROM "{name}") - {TAIL} ORDER BY "{ROW}"'
    return odd_rows(header, ((row, [value or "" for value in fields]) for row, *fields in backend.con.execute(last).fetchall()))


def _careful(backend: Any, path: Path, dialect: Dialect, name: str, place: str) -> tuple[ir.Table, dict[str, int]]:
    import pyarrow as pa

    schema = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in dialect.header)])
    sorter = Sorter(dialect.header, place)
    sorter.aside[ABOVE] += dialect.above
    kept = sorter.kept(numbered_records(path, dialect, place))
    backend.con.register("__batch__", schema.empty_table())
    backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM __batch__')
    while batch := list(itertools.islice(kept, _BATCH)):
        columns = zip(*(fields for _, fields in batch), strict=True)
        arrays = [pa.array([row for row, _ in batch], pa.int64())]
        arrays += [pa.array([value or None for value in column], pa.string()) for column in columns]
        backend.con.register("__batch__", pa.Table.from_arrays(arrays, schema=schema))
        backend.con.execute(f'INSERT INTO "{name}" SELECT * FROM __batch__')
    backend.con.unregister("__batch__")
    if faults := sorter.faults():
        raise BadFile(*faults)
    return backend.table(name), dict(+sorter.aside)
