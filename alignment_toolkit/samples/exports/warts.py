"""What is odd about the values that vendors write, whoever uses them: stray blanks, month ends, short memories, sentinel days.

Unit: one value. Every function returns a changed copy and draws nothing: which rows are odd follows from their place.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.samples import span

NOTHING: Any = None
NO_INSTANT: Any = pd.NaT
SENTINEL = "9999-12-31"
MEMORY_MONTHS = 24
END = pd.Timestamp(span.END, unit="s")
MEMORY_FROM = pd.Timestamp("2024-09-30 22:00:00")
"""Field history begins here: midnight of a local day, `MEMORY_MONTHS` before the end of the data."""


def stray_blanks(texts: pd.Series, *, every: int = 7) -> pd.Series:
    """Every so-many-th label has a blank at an end, now in front, now behind."""
    place = pd.Series(range(len(texts)), index=texts.index)
    behind = texts.where(texts.isna() | (place % every != every - 1), texts + " ")
    return behind.where(texts.isna() | (place % (2 * every) != 0), " " + texts)


def month_end(days: pd.Series) -> pd.Series:
    """The last day of the month of each date."""
    return days + pd.offsets.MonthEnd(0)


def remembered(history: pd.DataFrame, *, column: str) -> pd.DataFrame:
    """The rows of a field history that are not older than the vendor keeps them."""
    return history[history[column] >= MEMORY_FROM].reset_index(drop=True)


def local(stamps: pd.Series) -> pd.Series:
    """Naive UTC instants as wall clock of the company."""
    return stamps.dt.tz_localize("UTC").dt.tz_convert(span.ZONE).dt.tz_localize(None)


def filled(events: pd.DataFrame, *, key: str, columns: list[str]) -> pd.DataFrame:
    """Events that say only what changed, as snapshots: what was not changed keeps its last value.

    Args:
        events: Rows in order of time within each key.
        key: Column of the record.
        columns: The columns to fill forward.
    """
    return events.assign(**{column: events.groupby(key)[column].ffill() for column in columns})
