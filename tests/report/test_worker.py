"""The workers' own steps, in this process, whose turn it is, and what the caller makes of what is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from alignment_toolkit.errors import AlignmentError, CellFailed, KernelDied, NotReproduced, PublishError, RunTimeout
from alignment_toolkit.report import crew
from alignment_toolkit.report.crew import Crew, first_failure
from alignment_toolkit.report.foreman import Turns, job_line, job_of
from alignment_toolkit.report.notebooks import read_notebook
from alignment_toolkit.report.reproduce import Difference
from alignment_toolkit.report.worker import Job, Task, first_turn, second_turn
from tests.report.conftest import INSTANT, write_variant
from tests.report.test_render import FACTS, PAGES

FRAME = {"facts": FACTS, "pages": PAGES}


def task(name: str = "00_executive_summary", folder: Path = Path()) -> Task:
    return Task(f"{name}.ipynb", str(folder / f"{name}.ipynb"), str(folder / f"{name}.html"), {})


def job_on(notebook: Path) -> Job:
    return Job((task(folder=notebook.parent),), 60, str(notebook.parent), FRAME)


@pytest.fixture
def said() -> list[dict]:
    return []


def brief(said: list[dict]) -> list[tuple[str, str]]:
    return [(message["step"], message["verdict"]) for message in said]


def test_a_notebook_goes_through_every_step(executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alignment_toolkit.report.worker.execute", lambda *args, output, **kwargs: read_notebook(output))
    monkeypatch.setattr("alignment_toolkit.report.worker.reproduce", lambda *args, **kwargs: [])
    job = job_on(executed)
    assert first_turn(job.tasks[0], job, said.append)
    assert second_turn(job.tasks[0], job, said.append)
    steps = ["executed", "preflight", "reproduced", "rendered", "checked"]
    assert brief(said) == [(step, verdict) for step in steps for verdict in ("running", "ok")]
    assert (executed.parent / "00_executive_summary.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_what_is_not_reproduced_is_not_rendered(executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Difference("00_executive_summary", 2, "the outputs differ")]
    monkeypatch.setattr("alignment_toolkit.report.worker.reproduce", lambda *args, **kwargs: found)
    job = job_on(executed)
    assert not second_turn(job.tasks[0], job, said.append)
    assert brief(said) == [("reproduced", "running"), ("reproduced", "failed")]
    assert said[-1]["error"]["rule"] == "00_executive_summary cell 2: the outputs differ"
    assert not list(executed.parent.glob("*.html"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), "PublishError"),
        (RuntimeError("odd"), "AlignmentError"),
        (KernelDied("it died"), "KernelDied"),
    ],
)
@pytest.mark.parametrize(("action", "step"), [(first_turn, "execute"), (second_turn, "reproduce")])
def test_a_failure_is_said_with_its_kind(
    executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str, action, step: str
) -> None:
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(f"alignment_toolkit.report.worker.{step}", fail)
    job = job_on(executed)
    assert not action(job.tasks[0], job, said.append)
    assert brief(said) == [(f"{step}d", "running"), (f"{step}d", "failed")]
    assert said[1]["error"]["kind"] == kind


def turns_of(turns: Turns, *, failing: str = "", proof_failing: str = "") -> list[tuple[str, str]]:
    """The turns as two workers take them, each pair ending in the order in which it began."""
    taken, running = [], []
    while True:
        while len(running) < 2 and (turn := turns.take()):
            taken.append((turn.action.__name__, turn.task.stem))
            running.append(turn)
        if not running:
            return taken
        turn = running.pop(0)
        turns.ended(turn, well=turn.task.stem != (failing if turn.action is first_turn else proof_failing))


def test_a_notebook_is_proved_as_soon_as_nothing_is_left_to_execute() -> None:
    assert turns_of(Turns([task("b"), task("c"), task("a")])) == [
        ("first_turn", "b"),
        ("first_turn", "c"),
        ("first_turn", "a"),
        ("second_turn", "b"),
        ("second_turn", "c"),
        ("second_turn", "a"),
    ]


def test_after_a_failed_execution_the_others_are_executed_and_nothing_is_proved() -> None:
    assert turns_of(Turns([task("a"), task("b"), task("c")]), failing="a") == [
        ("first_turn", "a"),
        ("first_turn", "b"),
        ("first_turn", "c"),
    ]


def test_after_a_failed_proof_the_others_are_proved() -> None:
    taken = turns_of(Turns([task("a"), task("b"), task("c")]), proof_failing="a")
    assert [stem for action, stem in taken if action == "second_turn"] == ["a", "b", "c"]


def test_the_first_failed_step_decides() -> None:
    failures = [
        ("reproduced", "00_a", NotReproduced("x")),
        ("executed", "03_d", RunTimeout("x")),
        ("executed", "01_b", CellFailed("x")),
        ("rendered", "00_a", PublishError("x")),
    ]
    assert first_failure(failures)[2].exit_code == 4


def stand_in(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    popen = crew.subprocess.Popen
    monkeypatch.setattr(crew.subprocess, "Popen", lambda command, **kwargs: popen([sys.executable, "-c", code], **kwargs))


def test_what_workers_say_is_stamped_and_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"kind": "RunTimeout", "what": "too slow", "value": None, "rule": "A rule", "way_out": None}
    lines = [
        {"step": "executed", "notebook": "a", "verdict": "running"},
        {"step": "executed", "notebook": "a", "verdict": "failed", "error": error},
        {"step": "end", "notebook": None, "verdict": "ok"},
    ]
    stand_in(monkeypatch, "".join(f"print({json.dumps(line)!r})\n" for line in lines))
    told = []
    with Crew(tmp_path, root=str(tmp_path)) as workers:
        events, failures = workers.run(Job((), 1, str(tmp_path), {}), clock=lambda: INSTANT, log=told.append)
    assert [(event.step, event.notebook, event.start, event.end, event.verdict, event.detail) for event in events] == [
        ("executed", "a", INSTANT, INSTANT, "failed", "too slow. A rule.")
    ]
    assert [event.verdict for event in told] == ["running", "failed"]
    ((step, stem, rebuilt),) = failures
    assert (step, stem, type(rebuilt), str(rebuilt)) == ("executed", "a", RunTimeout, "too slow. A rule.")


def test_a_worker_that_ends_without_a_word_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "import os; os._exit(9)")
    with Crew(tmp_path, root=str(tmp_path)) as workers:
        _, failures = workers.run(Job((), 1, str(tmp_path), {}), clock=lambda: INSTANT, log=lambda event: None)
    ((_, _, error),) = failures
    assert isinstance(error, AlignmentError)
    assert str(error) == f"a worker process ended before its work was done. What it said is in {tmp_path / 'workers.log'}."


def test_a_job_survives_its_line(tmp_path: Path) -> None:
    path = write_variant(tmp_path)
    job = Job((Task(str(path), "o", "p", {"top": 3, "note": "a\nb"}),), 60, "root", FRAME)
    line = job_line(job)
    assert line.count("\n") == 1
    assert job_of(line) == job
