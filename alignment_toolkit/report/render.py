"""One executed notebook as one page, through nbconvert with a template of our own.

The page holds no script and asks for nothing; its Content-Security-Policy allows its own style sheet (by hash) and pictures within the
page, so that even a mistake here could not run in a leader's browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import nbformat
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters import TemplateExporter

from alignment_toolkit.errors import ended
from alignment_toolkit.report.look import TEMPLATE, look
from alignment_toolkit.report.markdown import Markdown
from alignment_toolkit.report.notebooks import Notebook, code_cells, page_name, page_title, text_of
from alignment_toolkit.report.outputs import all_shown, shown_in
from alignment_toolkit.report.pieces import Piece, pieces_of
from alignment_toolkit.report.restating import restated_section
from alignment_toolkit.visible import escaped, printable

_SHOWN_PACKAGES = (
    "python",
    "alignment-toolkit",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "ibis-framework",
    "duckdb",
    "matplotlib",
    "papermill",
    "nbval",
    "nbconvert",
)
Frame = Mapping[str, Any]


class PageExporter(TemplateExporter):
    """nbconvert's exporter with the house template; everything a template prints is escaped unless it was made safe on purpose."""

    output_mimetype = "text/html"

    def __init__(self, **settings: Any) -> None:
        super().__init__(template_name=TEMPLATE.name, extra_template_basedirs=[str(TEMPLATE.parent)], **settings)

    def _file_extension_default(self) -> str:
        return ".html"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = True
        environment.undefined = StrictUndefined
        environment.filters["ended"] = ended
        return environment


def render_page(notebook: Notebook, *, stem: str, frame: Frame) -> str:
    """The page of an executed and reproduced notebook.

    Args:
        notebook: The notebook.
        stem: Its name.
        frame: What stands around it: `facts` as the manifest knows them before the run, `pages` with `page` and `title` of every page,
            `earlier`: the published report that this one replaces, where it may restate anything.
    """
    page = page_name(stem)
    context = {
        "page": page,
        "title": page_title(notebook, default=stem),
        "cells": _cells(notebook, {entry["page"]: entry["title"] for entry in frame["pages"]}),
        "notebook": f"notebooks/{stem}.ipynb",
        "packages": _packages(frame["facts"]["packages"]),
        "tables": sorted({shown.name for shown in all_shown(notebook) if shown.kind == "table"}),
        "restated": restated_section(frame.get("earlier"), all_shown(notebook)),
        **frame,
        **look(),
    }
    html, _ = PageExporter().from_notebook_node(nbformat.from_dict({**notebook, "cells": []}), resources={"report": context})
    return printable(str(html))


def _cells(notebook: Notebook, pages: Mapping[str, str]) -> list[dict[str, Any]]:
    everything = list(all_shown(notebook))
    tables = {shown.name: shown.payload for shown in everything if shown.kind == "table"}
    charts = [shown.name for shown in everything if shown.kind == "chart"]
    markdown, numbers = Markdown(), {id(cell): number for number, cell in enumerate(code_cells(notebook))}
    made: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        source = text_of(cell["source"])
        if cell["cell_type"] == "markdown":
            made.append({"kind": "markdown", "source": source})
        elif cell["cell_type"] == "code" and source.strip():
            pieces = pieces_of(shown_in(cell, number=numbers[id(cell)]), tables=tables, charts=charts, pages=pages)
            made.append({"kind": "code", "number": numbers[id(cell)], "sources": [Markup(escaped(source))], "pieces": pieces})  # noqa: S704 - escaped
    kept = [cell for section in _by_heading(made) for cell in _without_nothing(section)]
    kept = [cell | {"html": Markup(markdown(cell["source"]))} if cell["kind"] == "markdown" else cell for cell in kept]  # noqa: S704 - raw HTML is disabled in it
    return [_joined(list(group)) for _, group in groupby(kept, key=_disclosures())]


def _by_heading(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The cells of a page by section: a heading and what follows it up to the next one."""
    sections: list[list[dict[str, Any]]] = [[]]
    for cell in cells:
        if cell.get("source", "").startswith("#"):
            sections.append([])
        sections[-1].append(cell)
    return sections


def _without_nothing(section: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A section as it is or, where all its tables and charts are empty, its heading and the sentences that say why."""
    pieces = [piece for cell in section for piece in cell.get("pieces", ())]
    shown = [piece for piece in pieces if piece.kind in ("table", "chart", "scorecard")]
    tabled = [piece for piece in shown if piece.table]  # a chart beside a table is drawn from it
    if not section or not section[0].get("source", "").startswith("##") or not tabled or any(piece.rows for piece in tabled):
        return section
    told = any(piece.kind in ("prose", "summary") and piece.lines for piece in pieces)
    heading = section[0] | {"source": section[0]["source"].split("\n", 1)[0]}
    kept = [heading, *(cell for cell in section[1:] if cell["kind"] == "code")]
    instead = [] if told else [Piece("prose", lines=(shown[0].text or f"{shown[0].title}: nothing is on record.",))]
    without = [cell if cell["kind"] != "code" else cell | {"pieces": [p for p in cell["pieces"] if p not in shown]} for cell in kept]
    first = next(at for at, cell in enumerate(without) if cell["kind"] == "code")
    without[first] = without[first] | {"pieces": [*instead, *without[first]["pieces"]]}
    return without


def _disclosures() -> Callable[[dict[str, Any]], int]:
    """A key that neighbouring code cells share, so that a section has one disclosure of code."""
    count = 0
    last = ""

    def key(cell: dict[str, Any]) -> int:
        nonlocal count, last
        count += not (cell["kind"] == last == "code")
        last = cell["kind"]
        return count

    return key


def _joined(cells: list[dict[str, Any]]) -> dict[str, Any]:
    if cells[0]["kind"] != "code":
        return cells[0]
    sources = [source for cell in cells for source in cell["sources"]]
    return cells[0] | {"sources": sources, "pieces": [piece for cell in cells for piece in cell["pieces"]]}


def _packages(versions: Mapping[str, str]) -> list[str]:
    return [f"{name} {versions[name]}" for name in _SHOWN_PACKAGES if name in versions]
