"""No name, address or telephone number of an export gets through an ingest: not into the store, its journal, nor what is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from alignment_toolkit.cli import app
from alignment_toolkit.ingest import IngestResult
from alignment_toolkit.printing import as_table
from alignment_toolkit.samples.exports.people import FIRST_NAMES, LAST_NAMES

FORMS = [("hubspot", False), ("hubspot", True), ("salesforce", False), ("salesforce", True), ("fivetran_hubspot", False),
         ("fivetran_salesforce", False), ("stripe", False)]  # fmt: skip
PLANTED = (*FIRST_NAMES, *LAST_NAMES, ".example", "+49 30 55")


def planted_in(texts: Iterable[str]) -> set[str]:
    """The planted words that stand in texts, whatever their case."""
    whole = "\n".join(texts).lower()
    return {word for word in PLANTED if word.lower() in whole}


def store_texts(store: Path) -> list[str]:
    """Every text of a store: all cells of its tables, its journal and its settings."""
    cells = [
        str(cell) for path in store.glob("*.parquet") for column in pq.read_table(path).columns for cell in column.unique().to_pylist()
    ]
    return [*cells, *(path.read_text(encoding="utf-8") for path in store.iterdir() if path.suffix in {".json", ".toml"})]


@pytest.mark.parametrize(("vendor", "labels"), FORMS)
def test_persons_stay_behind(vendor: str, labels: bool, exported: Callable[..., Path], ingested: Callable[..., IngestResult]) -> None:
    planted = planted_in(path.read_text(encoding="utf-8") for path in exported(vendor, labels).glob("*.csv"))
    assert {".example", "+49 30 55"} < planted
    assert len(planted) >= 15
    done = ingested(vendor, labels)
    assert len(store_texts(done.out)) > 300
    assert planted_in(store_texts(done.out)) == set()
    assert planted_in([as_table(done.table()), *done.notes]) == set()


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_an_explanation_names_nobody(vendor: str, exported: Callable[..., Path]) -> None:
    told = CliRunner().invoke(app, ["map", "--explain", "--source", str(exported(vendor, True))])
    assert told.exit_code == 0
    assert planted_in([told.output]) == set()


def test_a_refusal_names_nobody(exported: Callable[..., Path], tmp_path: Path) -> None:
    """Labels that are not known are quoted in messages; an address among them is not."""
    source = tmp_path / "exports"
    source.mkdir()
    for path in exported("salesforce", False).glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        (source / path.name).write_text(text.replace("Sales Accepted", "adalind.birkenfels1@tannhorst.example"), encoding="utf-8")
    told = CliRunner().invoke(app, ["ingest", "--source", str(source), "--out", str(tmp_path / "store")])
    assert "Adalind".lower() not in (told.output + str(told.exception)).lower()
    assert not (tmp_path / "store").exists()
