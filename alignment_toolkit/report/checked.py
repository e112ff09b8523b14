"""The last look at a page before it is published: what a reader's browser and a screen reader need, measured on the finished file."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from alignment_toolkit.errors import PublishError

LARGEST = 1_000_000
_FORBIDDEN = {"script", "iframe", "object", "embed", "link", "base", "form", "foreignobject"}
_LOADS = {"src", "srcset", "poster", "data", "background", "xlink:href"}


def check_page(path: Path) -> None:
    """Refuse a page that is too large, could run or load something, or cannot be read aloud.

    Raises:
        PublishError: With everything that is wrong.
    """
    text = path.read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(text)
    faults = [*reader.faults, *reader.missing()]
    size = len(text.encode())
    if size >= LARGEST:
        faults.append(f"it has {size:,} bytes, more than {LARGEST:,}")
    if faults:
        raise PublishError(f"the page {path.name} cannot be published", rule="; ".join(faults))


class _Reader(HTMLParser):
    """Collects the faults of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._ids: set[str] = set()
        self._seen: set[str] = set()
        self._levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is and what it refers to; the parser calls this for each."""
        given = {name: value or "" for name, value in attrs}
        self._seen.add(tag)
        if tag in _FORBIDDEN:
            self.faults.append(f"it holds <{tag}>")
        self.faults += [f"<{tag}> has {name}" for name in given if name.startswith("on") or name == "style"]
        self.faults += [
            f"<{tag}> loads {value[:60]}" for name, value in given.items() if name in _LOADS and not value.startswith("data:image/svg+xml,")
        ]
        self._look(tag, given)

    def _look(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img" and not given.get("alt", "").strip():
            self.faults.append("a picture has no description")
        if tag == "html" and not given.get("lang"):
            self.faults.append("it does not name its language")
        if given.get("http-equiv", "").lower() == "content-security-policy":
            self._seen.add("policy")
        if (identifier := given.get("id")) is not None:
            if identifier in self._ids:
                self.faults.append(f"the id {identifier} stands twice")
            self._ids.add(identifier)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._heading(int(tag[1]))

    def _heading(self, level: int) -> None:
        if level > (self._levels[-1] if self._levels else 0) + 1:
            self.faults.append(f"a heading of level {level} follows one of level {self._levels[-1] if self._levels else 0}")
        self._levels.append(level)

    def missing(self) -> list[str]:
        """What a page must have and this one has not."""
        needed = {"main": "a main part", "title": "a title", "policy": "a Content-Security-Policy"}
        found = [f"it lacks {words}" for tag, words in needed.items() if tag not in self._seen]
        return [*found, *(["it has not exactly one first-level heading"] if self._levels.count(1) != 1 else [])]
