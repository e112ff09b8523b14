"""From an export to a store: a mapping is applied, every fault refused at once, and the store swapped in whole.

Every row read is either used or set aside under a reason; the numbers stand in the store's `ingest.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.fatal import checked
from alignment_toolkit.border.mapped import Mapped, Workbench, mapped, set_up
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.swap import swap_in
from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.errors import DataRefused, PublishError, UsageError
from alignment_toolkit.mapping import Mapping, load_mapping
from alignment_toolkit.schema import TABLES, Kind

if TYPE_CHECKING:
    import pandas as pd

JOURNAL = "ingest.json"
_BATCH_ROWS = 200_000


@dataclass(frozen=True)
class IngestedTable:
    """What became of the rows of one canonical table.

    Attributes:
        table: Canonical name.
        read: Rows read (cells, where one column per stage was read).
        used: Rows in the store.
        set_aside: Reason -> rows left out.
        files: Names of the files it comes from.
        not_taken: Columns of the file that the mapping leaves out.
    """

    table: str
    read: int
    used: int
    set_aside: dict[str, int]
    files: tuple[str, ...]
    not_taken: tuple[str, ...] = ()


@dataclass(frozen=True)
class IngestResult:
    """What an ingest made.

    Attributes:
        out: The store.
        tables: What became of the rows, per table.
        files: Source file -> sha256.
        notes: Assumptions made while reading, in words.
    """

    out: Path
    tables: tuple[IngestedTable, ...]
    files: dict[str, str]
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """What became of the rows: table, read, used, set_aside, reasons, files; one row per canonical table."""
        import pandas as pd

        rows = [
            {
                "table": made.table,
                "read": made.read,
                "used": made.used,
                "set_aside": sum(made.set_aside.values()),
                "reasons": "; ".join(f"{reason}: {n:,}" for reason, n in made.set_aside.items()),
                "files": ", ".join(made.files),
            }
            for made in self.tables
        ]
        return pd.DataFrame(rows)


def ingest(mapping: Mapping | str | Path, *, source: str | Path, out: str | Path) -> IngestResult:
    """Make a store of a folder of exports.

    Args:
        mapping: A mapping, or the path of its file.
        source: Folder of CSV and Parquet files.
        out: The store to make or to replace as a whole.

    Raises:
        UsageError: When a path is not there, the mapping cannot be used, or `out` holds something that is not a store.
        DataRefused: With every fatal fault of the export; an older store stays as it was.
        PublishError: When the store cannot be written.
    """
    mapping = mapping if isinstance(mapping, Mapping) else load_mapping(mapping)
    folder, target = Path(source).resolve(), Path(out).resolve()
    _check_places(folder, target, source=source, out=out)
    bench = set_up(mapping, folder)
    made = {name: table for name in TABLES if name in mapping.tables and (table := mapped(bench, name)) is not None}
    sources = _checked(bench, made)
    journal = _journal(bench, made)
    with _staging(target) as staging:
        for name, checked_source in sources.items():
            _write(bench, checked_source, staging / f"{name}.parquet")
        _write_settings(mapping, staging)
        (staging / JOURNAL).write_text(json.dumps(journal, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        swap_in(staging, target)
    return IngestResult(Path(out), tuple(_counted(name, table) for name, table in made.items()), journal["files"], bench.notes)


def _check_places(folder: Path, target: Path, *, source: str | Path, out: str | Path) -> None:
    if not folder.is_dir():
        raise UsageError("the source folder is not there", value=source, way_out="Give the folder that holds the exports with --source")
    if target == folder or folder.is_relative_to(target):
        raise UsageError("the store would replace the exports", value=out, way_out="Give another folder with --out")
    if target.exists() and not target.is_dir():
        raise UsageError("the store is to be a folder, but a file is there", value=out, way_out="Give another folder with --out")
    if target.is_dir() and any(target.iterdir()) and not (target / JOURNAL).is_file():
        rule = f"Only a store that ingest made (it holds {JOURNAL}) is replaced"
        raise UsageError("the output folder holds something else", value=out, rule=rule, way_out="Give an empty or new folder with --out")


def _checked(bench: Workbench, made: dict[str, Mapped]) -> dict[str, Source]:
    """The tables after the fatal checks.

    Raises:
        DataRefused: With every fault.
    """
    found, sources = checked({name: table.source for name, table in made.items()}, bench.mapping.settings, _fetch(bench))
    missing = [
        Fault(f"{name} is missing", f"the mapping {bench.mapping.name} has no [tables.{name}]", f"{name} ({table.row}) is required")
        for name, table in TABLES.items()
        if table.required and name not in bench.mapping.tables
    ]
    if faults := [*bench.faults, *missing, *found]:
        n = len(faults)
        what = f"the export in {bench.folder.name} cannot be used: {n} fault{'s' if n > 1 else ''}"
        raise DataRefused(what, faults=[fault.sentence() for fault in faults])
    return sources


def _fetch(bench: Workbench) -> Any:
    return lambda expression: bench.backend.to_pyarrow(expression).to_pylist()


def _counted(name: str, table: Mapped) -> IngestedTable:
    used = table.read - sum(table.aside.values())
    return IngestedTable(name, table.read, used, table.aside, table.files, table.not_taken)


def _journal(bench: Workbench, made: dict[str, Mapped]) -> dict[str, Any]:
    files = {name: _digest(bench.folder, name) for name in sorted(bench.rows)}
    return {
        "mapping": bench.mapping.name,
        "mapping_sha256": hashlib.sha256(bench.mapping.text.encode()).hexdigest(),
        "files": files,
        "tables": [asdict(_counted(name, table)) for name, table in made.items()],
        "notes": list(bench.notes),
    }


def _digest(folder: Path, name: str) -> str:
    path = folder / name
    path = path if path.is_file() else next(folder.rglob(name))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder beside the store, removed whatever happens.

    Raises:
        PublishError: When the disk refuses.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield staging
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> PublishError:
    way_out = "Give a folder that you may write to with --out; an older store is as it was"
    return PublishError("the store cannot be written", value=target, rule=os.strerror(error.errno or 0), way_out=way_out)


def _write(bench: Workbench, source: Source, path: Path) -> None:
    """One canonical table as Parquet, in an order of its own: by row of the file, else by key, else by every column."""
    import pyarrow.parquet as pq

    schema = _arrow_schema(source)
    table = source.rows.select(**source.columns(), **({"__order__": source.rows["__row__"]} if source.is_numbered else {}))
    table = table.order_by(["__order__"] if source.is_numbered else list(source.key or table.columns))
    batches = bench.backend.to_pyarrow_batches(table.select(*schema.names), chunk_size=_BATCH_ROWS)
    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            written += batch.num_rows
    assert written == bench.backend.to_pyarrow(source.rows.count()).as_py(), "every used row is written"


def _arrow_schema(source: Source) -> Any:
    import pyarrow as pa

    types: dict[Kind, Any] = {
        "id": pa.string(),
        "text": pa.string(),
        "instant": pa.timestamp("us"),
        "date": pa.date32(),
        "number": pa.float64(),
        "flag": pa.bool_(),
    }
    return pa.schema([(column.name, types[column.kind]) for column in source.contract.columns if column.name in source.found])


def _write_settings(mapping: Mapping, staging: Path) -> None:
    if mapping.config:
        (staging / CONFIG_FILE).write_text(_toml(mapping.config), encoding="utf-8")


def _toml(values: dict[str, Any]) -> str:
    """TOML of a configuration: plain values first, then tables and arrays of tables."""
    plain = {key: value for key, value in values.items() if not _is_table(value)}
    lines = [f"{key} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{json.dumps(inner)} = {_toml_value(item)}" for inner, item in value.items())]
        elif _is_table(value):
            for row in value:
                lines += ["", f"[[{key}]]", *(f"{inner} = {_toml_value(item)}" for inner, item in row.items())]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _toml_value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
