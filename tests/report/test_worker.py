"""The workers' own steps, in this process, and what the caller makes of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from alignment_toolkit.errors import AlignmentError, CellFailed, KernelDied, NotReproduced, PublishError, RunTimeout
from alignment_toolkit.report import crew
from alignment_toolkit.report.crew import first_failure, run_crew, shared_out
from alignment_toolkit.report.notebooks import read_notebook
from alignment_toolkit.report.reproduce import Difference
from alignment_toolkit.report.worker import Job, Task, job_line, work
from tests.report.conftest import INSTANT, write_variant
from tests.report.test_render import FACTS, PAGES

FRAME = {"facts": FACTS, "pages": PAGES}


def task(name: str = "00_executive_summary", folder: Path = Path()) -> Task:
    return Task(f"{name}.ipynb", str(folder / f"{name}.ipynb"), str(folder / f"{name}.html"), {})


def job_on(executed: Path) -> Job:
    return Job((task(folder=executed.parent),), 60, str(executed.parent), FRAME)


@pytest.fixture
def said() -> list[dict]:
    return []


def brief(said: list[dict]) -> list[tuple[str, str]]:
    return [(message["step"], message["verdict"]) for message in said]


def test_a_notebook_goes_through_every_step(executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alignment_toolkit.report.worker.execute", lambda *args, output, **kwargs: read_notebook(output))
    monkeypatch.setattr("alignment_toolkit.report.worker.reproduce", lambda *args, **kwargs: [])
    assert work(job_on(executed), said.append)
    steps = ["executed", "preflight", "reproduced", "rendered", "checked"]
    assert brief(said) == [(step, verdict) for step in steps for verdict in ("running", "ok")]
    assert (executed.parent / "00_executive_summary.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_what_is_not_reproduced_is_not_rendered(executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alignment_toolkit.report.worker.execute", lambda *args, output, **kwargs: read_notebook(output))
    found = [Difference("00_executive_summary", 2, "the outputs differ"), Difference("another", 1, "the outputs differ")]
    monkeypatch.setattr("alignment_toolkit.report.worker.reproduce", lambda *args, **kwargs: found)
    assert not work(job_on(executed), said.append)
    assert brief(said)[-1] == ("reproduced", "failed")
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
def test_a_failure_is_said_and_the_others_still_run(
    executed: Path, said: list[dict], monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def execute(source: Path, **kwargs):
        if source.name == "00_executive_summary.ipynb":
            raise error
        return read_notebook(executed)

    monkeypatch.setattr("alignment_toolkit.report.worker.execute", execute)
    job = Job((task(folder=executed.parent), task("01_other", executed.parent)), 60, str(executed.parent), FRAME)
    assert not work(job, said.append)
    assert brief(said) == [
        ("executed", "running"),
        ("executed", "failed"),
        ("executed", "running"),
        ("executed", "ok"),
        ("preflight", "running"),
        ("preflight", "ok"),
    ]
    assert said[1]["error"]["kind"] == kind


def test_work_is_shared_out_evenly() -> None:
    tasks = [task(str(at)) for at in range(5)]
    assert [[item.stem for item in group] for group in shared_out(tasks, workers=2)] == [["0", "2", "4"], ["1", "3"]]
    assert len(shared_out(tasks[:1], workers=8)) == 1


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
    events, failures = run_crew([Job((), 1, str(tmp_path), {})], staging=tmp_path, clock=lambda: INSTANT, log=told.append)
    assert [(event.step, event.notebook, event.start, event.end, event.verdict, event.detail) for event in events] == [
        ("executed", "a", INSTANT, INSTANT, "failed", "too slow. A rule.")
    ]
    assert [event.verdict for event in told] == ["running", "failed"]
    ((step, stem, rebuilt),) = failures
    assert (step, stem, type(rebuilt), str(rebuilt)) == ("executed", "a", RunTimeout, "too slow. A rule.")


def test_a_worker_that_ends_without_a_word_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "import os; os._exit(9)")
    _, failures = run_crew([Job((), 1, str(tmp_path), {})], staging=tmp_path, clock=lambda: INSTANT, log=lambda event: None)
    ((_, _, error),) = failures
    assert isinstance(error, AlignmentError)
    assert str(error) == f"a worker process ended before its work was done. What it said is in {tmp_path / 'workers.log'}."


def test_a_job_survives_its_line(tmp_path: Path) -> None:
    path = write_variant(tmp_path)
    job = Job((Task(str(path), "o", "p", {"top": 3, "note": "a\nb"}),), 60, "root", FRAME)
    line = job_line([job])
    assert line.count("\n") == 1
    (record,) = json.loads(line)
    assert Job(**record | {"tasks": tuple(Task(**item) for item in record["tasks"])}) == job
