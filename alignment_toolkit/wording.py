"""Numbers, names and owners as people read them: the same share, interval, name or team reads the same in every sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.glossary import NOBODY
from alignment_toolkit.tables import rounded
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
    return f"{_as_shown(share) * 100:.{int(abs(share) < 0.1) if digits is None else digits}f} %"


def _as_shown(value: float) -> float:
    """The value as a table holds it, so that a sentence never rounds the same figure another way."""
    return float("nan") if (kept := rounded(float(value))) is None else kept


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
        return percent(value, 1).replace("-", "−")
    digits = 1 if unit == "days" and abs(value) < 10 and value != int(value) else 0
    return f"{_as_shown(value):,.{digits}f} {unit_of(value, unit)}".replace("-", "−")


def unit_of(value: float, unit: str) -> str:
    """The unit as it stands after the value: one day, two days."""
    return unit.removesuffix("s") if value == 1 else unit


def interval_words(row: pd.Series) -> str:
    """`from to` of the 95 % interval; empty where the figure has none."""
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return ""
    return f"{amount(row['lower'], row['unit'])} to {amount(row['upper'], row['unit'])}"


def interval_in_brackets(row: pd.Series) -> str:
    """The 95 % interval in brackets after a blank; empty where the figure has none."""
    words = interval_words(row)
    return f" (95 % interval {words})" if words else ""


def counted_words(n: float, noun: str, verbs: str = "") -> str:
    """A count with its noun and verb: `1 lead was`, `1,249 customers were`.

    Args:
        n: The count.
        noun: Of one; of several an s is added.
        verbs: The verb of one and of several, such as `was|were`; none by default.
    """
    words = f"{n:,.0f} {noun if n == 1 else f'{noun}s'}"
    return f"{words} {verb(n, *verbs.split('|'))}" if verbs else words


def p_words(p: float, name: str = "p") -> str:
    """A p-value in words: `p = 0.016`; one that is very small is only bounded, `p < 0.001`."""
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p:.2g}"


def verb(n: float, one: str, several: str) -> str:
    """The verb that goes with a count: `has` or `have`, `was` or `were`."""
    return one if n == 1 else several


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
