"""The sample's report, as the command publishes it: layout, figures, pages, proof."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from alignment_toolkit.figures import COLUMNS
from tests.conftest import ROOT
from tests.end_to_end.conftest import alignment
from tests.page_text import slips

pytestmark = pytest.mark.slow
PAGES = (
    "index.html",
    "lead-quality.html",
    "funnel-velocity.html",
    "churn.html",
    "data-health.html",
    "closed-loop.html",
    "drivers-and-targets.html",
    "alignment.html",
    "meeting-pack.html",
)


def test_the_published_tree_is_what_the_design_says(sample_report: Path) -> None:
    quarter = sample_report / "2026Q3"
    assert quarter.is_symlink()
    assert not Path(str(quarter.readlink())).is_absolute()
    assert {path.name for path in quarter.iterdir()} == {
        *PAGES,
        "notebooks",
        "tables",
        "kpis.json",
        "kpis.csv",
        "summary.txt",
        "manifest.json",
    }
    assert (sample_report / "index.html").is_file()
    assert len((quarter / "summary.txt").read_text(encoding="utf-8")) < 600


def test_the_headline_figures_are_strict_and_complete(sample_report: Path) -> None:
    text = (sample_report / "2026Q3" / "kpis.json").read_text(encoding="utf-8")
    rows = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert all(tuple(row) == COLUMNS for row in rows)
    assert all((row["value"] is None) == bool(row["reason"]) for row in rows)
    assert all(row["lower"] <= row["value"] <= row["upper"] for row in rows if row["lower"] is not None and row["value"] is not None)
    keys = [(row["kpi"], row["slice"], row["segment"]) for row in rows]
    assert len(set(keys)) == len(keys)
    whole = {row["kpi"] for row in rows if row["slice"] in {"all", "factor", "target", "quarter"}}
    named = re.findall(
        r"`([a-z0-9_]+)`", (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8").split("| kpi | what it is")[1].split("\n\n")[0]
    )
    assert set(named) <= whole


def test_the_command_prints_the_figures_of_the_report(sample_report: Path) -> None:
    printed = alignment("kpis", "--data", "data/sample", "--quarter", "2026Q3", "--format", "json")
    assert printed.code == 0, printed.err
    assert json.loads(printed.out) == json.loads((sample_report / "2026Q3" / "kpis.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_an_editor_finds_nothing_in_the_text(sample_report: Path, name: str) -> None:
    assert slips((sample_report / "2026Q3" / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_small_quiet_and_whole(sample_report: Path, name: str) -> None:
    page = (sample_report / "2026Q3" / name).read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000
    assert "<script" not in page
    assert "Content-Security-Policy" in page
    assert not re.findall(r"""(?:src|href)=["']?https?:""", page)
    assert page.count("<h1") == 1
    links = set(re.findall(r'href="([^"#:]+)"', page))
    there = [Path(os.path.normpath(sample_report / "2026Q3" / link)) for link in links]  # as a browser reads "..", not through the link
    assert [path for path in there if not path.exists()] == []


def test_the_published_bridge_closes_to_the_cent(sample_report: Path) -> None:
    with (sample_report / "2026Q3" / "tables" / "mrr_bridge.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parts = ("start", "new", "expansion", "reactivation", "contraction", "churn", "exchange_rates")
    assert len(rows) == 8
    assert [sum(Decimal(row[name]) for name in parts) for row in rows] == [Decimal(row["end"]) for row in rows]
    assert [row["end"] for row in rows[:-1]] == [row["start"] for row in rows[1:]]


def test_nothing_to_do_is_said(sample_report: Path) -> None:
    again = alignment("report", "--data", "data/sample", "--out", str(sample_report))
    assert again.code == 0
    assert "nothing to do" in again.err


def test_a_copy_validates_and_one_changed_number_does_not(sample_report: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sample_report / "2026Q3", copy, symlinks=False)
    path = copy / "notebooks" / "03_churn.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if any("text/html" in output.get("data", {}) for output in cell.get("outputs", [])))
    output = next(output for output in cell["outputs"] if "text/html" in output.get("data", {}))
    text = "".join(output["data"]["text/plain"])
    digit = re.search(r"\d", text)
    assert digit
    output["data"]["text/plain"] = text[: digit.start()] + str((int(digit[0]) + 1) % 10) + text[digit.end() :]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    changed = alignment("validate", str(copy), "--data", str(ROOT / "data" / "sample"))
    assert changed.code == 7, changed.err
    assert "03_churn" in changed.err
