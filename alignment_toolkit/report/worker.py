"""The processes that do the work: one that imports papermill and nbconvert once, and workers forked from it, which never has a thread.

Talks in JSON lines: the jobs of a run come in on stdin, what happens goes out on stdout, `done` at the end; then the next run's may come.
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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError, CellFailed, PublishError
from alignment_toolkit.report import forkserver
from alignment_toolkit.report.execute import execute
from alignment_toolkit.report.notebooks import Notebook
from alignment_toolkit.report.preflight import preflight
from alignment_toolkit.report.reproduce import Difference, refuse, reproduce, skip_grammar
from alignment_toolkit.sharing import SHARED

Say = Callable[[dict[str, Any]], None]
DONE = "done"
_LONGEST = 1500
_GLANCE = 0.05  # seconds between two looks at the workers


@dataclass(frozen=True)
class Task:
    """One notebook of a run.

    Attributes:
        source: The notebook to run.
        output: Where the executed one goes.
        page: Where its page goes.
        values: Parameter values.
    """

    source: str
    output: str
    page: str
    values: dict[str, Any]

    @property
    def stem(self) -> str:
        """Name of the notebook."""
        return Path(self.output).stem


@dataclass(frozen=True)
class Job:
    """What one worker does.

    Attributes:
        tasks: Its notebooks.
        cell_timeout: Seconds a cell may take.
        root: Folder that a relative `data` is looked up from.
        frame: What every page shows around its notebook (see `render`).
        scratch: Folder for what a run needs and a report does not; empty: none is used.
        kernels: Folder for the fork servers when they serve several runs; empty: `scratch`.
        execution: Environment variables of the kernels that execute, filled in by `main`.
        proof: Those of the kernels that prove, likewise.
    """

    tasks: tuple[Task, ...]
    cell_timeout: int
    root: str
    frame: dict[str, Any]
    scratch: str = ""
    kernels: str = ""
    execution: dict[str, str] = field(default_factory=dict)
    proof: dict[str, str] = field(default_factory=dict)


def work(job: Job, say: Say) -> bool:
    """Take the job's notebooks from source to checked page; whether all came through.

    Every notebook is executed even after one has failed, so that all failures are told at once; nothing is rendered unless all of them
    were reproduced.
    """
    steps = _Steps(say)
    os.environ.update(job.execution)
    executed = {task.stem: steps.take("executed", task.stem, _execution(task, job)) for task in job.tasks}
    passed = [
        task for task in job.tasks if (notebook := executed[task.stem]) and steps.take("preflight", task.stem, _flight(task, notebook))
    ]
    if len(passed) != len(job.tasks) or not _reproduced(job, steps):
        return False
    for task in job.tasks:
        steps.take("rendered", task.stem, _rendering(task, job, executed[task.stem]))
        steps.take("checked", task.stem, _checking(task))
    return not steps.failed


class _Steps:
    """Runs steps and says how each began and ended."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._begun: set[tuple[str, str]] = set()
        self.failed = False

    def begin(self, step: str, stem: str) -> None:
        """Say once that a step of a notebook is running."""
        if (step, stem) not in self._begun:
            self._begun.add((step, stem))
            self._say({"step": step, "notebook": stem, "verdict": "running"})

    def take(self, step: str, stem: str, action: Callable[[], Any]) -> Any:
        """Do one step of a notebook and say how it ended; its result, None when it failed."""
        self.begin(step, stem)
        try:
            result = action()
        except AlignmentError as error:
            return self.fail(step, stem, error)
        except OSError as error:
            return self.fail(step, stem, PublishError(f"the step {step} of {stem} could not write", value=error.strerror or error))
        except Exception as error:
            traceback.print_exc()
            return self.fail(step, stem, AlignmentError(f"the step {step} of {stem} failed", value=f"{type(error).__name__}: {error}"))
        self._say({"step": step, "notebook": stem, "verdict": "ok"})
        return result

    def fail(self, step: str, stem: str, error: AlignmentError) -> None:
        """Say that a step failed, and why, in the parts of its sentence."""
        self.failed = True
        parts = {
            name: None if (part := getattr(error, name)) is None else str(part)[:_LONGEST] for name in ("what", "value", "rule", "way_out")
        }
        self._say({"step": step, "notebook": stem, "verdict": "failed", "error": {"kind": type(error).__name__, **parts}})


def _execution(task: Task, job: Job) -> Callable[[], Notebook]:
    return lambda: execute(Path(task.source), output=Path(task.output), values=task.values, cell_timeout=job.cell_timeout)


