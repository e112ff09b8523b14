"""A notebook's prose as HTML that cannot do anything: raw HTML is shown as text, images as their words, headings stay in order."""

from __future__ import annotations

import re
from typing import Any

import mistune
from mistune.renderers.html import HTMLRenderer

_TITLE = re.compile(r"\A\s*#\s+[^\n]*\n?")


class PageRenderer(HTMLRenderer):
    """HTML of one page whose only first-level heading is its title.

    A heading is never more than one level below the one before it, so that nobody who moves by headings meets a gap. The first of a
    name has it as its anchor (`s-for-sales`), for links and for the sheets of a print.
    """

    def __init__(self) -> None:
        super().__init__(escape=True)
        self._level = 1
        self._anchors: set[str] = set()

    def heading(self, text: str, level: int, **attrs: Any) -> str:  # noqa: ARG002 - mistune's signature
        """A heading of at least the second level."""
        self._level = min(max(level, 2), self._level + 1)
        return f"<h{self._level}{self._anchor(text)}>{text}</h{self._level}>\n"

    def _anchor(self, text: str) -> str:
        name = "-".join(re.findall(r"[a-z0-9]+", mistune.util.striptags(text).lower()))
        if not name or name in self._anchors:
            return ""
        self._anchors.add(name)
        return f' id="s-{name}"'

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002 - mistune's signature
        """The words of an image: a page requests nothing."""
        return mistune.escape(mistune.util.striptags(text))


class Markdown:
    """Turns the markdown cells of one page into HTML, in order."""

    def __init__(self) -> None:
        self._render = mistune.create_markdown(renderer=PageRenderer(), plugins=["table", "strikethrough"])
        self._titled = False

    def __call__(self, source: str) -> str:
        """The HTML of one cell; the first title of the page is left out, because its header shows it."""
        if not self._titled and _TITLE.match(source):
            self._titled, source = True, _TITLE.sub("", source, count=1)
        return str(self._render(source))
