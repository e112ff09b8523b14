"""The caller's side of the workers: tells the foreman what to do, listens, and turns what is said into events and one exception."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from alignment_toolkit import errors
from alignment_toolkit.errors import AlignmentError, KernelDied
from alignment_toolkit.report.foreman import DONE, END, job_line
from alignment_toolkit.report.journal import STEPS, Event, Log
from alignment_toolkit.report.publish import PASSES, SAID
from alignment_toolkit.report.worker import Job

Failure = tuple[str, str, AlignmentError]


class Crew:
    """The worker processes of one run, or of several one after the other: they stay warm for the next.

    Args:
        home: Folder for what they need and say, made when they are started; it is left to the caller.
        root: Folder that a relative `data` is looked up from.
        sharing: Whether kernels share what they import and count, which pays for more than one notebook.
    """

    def __init__(self, home: Path, *, root: str, sharing: bool = True) -> None:
        self.home, self._root, self._sharing = home, root, sharing
        self.is_sound = True  # no worker has ended before its work was done
        self._process: subprocess.Popen[str] | None = None
        self._starts = 0
        self._has_worked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._dismiss()

    def get_ready(self) -> None:
        """Start what is not running yet; it gets ready while the caller does something else."""
        self._process = self._process or self._started()

    def run(self, job: Job, *, clock: Callable[[], datetime], log: Log) -> tuple[list[Event], list[Failure]]:
        """Run the job of one run; the finished events in order, and the failures with step and notebook.

        Args:
            job: What is asked for.
            clock: For the times of the events.
            log: Told of every event.
        """
        heard = _Ear(clock, log)
        self.get_ready()
        self._has_worked = True
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, which is said below
            process.stdin.write(job_line(job))
            process.stdin.flush()
        for line in process.stdout:
            if not heard.hear(json.loads(line)):
                break
        if not heard.end:
            self.is_sound = False
            place = f"What it said is in {self.home / SAID}"
            heard.failures.append(("executed", "", KernelDied("a worker process ended before its work was done", way_out=place)))
        if heard.failures:  # the next run starts with workers that nothing has happened to
            self._dismiss()
        return heard.events, heard.failures

    def _started(self) -> subprocess.Popen[str]:
        self._starts += 1
        self.home.mkdir(parents=True, exist_ok=True)
        kernels = [str(self.home / PASSES / str(self._starts))] if self._sharing else []
        command = [sys.executable, "-m", "alignment_toolkit.report.foreman", *kernels]
        with (self.home / SAID).open("a", encoding="utf-8") as stderr:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=_environment(self._root, self.home),
                start_new_session=True,
            )

    def _dismiss(self) -> None:
        """Close the workers' stdin, which ends everything they have started; those that never got work need not be waited for."""
        if self._process:
            if not self._has_worked:
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                    os.killpg(self._process.pid, signal.SIGKILL)
            with self._process, contextlib.suppress(BrokenPipeError):
                pass
            self._process = None


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
        self.end = False

    def hear(self, message: dict[str, Any]) -> bool:
        """Take in one message of a worker: a step that began, ended or failed; whether more is to come."""
        step, stem, verdict = message["step"], message["notebook"], message["verdict"]
        if step == DONE:
            return False
        if step == END:
            self.end = True
        elif verdict == "running":
            self._open[step, stem] = Event(step, stem, self._clock())
            self._log(self._open[step, stem])
        else:
            self._close(step, stem, verdict, message.get("error"))
        return True

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


def _environment(root: str, home: Path) -> dict[str, str]:
    return os.environ | {
        "ALIGNMENT_ROOT": root,
        "IPYKERNEL_CELL_NAME": "<cell>",  # warnings name the same path in every run
        "OPENBLAS_NUM_THREADS": "1",  # as many workers as cores, and the same sums on any number of them
        "IPYTHONDIR": str(home / ".ipython"),  # a user's start-up files and history play no part in a report
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, as in the proof
    }
