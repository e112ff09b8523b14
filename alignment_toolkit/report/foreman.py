"""The process that hands out the work: it imports papermill and nbconvert once, and forks a worker for each turn; it never has a thread.

Gets ready as soon as it is started, with kernels that share what they import and count where it is given a folder for them. Then it talks
in JSON lines: the job of a run comes in on stdin, what happens goes out on stdout, `done` at the end; then the next run's may come.
When stdin closes, there are no more; while workers are at work it means that the caller is gone, and everything started here ends with it.
A process of its own, because the caller may be a notebook or a script with threads, which must not be forked.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from alignment_toolkit.report import forkserver
from alignment_toolkit.report.reproduce import skip_formats
from alignment_toolkit.report.worker import Job, Task, first_turn, second_turn
from alignment_toolkit.sharing import SHARED

DONE, END = "done", "end"
_GLANCE = 0.02  # seconds between two looks at the workers
_FAILED = 1  # exit code of a turn that has said what failed


@dataclass(frozen=True)
class Turn:
    """One notebook's turn.

    Attributes:
        task: The notebook.
        action: `first_turn` or `second_turn`.
    """

    task: Task
    action: Callable[[Task, Job, Callable[[dict[str, Any]], None]], bool]


class Turns:
    """Whose turn it is: notebooks are executed in order, then proved, of those executed always the first in the same order.

    Every notebook is executed even after one has failed, so that all failures are told at once; from then on no proof begins.

    Args:
        tasks: The notebooks.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._order = list(tasks)
        self._executions, self._proofs = deque(tasks), list[Task]()
        self._may_prove = True

    def take(self) -> Turn | None:
        """The next turn, None while there is none."""
        if self._executions:
            return Turn(self._executions.popleft(), first_turn)
        if self._proofs and self._may_prove:
            first = min(self._proofs, key=self._order.index)
            self._proofs.remove(first)
            return Turn(first, second_turn)
        return None

    def ended(self, turn: Turn, *, well: bool) -> None:
        """Take in how a turn ended."""
        if turn.action is first_turn:
            self._may_prove &= well
            self._proofs.append(turn.task)


def job_line(job: Job) -> str:
    """The job as the line that `main` reads."""
    return json.dumps(asdict(job)) + "\n"


def job_of(line: str) -> Job:
    """The job that a line tells of."""
    record = json.loads(line)
    return Job(**record | {"tasks": tuple(Task(**task) for task in record["tasks"])})


def main() -> None:
    """Get ready, then read lines of jobs from stdin and do one after the other."""
    passes = _made_ready(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    for line in iter(sys.stdin.readline, ""):
        if _done(_with_kernels(job_of(line), passes)):
            _say({"step": END, "notebook": None, "verdict": "ok"})
        _say({"step": DONE, "notebook": None, "verdict": "ok"})
    for kernels in passes:
        kernels.stop()
    os._exit(0)


def _done(job: Job) -> bool:
    """Give every notebook its turns, so many at a time as the job has workers; whether no worker has ended without a word."""
    turns, running = Turns(job.tasks), dict[int, Turn]()
    all_spoke = True
    while True:
        while len(running) < job.workers and (turn := turns.take()):
            running[_forked(turn, job)] = turn
        if not running:
            return all_spoke
        for child, code in _awaited(list(running)):
            all_spoke &= code in (0, _FAILED)
            turns.ended(running.pop(child), well=code == 0)


def _forked(turn: Turn, job: Job) -> int:
    child = os.fork()
    if child:
        return child
    try:
        came_through = turn.action(turn.task, job, _say)
    except BaseException:
        traceback.print_exc()
        os._exit(_FAILED + 1)
    os._exit(0 if came_through else _FAILED)


def _awaited(children: Sequence[int]) -> list[tuple[int, int]]:
    """Wait until workers end: which, with their exit codes; when stdin closes first, the caller is gone, and everything started here goes.

    Without a thread, because the next workers are forked from this process.
    """
    while True:
        if select.select([sys.stdin], [], [], _GLANCE)[0]:
            os.killpg(0, signal.SIGKILL)
        looks = [(child, *os.waitpid(child, os.WNOHANG)) for child in children]
        if ended := [(child, os.waitstatus_to_exitcode(status)) for child, gone, status in looks if gone]:
            return ended


def _made_ready(place: Path | None) -> list[forkserver.Kernels]:
    """Import what every worker uses; the fork servers of the two passes where there is a place for them."""
    _find_fonts()
    passes = [forkserver.start(place / "execution")] if place else []
    _import_once()
    return [*passes, forkserver.start(place / "proof")] if place else []  # a pass of its own, which shares nothing with what it proves


def _with_kernels(job: Job, passes: Sequence[forkserver.Kernels]) -> Job:
    """The job with the kernels of each pass, and with a folder of counts of its own run."""
    if not passes:
        return job
    execution, proof = (kernels.environment | {SHARED: f"{job.scratch}/counts-{at}"} for at, kernels in enumerate(passes))
    return replace(job, execution=execution, proof=proof)


def _find_fonts() -> None:
    """Build the font cache once, before any kernel would."""
    import matplotlib.font_manager

    os.environ.setdefault("MPLCONFIGDIR", matplotlib.get_configdir())  # where the home is read-only, kernels share one place


def _import_once() -> None:
    """Import what the workers that are forked from here use."""
    skip_formats()
    import papermill  # noqa: F401

    import alignment_toolkit.glossary  # it imports pandas
    import alignment_toolkit.report.render  # noqa: F401 - it imports nbconvert


def _say(message: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), (json.dumps(message) + "\n").encode())


if __name__ == "__main__":
    main()
