"""Why pyproject.toml bounds duckdb below 2 and sqlglot below 30, and when the bounds can go.

ibis-framework 12.0 calls a method that DuckDB 2.0 removed, and with sqlglot 30 it can neither register a frame nor cache a table. Both
bounds can go together with the first ibis-framework release for which these tests pass with duckdb 2 and sqlglot 30 installed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import ibis
import pandas as pd


def test_a_frame_is_registered_and_cached() -> None:
    backend = ibis.duckdb.connect()
    table = backend.create_table("frame", pd.DataFrame({"stage": ["won", "lost", "won"], "n": [1, 2, 3]}))
    kept = table.filter(table.stage == "won").cache()
    assert kept.aggregate(total=kept.n.sum()).to_pyarrow().to_pylist() == [{"total": 4}]


def test_the_bounds_are_declared() -> None:
    root = Path(__file__).resolve().parent.parent
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    assert any(line.startswith("duckdb") and "<2" in line for line in declared)
    assert any(line.startswith("sqlglot") and "<30" in line for line in declared)
