"""Ids as Salesforce writes them: eighteen characters, the first three saying which object it is."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.samples.exports.warts import NOTHING

PREFIXES = {
    "account": "001", "contact": "003", "user": "005", "opportunity": "006", "lead": "00Q", "task": "00T", "event": "00U",
    "role": "00E", "campaign": "701", "member": "00v", "lead_history": "017", "opportunity_history": "008", "field_history": "0Hn",
}  # fmt: skip


def salesforce_ids(ids: pd.Series, *, of: str) -> pd.Series:
    """The ids of a simulated company as those of a Salesforce object; null stays null.

    Args:
        ids: Ids of at most thirteen characters.
        of: Name of the object, a key of `PREFIXES`.
    """
    return (PREFIXES[of] + "5g" + ids.astype(object).str.rjust(13, "0")).where(ids.notna(), NOTHING)


def numbered(size: int, *, of: str) -> pd.Series:
    """Ids of records that the simulated company has no ids for."""
    return salesforce_ids(pd.Series([f"N{number:07d}" for number in range(1, size + 1)], dtype=object), of=of)
