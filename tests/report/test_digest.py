"""What changes a digest, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.report.digest import code_digest, data_digest, installed, version_differences
from tests.report.conftest import NOTEBOOKS


def test_rows_and_files_of_a_folder(store: Path) -> None:
    import pandas as pd

    pd.DataFrame({"deal_id": ["a", "b"]}).to_parquet(store / "deals.parquet")
    found = data_digest(store)
    assert found.rows == {"deals": 2, "leads": 5}
    assert list(found.files) == ["deals.parquet", "leads.csv"]


@pytest.mark.parametrize("name", ["leads.csv", "touches.csv", "alignment.toml"])
def test_a_table_or_the_configuration_changes_the_digest(store: Path, name: str) -> None:
    before = data_digest(store).digest
    (store / name).write_text("lead_id\n")
    assert data_digest(store).digest != before


@pytest.mark.parametrize("name", ["notes.txt", "unknown.csv", ".leads.csv.swp"])
def test_other_files_do_not(store: Path, name: str) -> None:
    before = data_digest(store)
    (store / name).write_text("x")
    assert data_digest(store) == before


def test_a_given_configuration_takes_the_place_of_the_stores_own(store: Path, tmp_path: Path) -> None:
    (store / "alignment.toml").write_text("min_n = 5\n")
    (tmp_path / "other.toml").write_text("min_n = 5\n")
    assert data_digest(store, config=tmp_path / "other.toml") == data_digest(store)
    (tmp_path / "other.toml").write_text("min_n = 6\n")
    assert data_digest(store, config=tmp_path / "other.toml").digest != data_digest(store).digest


def test_a_database_file_is_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    path.write_bytes(b"one")
    assert list(data_digest(path).files) == ["crm.duckdb"]
    assert data_digest(path).rows == {}


def test_an_address_cannot_be_pinned() -> None:
    assert data_digest(None).digest is None


def test_a_broken_table_is_no_crash(store: Path) -> None:
    (store / "deals.parquet").write_bytes(b"no parquet")
    assert data_digest(store).rows["deals"] is None


def test_notebooks_and_versions_change_the_code_digest(tmp_path: Path) -> None:
    own = [NOTEBOOKS / "00_executive_summary.ipynb"]
    before = code_digest(own, packages={"numpy": "2"})
    (tmp_path / own[0].name).write_text("{}")
    assert code_digest(own, packages={"numpy": "2"}) == before
    assert code_digest([tmp_path / own[0].name], packages={"numpy": "2"}) != before
    assert code_digest(own, packages={"numpy": "3"}) != before


def test_installed_versions_are_those_of_the_metadata() -> None:
    from importlib.metadata import version

    found = installed()
    assert {name: found[name] for name in ("numpy", "ibis-framework", "papermill")} == {
        name: version(name) for name in ("numpy", "ibis-framework", "papermill")
    }


def test_version_differences_name_both_sides() -> None:
    assert version_differences({"a": "1", "b": "1"}, {"b": "2", "c": "3"}) == ["a 1 (now absent)", "b 1 (now 2)", "c absent (now 3)"]
