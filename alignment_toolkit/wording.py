"""Numbers, names and owners as people read them: the same share, interval, name or team reads the same in every sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.glossary import NOBODY
from alignment_toolkit.visible import visible

SHARE = "share"
LONGEST_NAME = 40


def named(name: object, *, longest: int = LONGEST_NAME) -> str:
    """A name from the data with every mark shown, whole up to `longest` characters."""
    shown = visible(str(name))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def percent(share: float, digits: int | None = None) -> str:
    """A share in [0, 1] as a percentage.

    Args:
        share: What is told; null reads `nan %`.
        digits: After the point; by default one below 10 %, so that small shares can be told apart, else none.
    """
    return f"{share * 100:.{int(abs(share) < 0.1) if digits is None else digits}f} %"


def people(owner: str | None, *, nobody: str = "no team") -> str:
    """The owner as people say it: `both teams` for what is shared, `nobody` where there is none."""
    return {"shared": "both teams", None: nobody, "": nobody, NOBODY: nobody}.get(owner, str(owner))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries, for sentences that are made row by row."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def amount(value: float | None, unit: str) -> str:
    """The value with its unit; empty when it is missing.

    Shares are percentages with one decimal, whole numbers and money have separators, days have one decimal below ten; of one there is one
    day, not days.
    """
    if value is None or pd.isna(value):
        return ""
    if unit == SHARE:
        return f"{100 * value:.1f} %"
    digits = 1 if unit == "days" and abs(value) < 10 and value != int(value) else 0
    return f"{value:,.{digits}f} {unit_of(value, unit)}"


def unit_of(value: float, unit: str) -> str:
    """The unit as it stands after the value: one day, two days."""
    return unit.removesuffix("s") if value == 1 else unit


def interval_words(row: pd.Series) -> str:
    """`from to` of the 95 % interval; empty where the figure has none."""
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return ""
    return f"{amount(row['lower'], row['unit'])} to {amount(row['upper'], row['unit'])}"


def change_words(row: pd.Series) -> str:
    """The change against the quarter before: points for shares, percent for the rest; empty where one of the two is missing."""
    if pd.isna(row["value"]) or pd.isna(row["previous"]):
        return ""
    if row["unit"] == SHARE:
        return f"{signed(100 * (row['value'] - row['previous']), 1)} points"
    return f"{signed(100 * (row['value'] / row['previous'] - 1), 0)} %" if row["previous"] else ""


def signed(number: float, digits: int) -> str:
    """The number with its sign, a real minus for negative ones; `±0` where it rounds to nothing."""
    text = f"{abs(number):.{digits}f}"
    if not float(text):
        return f"±{text}"
    return f"{'+' if number > 0 else '−'}{text}"
