"""When does the simulated company live? Quarters of a zone with daylight saving, as whole seconds in UTC.

Unit: the instant, as int64 seconds since 1970-01-01 UTC. `END` is exclusive: the start of the day after the last
observed day, in the company's time zone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

ZONE = "Europe/Berlin"
QUARTERS = ("2023Q4", *(f"{year}Q{quarter}" for year in (2024, 2025) for quarter in (1, 2, 3, 4)), "2026Q1", "2026Q2", "2026Q3")
NEVER = np.int64(2**40)


def instant(year: int, month: int, day: int) -> int:
    """Midnight of a local day in seconds UTC."""
    return int(datetime(year, month, day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC).timestamp())


def _bounds() -> np.ndarray:
    firsts = [(int(label[:4]), 3 * int(label[5]) - 2) for label in QUARTERS] + [(2026, 10)]
    return np.array([instant(year, month, 1) for year, month in firsts], dtype=np.int64)


BOUNDS = _bounds()
START, END = int(BOUNDS[0]), int(BOUNDS[-1])
LAST_DAY = "2026-09-30"


def quarter_of(seconds: np.ndarray) -> np.ndarray:
    """Position of the local quarter of each instant: 0 for 2023Q4 to 11 for 2026Q3; -1 before, 12 after."""
    return np.searchsorted(BOUNDS, seconds, side="right") - 1


def timestamps(seconds: np.ndarray) -> pd.Series:
    """Naive UTC timestamps in microseconds; `NEVER` and anything at or after the end of the data is null."""
    stamps = pd.Series(np.asarray(seconds, dtype=np.int64).astype("datetime64[s]").astype("datetime64[us]"))
    return stamps.where(np.asarray(seconds) < END)


@cache
def _offsets() -> tuple[np.ndarray, np.ndarray]:
    hours = np.arange(START - 366 * 86_400, END + 3 * 366 * 86_400, 3_600, dtype=np.int64)
    stamps = pd.to_datetime(hours, unit="s", utc=True).tz_convert(ZONE)
    shifts = stamps.tz_localize(None) - stamps.tz_convert(None)
    return hours, (shifts // pd.Timedelta(seconds=1)).to_numpy().astype(np.int64)


def local_days(seconds: np.ndarray) -> np.ndarray:
    """Local calendar day of each instant, as int64 days since 1970-01-01; `NEVER` stays far in the future."""
    hours, offsets = _offsets()
    seconds = np.asarray(seconds, dtype=np.int64)
    index = np.clip(np.searchsorted(hours, seconds, side="right") - 1, 0, len(offsets) - 1)
    return (seconds + offsets[index]) // 86_400


def dates(days: np.ndarray) -> pd.Series:
    """Plain dates (midnight, microseconds) from days since 1970-01-01."""
    return pd.Series(np.asarray(days, dtype=np.int64).astype("datetime64[D]").astype("datetime64[us]"))


def day_number(text: str) -> int:
    """Days since 1970-01-01 of an ISO date."""
    return int(np.datetime64(text, "D").astype(np.int64))
