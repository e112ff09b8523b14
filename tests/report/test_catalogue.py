"""The catalogue is made from the manifests alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.catalogue import published, rebuild
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
    source = page.read_text()
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">(\w+)</a></th><td>([\d-]+)</td>', source)
    assert rows == [(f"{quarter}/index.html", quarter, f"{quarter[:4]}-10-01") for quarter in ("2026Q3", "2026Q1", "2025Q4")]
    text = text_of(page)
    assert "2026Q3, the newest report As of 2026-10-01 ✓ reproduced" in text
    assert "Leads 8,000 Quarter before not published" in text
    assert (
        "2026Q2 – – – – – not published 2026Q1 – – – – leads not enough data 2025Q4 100 – – – leads –" in text
    )  # the numbers behind the drawing
    assert source.count('role="img"') == 1
    assert 'aria-label="Leads, 2025Q4 to 2026Q3: 8,000 in 2026Q3. Quarter before (2026Q2): not published."' in source


def test_what_a_later_run_restated_is_told_from_the_manifests(tmp_path: Path) -> None:
    publish(tmp_path, "2026Q2", leads=4)
    publish(tmp_path, "2026Q3", leads=5)
    path = tmp_path / ".versions" / "2026Q3-x" / "manifest.json"
    figure = {"kpi": "leads", "slice": "all", "segment": "(all)", "unit": "leads", "before": 4, "after": 5, "difference": 1}
    told = {"since": {"published": "2026-10-02T08:30:00+00:00"}, "because": ["data"], "figures": [figure], "tables": None, "note": "",
            "records": [{"kpi": "leads", "record": "lead", "n": 1, "new": 1, "changed": 0, "gone": 0}]}  # fmt: skip
    steps = [{"end": "2026-11-02T06:00:11+00:00"}]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"restated": told, "steps": steps}))
    page = rebuild(tmp_path)
    check_page(page)
    text = text_of(page)
    assert "2026Q3 2026-10-01 2026-11-02 06:00 UTC reproduced once 2026Q2 2026-10-01 – reproduced no" in text
    assert (
        "2026Q3, run of 2026-11-02 06:00 UTC 1 figure is restated: the data changed since the report of 2026-10-02."
        " Leads: 4 before, 5 now (by 1 lead: 1 new)."
    ) in text


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
    assert str(caught.value) == (
        f"the catalogue {tmp_path / 'index.html'} cannot be written: 'Is a directory'. The reports that it lists are published and whole; run"
        " again when it can be written."
    )
