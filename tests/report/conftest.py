"""A store of five leads, the one-cell notebook, and one published report that tests share by copy."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alignment_toolkit.report import run_report

NOTEBOOKS = Path(__file__).parent / "one_cell"
LEADS = """lead_id,created_at,source
a,2026-07-01,web
b,2026-07-02,<script>alert(1)</script>
c,2026-07-03,web
d,2026-07-04,=SUM(A1)
e,2026-07-05,_kept $5k - $10k
"""
INSTANT = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)


def make_store(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "leads.csv").write_text(LEADS, encoding="utf-8")
    return folder


def write_variant(folder: Path, *, source: str | None = None, name: str = "00_executive_summary", tags: list[str] | None = None) -> Path:
    """The one-cell notebook under another name, with another last cell."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = json.loads((NOTEBOOKS / "00_executive_summary.ipynb").read_text(encoding="utf-8"))
    if source is not None:
        notebook["cells"][-1]["source"] = source
    notebook["cells"][-1]["metadata"]["tags"] = tags or []
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def run_in(place: Path, monkeypatch: pytest.MonkeyPatch, **asked):
    """Run a report as if called in `place`, where `store` lies."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)
    given = {"data": "store", "quarter": "2026Q3", "as_of": "2026-10-01", "out": "reports", "clock": lambda: INSTANT, "folder": NOTEBOOKS}
    return run_report(**{**given, **asked})


@pytest.fixture(scope="session")
def _published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("published")
    make_store(place / "store")
    before = Path.cwd()
    os.chdir(place)
    try:
        run_report(data="store", quarter="2026Q3", as_of="2026-10-01", out="reports", clock=lambda: INSTANT, folder=NOTEBOOKS)
    finally:
        os.chdir(before)
    return place


@pytest.fixture
def place(_published: Path, tmp_path: Path) -> Path:
    """A folder with `store` and `reports`, in which 2026Q3 is published; each test has its own copy."""
    return Path(shutil.copytree(_published, tmp_path / "place", symlinks=True))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "store")


@pytest.fixture
def executed(_published: Path, tmp_path: Path) -> Path:
    """An executed notebook, beside its store."""
    shutil.copytree(_published / "store", tmp_path / "store")
    return Path(shutil.copy(_published / "reports" / "2026Q3" / "notebooks" / "00_executive_summary.ipynb", tmp_path))
