"""Killed (-9) at any point, a report run leaves the report before or the new one, whole, and the next run carries on: over 200 points."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.report.killed import EVENTS, MADE

pytestmark = pytest.mark.slow
KILLED = -9


def killed(place: Path, first: str, *, points: int) -> dict[str, Any]:
    """What the program that has itself killed tells."""
    shown = place / "reports" / "2026Q3"
    (place / MADE).mkdir()
    shutil.copy(shown / "notebooks" / "00_executive_summary.ipynb", place / MADE / "notebook.ipynb")
    shutil.copy(shown / "index.html", place / MADE / "page.html")
    words = [sys.executable, "-m", "tests.report.killed", str(place.parent), first, str(points), "7"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(told: dict[str, Any], *, points: int) -> None:
    before, states, kills = told["before"], told["states"], told["kills"]
    after = states[-1]
    assert after not in (before, None)
    assert set(states) == {before, after}  # at every step a reader sees the one or the other, whole
    assert states == sorted(states, key=lambda seen: seen == after)  # and never goes back
    assert len(states) > 20
    assert [kill["code"] for kill in kills if kill["step"] is not None] == [KILLED] * (len(states) - 1)
    ends = [kill["code"] for kill in kills if kill["event"] is not None]
    assert ends == [KILLED] * EVENTS  # at each step of the pipeline
    assert len(kills) == points
    for kill in kills:
        assert kill["code"] in (KILLED, 0), kill
        assert kill["left"] in (before, after), kill
        if kill["step"] is not None:
            assert kill["left"] == states[kill["step"]], kill
        if kill["again"] is not None:
            assert (kill["again"], kill["after"]) == (0, after), kill


def test_a_first_report_killed_at_any_point(place: Path) -> None:
    told = killed(place, "first", points=90)
    assert told["before"] is None
    check(told, points=90)


def test_a_new_version_killed_at_any_point(place: Path) -> None:
    told = killed(place, "second", points=120)
    check(told, points=120)
    assert all(len(kill["rest"]) <= 1 for kill in told["kills"])  # of the failed runs the newest is kept for people to look at
