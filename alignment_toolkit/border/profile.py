"""What the columns of a file look like: how many values, how many different ones, and whether they are dates, numbers, addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alignment_toolkit.border import duck
from alignment_toolkit.border.kinds import OTHERS, refuse_other
from alignment_toolkit.border.nothing import null_words
from alignment_toolkit.border.personal import MAIL, PHONE
from alignment_toolkit.border.sentences import BadFile, Fault
from alignment_toolkit.border.shelf import Item, Shelf
from alignment_toolkit.border.sniffing import dialect_of

SAMPLE_ROWS = 20_000
_ISO = r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?"
_ORDERED = r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}(,?[T ].*)?"
_NUMBER = r"[+-]?[\d., ']*\d"
_MOST = 0.95


@dataclass(frozen=True)
class Profile:
    """One column of a file, judged by its first rows.

    Attributes:
        file: Name of the file.
        name: Header.
        n: Rows looked at.
        filled: Rows that hold a value.
        values: Different values, most frequent first.
        shape: date, number, mail, phone, flag or text.
        order: Order of day and month where dates are not ISO: dmy, mdy or ? when the values do not tell; None: ISO.
        marks: Decimal mark and mark between groups of digits where numbers are written otherwise than 1234.50; empty: not so.
    """

    file: str
    name: str
    n: int
    filled: int
    values: tuple[str, ...]
    shape: str
    order: str | None = None
    marks: tuple[str, str] = ("", "")

    @property
    def is_unique(self) -> bool:
        """Whether no value stands twice and none is missing."""
        return self.n > 0 and len(self.values) == self.filled == self.n

    @property
    def is_label(self) -> bool:
        """Whether it holds few different texts that repeat."""
        return self.shape == "text" and 1 <= len(self.values) <= 30 and len(self.values) < self.filled


def profiles(shelf: Shelf) -> tuple[dict[str, list[Profile]], tuple[Fault, ...]]:
    """Columns of every file or table that can be read, by its name, and why others cannot."""
    backend = shelf.backend or duck.connect()
    found: dict[str, list[Profile]] = {}
    faults: list[Fault] = []
    for item in shelf.items:
        try:
            rows = _rows(backend, shelf, item)
        except BadFile as error:
            faults += error.faults
            continue
        table = backend.to_pyarrow(rows.limit(SAMPLE_ROWS))
        found[item.name] = [_profile(item.name, name, table[name].to_pylist()) for name in table.column_names if name != duck.ROW]
    return found, tuple(faults)


def _rows(backend: Any, shelf: Shelf, item: Item) -> Any:
    if item.path is None:
        return shelf.backend.table(item.stem, database=item.schema)
    if item.path.suffix.lower() == ".parquet":
        return duck.load_parquet(backend, item.path, name=f"profile {item.name}", place=item.name, is_proven=False)
    if item.path.suffix.lower() in OTHERS:
        raise refuse_other(item.path, item.name)
    return duck.load_csv(backend, item.path, dialect_of(item.path, place=item.name), name=f"profile {item.name}", place=item.name)[0]


def _profile(file: str, name: str, values: list[Any]) -> Profile:
    texts = [text for value in values if value is not None and (text := str(value).strip())]
    counts = tuple(value for value, _ in Counter(texts).most_common())
    shape = _shape([text for text in texts if text not in null_words(name, "date")])
    order = _order(counts) if shape == "date" else None
    return Profile(file, name, len(values), len(texts), counts, shape, order, _marks(counts) if shape == "number" else ("", ""))


def _shape(texts: list[str]) -> str:
    if not texts:
        return "text"
    if {text.casefold() for text in texts} <= {"true", "false", "yes", "no", "t", "f", "y", "n", "0", "1"}:
        return "flag"
    for shape, pattern in (("date", f"{_ISO}|{_ORDERED}"), ("mail", MAIL), ("phone", PHONE), ("number", _NUMBER)):
        if sum(re.fullmatch(pattern, text) is not None for text in texts) >= _MOST * len(texts):
            return shape
    return "text"


def _order(values: Iterable[str]) -> str | None:
    """The order of day and month that the values betray."""
    pairs = [(int(found[1]), int(found[2])) for value in values if (found := re.fullmatch(_ORDERED, value))]
    if not pairs:
        return None
    first, second = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    return "dmy" if first > 12 else "mdy" if second > 12 else "?"


def _marks(values: Iterable[str]) -> tuple[str, str]:
    """Decimal mark and mark between groups of digits that the values betray; empty where they read as 1234.50, or contradict each other.

    1.540,50 has a decimal comma and groups apart by points. A single comma before three digits may be either: other values decide, else it
    stands between groups.
    """
    decimal: set[str] = set()
    between: set[str] = set()
    either: set[str] = set()
    for value in values:
        marks = re.findall(r"[., ']", value)
        if not marks:
            continue
        last, behind, before = marks[-1], len(re.split(r"[., ']", value)[-1]), set(marks[:-1])
        if before - {last} or (not before and behind != 3):
            decimal.add(last)
            between |= before
        else:
            (between if before else either).add(last)
    between |= (either & {","}) - decimal
    between |= either & {"."} if "," in decimal else set()
    if len(decimal) > 1 or len(between) > 1 or decimal & between or decimal - {".", ","} or (decimal <= {"."} and not between):
        return "", ""
    group = "".join(between)
    return "".join(decimal) or ("," if group == "." else "."), group
