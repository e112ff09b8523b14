"""Small companies written by hand: canonical tables from rows, in an embedded engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import pandas as pd

from alignment_toolkit.config import Config
from alignment_toolkit.periods import Quarter
from alignment_toolkit.schema import TABLES
from alignment_toolkit.store import Crm
from alignment_toolkit.study import Study

TYPES = {"id": "string", "text": "string", "instant": "timestamp(6)", "date": "date", "number": "float64", "flag": "boolean"}


def crm(*, as_of: str, config: Config | None = None, backend: Any = None, **tables: list[dict[str, Any]]) -> Crm:
    """A Crm of rows given per table; absent columns are null."""
    engine = backend or ibis.duckdb.connect()
    held = {name: engine.create_table(name, pa_table(name, rows), temp=backend is None) for name, rows in tables.items()}
    present = {name: frozenset(key for row in rows for key in row) for name, rows in tables.items()}
    return Crm(held, config or Config(), datetime.fromisoformat(as_of), present=present)


def pa_table(name: str, rows: list[dict[str, Any]]) -> Any:
    """Rows as an Arrow table with every column of the contract."""
    contract = TABLES[name]
    schema = ibis.schema({column.name: TYPES[column.kind] for column in contract.columns})
    frame = pd.DataFrame(rows, columns=list(contract.column_names))
    for column in contract.columns:
        if column.kind == "instant":
            frame[column.name] = pd.to_datetime(frame[column.name], format="ISO8601").astype("datetime64[us]")
        elif column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name]).dt.date
    return ibis.memtable(frame, schema=schema).to_pyarrow()


def study(quarter: str, *, cohort: str = "all", as_of: str, config: Config | None = None, **tables: list[dict[str, Any]]) -> Study:
    """A study of a hand-made company."""
    return Study(crm(as_of=as_of, config=config, **tables), Quarter.parse(quarter), cohort)  # type: ignore[arg-type]
