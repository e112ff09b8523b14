"""Promise 6: a later run of a published quarter says what it restates, by how much, and which records did it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.renewal.conftest import PEOPLE, renew, write
from tests.report.conftest import run_in, write_variant

SOURCE = """import pandas as pd
from alignment_toolkit.display import show_kpis
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.store import locate

leads = pd.read_parquet(locate(data) / "leads.parquet")
show_kpis(figures([figure("leads", value=len(leads), unit="leads", n=len(leads)), figure("conversion_90d", value=0.25, unit="share")]))"""
MORE = [*PEOPLE[:1], *PEOPLE[2:], ("L4", "2026-08-04", "web", "north"), ("L5", "2026-08-04", "web", "north")]  # L1 gone


def test_a_later_run_says_what_it_restates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_variant(tmp_path / "notebooks", source=SOURCE)
    asked = {"folder": tmp_path / "notebooks"}
    first = renew(tmp_path, write(tmp_path / "one"))
    done = run_in(tmp_path, monkeypatch, **asked)
    assert done.manifest["data"]["snapshot"] == first.snapshot
    assert "restated" not in done.manifest
    assert f"snapshot <code>{first.snapshot}</code>" in done.page.read_text()

    renew(tmp_path, write(tmp_path / "two", people=MORE))
    said: list[str] = []
    done = run_in(tmp_path, monkeypatch, log=lambda event: said.append(event.detail), **asked)
    told = done.manifest["restated"]
    assert told["figures"] == [
        {"kpi": "leads", "slice": "all", "segment": "(all)", "unit": "leads", "before": 3, "after": 4, "difference": 1}
    ]
    assert told["records"] == [{"kpi": "leads", "record": "lead", "n": 3, "new": 2, "changed": 0, "gone": 1}]
    assert (told["because"], told["since"]["snapshot"], told["note"]) == (["data"], first.snapshot, "")
    assert {row["table"]: row["new"] for row in told["tables"]}["leads"] == 2
    assert "1 figure is restated: the data changed since the report of 2026-10-02" in said
    assert "Leads: 3 before, 4 now (by 3 leads: 2 new, 1 gone: L1, L4, L5)" in said
    with_ids = json.loads((done.folder / "restated.json").read_text())
    assert [row["ids"] for row in with_ids["records"]] == ["L1, L4, L5"]
    page = done.page.read_text()
    assert "Leads: 3 before, 4 now (by 3 leads: 2 new, 1 gone)." in page
    assert "L4" not in page  # no page names a record
    assert (done.folder / "tables" / "restated.csv").read_text().splitlines()[1] == "leads,all,(all),leads,3,4,1"
    assert {"restated.json", "tables/restated.csv"} <= set(done.manifest["files"])

    renew(tmp_path, write(tmp_path / "three"))
    shutil.rmtree(tmp_path / "store" / ".snapshots" / done.manifest["data"]["snapshot"])
    said.clear()
    gone = run_in(tmp_path, monkeypatch, log=lambda event: said.append(event.detail), **asked).manifest["restated"]
    assert (gone["records"], gone["tables"]) == (None, None)
    assert gone["note"] == "the data that it was made from are no longer kept, so the records cannot be named"
    assert "Leads: 4 before, 3 now" in said
    assert gone["note"] in said
