"""How a command ends: errors become a sentence on stderr and an exit code, never a traceback.

SIGTERM, as schedulers and service managers send it, ends it as Ctrl-C does: with everything that it has started.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from alignment_toolkit.errors import AlignmentError, UsageError
from alignment_toolkit.visible import legible


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


def warn(sentence: str) -> None:
    """Print a sentence to stderr; names in it cannot move the cursor or turn the line round."""
    print(f"alignment: {legible(sentence)}", file=sys.stderr)


def exit_code(run: Callable[[], Any]) -> int:
    """Run and return the exit code: 0, that of the error, 2 for usage, 1 for a fault of the toolkit itself."""
    try:
        run()
    except AlignmentError as error:
        warn(str(error))
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as stop:
        warn("stopped")
        return code_of(stop)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except Exception as error:
        if os.environ.get("ALIGNMENT_TRACEBACK"):
            raise
        text = f"a fault of the toolkit itself: {type(error).__name__}: {error}"
        warn(f"{text} (ALIGNMENT_TRACEBACK=1 shows where; please report it)")
        return UsageError.exit_code - 1
    return 0
