"""What an editor looks for in the text of a page: doubled punctuation, stray blanks, `1 leads`, raw fractions beside percentages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

NOT_TEXT = frozenset({"script", "style", "svg", "pre"})
LINES = frozenset({"p", "div", "h1", "h2", "h3", "h4", "li", "tr", "summary", "figcaption", "caption", "section"})
KINDS = {
    "doubled punctuation": r"[.,;:!?]{2,}",
    "a blank before a bracket or a stop": r"\s[).,;:!?](?=\s|$)",
    "a blank after a bracket": r"\(\s",
    "empty brackets": r"\(\)",
    "several of one": r"(?<![\d.,])1 (?:open |won |of the )?(?:leads|deals|customers|wins|quarters|rows|campaigns|segments|days|hours|accounts"
    r"|touches|visits|rejections|owners|factors|sources|tables|items|decisions|journeys|opportunities)\b",
    "one of several": r"(?<![\d.,])(?!1 )\d[\d,]* (?:lead|deal|customer|quarter|row|campaign|day|owner)(?= (?:is|was|has|have|were|are)\b)",
    "a missing value": r"\b(?:nan|NaN|NaT)\b|\bNone\b(?! (?:is|of|are|can)\b)",
}
# Numbers below 1 that are no shares: ratios, tests, errors and indices.
PLAIN = re.compile(
    r"\bp\b|ratio|auc|brier|return|wins|pace|statistic|standard error|index|per|excess|elasticity|coverage|needed|net|contribution", re.I
)


class _Page(HTMLParser):
    """Lines of text, and the rows of tables with their headers."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.rows, self.head = "", [], []  # type: ignore[var-annotated]
        self._row: list[str] | None = None
        self._hidden, self._heading = 0, False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in NOT_TEXT
        if tag in LINES:
            self.text += "\n"
        if tag == "thead":
            self._heading, self.head = True, []
        if tag == "tr":
            self._row = []
        if tag in ("td", "th") and self._row is not None:
            self._row.append("")
            self.text += "\n"
        self.text += "".join(f"\n{value}\n" for name, value in attrs if name == "alt" and value)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in NOT_TEXT
        if tag in LINES:
            self.text += "\n"
        if tag == "tr" and self._row is not None:
            if self._heading:
                self.head = self._row
            else:
                self.rows.append((self.head, self._row))
            self._row = None
        if tag == "thead":
            self._heading = False

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.text += data
        if self._row:
            self._row[-1] += data


def slips(html: str) -> list[str]:
    """Every slip of a page: its kind and the line it stands in."""
    page = _Page()
    page.feed(html)
    lines = [line.strip() for line in page.text.splitlines() if line.strip()]
    found = [f"{kind}: {line[:160]}" for line in lines for kind, pattern in KINDS.items() if re.search(pattern, line)]
    return found + [f"a raw fraction beside percentages: {column}: {row}" for column, row in _fractions(page)]


def _fractions(page: _Page) -> list[tuple[str, list[str]]]:
    return [
        (column, row)
        for head, row in page.rows
        if any(re.search(r"\s%$", cell) for cell in row)
        for column, cell in zip(head, row, strict=False)
        if re.fullmatch(r"[-−]?0\.\d{3,}", cell.strip()) and not PLAIN.search(column) and not PLAIN.search(" ".join(row[:2]))
    ]
