"""A run tells people how it ended, by the command that makes it; its own exit code decides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alignment_toolkit.delivery import PEOPLE, REPORTS_URL, telling
from alignment_toolkit.errors import CellFailed, PublishError, UsageError
from tests.conftest import ROOT

Hook = tuple[list[dict], int]


def published(folder: Path) -> Path:
    quarter = folder / "2026Q3"
    quarter.mkdir()
    (quarter / "manifest.json").write_text("{}")
    (quarter / "summary.txt").write_text("Alignment report 2026Q3\nAll is well.\n")
    (quarter / "index.html").write_text("<html></html>")
    return quarter


def test_a_published_report_is_told_with_its_address(webhook: Hook, tmp_path: Path) -> None:
    received, port = webhook
    environment = {PEOPLE: f"json://127.0.0.1:{port}/hook", REPORTS_URL: "https://intranet.example.com/reports"}
    said: list[str] = []
    with telling(environment, quarter="2026Q3", is_wanted=True, say=said.append) as tell:
        assert PEOPLE not in environment  # no kernel that is started from here on inherits it
        tell(published(tmp_path))
    assert said == ["told json at 127.0.0.1"]
    assert received[0]["message"].splitlines() == ["All is well.", "https://intranet.example.com/reports/2026Q3/index.html"]


def test_an_error_is_told_and_goes_on(webhook: Hook) -> None:
    received, port = webhook
    with (
        pytest.raises(CellFailed),
        telling({PEOPLE: f"json://127.0.0.1:{port}/hook"}, quarter="2026Q3", is_wanted=True, say=print),
    ):
        raise CellFailed("a cell failed", value="01_lead_quality")
    assert received[0]["message"].splitlines() == ["a cell failed: '01_lead_quality'.", "The last published report is as it was."]


def test_when_the_message_about_an_error_is_lost_the_error_still_decides() -> None:
    said: list[str] = []
    with pytest.raises(CellFailed), telling({PEOPLE: "json://127.0.0.1:1/x"}, quarter="2026Q3", is_wanted=True, say=said.append):
        raise CellFailed("a cell failed")
    assert said[0].startswith("the message could not be delivered: 'json at 127.0.0.1'.")


def test_a_lost_message_about_a_published_report_is_an_error_told_once(webhook: Hook, tmp_path: Path) -> None:
    received, port = webhook
    environment = {PEOPLE: f"json://127.0.0.1:{port}/hook json://127.0.0.1:1/x"}
    with pytest.raises(PublishError), telling(environment, quarter="2026Q3", is_wanted=True, say=print) as tell:
        tell(published(tmp_path))
    assert [said["title"] for said in received] == ["Alignment report 2026Q3"]


def test_nobody_to_tell_is_refused_before_anything_runs() -> None:
    with pytest.raises(UsageError, match="No notification recipients"), telling({}, quarter="2026Q3", is_wanted=True, say=print):
        pytest.fail("it ran")


def test_unasked_nobody_is_told_and_addresses_are_kept_from_kernels_all_the_same(tmp_path: Path) -> None:
    environment = {PEOPLE: "nonsense"}
    with telling(environment, quarter="2026Q3", is_wanted=False, say=print) as tell:
        tell(tmp_path)
    assert environment == {}


def test_the_command_tells_of_a_run_that_was_refused(webhook: Hook, tmp_path: Path) -> None:
    received, port = webhook
    command = [sys.executable, "-m", "alignment_toolkit", "report", "--data", "nowhere", "--quarter", "2026Q3", "--notify"]
    environment = os.environ | {PEOPLE: f"json://user:s3cret@127.0.0.1:{port}/hook", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert received[0]["title"] == "Alignment report 2026Q3: not published"
    assert received[0]["message"].startswith("the store is not there: 'nowhere'.")
    assert "s3cret" not in done.stdout + done.stderr


def test_the_command_sends_a_published_report_again(webhook: Hook, tmp_path: Path) -> None:
    received, port = webhook
    command = [sys.executable, "-m", "alignment_toolkit", "notify", str(published(tmp_path))]
    environment = os.environ | {PEOPLE: f"json://127.0.0.1:{port}/hook", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "json at 127.0.0.1\n")
    assert received[0]["message"] == "All is well."
