"""The records of a delimited file, without the rows that an export adds to them: footers, totals, blank rows, repeated headers.

What is left out is counted by reason. A row belongs to a footer only where that is unmistakable: it stands after the last record, and it
is a line of one field after a blank line, a line of totals, or says what footers say ("Copyright (c) 2000-2026 …", "Confidential
Information - Do Not Distribute") after a blank line or in a row that is not as long as the header. A short row anywhere else is a fault.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from alignment_toolkit.border.reasons import BLANK, FOOTER, HEADER
from alignment_toolkit.border.sentences import SHOWN, BadFile, Example, Fault, declare
from alignment_toolkit.border.sniffing import Dialect, records

LONGEST_FIELD = 1 << 24
TAIL = 60  # rows that a footer may have
_SAYS_SO = re.compile(
    r"(report )?(generated|exported|run|created|printed) (by|on|at|from)\b.*|\(?[\d., ]+ (records?|rows?)( affected| selected)?\.?\)?",
    re.IGNORECASE,
)
_LEGAL = re.compile(r"(copyright )?(\(c\)|©) ?\d{4}\b.*|confidential information - do not distribute.*", re.IGNORECASE)
# "Total: 12", "Total 12 records", "Total (12 leads)", "Total (EUR)"
_HOW_MANY = r" ?:| ?: *[\d., ']*\d| [\d., ']*\d (records?|rows?)| ?\([\d., ']*\d( \w+)?\)| ?\(([A-Z]{3}|[$€£¥])\)"
_ELSEWHERE = "(gesamt|zwischen|end)?summen?|gesamt|insgesamt|(sous-)?total général|suma( total)?|total general|totaal|somma|totale"
_TOTAL = re.compile(rf"((grand )?totals?( (records?|rows?|count))?|((record|row) )?count|{_ELSEWHERE})({_HOW_MANY})?", re.IGNORECASE)
_BEGINS = "copyright|confidential|report|generated|exported|run|creat|print|(grand |sous-)?tota|count|rec|row|ges|ins|zwisch|end|som|sum"
_MAY_SAY_SO = re.compile(rf"\s*($|\(|©|{_BEGINS}|[\d., ]+ r)", re.IGNORECASE)
_NUMBER = re.compile(r"[^\w\s]{0,3}\s?[\d., ']*\d\s?[^\w\s]{0,3}|[A-Z]{3} [\d., ']*\d", re.IGNORECASE)

Numbered = tuple[int, list[str]]


@dataclass
class _Line:
    """A row that may belong to a footer."""

    row: int
    fields: list[str]
    after_blank: bool
    is_apart: bool  # it or a row before it, in the same block, comes after a blank row


@dataclass
class Sorter:
    """Parts records from what is none, in one pass.

    Attributes:
        header: Column names.
        place: The file in messages.
        aside: Reason -> rows left out.
        ragged: The first rows that have more or fewer fields than the header, with their number of fields.
        n_ragged: How many there are.
        other_headers: Rows that are another header.
    """

    header: tuple[str, ...]
    place: str
    aside: Counter[str] = field(default_factory=Counter)
    ragged: list[tuple[int, int]] = field(default_factory=list)
    n_ragged: int = 0
    other_headers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names = frozenset(name.casefold() for name in self.header)

    def kept(self, numbered: Iterable[Numbered]) -> Iterator[Numbered]:
        """The records, each with its row."""
        tail: list[_Line] = []
        after_blank = False
        for row, fields in numbered:
            if not tail and self._is_plain(fields):
                after_blank = False
                yield row, fields
                continue
            if not any(map(str.strip, fields)):
                self.aside[BLANK] += bool(fields)
                after_blank = True
                continue
            line = _Line(row, fields, after_blank, is_apart=after_blank or (bool(tail) and tail[-1].is_apart))
            after_blank = False
            if self.is_header(fields):
                yield from self._ended(tail)
                tail = []
                self.aside[HEADER] += 1
            elif self._may_end(line, is_behind=bool(tail)):
                tail.append(line)
                if len(tail) > TAIL:
                    yield from self._resumed([tail.pop(0)])
            else:
                yield from self._resumed([*tail, line])
                tail = []
        yield from self._ended(tail)

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with rows that are neither records nor footers."""
        found = []
        if self.other_headers:
            rule = "Files that were joined have the same columns in the same order"
            examples = tuple(Example(row=row) for row in self.other_headers[:SHOWN])
            what = "another header stands among the records"
            found.append(Fault(self.place, what, rule, "Give each export as a file of its own", examples, len(self.other_headers)))
        if self.n_ragged:
            way_out = f"Put values that hold the separator between double quotes; if it is another one, {declare('delimiter', ';')}"
            examples = tuple(Example(f"{n} field{'s' if n != 1 else ''}", row) for row, n in self.ragged)
            what, rule = "rows do not have as many fields as the header", f"The header has {len(self.header)}"
            found.append(Fault(self.place, what, rule, way_out, examples, self.n_ragged))
        return tuple(found)

    def _is_plain(self, fields: list[str]) -> bool:
        """Whether a row can be told from the few that need a closer look at a glance: nearly all can."""
        if len(fields) != len(self.header) or len(fields) < 2 or _MAY_SAY_SO.match(fields[0]):
            return False
        return any(map(str.strip, fields[1:])) and not any(one.strip().casefold() in self._names for one in fields[:2])

    def is_header(self, fields: list[str]) -> bool:
        """Whether a row repeats the header."""
        if len(fields) != len(self.header) or fields[0].strip().casefold() not in (self.header[0].casefold(), ""):
            return False
        names = [name.strip() or f"(unnamed {index})" for index, name in enumerate(fields, start=1)]
        if len(names) == 1:
            return names[0] == self.header[0]
        return all(name.casefold() == known.casefold() for name, known in zip(names, self.header, strict=True))

    def _is_other_header(self, fields: list[str]) -> bool:
        if not any(one.strip().casefold() in self._names for one in fields[:2]):
            return False
        values = [value.casefold() for one in fields if (value := one.strip())]
        return len(set(values) & self._names) >= 2 and 2 * sum(value in self._names for value in values) >= len(values)

    def _may_end(self, line: _Line, *, is_behind: bool) -> bool:
        if len(line.fields) != len(self.header) and (line.after_blank or is_behind):
            return True
        return len(_filled(line.fields)) == 1 or self._says_so(line)

    def _says_so(self, line: _Line) -> bool:
        """Whether the words are those of a footer, or the row is one of totals."""
        first, *others = _filled(line.fields)
        if _TOTAL.fullmatch(first):
            return all(_NUMBER.fullmatch(other) for other in others) and (len(others) + 1 < len(self.header) or line.is_apart)
        is_sentence = _LEGAL.fullmatch(first) or _SAYS_SO.fullmatch(first)
        return bool(is_sentence and (line.is_apart or len(line.fields) != len(self.header) or not others))

    def _ended(self, tail: list[_Line]) -> Iterator[Numbered]:
        """The records at the end of a table; its footer is set aside, block by block from the last."""
        end = len(tail)
        while end:
            start = next((at for at in range(end - 1, -1, -1) if tail[at].after_blank), 0)
            block = tail[start:end]
            begin = self._footer_of(block)
            self.aside[FOOTER] += len(block) - begin
            end = start + begin
            if begin or not block[0].after_blank:
                break
        yield from self._resumed(tail[:end])

    def _footer_of(self, block: list[_Line]) -> int:
        """Where the footer of a block begins: with the titles of one field above the first line that says so; its end where none is."""
        said = next((at for at, line in enumerate(block) if self._says_so(line)), None)
        if not block[0].after_blank:
            return len(block) if said is None else said
        if said is None:
            return 0 if all(self._is_title(line) for line in block) else len(block)
        begin = said
        while begin and self._is_title(block[begin - 1], beside=block[said]):
            begin -= 1
        return begin

    def _is_title(self, line: _Line, *, beside: _Line | None = None) -> bool:
        """Whether a line holds one field, and is no record: shorter than the header, or padded as the line beside it is."""
        is_padded = beside is not None and len(line.fields) == len(beside.fields)
        return len(_filled(line.fields)) == 1 and (len(line.fields) == 1 < len(self.header) or is_padded)

    def _resumed(self, lines: list[_Line]) -> Iterator[Numbered]:
        """Lines that turned out to be no footer."""
        for line in lines:
            if self._is_other_header(line.fields):
                self.other_headers.append(line.row)
            elif len(line.fields) == len(self.header):
                yield line.row, line.fields
            else:
                self.n_ragged += 1
                if len(self.ragged) < SHOWN:
                    self.ragged.append((line.row, len(line.fields)))


