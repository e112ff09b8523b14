"""Killed (-9) at any point, an ingest leaves the snapshot before or the new one, whole, and the next one carries on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.renewal.conftest import MOVES, PEOPLE, write

pytestmark = pytest.mark.slow
KILLED = -9


def killed(tmp_path: Path, first: Path | None, second: Path, *, points: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.renewal.killed", str(tmp_path / "work"), str(first or ""), str(second), str(points), "7"]
    (tmp_path / "work").mkdir()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(told: dict[str, Any], *, points: int) -> None:
    before, steps, kills = told["before"], told["steps"], told["kills"]
    after = steps[-1]
    assert after not in (before, None)
    assert set(steps) == {before, after}  # at every step a reader sees the one or the other
    assert steps == sorted(steps, key=lambda seen: seen == after)  # and never goes back
    assert len(steps) > 20
    assert len(kills) == points
    assert sum(kill["code"] == KILLED for kill in kills) >= points * 2 // 3
    for kill in kills:
        assert kill["code"] in (KILLED, 0), kill
        assert kill["left"] in (before, after), kill
        if kill["again"] is not None:
            assert (kill["again"], kill["after"], kill["rest"]) == (0, after, []), kill


def test_a_renewal_killed_at_any_point(tmp_path: Path) -> None:
    one = write(tmp_path / "one", deals=None)
    two = write(tmp_path / "two", people=[*PEOPLE[:3], ("L4", "2026-08-04", "web", "north")], moves=[*MOVES[:3]])
    check(killed(tmp_path, one, two, points=33), points=33)


def test_a_first_ingest_killed_at_any_point(tmp_path: Path) -> None:
    told = killed(tmp_path, None, write(tmp_path / "one"), points=9)
    assert told["before"] is None
    check(told, points=9)
