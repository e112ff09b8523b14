"""Frames as text on a terminal or in a pipe: a table for people, CSV and strict JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import pandas as pd

from alignment_toolkit.visible import visible

DIGITS = 6


def as_table(frame: pd.DataFrame) -> str:
    """The frame in columns for a terminal: empty columns left out, numbers to 6 significant digits, control characters as symbols."""
    import rich.box
    from rich.console import Console
    from rich.table import Table

    shown = frame.dropna(axis=1, how="all")
    table = Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    for name in shown.columns:
        table.add_column(str(name), justify="right" if pd.api.types.is_numeric_dtype(shown[name]) else "left", overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    buffer = io.StringIO()
    Console(file=buffer, width=max(_width(shown), 80), markup=False, highlight=False, emoji=False).print(table)
    return buffer.getvalue()


def _width(frame: pd.DataFrame) -> int:
    return sum(2 + max([len(str(name)), *(len(_cell(value)) for value in frame[name])]) for name in frame.columns)


def _cell(value: Any) -> str:
    found = plain(value)
    if found is None:
        return ""
    return f"{found:.{DIGITS}g}" if isinstance(found, float) else visible(str(found))


def as_csv(frame: pd.DataFrame) -> str:
    """The frame as CSV with a header, null empty; a text that a spreadsheet would run as a formula gets a leading apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([defused(str(name)) for name in frame.columns])
    for row in frame.itertuples(index=False):
        writer.writerow([defused(found) if isinstance(found := plain(value), str) else found for value in row])
    return buffer.getvalue()


def defused(text: str) -> str:
    """The text with a leading apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def as_json(frame: pd.DataFrame) -> str:
    """The frame as a strict JSON list of objects: null, never NaN."""
    rows = [dict(zip(map(str, frame.columns), map(plain, row), strict=True)) for row in frame.itertuples(index=False)]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """The value as JSON can hold it: numbers, strings, booleans, None for anything missing, ISO text for dates."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool) else str(value)