def _filled(fields: list[str]) -> list[str]:
    return [value for one in fields if (value := one.strip())]


def set_aside_notes(place: str, aside: dict[str, int]) -> tuple[str, ...]:
    """What was left out of a file, in words."""
    listed = "; ".join(f"{reason}: {n:,}" for reason, n in aside.items())
    n = sum(aside.values())
    return (f"{place}: {n:,} row{'s are' if n > 1 else ' is'} set aside ({listed})",) if aside else ()


def odd_rows(header: tuple[str, ...], last: Iterable[Numbered]) -> bool:
    """Whether the last rows of a table hold something that is no record."""
    sorter = Sorter(header, "")
    list(sorter.kept(last))
    return bool(sorter.aside)


def numbered_records(path: Path, dialect: Dialect, place: str) -> Iterator[Numbered]:
    """Every record below the header with its row; a blank line is a record without fields.

    Raises:
        BadFile: When a quote is never closed.
    """
    csv.field_size_limit(LONGEST_FIELD)
    row = 0
    with path.open(encoding=dialect.encoding, newline="") as file:
        try:
            for row, record in enumerate(records(file, dialect.delimiter, strict=True), start=1):
                if row > dialect.skip + 1:
                    yield row, record
        except csv.Error as error:
            rule = "A quote that opens a value is closed at its end; a quote inside is doubled"
            what = f"the text cannot be read after row {row} ({error})"
            raise BadFile(Fault(place, what, rule, "Repair the row, or export the file again")) from error
