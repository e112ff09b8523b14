"""Frames as text on a terminal or in a pipe: a table for people, CSV and strict JSON for programs."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.extract import csv_text, kpis_json
from alignment_toolkit.tables import plain, table_payload
from alignment_toolkit.visible import visible


def as_table(frame: pd.DataFrame) -> str:
    """The frame in columns for a terminal: empty columns left out, numbers as in CSV, control characters as symbols."""
    import rich.box
    from rich.console import Console
    from rich.table import Table

    shown = frame.dropna(axis=1, how="all")
    table = Table(box=rich.box.SIMPLE_HEAD, pad_edge=False)
    for name in shown.columns:
        table.add_column(_cell(name), justify="right" if pd.api.types.is_numeric_dtype(shown[name]) else "left", overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    buffer = io.StringIO()
    terminal = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    Console(file=buffer, width=terminal or max(_width(shown), 80), markup=False, highlight=False, emoji=False).print(table)
    return buffer.getvalue()


def _width(frame: pd.DataFrame) -> int:
    return sum(3 + max([len(_cell(name)), *(len(_cell(value)) for value in frame[name])]) for name in frame.columns)


def _cell(value: Any) -> str:
    found = plain(value)
    if found is None:
        return ""
    return visible(str(found))


def as_csv(frame: pd.DataFrame) -> str:
    """The frame as the CSV that a report publishes: null empty, formulas defused."""
    return csv_text(table_payload(frame, name="result"))


def written(text: str, *, out: Path) -> Path:
    """The file that a result was written to, as UTF-8 with the line ends that it has.

    Raises:
        PublishError: When it cannot be written.
    """
    with writable(out, what="list", option="file"):
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="")
    return out


@contextmanager
def writable(out: Path, *, what: str, option: str) -> Iterator[None]:
    """While something is written to `out`, what the system says against it becomes a sentence with a way out.

    Raises:
        PublishError: When it cannot be written.
    """
    try:
        yield
    except OSError as error:
        way_out = f"Give a {option} that you may write to with --out"
        raise PublishError(f"the {what} cannot be written", value=out, rule=error.strerror, way_out=way_out) from error


def in_form(frame: pd.DataFrame, form: str) -> str:
    """The frame as text: `table` for people, `csv` or `json` for programs."""
    return {"table": as_table, "csv": as_csv, "json": as_json}[form](frame)


def as_json(frame: pd.DataFrame) -> str:
    """The frame as the JSON that a report publishes: a strict list of objects, null and never NaN."""
    return kpis_json(table_payload(frame, name="result"))
