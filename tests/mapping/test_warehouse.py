"""The same mappings on tables with types behind an engine: the SELECTs run there, and the store is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.border.bench import set_up
from alignment_toolkit.border.inputs import typed_input
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.border.shelf import shelf_of
from alignment_toolkit.mapping import shipped
from tests.mapping.exports import folder, made, rows
from tests.mapping.test_hubspot import LANDED

TABLES = ("leads", "stage_events", "deals", "touches", "feedback", "merges", "owners")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a schema `hubspot` whose columns have the types that a loader gives them."""
    import duckdb

    place = tmp_path_factory.mktemp("warehouse")
    source = folder(place / "export", **LANDED)
    with duckdb.connect(str(place / "crm.duckdb")) as con:
        con.execute("CREATE SCHEMA hubspot")
        for path in source.glob("*.csv"):
            con.execute(f"CREATE TABLE hubspot.{path.stem} AS SELECT * FROM read_csv('{path}', all_varchar = false)")
    return place


def test_a_database_gives_the_same_store_as_its_files(warehouse: Path, tmp_path: Path) -> None:
    from_files = made(tmp_path / "files", warehouse / "export")
    from_tables = made(tmp_path / "tables", warehouse / "crm.duckdb")
    assert from_tables.notes[0].startswith("crm.duckdb is read as fivetran_hubspot: hubspot.deal has ")
    assert "; hubspot.contact has " in from_tables.notes[0]
    for table in TABLES:
        columns = (
            "lead_id",
            "stage",
            "entered_at",
            "deal_id",
            "outcome",
            "closed_at",
            "touch_id",
            "verdict",
            "owner_id",
            "lost_id",
            "merged_at",
        )
        assert rows(from_tables, table, *columns) == rows(from_files, table, *columns), table
    assert from_tables.files == {}


def test_the_statement_sent_is_one_select_with_everything_inside(warehouse: Path) -> None:
    (bench,) = set_up([(shipped("fivetran_hubspot"), shelf_of(warehouse / "crm.duckdb"))])
    layers = Layers(bench, typed_input)
    part = shipped("fivetran_hubspot").tables["deals"].parts[0]
    layers._make_all(part.sql)
    statement = layers.statement(part.sql)
    assert statement.startswith("WITH ")
    assert "word_deal_type AS (SELECT" in statement
    assert bench.backend.list_tables() == []
