"""Every full quarter that the data hold, oldest first: one lock, one set of warm workers, and no quarter stops the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alignment_toolkit.errors import AlignmentError, UsageError
from alignment_toolkit.locking import locked
from alignment_toolkit.report.crew import Crew
from alignment_toolkit.report.places import call_root
from alignment_toolkit.report.publish import series_home
from alignment_toolkit.report.run import PUBLISHED, RunResult


@dataclass(frozen=True)
class QuarterRun:
    """How the run of one quarter of a series ended.

    Attributes:
        quarter: Label.
        result: How it ended well; None: it did not.
        error: Why it did not.
    """

    quarter: str
    result: RunResult | None = None
    error: AlignmentError | None = None

    @property
    def is_published(self) -> bool:
        """Whether a new report is there."""
        return self.result is not None and self.result.status == PUBLISHED

    def __str__(self) -> str:
        if self.error:
            return f"{self.quarter} failed (exit {self.error.exit_code}): {self.error.sentence().splitlines()[0]}"
        return f"{self.quarter} {self.result.status if self.result else ''}"


def refuse_single(asked: Mapping[str, object], parameters: Collection[str]) -> None:
    """Refuse what belongs to a single quarter.

    Args:
        asked: Option -> what was given for it, empty where nothing was.
        parameters: Names of the notebook parameters given.

    Raises:
        UsageError: When anything was given that each quarter of a series has its own of.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in asked.items() if value or name in parameters]
    if given:
        rule = "A series runs every full quarter of the data as of its own end, with every notebook"
        way_out = "Leave out --all-quarters, or what belongs to one quarter"
        raise UsageError("the options do not go together", value=f"--all-quarters {' '.join(given)}", rule=rule, way_out=way_out)


@contextmanager
def series(out: Path, *, wait: float, clock: Callable[[], datetime]) -> Iterator[Crew]:
    """Hold the lock of a reports folder for several runs, and keep their workers warm.

    Args:
        out: The reports folder.
        wait: Seconds to wait for another run.
        clock: For the name of the workers' folder.

    Raises:
        Busy: When another run holds the lock for longer.
        PublishError: When the folder cannot be written.
    """
    place = out.absolute()
    with locked(place, wait=wait):
        crew = Crew(series_home(place, clock=clock), root=str(call_root()))
        try:
            with crew:
                yield crew
        finally:
            if crew.is_sound:  # else its folder says what went wrong
                shutil.rmtree(crew.home, ignore_errors=True)


def run_every(quarters: Sequence[str], run: Callable[[str], RunResult], *, tell: Callable[[str], object]) -> list[QuarterRun]:
    """Run the quarters one after the other; one that fails does not stop the rest.

    Args:
        quarters: Labels, in the order they are run in.
        run: Runs one of them.
        tell: Told of each quarter when it has ended, in a sentence.

    Raises:
        UsageError: What cannot be asked for one quarter can be asked for none.
    """
    done = []
    for quarter in quarters:
        try:
            ended = QuarterRun(quarter, run(quarter))
        except UsageError:
            raise
        except AlignmentError as error:
            ended = QuarterRun(quarter, error=error)
        done.append(ended)
        tell(str(ended))
    return done


def refuse_failed(done: Sequence[QuarterRun]) -> None:
    """Raise what the failed quarters of a series mean; nothing when there are none.

    Raises:
        AlignmentError: Of the class of the first failure, with every failed quarter in its sentence.
    """
    failed = [entry for entry in done if entry.error]
    if not failed or failed[0].error is None:
        return
    what = f"{len(failed)} of {len(done)} quarters {'was' if len(failed) == 1 else 'were'} not published"
    named = ", ".join(f"{entry.quarter} (exit {entry.error.exit_code})" for entry in failed if entry.error)
    raise type(failed[0].error)(what, value=named, way_out="What each of them says stands above; the last good reports are as they were")