def _flight(task: Task, notebook: Notebook) -> Callable[[], bool]:
    def action() -> bool:
        faults = preflight(notebook)
        if faults:
            way_out = "Mend the notebook: what it shows must be quiet, described and comparable"
            raise CellFailed(f"{task.stem} cannot be proved", rule="; ".join(faults), way_out=way_out)
        return True

    return action


def _reproduced(job: Job, steps: _Steps) -> bool:
    for task in job.tasks:
        steps.begin("reproduced", task.stem)
    paths = [Path(task.output) for task in job.tasks]
    try:
        found = reproduce(paths, cell_timeout=job.cell_timeout, root=Path(job.root), environment=job.proof)
    except OSError as error:  # no room for temporary files
        for task in job.tasks:
            steps.fail("reproduced", task.stem, PublishError(f"the proof of {task.stem} could not write", value=error.strerror or error))
        return False
    verdicts = [bool(steps.take("reproduced", task.stem, _verdict(task, found))) for task in job.tasks]
    return all(verdicts)


def _verdict(task: Task, found: Sequence[Difference]) -> Callable[[], bool]:
    def action() -> bool:
        refuse([difference for difference in found if difference.notebook == task.stem])
        return True

    return action


def _rendering(task: Task, job: Job, notebook: Notebook) -> Callable[[], None]:
    def action() -> None:
        from alignment_toolkit.report.render import render_page

        Path(task.page).write_text(render_page(notebook, stem=task.stem, frame=job.frame), encoding="utf-8")

    return action


def _checking(task: Task) -> Callable[[], None]:
    def action() -> None:
        from alignment_toolkit.report.checked import check_page

        check_page(Path(task.page))

    return action


def main() -> None:
    """Read lines of jobs from stdin; for each, fork one worker per job and wait for them. What is imported serves every line."""
    passes: list[forkserver.Kernels] | None = None
    for line in iter(sys.stdin.readline, ""):
        jobs = [Job(**{**record, "tasks": tuple(Task(**task) for task in record["tasks"])}) for record in json.loads(line)]
        if passes is None:
            passes = _made_ready(jobs)
        _awaited([_forked(job) for job in _with_kernels(jobs, passes)])
        _say({"step": DONE, "notebook": None, "verdict": "ok"})
    for kernels in passes or ():
        kernels.stop()
    os._exit(0)


def _made_ready(jobs: Sequence[Job]) -> list[forkserver.Kernels]:
    """Import what every worker uses; the fork servers of the two passes where more than one notebook is run."""
    passes, place = [], jobs[0].kernels or jobs[0].scratch
    _find_fonts()
    if sharing := bool(place) and sum(len(job.tasks) for job in jobs) > 1:
        passes.append(forkserver.start(Path(place) / "execution"))
    _import_once()
    if sharing:  # a pass of its own, which shares nothing with what it proves
        passes.append(forkserver.start(Path(place) / "proof"))
    return passes


def _with_kernels(jobs: Sequence[Job], passes: Sequence[forkserver.Kernels]) -> list[Job]:
    """The jobs with the kernels of each pass, and with a folder of counts of their own run."""
    if not passes:
        return list(jobs)
    execution, proof = (kernels.environment | {SHARED: f"{jobs[0].scratch}/counts-{at}"} for at, kernels in enumerate(passes))
    return [replace(job, execution=execution, proof=proof) for job in jobs]


def job_line(jobs: Sequence[Job]) -> str:
    """The jobs as the line that `main` reads."""
    return json.dumps([asdict(job) for job in jobs]) + "\n"


def _find_fonts() -> None:
    """Build the font cache once, before any kernel would."""
    import matplotlib.font_manager

    os.environ.setdefault("MPLCONFIGDIR", matplotlib.get_configdir())  # where the home is read-only, kernels share one place


def _import_once() -> None:
    """Import what the workers that are forked from here use."""
    skip_grammar()
    import papermill  # noqa: F401

    import alignment_toolkit.report.render  # noqa: F401 - it imports nbconvert


def _forked(job: Job) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work(job, _say)
        _say({"step": "end", "notebook": None, "verdict": "ok"})
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _say(message: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), (json.dumps(message) + "\n").encode())


def _awaited(children: Sequence[int]) -> None:
    """Wait for the workers; when stdin closes before their end, the caller is gone, and everything started here ends with it.

    Without a thread, because the workers of the next line are forked from this process.
    """
    left = set(children)
    while left:
        if select.select([sys.stdin], [], [], _GLANCE)[0]:
            os.killpg(0, signal.SIGKILL)
        left -= {child for child in left if os.waitpid(child, os.WNOHANG)[0]}


if __name__ == "__main__":
    main()
