"""The look that every page shares, and the page that needs no notebook: the catalogue. Light: nbconvert is not imported here."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from alignment_toolkit.visible import printable

TEMPLATE = Path(__file__).parent / "template"


def render_catalogue(context: Mapping[str, Any]) -> str:
    """The catalogue page.

    Args:
        context: What its template names.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return printable(environment.get_template("catalogue.html.j2").render(**context, **look()))


def look() -> dict[str, Any]:
    """The style sheet of every page and the policy that allows it."""
    css = (TEMPLATE / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return {"css": Markup(css), "policy": policy}  # noqa: S704 - our own file
