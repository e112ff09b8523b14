"""Words that stand for "nothing" in exports, such as `null`, `N/A`, `(blank)` or an all-zero id, and the columns in which they do.

They are nothing in keys, accounts, types, statuses, dates, numbers and flags. In labels that figures are sliced by they stay what they are:
the region `NA` is North America, and a lead source `None` is what somebody chose; `alignment check` counts such placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from alignment_toolkit.schema import Kind

LABELS = frozenset(
    {
        *("source", "persona", "segment", "region", "product", "channel", "asset", "name", "title", "action"),
        *("reason", "loss_reason", "churn_reason", "churn_feedback"),
    }
)
_WORDS = ("null", "(null)", "<null>", r"\N", "n/a", "#n/a", "(blank)", "(empty)", "none", "nil", "NaN", "NaT", "-", "--", "---", "–", "—")
_BROKEN = ("#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")  # of a date or number they are a fault, as an id they are none
_MEASURED = ("na", "<na>")  # R's and pandas' words; as an id or code NA may be somebody's initials
_ZERO_ID = r"^[{]?[0-]{15,36}(?:AAA)?[}]?$"


@cache
def null_words(name: str, kind: Kind) -> tuple[str, ...]:
    """The words that stand for nothing in a column unless a mapping says otherwise; none in labels.

    Args:
        name: Its name, canonical or of an input.
        kind: What its values are.
    """
    if kind in ("id", "text"):
        return () if kind == "text" and name in LABELS else spellings((*_WORDS, *_BROKEN))
    return spellings((*_WORDS, *_MEASURED))


@cache
def spellings(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words in small letters, in capitals, and as given: no engine has to fold a value to compare it."""
    return tuple(
        dict.fromkeys(spelled for word in words for spelled in (word, word.lower(), word.upper(), word.capitalize(), word.title()))
    )


def without(words: Iterable[str], labels: Iterable[str]) -> tuple[str, ...]:
    """The words that are no label which a mapping lists."""
    listed = {label.strip().casefold() for label in labels}
    return tuple(word for word in words if word.casefold() not in listed)


def is_nothing(text: Any, words: tuple[str, ...], *, is_id: bool) -> Any:
    """Whether a text without blanks at its ends is one of the words, or an id of nothing but zeros.

    Args:
        text: Strings.
        words: As in `null_words`, in every spelling; empty: nothing is a word for nothing.
        is_id: Whether the column holds ids.
    """
    found = text.isin(words)
    if not is_id:
        return found
    zeros = text.startswith("0000") | text.startswith("{0000")
    return found | zeros.ifelse(text.re_search(_ZERO_ID), False)
