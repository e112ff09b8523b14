"""How a delimited text file is written: its encoding, its delimiter and where its header stands.

Nothing is guessed silently: encoding and delimiter that were not declared and are not the usual ones come back as notes, as do title lines
above the header.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.border import encodings
from alignment_toolkit.border.kinds import EXPORT, ensure_text
from alignment_toolkit.border.sentences import BadFile, Example, Fault, declare

DELIMITERS = (",", ";", "\t", "|")
WHITESPACE = "whitespace"
_RARE = ("^", "~", "¦", ":", "\x01", "\x1f")
_CHUNK = 1 << 20
_HEAD = 1 << 16
_ABOVE = 30  # title lines that may stand above a header
_VALUE = re.compile(r"[+-]?[\d., ']*\d%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
_OTHER_MARKS = re.compile(r"[,;\t|^~¦\x01\x1f]|:(?!\s)|\s{2,}")


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is to be read.

    Attributes:
        encoding: Python codec.
        delimiter: Field separator; `whitespace`: runs of blanks.
        header: Column names, blanks stripped; an empty one is `(unnamed n)`.
        skip: Records before the header: `sep=;`, titles, blank lines.
        above: How many of these are titles.
        plain: UTF-8 without BOM, blank lines or bare carriage returns, so that a fast reader can take it.
        notes: What was assumed, in words.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    above: int = 0
    plain: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Headings:
    """The header of a file, as far as its first bytes show it.

    Attributes:
        columns: Column names; of names that stand twice the first.
        faults: Why the file cannot be read.
        is_empty: Whether nothing but a header is in it.
    """

    columns: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True)
class _Layout:
    delimiter: str
    names: tuple[str, ...]
    skip: int = 0
    above: tuple[str, ...] = ()


def dialect_of(path: Path, *, place: str, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """How a CSV file is written.

    Args:
        path: The file.
        place: Its name in messages.
        encoding: Declared codec; None: found out. A byte order mark is believed rather than the declaration.
        delimiter: Declared separator; None: found out.

    Raises:
        BadFile: When it is empty, is no text, cannot be decoded, has no header or repeats a column name.
    """
    head = _head(path, place)
    notes: list[str] = []
    mark = encodings.by_mark(head)
    codec = mark or encoding or encodings.marked(head, place) or encodings.found_out(path, place)
    if encoding is None and codec == encodings.GUESSED:
        notes.append(f"{place}: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise")
    elif mark and encoding and not _are_same(mark, encoding):
        notes.append(f"{place}: read as {mark}, which its first bytes name, not as {encoding}")
    elif encoding is None and codec not in ("utf-8", "utf-8-sig"):
        notes.append(f"{place}: read as {codec}")
    encodings.ensure_decodes(path, codec, place)
    encodings.ensure_no_zero_bytes(path, codec, place)
    with path.open(encoding=codec, newline="") as file:
        text = file.read(1 << 18)
    layout = _layout(text, delimiter, place)
    if delimiter is None and layout.delimiter not in (",", ";", "\t"):
        notes.append(f"{place}: read with {layout.delimiter!r} between columns")
    if layout.above:
        notes.append(f"{place}: the header is row {layout.skip + 1}; above it stands {layout.above[0]!r}")
    _ensure_own_names(layout.names, place)
    _ensure_split(layout, declared=delimiter, place=place)
    plain = layout.delimiter != WHITESPACE and _is_plain(path, codec, layout.skip)
    return Dialect(codec, layout.delimiter, layout.names, layout.skip, len(layout.above), plain, tuple(notes))


def headings(path: Path, *, encoding: str | None = None, delimiter: str | None = None, place: str | None = None) -> Headings:
    """The column names of a CSV file, from its first bytes alone; what they do not decide is decided when the file is read."""
    place = place or path.name
    try:
        head = _head(path, place)
        codec = encodings.by_mark(head) or encoding or encodings.marked(head, place) or "utf-8"
        text = _decoded(head, codec, is_whole=len(head) < _HEAD)
        layout = _layout(text, delimiter, place)
    except BadFile as error:
        return Headings(faults=error.faults)
    except LookupError:
        return Headings()  # an unknown codec is refused where the file is read
    names = tuple(dict.fromkeys(layout.names))
    try:
        _ensure_own_names(layout.names, place)
        _ensure_split(layout, declared=delimiter, place=place)
    except BadFile as error:
        return Headings(names, error.faults)
    below = itertools.islice(records(text.splitlines(keepends=True), layout.delimiter), layout.skip + 1, None)
    return Headings(names, is_empty=len(head) < _HEAD and not any(any(map(str.strip, record)) for record in _tried(below)))


def records(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    """The records of a delimited text; with `whitespace`, runs of blanks stand between fields."""
    if delimiter != WHITESPACE:
        return csv.reader(lines, delimiter=delimiter, strict=strict)
    spaced = (line.replace("\t", " ").strip(" \r\n") + "\n" for line in lines)
    return csv.reader(spaced, delimiter=" ", skipinitialspace=True, strict=strict)


def _tried(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The records up to the first that cannot be read."""
    try:
        yield from reader
    except csv.Error:
        return


def _head(path: Path, place: str) -> bytes:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    ensure_text(path, head, place)
    return head


def _are_same(one: str, other: str) -> bool:
    """Whether two names of codecs differ in nothing but the byte order mark."""
    return other.lower().replace("_", "-").replace("utf8", "utf-8").replace("utf16", "utf-16").startswith(one.removesuffix("-sig"))


def _decoded(head: bytes, codec: str, *, is_whole: bool) -> str:
    """The first lines; what follows the last line break may be half a character."""
    lines = head if is_whole or b"\n" not in head else head[: head.rindex(b"\n") + 1]
    try:
        return lines.decode(codec)
    except UnicodeDecodeError:
        return lines.decode(encodings.GUESSED if codec == "utf-8" else codec, errors="replace")


