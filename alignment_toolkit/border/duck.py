"""Files into the embedded engine: Parquet as lazy views, delimited text parsed once into tables of strings.

Every table gets a column `ROW`: the row in the file (the header of a CSV being row 1), so that faults can be found again.
"""

from __future__ import annotations

import csv
import itertools
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.sentences import SHOWN, BadFile, Example, Fault
from alignment_toolkit.border.sniffing import Dialect

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
_LONGEST_FIELD = 1 << 24


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


def load_parquet(backend: Any, path: Path, *, name: str, place: str) -> ir.Table:
    """A lazy view of a Parquet file with its row numbers.

    Raises:
        BadFile: When the file is no Parquet file or its end is missing.
    """
    ensure_parquet(path, place=place)
    try:
        table = backend.read_parquet(str(path), table_name=name, file_row_number=True)
    except Exception as error:
        raise BadFile(Fault(place, "the Parquet file cannot be read", str(error).splitlines()[0], "Write it again")) from error
    return table.mutate((table["file_row_number"] + 1).name(ROW)).drop("file_row_number")


def ensure_parquet(path: Path, *, place: str) -> None:
    """Check the marks at both ends of a Parquet file.

    Raises:
        BadFile: When they are not there.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(size - 4, 0))
        tail = file.read(4)
    if head == tail == b"PAR1" and size > 11:
        return
    what = "the file is empty" if size == 0 else "the file is cut off" if head == b"PAR1" else "the file is not a Parquet file"
    way_out = "Write it again" if head == b"PAR1" or size == 0 else "If it is CSV text, let its name end in .csv"
    raise BadFile(Fault(place, what, "A file has to be what its ending says", way_out))


def load_csv(backend: Any, path: Path, dialect: Dialect, *, name: str, place: str) -> ir.Table:
    """A table of strings holding a delimited file as it is; empty fields are null.

    The engine's reader takes plain files; whatever it does not understand goes through Python's, which also knows the row of each fault.

    Raises:
        BadFile: When rows have more or fewer fields than the header, or a quote is never closed.
    """
    import duckdb

    if dialect.plain:
        try:
            return _fast(backend, path, dialect, name)
        except duckdb.Error:
            pass
    return _careful(backend, path, dialect, name, place)


def _fast(backend: Any, path: Path, dialect: Dialect, name: str) -> ir.Table:
    columns = dict.fromkeys(dialect.header, "VARCHAR")
    options = f"auto_detect = false, header = true, quote = '\"', escape = '\"', max_line_size = {_LONGEST_FIELD}, delim = ?, columns = ?"
    numbered = f'SELECT row_number() OVER () + 1 AS "{ROW}", * FROM read_csv(?, {options})'
    backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {numbered}', [str(path), dialect.delimiter, columns])
    return backend.table(name)


def _careful(backend: Any, path: Path, dialect: Dialect, name: str, place: str) -> ir.Table:
    import pyarrow as pa

    names = [ROW, *dialect.header]
    schema = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in dialect.header)])
    records, ragged = _records(path, dialect, place), []
    backend.con.register("__batch__", schema.empty_table())
    backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM __batch__')
    while batch := list(itertools.islice(records, _BATCH)):
        whole = [record for record in batch if len(record) == len(names)]
        ragged += [record for record in batch if len(record) != len(names)]
        columns: list[Any] = list(zip(*whole, strict=True)) or [()] * len(names)
        arrays = [pa.array(columns[0], pa.int64()), *(pa.array([value or None for value in column], pa.string()) for column in columns[1:])]
        backend.con.register("__batch__", pa.Table.from_arrays(arrays, schema=schema))
        backend.con.execute(f'INSERT INTO "{name}" SELECT * FROM __batch__')
    backend.con.unregister("__batch__")
    if ragged:
        raise BadFile(_ragged(ragged, len(dialect.header), place))
    return backend.table(name)


def _records(path: Path, dialect: Dialect, place: str) -> Iterator[list[Any]]:
    """Row number and fields of every record that is not a blank line."""
    csv.field_size_limit(_LONGEST_FIELD)
    row = 0
    with path.open(encoding=dialect.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        try:
            for row, record in enumerate(reader, start=1):
                if row > dialect.skip + 1 and record:
                    yield [row, *record]
        except csv.Error as error:
            rule = "A quote that opens a value is closed at its end; a quote inside is doubled"
            what = f"the text cannot be read after row {row} ({error})"
            raise BadFile(Fault(place, what, rule, "Repair the row, or export the file again")) from error


def _ragged(records: list[list[Any]], width: int, place: str) -> Fault:
    examples = tuple(Example(f"{len(record) - 1} fields", record[0]) for record in records[:SHOWN])
    way_out = "Put values that hold the separator between double quotes, or declare the right delimiter in a mapping"
    return Fault(place, "rows do not have as many fields as the header", f"The header has {width}", way_out, examples, len(records))
