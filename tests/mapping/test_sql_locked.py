"""The `sql` of a mapping reads its source folder and nothing else, and writes nothing anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.border.sql import single_select
from alignment_toolkit.errors import UsageError
from alignment_toolkit.ingest import ingest
from alignment_toolkit.mapping import mapping_from

SECRET = "canary-4711"
LEADS = {"from": "leads.csv", "columns": {"lead_id": "id", "created_at": "made", "source": "source"}}
EVENTS = {"from": "leads.csv", "wide": {"mql": "made"}, "columns": {"lead_id": "id"}}
NOT_ONE_SELECT = [
    "INSERT INTO leads SELECT * FROM leads",
    "UPDATE leads SET source = 'x'",
    "DELETE FROM leads",
    "DROP TABLE leads",
    "CREATE TABLE t AS SELECT 1 AS deal_id",
    "CREATE MACRO f() AS 1",
    "COPY leads TO '{out}/x.csv'",
    "COPY (SELECT 1) TO '{source}/x.csv'",
    "EXPORT DATABASE '{out}'",
    "ATTACH '{out}/x.duckdb' AS x",
    "DETACH memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "DESCRIBE leads",
    "SHOW ALL TABLES",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SET VARIABLE x = 1",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "IMPORT DATABASE '{out}'",
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    "SELECT 1 AS deal_id; COPY leads TO '{out}/x.csv'",
    "SELECT 1 AS deal_id; SELECT 2 AS deal_id",
]
REACHING_OUT = [
    "SELECT content AS deal_id, 'won' AS outcome FROM read_text('{out}/secret.txt')",
    "SELECT content::VARCHAR AS deal_id, 'won' AS outcome FROM read_blob('{out}/secret.txt')",
    "SELECT column0 AS deal_id, 'won' AS outcome FROM read_csv('{out}/secret.txt', header = false)",
    "SELECT column0 AS deal_id, 'won' AS outcome FROM read_csv_auto('{source}/../out/secret.txt', header = false)",
    "SELECT * FROM '{out}/secret.csv'",
    'SELECT * FROM "{out}/secret.csv"',
    "SELECT * FROM read_parquet('{out}/*.parquet')",
    "SELECT * FROM read_json('{out}/secret.json')",
    "SELECT file AS deal_id, 'won' AS outcome FROM glob('{out}/*')",
    "SELECT file AS deal_id, 'won' AS outcome FROM glob('{source}/../out/*')",
    "SELECT getenv('HOME') AS deal_id, 'won' AS outcome",
    "SELECT content AS deal_id, 'won' AS outcome FROM read_text('https://example.invalid/x')",
    "SELECT * FROM sqlite_scan('{out}/x.db', 't')",
    "SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 't')",
    "SELECT * FROM query('COPY leads TO ''{out}/x.csv''')",
    "SELECT content AS deal_id, 'won' AS outcome FROM query('SELECT content FROM read_text(''{out}/secret.txt'')')",
    "WITH x AS (INSERT INTO leads SELECT * FROM leads) SELECT 1 AS deal_id, 'won' AS outcome",
    "SELECT 1 AS deal_id, 'won' AS outcome INTO OUTFILE '{out}/x.csv'",
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "source" / "leads.csv").write_text("id,made,source\n1,2026-07-01,web\n", encoding="utf-8")
    for name in ("secret.txt", "secret.csv"):
        (tmp_path / "out" / name).write_text(f"deal_id,outcome\n{SECRET},won\n", encoding="utf-8")
    (tmp_path / "out" / "secret.json").write_text(f'[{{"deal_id": "{SECRET}", "outcome": "won"}}]', encoding="utf-8")
    return tmp_path


def refused(place: Path, sql: str) -> str:
    """The sentence that an ingest with this sql ends in; nothing has been written."""
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    written = sql.format(source=place / "source", out=place / "out")
    mapping = mapping_from({"tables": {"leads": LEADS, "stage_events": EVENTS, "deals": {"sql": written}}}, name="m.toml")
    with pytest.raises(UsageError) as caught:
        ingest(mapping, source=place / "source", out=place / "store")
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before | {
        path: path.read_bytes() for path in place.glob("store/.lock")
    }
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("sql", NOT_ONE_SELECT)
def test_what_is_not_one_select_is_refused_before_anything_runs(sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        single_select(sql.format(source="source", out="out"), "m.toml")
    assert str(caught.value).startswith(
        ("the sql of the mapping m.toml is not one SELECT: ", "the sql of the mapping m.toml cannot be read: ")
    )


@pytest.mark.parametrize("sql", REACHING_OUT)
def test_a_select_reaches_nothing_outside_its_folder(place: Path, sql: str) -> None:
    assert refused(place, sql).startswith(
        ("the sql of tables.deals in m.toml does not run: ", "the sql of the mapping m.toml cannot be read: ")
    )


def test_a_select_reads_its_folder(place: Path) -> None:
    deals = {"sql": "SELECT id AS deal_id, 'won' AS outcome FROM leads"}
    mapping = mapping_from({"tables": {"leads": LEADS, "stage_events": EVENTS, "deals": deals}}, name="m.toml")
    done = ingest(mapping, source=place / "source", out=place / "store")
    assert [(made.table, made.used) for made in done.tables if made.table == "deals"] == [("deals", 1)]
