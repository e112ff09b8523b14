"""Numbers as people read them: shares in percent, money with separators, intervals and changes in words."""

from __future__ import annotations

import pandas as pd

SHARE = "share"


def amount(value: float | None, unit: str) -> str:
    """The value with its unit; empty when it is missing.

    Shares are percentages with one decimal, whole numbers and money have separators, days have one decimal below ten.
    """
    if value is None or pd.isna(value):
        return ""
    if unit == SHARE:
        return f"{100 * value:.1f} %"
    digits = 1 if unit == "days" and abs(value) < 10 and value != int(value) else 0
    return f"{value:,.{digits}f} {unit}"


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
