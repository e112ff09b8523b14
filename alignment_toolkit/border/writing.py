"""Canonical tables and settings as the files of a store: Parquet in an order of its own, TOML."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from alignment_toolkit.border import duck
from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.compare import INSTANT, columns_of, declared_instants, flagged_rows_of, shared_key
from alignment_toolkit.border.sources import Source
from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.schema import IS_DATE, TABLES, Kind, Table, key_of

_BATCH_ROWS = 200_000


def write_table(bench: Workbench, source: Source, path: Path) -> None:
    """One canonical table as Parquet: by row of the file, else by key, else by every column."""
    instants = {name for name in source.contract.instants if source.reading(name).granularity == "instant"}
    schema = _arrow_schema(source.contract, source.found, instants=instants)
    table = source.rows.select(**source.columns(), **({"__order__": source.rows["__row__"]} if source.is_numbered else {}))
    table = table.order_by(["__order__"] if source.is_numbered else list(source.key or table.columns))
    written = _write(bench.backend.to_pyarrow_batches(table.select(*schema.names), chunk_size=_BATCH_ROWS), schema, path)
    assert written == bench.backend.to_pyarrow(source.rows.count()).as_py(), "every used row is written"


def write_upserted(table: str, *, before: Path, news: Path, path: Path) -> None:
    """The rows of a newer extract over those of an older one.

    Rows of the newer extract take the place of rows with the same key, but for columns that it does not have; where the table has no key,
    its rows are added as often as they stand more often in it.

    Args:
        table: Canonical name.
        before: Parquet file of the older rows.
        news: Parquet file of the newer ones.
        path: The file to write.

    Raises:
        DataRefused: When the two know their rows by other keys.
    """
    contract, key = TABLES[table], shared_key(table, before, news)
    columns, newer = columns_of(before), columns_of(news)
    if contract.key and not key:
        keys = [", ".join(key_of(contract, tuple(names))) for names in (newer, columns)]
        what = f"the extract knows {table} by {keys[0]}, the store by {keys[1]}, so no row can be replaced"
        raise DataRefused(what, way_out="Give the whole extract with --merge replace")
    schema = _arrow_schema(contract, {*columns, *newer}, instants=declared_instants(before) | declared_instants(news))
    b, n = flagged_rows_of(contract, before), flagged_rows_of(contract, news)
    if key:
        same = " AND ".join(f'b."{name}" IS NOT DISTINCT FROM n."{name}"' for name in key)
        values = (f'{"n" if name.removesuffix(IS_DATE) in newer else "b"}."{name}"' for name in schema.names)
        rows = f"SELECT {', '.join(values)} FROM ({n}) n LEFT JOIN ({b}) b ON {same}"
        rows += f" UNION ALL SELECT {_listed(schema, 'b')} FROM ({b}) b ANTI JOIN ({n}) n ON {same}"
    else:
        rows = f"SELECT {_listed(schema, 'u')} FROM (({b}) UNION ALL (({n}) EXCEPT ALL ({b}))) u"
    ordered = duck.connect().con.execute(f"SELECT * FROM ({rows}) ORDER BY ALL")
    _write(ordered.to_arrow_reader(_BATCH_ROWS), schema, path)


def write_settings(settings: dict[str, Any], folder: Path) -> None:
    """The configuration of a store, where there is any."""
    if settings:
        (folder / CONFIG_FILE).write_text(_toml(settings), encoding="utf-8")


def _listed(schema: Any, side: str) -> str:
    return ", ".join(f'{side}."{name}"' for name in schema.names)


def _write(batches: Iterable[Any], schema: Any, path: Path) -> int:
    import pyarrow.parquet as pq

    written = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch.cast(schema))
            written += batch.num_rows
    return written


def _arrow_schema(contract: Table, found: Iterable[str], *, instants: Collection[str]) -> Any:
    """The columns of a file, with those in the metadata whose midnights are times of day."""
    import pyarrow as pa

    types: dict[Kind, Any] = {
        "id": pa.string(),
        "text": pa.string(),
        "instant": pa.timestamp("us"),
        "date": pa.date32(),
        "number": pa.float64(),
        "flag": pa.bool_(),
    }
    columns = [column for column in contract.stored_columns if column.name in set(found)]
    said = dict.fromkeys(instants, INSTANT)
    return pa.schema([pa.field(column.name, types[column.kind], metadata=said.get(column.name)) for column in columns])


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
