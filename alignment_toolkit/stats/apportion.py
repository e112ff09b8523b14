"""Whole units from fractions, so that rounded parts add up to the rounded whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alignment_toolkit.stats.risk import Array

_NEARLY = 6  # decimals of a remainder that are looked at: what comes after them is the order of additions


def largest_remainder(parts: Array, total: int) -> NDArray[np.int64]:
    """Whole numbers next to the parts that add up to the total.

    Args:
        parts: Fractions of units, shape (n,); their sum is the total but for rounding.
        total: What the whole numbers add up to.

    Returns:
        Each part rounded down, the units still missing given to the largest remainders; of equal ones the first comes first.

    Reference:
        Hamilton's method; Balinski and Young 1982, "Fair Representation", chapter 3.
    """
    parts = np.round(np.asarray(parts, dtype=float), _NEARLY)
    floor = np.floor(parts).astype(np.int64)
    missing = int(total - floor.sum())
    order = np.argsort(-np.round(parts - floor, _NEARLY), kind="stable")
    given = np.zeros_like(floor)
    if len(floor):
        whole, left = divmod(missing, len(floor))
        given += whole
        given[order[:left]] += 1
    return floor + given
