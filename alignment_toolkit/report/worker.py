"""What one notebook goes through: executed and looked at in one turn, proved and rendered in another.

Each turn is a process of its own, forked by the foreman (`foreman`); nothing but the notebook's file passes from one to the other.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError, CellFailed, PublishError
from alignment_toolkit.report.execute import execute
from alignment_toolkit.report.notebooks import Notebook, read_notebook
from alignment_toolkit.report.preflight import preflight
from alignment_toolkit.report.reproduce import refuse, reproduce

Say = Callable[[dict[str, Any]], None]
_LONGEST = 1500


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
    """What a run asks for.

    Attributes:
        tasks: The notebooks, in the order in which they are executed.
        cell_timeout: Seconds a cell may take.
        root: Folder that a relative `data` is looked up from.
        frame: What every page shows around its notebook (see `render`).
        scratch: Folder for what a run needs and a report does not; empty: none is used.
        workers: Notebooks that are worked on at a time.
        execution: Environment variables of the kernels that execute, filled in by the foreman.
        proof: Those of the kernels that prove, likewise.
    """

    tasks: tuple[Task, ...]
    cell_timeout: int
    root: str
    frame: dict[str, Any]
    scratch: str = ""
    workers: int = 1
    execution: dict[str, str] = field(default_factory=dict)
    proof: dict[str, str] = field(default_factory=dict)


def first_turn(task: Task, job: Job, say: Say) -> bool:
    """Execute a notebook and look at what it shows; whether it can be proved."""
    steps = _Steps(say)
    os.environ.update(job.execution)
    notebook = steps.take("executed", task.stem, _execution(task, job))
    return bool(notebook and steps.take("preflight", task.stem, _flight(task, notebook)))


def second_turn(task: Task, job: Job, say: Say) -> bool:
    """Prove an executed notebook and make its page; whether all of that came through. What was not reproduced is not rendered."""
    steps = _Steps(say)
    if steps.take("reproduced", task.stem, _proof(task, job)):
        steps.take("rendered", task.stem, _rendering(task, job))
        steps.take("checked", task.stem, _checking(task))
    return not steps.failed


class _Steps:
    """Runs steps and says how each began and ended."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.failed = False

    def take(self, step: str, stem: str, action: Callable[[], Any]) -> Any:
        """Do one step of a notebook and say how it ended; its result, None when it failed."""
        self._say({"step": step, "notebook": stem, "verdict": "running"})
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


def _proof(task: Task, job: Job) -> Callable[[], bool]:
    def action() -> bool:
        try:
            found = reproduce([Path(task.output)], cell_timeout=job.cell_timeout, root=Path(job.root), environment=job.proof)
        except OSError as error:  # no room for temporary files
            raise PublishError(f"the proof of {task.stem} could not write", value=error.strerror or error) from error
        refuse(found)
        return True

    return action


def _rendering(task: Task, job: Job) -> Callable[[], None]:
    def action() -> None:
        from alignment_toolkit.report.render import render_page

        notebook = read_notebook(Path(task.output))
        Path(task.page).write_text(render_page(notebook, stem=task.stem, frame=job.frame), encoding="utf-8")

    return action


def _checking(task: Task) -> Callable[[], None]:
    def action() -> None:
        from alignment_toolkit.report.checked import check_page

        check_page(Path(task.page))

    return action
