"""How does Fivetran land an API's objects? Small names with underscores, a stamp of its own in every row, versions that end in 9999.

Unit: one column, one version of a record. History mode was switched on on the day from which field history is kept: of older versions only
the last one is there, and it starts when the record was last changed.
"""

from __future__ import annotations

import re

import pandas as pd

from alignment_toolkit.samples.exports.warts import END, MEMORY_FROM

OPEN_END = "9999-12-31 23:59:59"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """A name such as CreatedDate or Score_Date__c as Fivetran writes it: created_date, score_date_c."""
    return re.sub("_+", "_", _WORD.sub("_", name)).lower()


def synced(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with the instant of its last synchronisation."""
    return frame.assign(_fivetran_synced=END + pd.Timedelta(hours=3))


def small(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with small column names and its stamp."""
    return synced(frame.rename(columns={column: snake(column) for column in frame.columns}))


def versions(events: pd.DataFrame, *, key: str, at: str) -> pd.DataFrame:
    """Versions of records from snapshots of them: _fivetran_start, _fivetran_end (text, 9999 while current), _fivetran_active.

    Args:
        events: Snapshots in order of time within each key.
        key: Column of the record.
        at: Column of the change, which is replaced by the three.
    """
    following = events.groupby(key)[at].shift(-1)
    kept = events[following.isna() | (following >= MEMORY_FROM)].drop(columns=at)
    current = following[kept.index].isna()
    end = (following[kept.index] - pd.Timedelta(milliseconds=1)).dt.strftime("%Y-%m-%d %H:%M:%S").where(~current, OPEN_END)
    return kept.assign(_fivetran_start=events.loc[kept.index, at], _fivetran_end=end, _fivetran_active=current).reset_index(drop=True)
