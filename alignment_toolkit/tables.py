"""A frame as a table that reads the same everywhere: a JSON payload, and HTML and text made from that payload alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from alignment_toolkit.errors import UsageError
from alignment_toolkit.visible import escaped, visible

if TYPE_CHECKING:
    import pandas as pd

Payload = dict[str, Any]
_IN_UNIT = frozenset(
    {"value", "kept", "claimed", "recorded", "lower", "upper", "previous", "target", "before", "after", "now", "difference"}
    | {"worst", "best", "lowest", "highest"}
)  # columns whose numbers are in the unit of their row
_SHARE_UNITS = {"share", "rate", "probability", "fraction"}
NONE_SHOWN = "–"
CENT_NOISE = 1e-13  # relative; what adding up whole cents as floats leaves behind
SMALLEST_P = 0.0001  # a p-value is never 0


def table_payload(frame: pd.DataFrame, *, name: str, caption: str | None = None) -> Payload:
    """The JSON form of a frame: `name`, `caption`, `columns` and `rows` of strings, numbers, booleans and nulls; never NaN.

    Args:
        frame: Any frame; its index is left out.
        name: Name of the table.
        caption: What it shows; default: the name in words.

    Raises:
        UsageError: When a column name stands twice.
    """
    columns = [str(column) for column in frame.columns]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise UsageError(f"the table {name} cannot be shown", value=", ".join(twice), rule="A column name stands once in a table")
    cells = [[plain(value) for value in frame.iloc[:, at].tolist()] for at in range(len(columns))]
    rows = [list(row) for row in zip(*cells, strict=True)] if cells else []
    return {"name": name, "caption": caption or words(name), "columns": columns, "rows": rows}


def plain(value: object) -> str | int | float | bool | None:
    """A value as JSON knows it: what is missing, NaN or infinite is null; instants and dates are ISO text.

    Whole cents stay exact, so that sums of money add up to the cent. Any other float is an estimate and keeps 6 significant digits, because
    the last bit of a sum differs between processors, but is never coarser than a unit. A Decimal is taken as exact.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal | Real):
        return _number(value)
    if str(value) in {"NaT", "<NA>"}:
        return None
    if hasattr(value, "item"):
        return plain(value.item())  # a scalar of NumPy, such as its own flag
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _number(value: Decimal | Real) -> float | int | None:
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    return int(value) if isinstance(value, Integral) else rounded(float(value))


def rounded(number: float) -> float | int | None:
    """The float as a machine reads it: exact where it is whole cents, else 6 significant digits or the unit; null when not finite.

    Whole numbers are integers, so that no large sum is written with an exponent. Beyond 2^53 a float has no room for cents.
    """
    if not math.isfinite(number):
        return None
    kept = round(number, 2)
    if abs(number) >= 2**53 / 100 or abs(number - kept) > CENT_NOISE * abs(number):
        kept = float(f"{number:.6g}") if abs(number) < 1e6 else float(round(number))
    return int(kept) if kept.is_integer() and abs(kept) < 1e18 else kept


def words(name: str) -> str:
    """A column or table name in words: `won_share_to_date` -> `Won share to date`."""
    if name == "kpi":
        return "Figure"
    text = name.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def shown(value: object, *, column: str = "", unit: str | None = None) -> str:
    """A payload's value as people read it.

    The name of a figure is its label in the glossary, shares and rates (by the column's name, or by the row's unit) are percentages,
    numbers have thousands separators, null is a dash.
    """
    if value is None:
        return NONE_SHOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return _label(str(value)) if column == "kpi" else str(value)
    if is_p_value(column) and value < SMALLEST_P:
        return f"<{SMALLEST_P}"
    if is_share(column) or (column in _IN_UNIT and unit in _SHARE_UNITS):
        return f"{_trimmed(value * 100, 1)} %"
    return f"{value:,}" if isinstance(value, int) else _trimmed(value, _digits(column, abs(value)))


def _digits(column: str, size: float) -> int:
    """Digits after the point: fewer the larger the number is; a ratio such as the pace has two, however small."""
    if size >= 1000:
        return 0
    return 1 if size >= 100 else 2 if size >= 1 or column == "pace" or column.endswith("_ratio") else 4


def _label(kpi: str) -> str:
    from alignment_toolkit.glossary import label

    return label(kpi)


def is_share(column: str) -> bool:
    """Whether the house's naming says that the column holds shares in [0, 1]."""
    return column.endswith(("_rate", "_share")) or column in {"share", "rate", "probability", "p_best", "win_rate_closed"}


def is_p_value(column: str) -> bool:
    """Whether the column holds p-values: `p`, `p_value`, `p_adjusted`, `adjusted_p`, `p_conversion`."""
    return column == "p" or (column.startswith("p_") and column != "p_best") or column.endswith("_p")


def table_html(payload: Payload, *, identifier: str | None = None, pages: Mapping[str, str] | None = None) -> str:
    """The table as HTML with caption, column and row headers; everything in it escaped.

    Args:
        payload: As `table_payload` makes it.
        identifier: Id of the table element; none by default.
        pages: Pages of the report with their titles: where the column `page` names one it is a link.
    """
    columns: list[str] = payload["columns"]
    head = "".join(f'<th scope="col"{_numeric(payload, at)}>{escaped(words(column))}</th>' for at, column in enumerate(columns))
    body = "\n".join(f"<tr>{_row(payload, row, pages or {})}</tr>" for row in payload["rows"])
    opening = f'<table id="{escaped(identifier)}">' if identifier else "<table>"
    return (
        f"{opening}\n<caption>{escaped(payload['caption'])}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def table_text(payload: Payload) -> str:
    """The table as plain text in aligned columns, null as a dash."""
    columns: list[str] = payload["columns"]
    lines = [columns, *([visible(text) for text in _texts(payload, row)] for row in payload["rows"])]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _texts(payload: Payload, row: list[Any]) -> list[str]:
    columns = payload["columns"]
    unit = row[columns.index("unit")] if "unit" in columns else None
    return [shown(value, column=column, unit=unit) for column, value in zip(columns, row, strict=True)]


def _row(payload: Payload, row: list[Any], pages: Mapping[str, str]) -> str:
    named = zip(payload["columns"], _texts(payload, row), strict=True)
    cells = [_link(text, pages[text]) if column == "page" and text in pages else escaped(text) for column, text in named]
    first = f'<th scope="row" dir="auto">{cells[0]}</th>' if cells else ""
    rest = (
        f'<td class="num">{cell}</td>' if _is_number(value) else f'<td dir="auto">{cell}</td>'
        for cell, value in zip(cells[1:], row[1:], strict=True)
    )
    return first + "".join(rest)


def _link(page: str, title: str) -> str:
    return f'<a href="{escaped(page)}">{escaped(title)}</a>'


def _numeric(payload: Payload, at: int) -> str:
    return ' class="num"' if at and any(_is_number(row[at]) for row in payload["rows"]) else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _trimmed(number: float, digits: int) -> str:
    text = f"{number:z,.{digits}f}"  # z: no minus before what rounds to nothing
    return text.rstrip("0").rstrip(".") if "." in text and digits > 2 else text
