"""From an export to a store: a mapping is applied, every fault refused at once, and the store swapped in whole.

Every row read is either used or set aside under a reason; the numbers stand in the store's `ingest.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.bench import Workbench, set_up
from alignment_toolkit.border.combine import combined
from alignment_toolkit.border.fatal import checked
from alignment_toolkit.border.mapped import Mapped
from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.border.shelf import Shelf, shelf_of
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.swap import swap_in
from alignment_toolkit.config import CONFIG_FILE, config_from, load_config
from alignment_toolkit.errors import DataRefused, PublishError, UsageError
from alignment_toolkit.mapping import Mapping, load_mapping
from alignment_toolkit.recognise import paired
from alignment_toolkit.schema import TABLES, Kind
from alignment_toolkit.store import seal_store

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


def ingest(
    mapping: Mapping | str | Path | Sequence[Mapping | str | Path] | None,
    *,
    source: str | Path | Sequence[str | Path],
    out: str | Path,
    config: str | Path | None = None,
) -> IngestResult:
    """Make a store of a folder of exports, of the tables behind an address, or of several of them.

    Args:
        mapping: A mapping, the path of its file or the name of a shipped one; several, in the order of the sources, or all for one source;
            None: each source is recognised by its headers.
        source: Folder of CSV and Parquet files, DuckDB file or connection address; several.
        out: The store to make or to replace as a whole.
        config: Configuration file that takes the place of the mappings' own.

    Raises:
        UsageError: When a path is not there, a mapping cannot be used, a source is not recognised, or `out` holds something else.
        DataRefused: With every fatal fault of the exports; an older store stays as it was.
        PublishError: When the store cannot be written.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    target = Path(out).resolve()
    mappings = _mappings(mapping)
    shelves = [shelf_of(place) for place in sources]
    _check_places([shelf.folder for shelf in shelves if shelf.folder], target, out=out)
    pairs, told = paired(mappings, shelves)
    settings = _settings(pairs, config)
    benches = set_up([(one.configured(settings), shelf) for one, shelf in pairs] if config else pairs)
    made, notes = combined(benches)
    checked_sources = _checked(benches, made, settings)
    journal = _journal(benches, made, (*told, *notes))
    with _staging(target) as staging:
        for name, checked_source in checked_sources.items():
            _write(benches[0], checked_source, staging / f"{name}.parquet")
        _write_settings(settings, staging)
        (staging / JOURNAL).write_text(json.dumps(journal, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        seal_store(staging, is_checked=True)
        swap_in(staging, target)
    return IngestResult(Path(out), tuple(_counted(name, table) for name, table in made.items()), journal["files"], tuple(journal["notes"]))


def _mappings(mapping: Mapping | str | Path | Sequence[Mapping | str | Path] | None) -> list[Mapping]:
    """The mappings that were named, none where the sources are to be recognised."""
    named = [mapping] if isinstance(mapping, Mapping | str | Path) else list(mapping or ())
    return [one if isinstance(one, Mapping) else load_mapping(one) for one in named]


def _settings(pairs: list[tuple[Mapping, Shelf]], config: str | Path | None) -> dict[str, Any]:
    """The configuration of the store: that of a file, else those of the mappings, the first one first; refused when it cannot be used."""
    if config is not None:
        load_config(Path(config))
        return tomllib.loads(Path(config).read_text(encoding="utf-8"))
    values: dict[str, Any] = {}
    for mapping, _ in pairs:
        values = mapping.config | values
    return values


def _check_places(folders: list[Path], target: Path, *, out: str | Path) -> None:
    if any(target == folder or folder.is_relative_to(target) for folder in folders):
        raise UsageError("the store would replace the exports", value=out, way_out="Give another folder with --out")
    if target.exists() and not target.is_dir():
        raise UsageError("the store is to be a folder, but a file is there", value=out, way_out="Give another folder with --out")
    if target.is_dir() and any(target.iterdir()) and not (target / JOURNAL).is_file():
        rule = f"Only a store that ingest made (it holds {JOURNAL}) is replaced"
        raise UsageError("the output folder holds something else", value=out, rule=rule, way_out="Give an empty or new folder with --out")


def _checked(benches: list[Workbench], made: dict[str, Mapped], settings: dict[str, Any]) -> dict[str, Source]:
    """The tables after the fatal checks.

    Raises:
        DataRefused: With every fault, without e-mail addresses and phone numbers.
    """
    names = " and ".join(dict.fromkeys(bench.mapping.name for bench in benches))
    config = config_from(settings, origin=f"{names} [config]")
    found, sources = checked({name: table.source for name, table in made.items()}, config, _fetch(benches[0]))
    unread = any(bench.faults for bench in benches)  # a table may be missing because its file cannot be read, which is said already
    missing = [
        Fault(f"{name} is missing", f"the mapping {names} {_why_missing(name, benches)}", f"{name} ({table.row}) is required")
        for name, table in TABLES.items()
        if table.required and name not in made and not (unread and _has_table(name, benches))
    ]
    if faults := [*(fault for bench in benches for fault in bench.faults), *missing, *found]:
        n, places = len(faults), " and ".join(dict.fromkeys(bench.shelf.place for bench in benches))
        what = f"the export in {places} cannot be used: {n} fault{'s' if n > 1 else ''}"
        raise DataRefused(what, faults=[impersonal_sentence(fault.sentence()) for fault in faults])
    return sources


def _why_missing(name: str, benches: list[Workbench]) -> str:
    """Why a table is not made: no mapping has it, or none of its inputs is there."""
    return "finds none of the files that it is made of" if _has_table(name, benches) else f"has no [tables.{name}]"


def _has_table(name: str, benches: list[Workbench]) -> bool:
    return any(name in bench.mapping.tables for bench in benches)


def _fetch(bench: Workbench) -> Any:
    return lambda expression: bench.backend.to_pyarrow(expression).to_pylist()


def _counted(name: str, table: Mapped) -> IngestedTable:
    used = table.read - sum(table.aside.values())
    return IngestedTable(name, table.read, used, table.aside, table.files, table.not_taken)


def _journal(benches: list[Workbench], made: dict[str, Mapped], notes: tuple[str, ...]) -> dict[str, Any]:
    texts = "".join(bench.mapping.text for bench in benches)
    return {
        "mapping": " and ".join(dict.fromkeys(bench.mapping.name for bench in benches)),
        "mapping_sha256": hashlib.sha256(texts.encode()).hexdigest(),
        "files": dict(sorted(entry for bench in benches for entry in _digests(bench))),
        "tables": [asdict(_counted(name, table)) for name, table in made.items()],
        "notes": list(dict.fromkeys(notes)),
    }


def _digests(bench: Workbench) -> Iterator[tuple[str, str]]:
    """Name and sha256 of every file that was read; a table behind an address has none."""
    for name in bench.rows:
        if path := bench.item(name).path:
            with path.open("rb") as file:
                yield name, hashlib.file_digest(file, "sha256").hexdigest()


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


def _write_settings(settings: dict[str, Any], staging: Path) -> None:
    if settings:
        (staging / CONFIG_FILE).write_text(_toml(settings), encoding="utf-8")


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
