"""Two states of a canonical table compared row by row inside the engine: what is new, what changed, what is gone.

Rows are the same row when their keys are equal. A table without a key, or whose key columns are not the same in both, is compared by whole
rows: a changed row is then one gone and one new. A column that one of them does not have is null in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.border import duck
from alignment_toolkit.border.sql import literal
from alignment_toolkit.schema import IS_DATE, TABLES, Kind, Table, key_of

_SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}

INSTANT = {b"granularity": b"instant"}  # metadata of a column


@dataclass(frozen=True)
class Changes:
    """What became of the rows of one table.

    Attributes:
        table: Canonical name.
        before: Rows before.
        after: Rows after.
        new: Rows that were not there.
        changed: Rows whose key was there with other values.
        gone: Rows that are not there any more.
        columns: Columns that came (`+ region`) or went (`- region`).
        is_read: Whether its files were read; else nothing behind it changed.
    """

    table: str
    before: int
    after: int
    new: int = 0
    changed: int = 0
    gone: int = 0
    columns: tuple[str, ...] = ()
    is_read: bool = True

    @property
    def same(self) -> int:
        """Rows that are as they were."""
        return self.after - self.new - self.changed

    @property
    def is_any(self) -> bool:
        """Whether anything changed."""
        return bool(self.new or self.changed or self.gone or self.columns)

    def sentence(self) -> str:
        """The change in words: `leads: 120 new, 34 changed, 0 gone, 50,300 the same`."""
        words = f"{self.table}: {self.new:,} new, {self.changed:,} changed, {self.gone:,} gone, {self.same:,} the same"
        return f"{words}; columns: {', '.join(self.columns)}" if self.columns else words


def compared(table: str, before: Path | None, after: Path | None) -> Changes:
    """How a table changed from one Parquet file to another.

    Args:
        table: Canonical name.
        before: Its file before; None: it was not there.
        after: Its file after; None: it is not there any more.
    """
    n_before, n_after = rows_in(before), rows_in(after)
    if before is None or after is None:
        return Changes(table, n_before, n_after, new=n_after, gone=n_before)
    con = duck.connect().con
    counts = dict(con.execute(f"SELECT how, count(*) FROM ({changed_rows(table, before, after)}) GROUP BY how").fetchall())
    return Changes(table, n_before, n_after, **counts, columns=_columns_changed(before, after))


def changed_rows(table: str, before: Path | None, after: Path | None) -> str:
    """A SELECT of the rows that are not the same.

    Its columns: how (`new`, `changed`, `gone`); was and now, structs of every column of the contract, null where the row is not there.
    """
    contract, key = TABLES[table], shared_key(table, before, after)
    return _by_key(contract, key, before, after) if key else _by_row(contract, before, after)


def shared_key(table: str, *files: Path | None) -> tuple[str, ...]:
    """The key columns by which a row is known in all these files; none where they differ, or the table has no key."""
    keys = {key_of(TABLES[table], tuple(columns_of(path))) for path in files if path}
    return keys.pop() if len(keys) == 1 else ()


def _by_key(contract: Table, key: tuple[str, ...], before: Path | None, after: Path | None) -> str:
    others = [name for name in contract.column_names if name not in key]
    on = " AND ".join(f"b.{_quoted(name)} IS NOT DISTINCT FROM a.{_quoted(name)}" for name in key)
    differs = " OR ".join(f"b.{_quoted(name)} IS DISTINCT FROM a.{_quoted(name)}" for name in others) or "false"
    how = "CASE WHEN b.__here__ IS NULL THEN 'new' WHEN a.__here__ IS NULL THEN 'gone' ELSE 'changed' END"
    sides = f"({rows_of(contract, before, 'true AS __here__')}) b FULL JOIN ({rows_of(contract, after, 'true AS __here__')}) a ON {on}"
    was, now = (f"CASE WHEN {side}.__here__ THEN {_struct(contract, side)} END" for side in "ba")
    return f"SELECT {how} AS how, {was} AS was, {now} AS now FROM {sides} WHERE b.__here__ IS NULL OR a.__here__ IS NULL OR {differs}"


def _by_row(contract: Table, before: Path | None, after: Path | None) -> str:
    b, a = rows_of(contract, before), rows_of(contract, after)
    return (
        f"SELECT 'gone' AS how, {_struct(contract, 'r')} AS was, NULL AS now FROM (({b}) EXCEPT ALL ({a})) r"
        f" UNION ALL SELECT 'new' AS how, NULL AS was, {_struct(contract, 'r')} AS now FROM (({a}) EXCEPT ALL ({b})) r"
    )


def dates_in(table: str, path: Path) -> dict[str, int]:
    """Rows of a Parquet file whose instants are dates, by the column that flags them."""
    flags = [column.name for column in TABLES[table].stored_columns if column not in TABLES[table].columns]
    there = [name for name in columns_of(path) if name in flags]
    if not there:
        return {}
    counts = ", ".join(f"count(*) FILTER (WHERE {_quoted(name)})" for name in there)
    found = duck.connect().con.execute(f"SELECT {counts} FROM read_parquet({literal(path)})").fetchone() or ()
    return {name: n for name, n in zip(there, found, strict=True) if n}


def flagged_rows_of(contract: Table, path: Path) -> str:
    """As `rows_of`, with the flags that say which instants are dates."""
    there = set(columns_of(path))
    flags = (column.name for column in contract.stored_columns if column not in contract.columns)
    return rows_of(
        contract, path, *(f"{f'coalesce({_quoted(name)}, false)' if name in there else 'false'} AS {_quoted(name)}" for name in flags)
    )


def rows_of(contract: Table, path: Path | None, *more: str) -> str:
    """A SELECT of every column of the contract, and of these expressions, from a Parquet file."""
    there = set(columns_of(path)) if path else set()
    values = [
        f"{_quoted(column.name) if column.name in there else 'NULL'}::{_SQL_TYPES[column.kind]} AS {_quoted(column.name)}"
        for column in contract.columns
    ]
    rows = f"read_parquet({literal(path)})" if path else "(SELECT 1 WHERE false)"
    return f"SELECT {', '.join([*values, *more])} FROM {rows}"


def _struct(contract: Table, side: str) -> str:
    return "struct_pack(" + ", ".join(f"{_quoted(name)} := {side}.{_quoted(name)}" for name in contract.column_names) + ")"


def _quoted(name: str) -> str:
    return f'"{name}"'


def declared_instants(path: Path) -> set[str]:
    """Columns of a Parquet file whose midnights are times of day, since a mapping says so; its metadata keep that."""
    from pyarrow.parquet import read_schema

    return {field.name for field in read_schema(path) if INSTANT.items() <= (field.metadata or {}).items()}


def columns_of(path: Path) -> list[str]:
    """Columns of a Parquet file."""
    from pyarrow.parquet import read_schema

    return list(read_schema(path).names)


def _columns_changed(before: Path, after: Path) -> tuple[str, ...]:
    was, now = ([name for name in columns_of(path) if not name.endswith(IS_DATE)] for path in (before, after))
    return tuple([f"+ {name}" for name in now if name not in was] + [f"- {name}" for name in was if name not in now])


def rows_in(path: Path | None) -> int:
    """Rows of a Parquet file; none where there is none."""
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows) if path else 0
