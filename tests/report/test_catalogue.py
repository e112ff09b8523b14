"""The catalogue is made from the manifests alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.catalogue import published, rebuild, sparkline
from alignment_toolkit.report.checked import check_page


def publish(out: Path, quarter: str, *, leads: float | None, reason: str | None = None) -> None:
    version = out / ".versions" / f"{quarter}-x"
    version.mkdir(parents=True)
    manifest = {
        "key": "k", "quarter": quarter, "as_of": f"{quarter[:4]}-10-01", "status": "reproduced", "files": {}, "data": {},
        "pages": [{"page": "index.html", "title": "t", "notebook": "n", "cells": []}],
    }  # fmt: skip
    (version / "manifest.json").write_text(json.dumps(manifest))
    rows = [
        {"kpi": "leads", "slice": "all", "segment": "(all)", "value": leads, "unit": "leads", "reason": reason},
        {"kpi": "leads", "slice": "source", "segment": "web", "value": 1, "unit": "leads", "reason": None},
    ]
    (version / "kpis.json").write_text(json.dumps(rows))
    (out / quarter).symlink_to(f".versions/{quarter}-x")


def text_of(path: Path) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.S).split())


def test_quarters_stand_newest_first_with_their_course(tmp_path: Path) -> None:
    for quarter, leads in {"2025Q4": 100, "2026Q1": None, "2026Q3": 8000}.items():
        publish(tmp_path, quarter, leads=leads, reason=None if leads else "not enough data")
    page = rebuild(tmp_path)
    check_page(page)
    assert re.findall(r"\d{4}Q\d|As of [\d-]+|Leads [\d,]+|Leads not enough data", text_of(page)) == [
        "2026Q3", "As of 2026-10-01", "Leads 8,000", "2026Q1", "As of 2026-10-01", "Leads not enough data", "2025Q4", "As of 2025-10-01", "Leads 100",
    ]  # fmt: skip
    source = page.read_text()
    assert source.count("<polyline") == 1
    assert 'aria-label="Course over 2 quarters: 100, 8,000"' in source
    assert 'href="2026Q3/index.html"' in source


def test_published_quarters_are_listed_newest_last(tmp_path: Path) -> None:
    publish(tmp_path, "2026Q3", leads=5)
    publish(tmp_path, "2026Q2", leads=5)
    assert [str(entry) for entry in published(tmp_path)] == [
        f"2026Q2  as of 2026-10-01  reproduced  {tmp_path / '2026Q2' / 'index.html'}",
        f"2026Q3  as of 2026-10-01  reproduced  {tmp_path / '2026Q3' / 'index.html'}",
    ]


@pytest.mark.parametrize("broken", ["manifest.json", "kpis.json"])
def test_what_cannot_be_read_does_not_stop_the_catalogue(tmp_path: Path, broken: str) -> None:
    publish(tmp_path, "2026Q3", leads=5)
    publish(tmp_path, "2026Q2", leads=4)
    (tmp_path / "2026Q2" / broken).write_text("{")
    assert "2026Q3" in text_of(rebuild(tmp_path))
    assert len(published(tmp_path)) == (1 if broken == "manifest.json" else 2)


def test_a_dangling_link_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "2026Q3").symlink_to(".versions/gone")
    assert published(tmp_path) == []
    assert "Nothing is published yet." in text_of(rebuild(tmp_path))


def test_a_catalogue_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(PublishError) as caught:
        rebuild(tmp_path)
    assert str(caught.value) == f"the catalogue {tmp_path / 'index.html'} cannot be written: 'Is a directory'."


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ([], ""),
        ([1], ""),
        ([None, 1], ""),
        ([0, 1], "3.0,21.0 93.0,3.0"),
        ([1, 1], "3.0,21.0 93.0,21.0"),
        ([0, None, 1], "3.0,21.0 93.0,3.0"),
        ([2, 1, 2], "3.0,3.0 48.0,21.0 93.0,3.0"),
    ],
)
def test_a_sparkline_by_hand(values: list, points: str) -> None:
    assert sparkline(values) == points
