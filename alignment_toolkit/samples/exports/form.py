"""How is an export written? Its tables, which of their columns are dates, and how an instant looks.

Unit: one export. Tables are frames with instants in naive UTC, so that they go into a database as they are; as files they are text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alignment_toolkit.samples.exports.warts import local

API_INSTANT = "%Y-%m-%dT%H:%M:%S.000Z"
LANDED_INSTANT = "%Y-%m-%d %H:%M:%S"
SCREEN_INSTANT = "%Y-%m-%d %H:%M"
DAY = "%Y-%m-%d"


@dataclass(frozen=True)
class Export:
    """What a vendor gives out.

    Attributes:
        tables: File or table name -> frame; instants are naive UTC microseconds, dates midnight.
        dates: Names of the columns that hold dates.
        instant: How an instant is written in a file.
        is_local: Whether instants are written as wall clock of the company, as on a screen.
        day: How a date is written in a file.
    """

    tables: dict[str, pd.DataFrame]
    dates: frozenset[str] = frozenset()
    instant: str = API_INSTANT
    is_local: bool = False
    day: str = DAY

    def text(self, name: str) -> pd.DataFrame:
        """A table as its file shows it: instants, dates and flags as text."""
        frame = self.tables[name]
        return frame.assign(**{column: self._cells(frame[column]) for column in frame.columns})

    def _cells(self, cells: pd.Series) -> pd.Series:
        if pd.api.types.is_datetime64_any_dtype(cells):
            if cells.name in self.dates:
                return cells.dt.strftime(self.day)
            return (local(cells) if self.is_local else cells).dt.strftime(self.instant)
        return cells.map({True: "true", False: "false"}) if cells.dtype == bool else cells

    def write(self, out: Path) -> list[Path]:
        """Write every table as CSV; the paths in order."""
        paths = [out / f"{name}.csv" for name in self.tables]
        for name, path in zip(self.tables, paths, strict=True):
            self.text(name).to_csv(path, index=False, lineterminator="\n")
        return paths
