"""Headline figures that are not what they were: value before, after and the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from alignment_toolkit.tables import plain, rounded

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("kpi", "slice", "segment", "unit", "before", "after", "difference")
Row = Mapping[str, Any]


def restated_figures(before: Iterable[Row], after: Iterable[Row]) -> pd.DataFrame:
    """The figures whose value as shown (six significant digits) is another.

    Args:
        before: Rows of `kpis.json`, or of a figure frame.
        after: The same later.

    Returns:
        kpi, slice, segment, unit, before, after (null: not known, or no such row), difference (after minus before; null where one of them
        is); figures of the whole first, then slices, each in the order of the later report.
    """
    import pandas as pd

    was, now = _by_key(before), _by_key(after)
    rows = [_row(key, was.get(key), now.get(key)) for key in dict.fromkeys([*now, *was])]
    changed = [row for row in rows if row["before"] != row["after"]]
    ordered = sorted(changed, key=lambda row: row["slice"] != "all")
    return pd.DataFrame(ordered, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[4:], "float64"))


def records_of(frame: pd.DataFrame) -> list[Row]:
    """A figure frame as rows."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _by_key(rows: Iterable[Row]) -> dict[tuple[str, str, str], Row]:
    return {(str(row["kpi"]), str(row["slice"]), str(row["segment"])): row for row in rows}


def _row(key: tuple[str, str, str], was: Row | None, now: Row | None) -> dict[str, Any]:
    before, after = (plain(row["value"]) if row else None for row in (was, now))
    both = isinstance(before, int | float) and isinstance(after, int | float)
    difference = rounded(float(after) - float(before)) if both else None  # type: ignore[arg-type]
    unit = (now or was or {})["unit"]
    return dict(zip(COLUMNS, (*key, unit, before, after, difference), strict=True))