def _layout(text: str, declared: str | None, place: str) -> _Layout:
    """The separator, declared, named by a first line `sep=;` or the one that fits, and where the header stands.

    The header is the first record, unless title lines stand above a table: records with one value each, or a block that a blank line
    separates from a wider row of names.

    Raises:
        BadFile: When there is no header.
    """
    first = text.split("\n", 1)[0].strip()
    named = first[4] if first[:4].lower() == "sep=" and len(first) == 5 else None
    outside = Counter("".join(text.lstrip().partition("\n")[0].split('"')[0::2]))
    likely = declared or named or max(DELIMITERS, key=lambda mark: outside[mark])
    start = 1 if named else 0
    tables = {mark: list(itertools.islice(_tried(records(io.StringIO(text, newline=""), mark)), start, 2 * _ABOVE)) for mark in DELIMITERS}
    if likely not in tables:
        tables[likely] = list(itertools.islice(_tried(records(io.StringIO(text, newline=""), likely)), start, 2 * _ABOVE))
    at, delimiter = _first_filled(tables[likely]), likely
    if at is None:
        raise BadFile(Fault(place, "the row of column names cannot be read", "A CSV file begins with a row of column names", EXPORT))
    is_alone = len(_filled(tables[likely][at])) > 1 and not any(map(_filled, tables[likely][at + 1 :]))
    if not is_alone and not _is_followed_by_its_like(tables[likely], at, or_nothing=False):
        marks = [likely] if declared or named else [likely, *(mark for mark in DELIMITERS if mark != likely)]
        lower = [(len(_filled(tables[mark][row])), mark, row) for mark in marks if (row := _below_titles(tables[mark])) is not None]
        n_names, mark, row = max(lower, key=lambda found: (-found[2], found[0]), default=(0, likely, at))
        if n_names > len(_filled(tables[likely][at])):
            delimiter, at = mark, row
    above = tuple(delimiter.join(record).strip() for record in tables[delimiter][:at] if _filled(record))
    names = tuple(name.strip() or f"(unnamed {index})" for index, name in enumerate(tables[delimiter][at], start=1))
    return _Layout(delimiter, names, start + at, above)


def _filled(record: list[str]) -> list[str]:
    return [value for field in record if (value := field.strip())]


def _first_filled(table: list[list[str]]) -> int | None:
    return next((row for row, record in enumerate(table) if _filled(record)), None)


def _is_followed_by_its_like(table: list[list[str]], at: int, *, or_nothing: bool) -> bool:
    """Whether a row of several names is followed by a record of as many fields, or by none of several fields."""
    following = next((record for record in table[at + 1 :] if len(record) > 1 and _filled(record)), None)
    return len(_filled(table[at])) > 1 and (or_nothing if following is None else len(following) == len(table[at]))


def _below_titles(table: list[list[str]]) -> int | None:
    """The row of the header where titles stand above it; None where that is not beyond doubt."""
    found = _header_below_titles(table, lambda row: _is_followed_by_its_like(table, row, or_nothing=True))
    if found is None:  # a table without a record: nothing but a footer follows
        return _header_below_titles(table, lambda row: row + 1 < len(table) and not _filled(table[row + 1]))
    return found


def _header_below_titles(table: list[list[str]], is_header: Callable[[int], bool]) -> int | None:
    for row, record in enumerate(table[:_ABOVE]):
        names = _filled(record)
        if row == 0 or len(names) < 2 or not is_header(row):
            continue
        if len(set(names)) < len(names) or any(_VALUE.fullmatch(name) for name in names):
            return None
        above = table[:row]
        is_apart = not _filled(above[-1]) and all(len(_filled(one)) < len(names) for one in above)
        return row if is_apart or all(len(_filled(one)) < 2 or one[0].lstrip().startswith("#") for one in above) else None
    return None


def _ensure_own_names(names: tuple[str, ...], place: str) -> None:
    spelled = {name.casefold(): name for name in names}
    repeated = [spelled[name] for name, n in Counter(name.casefold() for name in names).items() if n > 1]
    if repeated:
        examples = tuple(Example(name) for name in repeated)
        rule = "Every column has a name of its own; capitals make no difference"
        raise BadFile(Fault(place, "column names stand more than once in the header", rule, "Rename them", examples, len(repeated)))


def _ensure_split(layout: _Layout, *, declared: str | None, place: str) -> None:
    """Refuse a header of one column in which another separator stands.

    Raises:
        BadFile: With the header and the setting.
    """
    (name, *more) = layout.names
    if more or not (declared or _OTHER_MARKS.search(name)):
        return
    marks = [mark for mark in (*DELIMITERS, *_RARE) if mark not in (declared, layout.delimiter)]
    best = max(marks, key=name.count)
    if best not in name:
        if declared == WHITESPACE or "  " not in name:
            return
        best = WHITESPACE
    between = f"{layout.delimiter!r} stands between columns" + (", as declared" if declared else "")
    way_out = declare("delimiter", "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in best))
    what, rule = "the header is one column", f"It is read as if {between}"
    raise BadFile(Fault(place, what, rule, way_out[0].upper() + way_out[1:], (Example(name),), 1))


def _is_plain(path: Path, codec: str, skip: int) -> bool:
    """Whether the engine's own reader counts rows as a spreadsheet does: no blank lines, no bare carriage returns, no preamble."""
    if codec != "utf-8" or skip:
        return False
    last = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            seen = last + chunk
            seen = seen.replace(b"\r\n", b"\n") if b"\r" in seen else seen
            if b"\n\n" in seen or b"\r" in seen.rstrip(b"\r"):
                return False
            last = seen[-1:]
    return True
