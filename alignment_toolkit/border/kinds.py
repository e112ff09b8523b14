"""What a file is when it is no delimited text: its first bytes are looked at, its ending is not believed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from alignment_toolkit.border.sentences import BadFile, Fault

TEXTS = (".csv", ".txt", ".tsv")
READABLE = (*TEXTS, ".parquet")
OTHERS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".zip", ".gz", ".bz2", ".7z", ".json", ".jsonl", ".html", ".htm", ".xml")
EXPORT = "Open it in the program that wrote it and export it as CSV (UTF-8)"
_RULE = "Tables are read from CSV and Parquet files"
_SHEETS = "Save each sheet as CSV UTF-8"
_UNPACK = "Unpack it and put the files that it holds into the folder"
_AGAIN = "Perhaps a log-in page was saved instead of the export: download it again; a report saved as a web page is exported again as CSV"
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the older kind", _SHEETS),
    (b"PAR1", "a Parquet file", "Let its name end in .parquet"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"%PDF", "a PDF", EXPORT),
    (b"{\\rtf", "a text document (RTF)", EXPORT),
    (b"SQLite format 3", "an SQLite database", EXPORT),
)
_WITHIN = (  # a member of the archive -> what the archive is
    ("xl/workbook.bin", "a binary Excel workbook"),
    ("xl/", "an Excel workbook"),
    ("Index/Document.iwa", "a Numbers spreadsheet"),
    ("Index.zip", "a Numbers spreadsheet"),
    ("content.xml", "an OpenDocument spreadsheet"),
    ("word/", "a Word document"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<body", b"<meta", b"<style", b"<div", b"<!--")


def ensure_text(path: Path, head: bytes, place: str) -> None:
    """Check that the first bytes of a file may be those of a delimited text.

    Raises:
        BadFile: With what the file is instead.
    """
    if not head.strip():
        raise BadFile(Fault(place, "the file is empty", "A CSV file begins with a row of column names", "Export it again"))
    if kind := _kind(path, head):
        raise BadFile(Fault(place, f"the file is {kind[0]}, not CSV text", _RULE, kind[1]))


def refuse_other(path: Path, place: str) -> BadFile:
    """The fault of a file whose ending promises no delimited text, by what it is and else by its ending."""
    with path.open("rb") as file:
        head = file.read(1 << 12)
    if not head.strip():
        return BadFile(Fault(place, "the file is empty", _RULE, "Export it again as CSV (UTF-8)"))
    ending = path.suffix.lower()
    by_name = (f"called {ending}", "Let its name end in .csv if it is delimited text, or export it as CSV (UTF-8)")
    what, way_out = _kind(path, head) or by_name
    return BadFile(Fault(place, f"the file is {what}, not CSV text", _RULE, way_out))


def _kind(path: Path, head: bytes) -> tuple[str, str] | None:
    """What a file is and what to do about it; None where its bytes may be delimited text."""
    for signature, kind, way_out in _SIGNATURES:
        if head.startswith(signature):
            return kind, way_out
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(path)
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"")[:200].lower()
    if start.startswith(_MARKUP):
        is_table = b"<table" in head.lower().replace(b"\x00", b"") or b"urn:schemas-microsoft-com" in head
        return ("a web page or XML that holds a table", f"{EXPORT}; Excel opens it") if is_table else ("a web page or XML", _AGAIN)
    if start[:1] in (b"{", b"[") and (start[1:].lstrip()[:1] in (b'"', b"{", b"}", b"]", b"[")):
        return "JSON", EXPORT
    return None


def _archive(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "a damaged spreadsheet or zip archive", "Export it again as CSV (UTF-8)"
    for member, kind in _WITHIN:
        if any(name.startswith(member) for name in names):
            return kind, EXPORT if member == "word/" else _SHEETS
    return "a zip archive", _UNPACK


def ensure_parquet(path: Path, *, place: str) -> None:
    """Check the marks at both ends of a Parquet file.

    Raises:
        BadFile: When they are not there.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(size - 4, 0))
        tail = file.read(4)
    if head == tail == b"PAR1" and size > 11:
        return
    what = "the file is empty" if size == 0 else "the file is cut off" if head == b"PAR1" else "the file is not a Parquet file"
    way_out = "Write it again" if head == b"PAR1" or size == 0 else "If it is CSV text, let its name end in .csv"
    raise BadFile(Fault(place, what, "A file has to be what its ending says", way_out))


def broken_parquet(place: str, error: Exception) -> Fault:
    """The fault of a Parquet file whose inside is damaged."""
    said = re.sub(r'(file) "[^"]*"', r"\1", str(error).splitlines()[0])  # the engine names the whole path
    return Fault(place, "the Parquet file cannot be read", said, "Write it again")
