"""The parts of a page: what each cell has shown, ready to be laid out. Every string here is text; the template escapes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from alignment_toolkit.charts.style import DARK
from alignment_toolkit.display import KPIS
from alignment_toolkit.report.extract import records
from alignment_toolkit.report.outputs import Shown
from alignment_toolkit.tables import NONE_SHOWN, Payload, shown, table_html
from alignment_toolkit.wording import unit_of

LONGEST_TABLE = 100
FOLDED_TABLE = 15
_SVG_START = re.compile(r"<svg\b[^>]*>")
_PERCENT = re.compile(r"(?<=\d) (?=%)")


@dataclass(frozen=True)
class Piece:
    """One thing on a page.

    Attributes:
        kind: `chart`, `table`, `scorecard`, `summary`, `prose` or `plain`.
        name: Name of the chart or table.
        title: Its heading.
        text: Description of a chart, or plain text.
        picture: Address of a chart's picture, its data within.
        table: HTML of a table, everything in it escaped.
        rows: Rows of the table.
        left_out: Rows that only its file has.
        lines: Sentences of prose.
        cards: Headline figures.
    """

    kind: str
    name: str = ""
    title: str = ""
    text: str = ""
    picture: str = ""
    table: str = ""
    rows: int = 0
    left_out: int = 0
    lines: tuple[str, ...] = ()
    cards: tuple[Card, ...] = field(default=())

    @property
    def folded(self) -> bool:
        """Whether its table is long enough to stand behind a disclosure."""
        return self.rows > FOLDED_TABLE


@dataclass(frozen=True)
class Card:
    """One headline figure.

    Attributes:
        label: From the glossary.
        value: As people read it; a dash when it is null.
        interval: `11.2 % to 14.9 %`, empty without one.
        before: The figure a quarter earlier, empty without one.
        target: What was promised, empty without one.
        owner: The team that answers for it.
        reason: Why it is null.
    """

    label: str
    value: str
    interval: str = ""
    before: str = ""
    target: str = ""
    owner: str = ""
    reason: str = ""


def pieces_of(
    cell: Iterable[Shown], *, tables: Mapping[str, Payload], charts: Iterable[str], pages: Mapping[str, str] | None = None
) -> list[Piece]:
    """The pieces of one cell.

    Args:
        cell: What it has shown.
        tables: Every table of the notebook: one of a chart's name holds the chart's numbers.
        charts: Names of the charts of the notebook; their tables are not shown a second time.
        pages: The pages of the report with their titles: a table that names one leads to it.
    """
    drawn = set(charts)
    return [piece for item in cell if (piece := _piece(item, tables, drawn, pages or {}))]


def _piece(item: Shown, tables: Mapping[str, Payload], drawn: set[str], pages: Mapping[str, str]) -> Piece | None:
    if item.kind == "chart":
        numbers = _table(tables[item.name]) if item.name in tables else Piece("table")
        title = str(item.payload.get("title") or item.payload["name"])
        return Piece(
            "chart", item.name, title, item.payload["description"], picture(item.svg), numbers.table, numbers.rows, numbers.left_out
        )
    if item.kind == "table":
        if item.name == KPIS:
            return _scorecard(item.payload)
        return None if item.name in drawn else _table(item.payload, pages)
    if item.kind == "text":
        return Piece("summary" if item.name == "summary" else "prose", lines=tuple(map(unbroken, item.payload["sentences"])))
    return Piece("plain", text=item.text) if item.text.strip() else None


def _table(payload: Payload, pages: Mapping[str, str] | None = None) -> Piece:
    rows = payload["rows"]
    html = unbroken(table_html(payload | {"rows": rows[:LONGEST_TABLE]}, pages=pages))
    return Piece("table", payload["name"], payload["caption"], table=html, rows=len(rows), left_out=max(len(rows) - LONGEST_TABLE, 0))


def _scorecard(payload: Payload) -> Piece:
    cards = tuple(_card(row) for row in records(payload) if row["slice"] == "all")
    whole = _table(payload)
    return Piece("scorecard", payload["name"], payload["caption"], table=whole.table, rows=whole.rows, left_out=whole.left_out, cards=cards)


def _card(row: dict[str, Any]) -> Card:
    from alignment_toolkit.glossary import label

    def read(column: str) -> str:
        return "" if row[column] is None else unbroken(with_unit(row[column], column=column, unit=row["unit"]))

    has_interval = row["lower"] is not None and row["upper"] is not None and (row["lower"], row["upper"]) != (row["value"], row["value"])
    interval = f"{read('lower')} to {read('upper')}" if has_interval else ""
    value = read("value") or NONE_SHOWN
    return Card(label(row["kpi"]), value, interval, read("previous"), read("target"), row["owner"] or "", row["reason"] or "")


def unbroken(text: str) -> str:
    """The text with each percent sign kept on the line of its number, however narrow the cell."""
    return _PERCENT.sub("\N{NO-BREAK SPACE}", text)


def with_unit(value: Any, *, column: str, unit: str | None) -> str:
    """A figure with its unit, which a share carries in its percent sign and a plain count in its label."""
    text = shown(value, column=column, unit=unit)
    if unit is None or text.endswith("%") or unit in {"leads", "deals", "customers"}:
        return text
    return f"{text} {unit_of(value, unit)}"


def picture(svg: str) -> str:
    """An SVG as the address of an image: as an image it can run nothing, load nothing and clash with no id of the page.

    In dark mode, which the picture is told of by the browser, its colours are exchanged for the lighter ones of the same palette.
    """
    swaps = "".join(f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}' for light, dark in DARK.items() for kind in ("fill", "stroke"))
    themed = _SVG_START.sub(lambda found: f"{found[0]}<style>@media (prefers-color-scheme:dark){{{swaps}}}</style>", svg, count=1)
    return "data:image/svg+xml," + quote(re.sub(r"\s*\n\s*", " ", themed), safe=" !$&'()*+,-./:;=?@[]^_`{|}~")
