"""What a run says while it works: one event per step and notebook, as plain lines, JSON lines or a progress display."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, TextIO

from alignment_toolkit.visible import legible

STEPS = ("staged", "executed", "preflight", "reproduced", "rendered", "checked", "published")
RUNNING = "running"


@dataclass(frozen=True)
class Event:
    """One step of one notebook, or of the whole run.

    Attributes:
        step: One of `STEPS`, or `notice`.
        notebook: Stem of the notebook; None for the run.
        start: When it began.
        end: When it ended; None while it runs.
        verdict: `running`, `ok`, `failed`, `kept`, …
        detail: A sentence, where there is something to say.
    """

    step: str
    notebook: str | None
    start: datetime
    end: datetime | None = None
    verdict: str = RUNNING
    detail: str = ""

    def ended(self, at: datetime, *, verdict: str = "ok", detail: str = "") -> Event:
        """The same event at its end."""
        return replace(self, end=at, verdict=verdict, detail=detail)

    def record(self) -> dict[str, Any]:
        """The event as JSON values, instants in ISO form."""
        values = asdict(self)
        return values | {"start": self.start.isoformat(), "end": self.end.isoformat() if self.end else None}


def notice(sentence: str, *, now: datetime) -> Event:
    """Something to know about the run that is no step of it."""
    return Event("notice", None, now, now, "note", sentence)


Log = Callable[[Event], None]
LogFormat = Literal["auto", "plain", "json"]


def silent(event: Event) -> None:
    """A log that says nothing."""


def journal_for(log_format: LogFormat = "auto", *, stream: TextIO) -> Log:
    """A log for a stream.

    Args:
        log_format: `json` lines, `plain` lines, or `auto`: a progress display on a terminal, plain lines elsewhere.
        stream: Where it is written, usually stderr.
    """
    if log_format == "json":
        return lambda event: _line(stream, json.dumps(event.record(), ensure_ascii=False))
    return Progress(stream) if log_format == "auto" and stream.isatty() else lambda event: _plain(stream, event)


class Progress:
    """A progress display: one line at the bottom says what is running, finished steps scroll above it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.status import Status

        self._console = Console(file=stream, highlight=False)
        self._status = Status("starting", console=self._console)
        self._running: dict[tuple[str, str | None], None] = {}

    def __call__(self, event: Event) -> None:
        """Take one event."""
        key = (event.step, event.notebook)
        if event.end is None:
            self._running[key] = None
        else:
            self._running.pop(key, None)
            self._console.print(_sentence(event), markup=False)
        self._show()

    def _show(self) -> None:
        if not self._running:
            self._status.stop()
            return
        self._status.update(", ".join(f"{notebook or 'report'} {step}" for step, notebook in self._running))
        self._status.start()


def _plain(stream: TextIO, event: Event) -> None:
    if event.end is not None:
        _line(stream, f"{event.end:%H:%M:%S} {_sentence(event)}")


def _sentence(event: Event) -> str:
    took = (event.end - event.start).total_seconds() if event.end else 0.0
    name = f"{event.step:<10} {event.notebook or 'report':<22}"
    return f"{name} {event.verdict:<7} {took:5.1f} s  {legible(event.detail)}".rstrip()


def _line(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()
