"""The files beside the pages, made from the executed and reproduced notebooks alone: tables, headline figures, summary."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from alignment_toolkit.display import KPIS, checked_name
from alignment_toolkit.errors import CellFailed
from alignment_toolkit.report.notebooks import Notebook
from alignment_toolkit.report.outputs import Shown, all_shown
from alignment_toolkit.tables import Payload

SUMMARY_LIMIT = 600
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones are read as the others in some languages


def tables_of(notebooks: Mapping[str, Notebook]) -> dict[str, Payload]:
    """The tables shown by all notebooks, by name.

    Args:
        notebooks: Stem -> executed notebook.

    Raises:
        CellFailed: When two notebooks show different tables under one name.
    """
    found: dict[str, Payload] = {}
    for stem, notebook in notebooks.items():
        for shown in all_shown(notebook):
            if shown.kind != "table":
                continue
            name = checked_name(shown.name)
            if found.setdefault(name, shown.payload) != shown.payload:
                rule = "A table's name is the name of its file, so it stands for one table in a report"
                raise CellFailed(f"cell {shown.cell} of {stem} shows another table under a name that is taken", value=name, rule=rule)
    return found


def write_tables(tables: Mapping[str, Payload], *, into: Path) -> None:
    """Write `tables/<name>.csv` for each table, and `kpis.json` and `kpis.csv` for the headline figures.

    Args:
        tables: Name -> payload.
        into: The folder of the report.
    """
    folder = into / "tables"
    folder.mkdir(exist_ok=True)
    for name, payload in tables.items():
        (folder / f"{name}.csv").write_text(csv_text(payload), encoding="utf-8", newline="")
    if KPIS in tables:
        (into / "kpis.json").write_text(kpis_json(tables[KPIS]), encoding="utf-8")
        (into / "kpis.csv").write_text(csv_text(tables[KPIS]), encoding="utf-8", newline="")


def kpis_json(payload: Payload) -> str:
    """The headline figures as strict JSON: a list of objects with the columns of the figures, null for what is missing."""
    return json.dumps(records(payload), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def records(payload: Payload) -> list[dict[str, Any]]:
    """The rows of a table as objects, in the order of its columns."""
    return [dict(zip(payload["columns"], row, strict=True)) for row in payload["rows"]]


def csv_text(payload: Payload) -> str:
    """A table as CSV; null is empty, and text that a spreadsheet would run as a formula gets an apostrophe before it."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([harmless(column) for column in payload["columns"]])
    writer.writerows([harmless(value) for value in row] for row in payload["rows"])
    return buffer.getvalue()


def harmless(value: Any) -> Any:
    """The value so that no spreadsheet takes it for a formula: only text is changed, numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value


def summary_of(notebooks: Mapping[str, Notebook], *, heading: str) -> str:
    """The summary for chat and e-mail: a heading and whole sentences, under 600 characters.

    Args:
        notebooks: Stem -> executed notebook, in page order.
        heading: First line.

    Returns:
        The sentences with the role `summary`; without any, the first prose shown.
    """
    prose = [shown for notebook in notebooks.values() for shown in all_shown(notebook) if shown.kind == "text"]
    chosen = [shown for shown in prose if shown.name == "summary"] or prose[:1]
    return _fitting(heading, _sentences(chosen))


def _sentences(prose: Iterable[Shown]) -> list[str]:
    return [sentence for shown in prose for sentence in shown.payload["sentences"]]


def _fitting(heading: str, sentences: Iterable[str]) -> str:
    lines = [heading[: SUMMARY_LIMIT // 2]]
    for sentence in sentences:
        if len("\n".join([*lines, sentence])) + 1 >= SUMMARY_LIMIT:
            break
        lines.append(sentence)
    return "\n".join(lines) + "\n"
