"""What a run says while it works."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

from alignment_toolkit.report.journal import Event, journal_for

START = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)
BEGUN = Event("executed", "01_lead_quality", START)
ENDED = BEGUN.ended(START + timedelta(seconds=4.25), verdict="failed", detail="cell 2 failed.")


def test_plain_lines_are_one_per_finished_step() -> None:
    stream = StringIO()
    log = journal_for(stream=stream)
    log(BEGUN)
    log(ENDED)
    assert stream.getvalue() == "08:30:04 executed   01_lead_quality        failed    4.2 s  cell 2 failed.\n"


def test_json_lines_say_start_and_end() -> None:
    stream = StringIO()
    log = journal_for("json", stream=stream)
    log(BEGUN)
    log(ENDED)
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "step": "executed", "notebook": "01_lead_quality", "start": "2026-10-02T08:30:00+00:00", "end": None, "verdict": "running", "detail": "",
    }  # fmt: skip
    assert second == first | {"end": "2026-10-02T08:30:04.250000+00:00", "verdict": "failed", "detail": "cell 2 failed."}


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_keeps_finished_steps() -> None:
    stream = Terminal()
    log = journal_for(stream=stream)
    log(BEGUN)
    log(ENDED)
    assert "01_lead_quality" in stream.getvalue()
    assert "cell 2 failed." in stream.getvalue()


def test_plain_is_plain_on_a_terminal_too() -> None:
    stream = Terminal()
    journal_for("plain", stream=stream)(ENDED)
    assert stream.getvalue() == "08:30:04 executed   01_lead_quality        failed    4.2 s  cell 2 failed.\n"
