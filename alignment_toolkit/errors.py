"""Exceptions that write their own sentence: what, the value, the rule, the way out.

The library raises these; only the command line prints them. Each class carries the exit code that the command line leaves with.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AlignmentError(Exception):
    """Base of every error a user can meet.

    Args:
        what: What went wrong, naming the thing (file, table, column, option).
        value: The offending value, shown quoted; left out when None.
        rule: The rule that the value breaks.
        way_out: What the user can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, value: object = None, rule: str | None = None, way_out: str | None = None) -> None:
        self.what, self.value, self.rule, self.way_out = what, value, rule, way_out
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The whole message as sentences on one line."""
        head = self.what if self.value is None else f"{self.what}: {quoted(self.value)}"
        return " ".join(ended(part) for part in (head, self.rule, self.way_out) if part)


class UsageError(AlignmentError):
    """An option, parameter, quarter, configuration or mapping syntax that cannot be used, or a path that is not there."""

    exit_code = 2


class DataRefused(AlignmentError):
    """Data with a fatal fault; `faults` holds one sentence per fault, all of them at once."""

    exit_code = 3

    def __init__(self, what: str, *, faults: Iterable[str] = (), **parts: object) -> None:
        self.faults = tuple(faults)
        super().__init__(what, **parts)  # type: ignore[arg-type]

    def sentence(self) -> str:
        """The summary, then one line per fault."""
        return "\n".join([super().sentence(), *(f"  - {fault}" for fault in self.faults)])


class CellFailed(AlignmentError):
    """A notebook cell failed, or preflight refused the executed notebook."""

    exit_code = 4


class RunTimeout(AlignmentError):
    """A notebook cell or a whole step took longer than allowed."""

    exit_code = 5


class KernelDied(AlignmentError):
    """The kernel ended while a notebook was running."""

    exit_code = 6


class NotReproduced(AlignmentError):
    """A second execution gave other outputs, outputs were cleared, or the data are not those of the manifest."""

    exit_code = 7


class PublishError(AlignmentError):
    """Something could not be written or published."""

    exit_code = 8


class Busy(AlignmentError):
    """Another run holds the lock; try again later."""

    exit_code = 75


def quoted(value: object, *, longest: int = 80) -> str:
    """The value between quotes, control characters visible; longer than `longest` it is cut in the middle: a path is known by its end."""
    text = str(value)
    half = (longest - 1) // 2
    return repr(text if len(text) <= longest else f"{text[:half]}…{text[-half:]}")


def shown(value: object) -> str:
    """The value as it would be written in Python, cut like `quoted`."""
    return quoted(value) if isinstance(value, str) else quoted(" ".join(repr(value).split()))[1:-1]


def ended(part: str) -> str:
    """The text with a full stop unless it already ends a sentence."""
    return part if part.endswith((".", "!", "?", ":")) else part + "."


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or the known ones: for the way out of an unknown name.

    Args:
        word: What the user wrote.
        known: The names that exist.
    """
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(str(word).casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {folded[close[0]]!r}?"
    return f"Known: {', '.join(names)}." if names else "None are known here."


def listed(names: Iterable[str], *, last: str = "or") -> str:
    """Names as a sentence lists them: `a`, `a or b`, `a, b or c`."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def choose(value: object, known: Iterable[str]) -> str:
    """The way out of an unknown name among a few: the nearest one where there is one, and all of them.

    Args:
        value: What was given.
        known: The names that exist.
    """
    names = [str(name) for name in known]
    near = nearest(str(value), names)
    choices = f"Choose {listed(names)}."
    return f"{near} {choices}" if near.startswith("Did") else choices
