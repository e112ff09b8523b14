"""The caller's side of the workers: shares the notebooks out, listens, and turns what they say into events and one exception."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from alignment_toolkit import errors
from alignment_toolkit.errors import AlignmentError, KernelDied
from alignment_toolkit.report.journal import STEPS, Event, Log
from alignment_toolkit.report.worker import Job, Task, job_line

Failure = tuple[str, str, AlignmentError]


def run_crew(jobs: Sequence[Job], *, staging: Path, clock: Callable[[], datetime], log: Log) -> tuple[list[Event], list[Failure]]:
    """Run the jobs in worker processes; the finished events in order, and the failures with step and notebook.

    Args:
        jobs: One per worker.
        staging: Folder of the run; what the workers say on stderr is kept there.
        clock: For the times of the events.
        log: Told of every event.
    """
    heard = _Ear(clock, log)
    with (staging / "workers.log").open("w", encoding="utf-8") as stderr:
        command = [sys.executable, "-m", "alignment_toolkit.report.worker"]
        crew = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=_environment(jobs[0].root, staging),
            start_new_session=True,
        )
        with crew:  # closing its stdin, on whatever way out, ends everything it has started
            assert crew.stdin is not None
            assert crew.stdout is not None
            crew.stdin.write(job_line(jobs))
            crew.stdin.flush()
            for line in crew.stdout:
                heard.hear(json.loads(line))
    if heard.ends < len(jobs):
        place = f"What it said is in {staging / 'workers.log'}"
        heard.failures.append(("executed", "", KernelDied("a worker process ended before its work was done", way_out=place)))
    return heard.events, heard.failures


def shared_out(tasks: Sequence[Task], *, workers: int) -> list[tuple[Task, ...]]:
    """The tasks in at most `workers` groups of nearly the same size."""
    count = max(1, min(workers, len(tasks)))
    return [tuple(tasks[at::count]) for at in range(count)]


def first_failure(failures: Sequence[Failure]) -> Failure:
    """The failure that decides the exit code: that of the first failed step, then of the first notebook."""
    return min(failures, key=lambda failure: (STEPS.index(failure[0]), failure[1]))


class _Ear:
    """Hears what the workers say and stamps it."""

    def __init__(self, clock: Callable[[], datetime], log: Log) -> None:
        self._clock, self._log = clock, log
        self._open: dict[tuple[str, str], Event] = {}
        self.events: list[Event] = []
        self.failures: list[Failure] = []
        self.ends = 0

    def hear(self, message: dict[str, Any]) -> None:
        """Take in one message of a worker: a step that began, ended or failed."""
        step, stem, verdict = message["step"], message["notebook"], message["verdict"]
        if step == "end":
            self.ends += 1
        elif verdict == "running":
            self._open[step, stem] = Event(step, stem, self._clock())
            self._log(self._open[step, stem])
        else:
            self._close(step, stem, verdict, message.get("error"))

    def _close(self, step: str, stem: str, verdict: str, told: dict[str, Any] | None) -> None:
        error = _rebuilt(told) if told else None
        event = self._open.pop((step, stem)).ended(self._clock(), verdict=verdict, detail=str(error) if error else "")
        self.events.append(event)
        self._log(event)
        if error:
            self.failures.append((step, stem, error))


def _rebuilt(told: dict[str, Any]) -> AlignmentError:
    kind: type[AlignmentError] = getattr(errors, told["kind"], AlignmentError)
    return kind(told["what"], value=told["value"], rule=told["rule"], way_out=told["way_out"])


def _environment(root: str, staging: Path) -> dict[str, str]:
    return os.environ | {
        "ALIGNMENT_ROOT": root,
        "IPYKERNEL_CELL_NAME": "<cell>",  # warnings name the same path in every run
        "OPENBLAS_NUM_THREADS": "1",  # as many workers as cores, and the same sums on any number of them
        "IPYTHONDIR": str(staging / ".ipython"),  # a user's start-up files and history play no part in a report
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, as in the proof
    }
