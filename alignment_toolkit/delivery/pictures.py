"""The charts of a published page as pictures that mail programs show: PNG, since they show no SVG."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

_SVG = "data:image/svg+xml,"
_DOTS_PER_INCH = 96.0
_ZOOM = 1.5


class _Charts(HTMLParser):
    """The SVG and the description of every chart of a page, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the pictures that are SVG."""
        given = dict(attrs)
        if tag == "img" and (source := given.get("src") or "").startswith(_SVG):
            self.found.append((unquote(source.removeprefix(_SVG)), given.get("alt") or ""))


def charts_of(page: str) -> list[tuple[bytes, str]]:
    """The charts of a page with their descriptions.

    Args:
        page: HTML of a published page.

    Returns:
        PNG and alternative text of each, in the order of the page.
    """
    reader = _Charts()
    reader.feed(page)
    return [(drawn(svg), text) for svg, text in reader.found]


def drawn(svg: str) -> bytes:
    """An SVG as PNG on white, one and a half times its size; its letters are outlines, so no font is needed."""
    import resvg_py

    light = re.sub(r"@media[^{]*prefers-color-scheme[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", svg)
    return bytes(resvg_py.svg_to_bytes(svg_string=light, dpi=_DOTS_PER_INCH, zoom=_ZOOM, background="#ffffff", skip_system_fonts=True))
