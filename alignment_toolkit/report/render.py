"""One executed notebook as one page, through nbconvert with a template of our own.

The page holds no script and asks for nothing; its Content-Security-Policy allows its own style sheet (by hash) and pictures within the page, so
that even a mistake here could not run in a leader's browser.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters import TemplateExporter

from alignment_toolkit.report.markdown import Markdown
from alignment_toolkit.report.notebooks import Notebook, code_cells, page_name, page_title, text_of
from alignment_toolkit.report.outputs import all_shown, shown_in
from alignment_toolkit.report.pieces import pieces_of
from alignment_toolkit.visible import escaped

TEMPLATE = Path(__file__).parent / "template"
_SHOWN_PACKAGES = ("python", "alignment-toolkit", "pandas", "numpy", "scipy", "statsmodels", "ibis-framework", "duckdb", "matplotlib", "papermill", "nbval", "nbconvert")
Frame = Mapping[str, Any]


class PageExporter(TemplateExporter):
    """nbconvert's exporter with the house template; everything a template prints is escaped unless it was made safe on purpose."""

    export_from_notebook = None
    output_mimetype = "text/html"

    def __init__(self, **settings: Any) -> None:
        super().__init__(template_name=TEMPLATE.name, extra_template_basedirs=[str(TEMPLATE.parent)], **settings)

    def _file_extension_default(self) -> str:
        return ".html"

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.autoescape = True
        environment.undefined = StrictUndefined
        return environment


def render_page(notebook: Notebook, *, stem: str, frame: Frame) -> str:
    """The page of an executed and reproduced notebook.

    Args:
        notebook: The notebook.
        stem: Its name.
        frame: What stands around it: `facts` as the manifest knows them before the run, `pages` with `page` and `title` of every page.
    """
    page = page_name(stem)
    context = {
        "page": page,
        "title": page_title(notebook, default=stem),
        "cells": _cells(notebook),
        "notebook": f"notebooks/{stem}.ipynb",
        "packages": _packages(frame["facts"]["packages"]),
        "tables": sorted({shown.name for shown in all_shown(notebook) if shown.kind == "table"}),
        **frame,
        **look(),
    }
    html, _ = PageExporter().from_notebook_node(nbformat.from_dict({**notebook, "cells": []}), resources={"report": context})
    return str(html)


def render_catalogue(context: Mapping[str, Any]) -> str:
    """The catalogue page.

    Args:
        context: What its template names.
    """
    environment = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("catalogue.html.j2").render(**context, **look())


def look() -> dict[str, Any]:
    """The style sheet of every page and the policy that allows it."""
    css = (TEMPLATE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return {"css": Markup(css), "policy": policy}  # noqa: S704 - our own file


def _cells(notebook: Notebook) -> list[dict[str, Any]]:
    everything = list(all_shown(notebook))
    tables = {shown.name: shown.payload for shown in everything if shown.kind == "table"}
    charts = [shown.name for shown in everything if shown.kind == "chart"]
    markdown, numbers = Markdown(), {id(cell): number for number, cell in enumerate(code_cells(notebook))}
    made = []
    for cell in notebook["cells"]:
        source = text_of(cell["source"])
        if cell["cell_type"] == "markdown":
            made.append({"kind": "markdown", "html": Markup(markdown(source))})  # noqa: S704 - raw HTML is disabled in it
        elif cell["cell_type"] == "code" and source.strip():
            number = numbers[id(cell)]
            pieces = pieces_of(shown_in(cell, number=number), tables=tables, charts=charts)
            made.append({"kind": "code", "number": number, "source": Markup(escaped(source)), "pieces": pieces})  # noqa: S704 - escaped
    return made


def _packages(versions: Mapping[str, str]) -> list[str]:
    return [f"{name} {versions[name]}" for name in _SHOWN_PACKAGES if name in versions]
