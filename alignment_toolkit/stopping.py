"""SIGTERM, as schedulers and service managers send it, ends a command as Ctrl-C does: with everything that it has started."""

from __future__ import annotations

import signal


class Terminated(KeyboardInterrupt):
    """The command was asked to end."""


def heed_terminate() -> None:
    """From here on SIGTERM raises `Terminated` in the main thread."""
    signal.signal(signal.SIGTERM, _terminated)


def code_of(stop: KeyboardInterrupt) -> int:
    """The exit code that shells know a signal by: 143 for SIGTERM, 130 for Ctrl-C."""
    return 128 + (signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT)


def _terminated(*_: object) -> None:
    raise Terminated
