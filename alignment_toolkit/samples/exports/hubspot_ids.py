"""Ids as HubSpot writes them: whole numbers too large for 32 bits, another range for each object."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.warts import NOTHING

RANGES = {
    "L": 10_000_000_000, "X": 19_000_000_000, "A": 20_000_000_000, "B": 21_000_000_000, "D": 30_000_000_000,
    "T": 40_000_000_000, "C": 50_000_000_000, "U": 70_000,
}  # fmt: skip


def hubspot_ids(ids: pd.Series) -> pd.Series:
    """The ids of a simulated company (a letter and digits) as digits alone; null stays null."""
    there = ids.dropna().astype(str)
    number = there.str[0].map(RANGES) + there.str[1:].astype("int64")
    return number.astype(str).reindex(ids.index).astype(object).where(ids.notna(), NOTHING)
