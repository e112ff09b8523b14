"""What a delimited text file really is: its bytes are looked at, its ending is not believed.

Nothing is guessed silently: encoding and delimiter that were not declared and are not the usual ones come back as notes.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.border.sentences import BadFile, Example, Fault

DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_SIGNATURES = (
    (b"PK\x03\x04", "a spreadsheet or zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel spreadsheet"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
)
_OVER_ASCII = ("utf-8", "cp1252")  # a text of ASCII alone is the same in these
_EXPORT = "Open it in the program that wrote it and export it as CSV (UTF-8)"


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is to be read.

    Attributes:
        encoding: Python codec.
        delimiter: Field separator.
        header: Column names, blanks stripped; an empty one is `(unnamed n)`.
        skip: Records before the header (`sep=;`).
        plain: UTF-8 without BOM, blank lines or bare carriage returns, so that a fast reader can take it.
        notes: What was assumed, in words.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    plain: bool = True
    notes: tuple[str, ...] = ()


def dialect_of(path: Path, *, place: str, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """How a CSV file is written.

    Args:
        path: The file.
        place: Its name in messages.
        encoding: Declared codec; None: found out.
        delimiter: Declared separator; None: found out.

    Raises:
        BadFile: When it is empty, is no text, cannot be decoded, has no header or repeats a column name.
    """
    head = _head(path, place)
    notes: list[str] = []
    codec = encoding or _marked(head, place)
    found = codec is None
    if codec is None:
        codec = _unmarked(path, place)
        if codec == "cp1252":
            notes.append(f"{place}: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise")
    elif encoding is None and codec != "utf-8-sig":
        notes.append(f"{place}: read as {codec}")
    text = _decoded_head(path, codec, place, is_tried=found)
    skip, delimiter = _separator(text, delimiter)
    if delimiter not in (",", ";", "\t"):
        notes.append(f"{place}: read with {delimiter!r} between columns")
    header = _header(text, delimiter, skip, place)
    return Dialect(codec, delimiter, header, skip, _is_plain(path, codec, skip), tuple(notes))


def headings(path: Path) -> tuple[str, ...]:
    """The column names of a CSV file, from its first bytes alone; what they do not decide is decided when the file is read.

    Raises:
        BadFile: When the file is empty, is no text or has no header.
    """
    place = path.name
    head = _head(path, place)
    codec = _marked(head, place) or "utf-8"
    whole = head if b"\n" not in head else head[: head.rindex(b"\n") + 1]
    try:
        text = whole.decode(codec)
    except UnicodeDecodeError:
        text = whole.decode("utf-16" if codec.startswith("utf-16") else "cp1252", errors="replace")
    skip, delimiter = _separator(text, None)
    return _header(text, delimiter, skip, place)


def _head(path: Path, place: str) -> bytes:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip():
        raise BadFile(Fault(place, "the file is empty", "A CSV file begins with a row of column names", "Export it again"))
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise BadFile(Fault(place, f"the file is {kind}, not CSV text", "A file has to be what its ending says", _EXPORT))
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        way_out = "Perhaps a log-in page was saved instead of the export: download it again"
        raise BadFile(Fault(place, "the file is a web page or XML, not CSV text", "A file has to be what its ending says", way_out))
    return head


def _marked(head: bytes, place: str) -> str | None:
    """The codec that a byte order mark or the pattern of zero bytes gives away."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and even < odd // 4:
        return "utf-16-le"
    if even > len(head) // 4 and odd < even // 4:
        return "utf-16-be"
    raise BadFile(Fault(place, "the file holds binary data, not CSV text", "A file has to be what its ending says", _EXPORT))


def _unmarked(path: Path, place: str) -> str:
    """UTF-8 when every byte of the file is, else Windows-1252; a byte that is neither is a fault."""
    if _undecodable(path, "utf-8") is None:
        return "utf-8"
    bad = _undecodable(path, "cp1252")
    if bad is None:
        return "cp1252"
    rule = "A CSV file is UTF-8, UTF-16 with a byte order mark, or Windows-1252"
    way_out = "Export it as UTF-8, or declare its encoding in a mapping"
    raise BadFile(Fault(place, f"the text cannot be decoded: {_byte(bad)}", rule, way_out))


def _undecodable(path: Path, codec: str) -> tuple[int, int] | None:
    """Line and value of the first byte that is not of this encoding, None when all are."""
    decoder, place = codecs.getincrementaldecoder(codec)(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if codec in _OVER_ASCII and chunk.isascii() and not decoder.getstate()[0]:
                place += len(chunk)
                continue
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return _line_at(path, place - pending + error.start), error.object[error.start]
            place += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return _line_at(path, place), error.object[error.start]
    return None


def _line_at(path: Path, end: int) -> int:
    """The line that the byte at a place stands in, the first being 1."""
    line = 1
    with path.open("rb") as file:
        while end > 0 and (chunk := file.read(min(_CHUNK, end))):
            line += chunk.count(b"\n")
            end -= len(chunk)
    return line


def _byte(bad: tuple[int, int]) -> str:
    return f"line {bad[0]} holds the byte 0x{bad[1]:02X}"


def _decoded_head(path: Path, codec: str, place: str, *, is_tried: bool) -> str:
    """The first part of the text, after the encoding was tried on the whole file."""
    try:
        bad = None if is_tried else _undecodable(path, codec)
    except LookupError as error:
        raise BadFile(Fault(place, f"the encoding {codec!r} is not known", "", "Name it as Python does: utf-8, utf-16, cp1252")) from error
    if bad is not None:
        way_out = "Declare another encoding in the mapping, or export it as UTF-8"
        raise BadFile(Fault(place, f"the text is not {codec}: {_byte(bad)}", "", way_out))
    with path.open(encoding=codec, newline="") as file:
        return file.read(1 << 18)


def _separator(text: str, declared: str | None) -> tuple[int, str]:
    """Records to skip before the header, and the separator: declared, named by a first line `sep=;`, else the header's most frequent."""
    first = text.split("\n", 1)[0].strip()
    if first[:4].lower() == "sep=" and len(first) == 5:
        return 1, declared or first[4]
    outside = Counter("".join(text.partition("\n")[0].split('"')[0::2]))
    best = max(DELIMITERS, key=lambda mark: outside[mark])
    return 0, declared or best


def _header(text: str, delimiter: str, skip: int, place: str) -> tuple[str, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [record for _, record in zip(range(skip + 1), reader, strict=False)][skip]
    except (csv.Error, IndexError) as error:
        rule = "A CSV file begins with a row of column names"
        raise BadFile(Fault(place, "the row of column names cannot be read", rule, _EXPORT)) from error
    header = tuple(name.strip() or f"(unnamed {index})" for index, name in enumerate(names, start=1))
    repeated = [name for name, n in Counter(name.casefold() for name in header).items() if n > 1]
    if repeated:
        examples = tuple(Example(name) for name in repeated)
        rule = "Every column has a name of its own; capitals make no difference"
        raise BadFile(Fault(place, "column names stand more than once in the header", rule, "Rename them", examples, len(repeated)))
    return header


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
