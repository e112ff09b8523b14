"""When two labels are one: their Unicode forms, capitals and blanks aside, decided in Python and never by an engine.

Engines differ in what they make of ß, a final sigma or a Turkish İ, and most know no compatibility forms. So the few different labels of a
column are fetched, compared here, and the engine is only asked for equal texts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
_MOST_OTHERS = 500  # labels that no mapping lists; a column with more of them holds no labels

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))


@lru_cache(maxsize=100_000)
def label_key(label: str) -> str:
    """What equal labels share: NFKC, no capitals (ß is ss, both sigmas are one, İ and ı are i), single blanks, none at the ends."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold()).lower()
    dotless = folded.replace("i\u0307", "i").replace("\u0131", "i")  # İ folds to an i with a dot above it
    return " ".join(dotless.translate(_UNSEEN).split())


def spaced(label: str) -> str:
    """A label in NFKC with single blanks between its words and none at its ends; capitals stay."""
    return " ".join(unicodedata.normalize("NFKC", label).split())


def translated(labels: Iterable[str], words: Mapping[str, T]) -> dict[str, T]:
    """What each of these labels means, of those that are known.

    Args:
        labels: Labels as found.
        words: Labels as a mapping lists them -> their meaning; of labels that are one the last counts.
    """
    known = {label_key(label): word for label, word in words.items()}
    return {label: known[key] for label in labels if (key := label_key(label)) in known}


def respelled(labels: Iterable[str], listed: Iterable[str]) -> dict[str, str]:
    """The labels that have to be spelled otherwise to be compared by an engine's LOWER: as a mapping lists them, else in NFKC."""
    known = {label_key(label): label for label in listed}
    spelled = {label: known.get(label_key(label)) or spaced(label) for label in labels}
    changed = {label: to for label, to in spelled.items() if to != label}
    others = [label for label in changed if label_key(label) not in known]
    return {label: to for label, to in changed.items() if label not in set(others[_MOST_OTHERS:])}
