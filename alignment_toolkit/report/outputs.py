"""What a cell has shown: each output as one plain value, told apart by our own mime types. Everything else is text.

The HTML in an output is never used: tables and prose are built again from their JSON, whose text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from alignment_toolkit.display import CHART_MIME, TABLE_MIME, TEXT_MIME
from alignment_toolkit.report.notebooks import Notebook, code_cells, text_of

SVG = "image/svg+xml"
Kind = Literal["table", "chart", "text", "other"]


@dataclass(frozen=True)
class Shown:
    """One output of a cell.

    Attributes:
        kind: `table`, `chart`, `text` (prose), or `other`.
        cell: Number of the code cell, from 0, as nbval counts.
        payload: The JSON form; empty for `other`.
        text: The plain text.
        svg: The picture of a chart; empty otherwise.
    """

    kind: Kind
    cell: int
    payload: dict[str, Any]
    text: str
    svg: str = ""

    @property
    def name(self) -> str:
        """The name of a table or chart, the role of prose, else empty."""
        return str(self.payload.get("name") or self.payload.get("role") or "")


def shown_in(cell: dict[str, Any], *, number: int) -> list[Shown]:
    """What one code cell has shown, in order.

    Args:
        cell: An executed code cell.
        number: Its number among the code cells, from 0.
    """
    return [_shown(output, number) for output in cell.get("outputs", [])]


def all_shown(notebook: Notebook) -> Iterator[Shown]:
    """Everything the code cells of a notebook have shown, in order."""
    for number, cell in enumerate(code_cells(notebook)):
        yield from shown_in(cell, number=number)


def _shown(output: dict[str, Any], number: int) -> Shown:
    data = output.get("data", {})
    text = text_of(data.get("text/plain", output.get("text", "")))
    if TABLE_MIME in data:
        return Shown("table", number, data[TABLE_MIME], text)
    if CHART_MIME in data and SVG in data:
        return Shown("chart", number, data[CHART_MIME], text, text_of(data[SVG]))
    if TEXT_MIME in data:
        return Shown("text", number, data[TEXT_MIME], text)
    return Shown("other", number, {}, text)
