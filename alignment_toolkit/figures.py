"""The tidy figure: one row per number shown, whatever its metric, with the counts behind it.

Every metric function returns a frame of these columns; `kpis.json` holds them in this order and no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

COLUMNS = (
    "kpi",
    "slice",
    "segment",
    "value",
    "lower",
    "upper",
    "unit",
    "n",
    "events",
    "matured_share",
    "smallest_followed",
    "previous",
    "target",
    "owner",
    "reason",
)
NUMBERS = ("value", "lower", "upper", "n", "events", "matured_share", "smallest_followed", "previous", "target")
ALL = "(all)"
MISSING = "(missing)"
OTHER = "(other)"
NOT_ENOUGH = "not enough data"
NO_AMOUNT = "deals were won but no amount is recorded"
NO_LOSSES = "losses are not recorded (losses_recorded = false)"


def figure(
    kpi: str, *, value: float | None, unit: str, slice_: str = "all", segment: str = ALL, reason: str | None = None, **counts: Any
) -> dict[str, Any]:
    """One figure as a row.

    Args:
        kpi: Stable name.
        value: The number, or None (or not finite) when it is undefined.
        unit: Unit of the value, such as `share`, `leads`, `days`, `EUR`.
        slice_: `all` or the attribute it is sliced by.
        segment: Value of that attribute.
        reason: Why the value is null (required then), or what limits it.
        **counts: Any of lower, upper, n, events, matured_share, smallest_followed, previous, target, owner.
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"kpi": kpi, "slice": slice_, "segment": segment, "value": known(value), "unit": unit} | counts
    row |= {name: known(row[name]) for name in NUMBERS}
    if row["value"] is None:
        row |= {"lower": None, "upper": None, "reason": reason or NOT_ENOUGH}
    return row


def known(value: Any) -> float | None:
    """The value as a float, None when it is missing or not finite."""
    if value is None or value is pd.NA or not math.isfinite(value):
        return None
    return float(value)


def figures(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A figure frame of rows made by `figure`: the columns of `COLUMNS`, numbers as floats, null as NaN or None."""
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(NUMBERS, "float64"))


def with_previous(current: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """The current figures with `previous` filled from the same figures of the quarter before.

    Args:
        current: Figure frame of the report quarter.
        earlier: Figure frame of the previous quarter on today's data.

    Returns:
        As many rows as `current`, in its order.
    """
    key = ["kpi", "slice", "segment"]
    values = earlier.drop_duplicates(key).set_index(key)["value"]
    joined = pd.MultiIndex.from_frame(current[key])
    return current.assign(previous=values.reindex(joined).to_numpy())
