"""Runs that began and did not end well, one record per quarter, beside the published reports and apart from them.

`.runs/<quarter>.json` is written when a run begins, says how it failed when it fails, and goes when a report is published or there is
nothing to do. So what a killed run leaves behind is the record of its beginning. A record that cannot be written keeps no run from
anything: the log and the exit code say the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from alignment_toolkit.errors import AlignmentError, UsageError

RUNS = ".runs"
REASONS = {
    3: "the data were refused",
    4: "a cell failed, or an output could not be published",
    5: "a cell took too long",
    6: "a kernel died",
    7: "the second execution gave other outputs",
    8: "it could not be written",
}
_UNENDED = "it began and has not ended: it was killed, or is still at work"
_STOPPED = "it was stopped"


@dataclass(frozen=True)
class Attempt:
    """A run that has not published its quarter.

    Attributes:
        quarter: Label.
        began: ISO instant.
        ended: ISO instant; None: nobody saw its end.
        exit_code: What the command left with; None: stopped or killed.
        sentence: The whole message, which may name paths and cells: for the team.
    """

    quarter: str
    began: str
    ended: str | None = None
    exit_code: int | None = None
    sentence: str = ""

    @property
    def reason(self) -> str:
        """Why there is no report, in words for readers."""
        if self.ended is None:
            return _UNENDED
        return _STOPPED if self.exit_code is None else REASONS.get(self.exit_code, "the toolkit itself failed")

    @property
    def at(self) -> str:
        """When it ended, or else began, to the minute: `2026-10-02 08:30 UTC`."""
        return minute(self.ended or self.began)

    def __str__(self) -> str:
        code = "" if self.exit_code is None else f", exit {self.exit_code}"
        return f"{self.quarter}  no report from the run of {self.at}: {self.reason}{code}"


@contextlib.contextmanager
def attempted(out: Path, quarter: str, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Within this a quarter is run; how it ends is on record when it does not end well.

    What the user cannot ask for (exit 2) is no failed run: what was on record before stays.

    Args:
        out: The reports folder, whose lock is held.
        quarter: Label.
        clock: Wall time.
    """
    before = _read(_place(out, quarter))
    attempt = Attempt(quarter, clock().isoformat())
    _keep(out, attempt)
    try:
        yield
    except UsageError:
        _keep(out, before) if before else forget(out, quarter)
        raise
    except AlignmentError as error:
        _keep(out, replace(attempt, ended=clock().isoformat(), exit_code=error.exit_code, sentence=str(error)))
        raise
    except BaseException as stop:
        code = 1 if isinstance(stop, Exception) else None
        _keep(out, replace(attempt, ended=clock().isoformat(), exit_code=code, sentence=type(stop).__name__))
        raise
    forget(out, quarter)


def attempts(out: Path) -> list[Attempt]:
    """The runs of a reports folder that did not end well, oldest quarter first; records that cannot be read are left out."""
    found = (_read(path) for path in sorted((out / RUNS).glob("????Q?.json")))
    return [attempt for attempt in found if attempt]


def forget(out: Path, quarter: str) -> None:
    """Remove the record of a quarter: its report is the one asked for. The folder goes with the last record."""
    with contextlib.suppress(OSError):
        _place(out, quarter).unlink(missing_ok=True)
        _place(out, quarter).parent.rmdir()


def minute(instant: str) -> str:
    """An ISO instant in UTC to the minute, for people."""
    return f"{instant[:16].replace('T', ' ')} UTC"


def _place(out: Path, quarter: str) -> Path:
    return out / RUNS / f"{quarter}.json"


def _keep(out: Path, attempt: Attempt) -> None:
    path = _place(out, attempt.quarter)
    fresh = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(json.dumps(asdict(attempt), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)


def _read(path: Path) -> Attempt | None:
    try:
        return Attempt(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
