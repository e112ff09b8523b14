"""Whether an executed notebook can be proved at all: nbval passes vacuously on what was not run, and never compares some outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alignment_toolkit.display import CHART_MIME, TABLE_MIME, TEXT_MIME, text_html
from alignment_toolkit.errors import quoted
from alignment_toolkit.report.notebooks import Notebook, code_cells, text_of
from alignment_toolkit.report.outputs import SVG
from alignment_toolkit.tables import table_html

_NEVER_COMPARED = re.compile(r"image/(?!svg\+xml$)|application/vnd\.jupyter\.widget|application/javascript|text/latex")
_UNPROVED_TAGS = {"nbval-ignore-output", "nbval-skip", "nbval-raises-exception", "raises-exception"}
_UNPROVED_COMMENT = re.compile(r"^\s*#\s*(NBVAL_(IGNORE_OUTPUT|SKIP|RAISES_EXCEPTION)|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.M)


def preflight(notebook: Notebook) -> list[str]:
    """Every reason why the executed notebook cannot go on, each naming its cell; empty when it can.

    Every cell ran, none failed, none wrote to stderr, none escapes comparison, every picture is a described chart of ours, tables and
    prose say the same in all their forms, and at least one cell shows something to compare.
    """
    faults = [fault for number, cell in enumerate(code_cells(notebook)) for fault in cell_faults(cell, number=number)]
    if not any(cell.get("outputs") for cell in code_cells(notebook)):
        faults.append("no cell has an output, so there is nothing to compare: its outputs were cleared, or it shows nothing")
    return faults


def cleared(notebook: Notebook) -> list[str]:
    """The cells that were not run or whose outputs were cleared, as phrases; nbval would pass them without comparing."""
    numbers = [number for number, cell in enumerate(code_cells(notebook)) if _unrun(cell)]
    whole = [] if any(cell.get("outputs") for cell in code_cells(notebook)) else ["no cell has an output"]
    return [*(f"cell {number} has no execution count" for number in numbers), *whole]


def cell_faults(cell: dict[str, Any], *, number: int) -> Iterator[str]:
    """The faults of one code cell.

    Args:
        cell: The cell.
        number: Its number among the code cells, from 0.
    """
    if _unrun(cell):
        yield f"cell {number} was not executed"
    if _UNPROVED_TAGS & set(cell.get("metadata", {}).get("tags", [])) or _UNPROVED_COMMENT.search(text_of(cell["source"])):
        yield f"cell {number} asks not to be compared, so nothing in it could be proved"
    for output in cell.get("outputs", []):
        yield from (f"cell {number} {fault}" for fault in _output_faults(output))


def _unrun(cell: dict[str, Any]) -> bool:
    return bool(text_of(cell["source"]).strip()) and cell.get("execution_count") is None


def _output_faults(output: dict[str, Any]) -> Iterator[str]:
    kind = output["output_type"]
    if kind == "error":
        yield f"failed with {output.get('ename')}: {quoted(output.get('evalue'))}"
    elif kind == "stream" and output.get("name") == "stderr":
        yield f"wrote to stderr: {quoted(text_of(output.get('text', '')).strip())}"
    elif kind in {"display_data", "execute_result"}:
        yield from _data_faults(output.get("data", {}))


def _data_faults(data: dict[str, Any]) -> Iterator[str]:
    for mime in data:
        if _NEVER_COMPARED.match(mime):
            yield f"shows {mime}, which is never compared: show a chart with show_chart, a table with show_table"
    if SVG in data and not data.get(CHART_MIME, {}).get("description"):
        yield "shows a picture without a description: show it with show_chart"
    if CHART_MIME in data and data[CHART_MIME].get("description") != text_of(data.get("text/plain", "")):
        yield f"shows the chart {data[CHART_MIME].get('name')} with a text that is not its description"
    for mime, build in ((TABLE_MIME, table_html), (TEXT_MIME, text_html)):
        if mime in data and text_of(data.get("text/html", "")) != build(data[mime]):
            yield f"shows {data[mime].get('name') or 'prose'} with HTML that is not made from its JSON form"
