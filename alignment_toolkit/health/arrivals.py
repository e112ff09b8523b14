"""What arrived: rows, how many of them were used, from when to when, and how fresh they are at the as-of.

Unit: the row of a canonical table. It does not say whether the rows are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd

from alignment_toolkit.arguments import OneOf, checked, several
from alignment_toolkit.border.reasons import leaves_gap
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.arrivals import FAR, NO_DAY, dated_by
from alignment_toolkit.periods import local_day
from alignment_toolkit.schema import TABLES
from alignment_toolkit.study import Study
from alignment_toolkit.summary.records import journal

COLUMNS = ("table", "read", "used", "set_aside", "reasons", "dated_by", "first_on", "last_on", "days_old", "undated", "after_as_of")


def arrivals(study: Study) -> pd.DataFrame:
    """One row per table that is there.

    Returns:
        table; read, used and set_aside rows with the reasons (of the ingest; without one: what the store holds); dated_by (the column that
        dates a row); first_on, last_on (days of the first and last row visible at the as-of); days_old (days from the last one to the last
        visible day; null without a date); undated (rows without a date that can be); after_as_of (rows that are not visible yet).
    """
    ingested = {entry["table"]: entry for entry in journal(study).get("tables", [])}
    return pd.DataFrame([_row(study, name, ingested.get(name)) for name in TABLES if study.crm.has(name)], columns=list(COLUMNS))


def _row(study: Study, table: str, entry: Mapping[str, object] | None) -> dict[str, object]:
    days = counted("rows_by_day", study, table=table)
    held = int(days["n"].sum())
    aside = dict(entry["set_aside"]) if entry else {}  # type: ignore[call-overload]
    read = int(entry["read"]) if entry else held  # type: ignore[call-overload]
    real = days[~days["day"].isin([NO_DAY, FAR])]
    last_day = (local_day(study.as_of, study.config.time_zone) - timedelta(days=1)).isoformat()
    seen = real.loc[real["day"] <= last_day, "day"]
    last = max(seen, default=None)
    return {
        "table": table,
        "read": read,
        "used": held if not entry else int(entry["used"]),  # type: ignore[call-overload]
        "set_aside": sum(aside.values()),
        "reasons": ", ".join(f"{reason}: {n:,}" for reason, n in aside.items()),
        "dated_by": dated_by(table),
        "first_on": min(seen, default=None),
        "last_on": last,
        "days_old": None if last is None else (date.fromisoformat(last_day) - date.fromisoformat(last)).days,
        "undated": int(days["n"].sum() - real["n"].sum()) if dated_by(table) else None,
        "after_as_of": int(real.loc[real["day"] > last_day, "n"].sum()),
    }


def set_aside(study: Study) -> dict[str, int]:
    """Rows of each table that the ingest set aside and that might be records of it."""
    return {
        entry["table"]: sum(n for reason, n in entry["set_aside"].items() if leaves_gap(reason))
        for entry in journal(study).get("tables", [])
    }


@checked(tables=several(OneOf(tuple(TABLES), "table")))
def rows_by_week(study: Study, *, tables: tuple[str, ...] = ("leads", "stage_events", "deals", "touches", "feedback")) -> pd.DataFrame:
    """Rows by table and week, up to the as-of: the picture in which a gap in an export shows.

    Returns:
        table, week (its Monday), n; every week between a table's first and last has a row, also one without rows.
    """
    last_day = local_day(study.as_of, study.config.time_zone)
    parts = [_weekly(study, name, until=last_day) for name in tables if study.crm.has(name)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["table", "week", "n"])


def _weekly(study: Study, table: str, *, until: date) -> pd.DataFrame:
    days = counted("rows_by_day", study, table=table)
    real = days[~days["day"].isin([NO_DAY, FAR]) & (days["day"] < until.isoformat())]
    if real.empty:
        return pd.DataFrame({"table": [], "week": [], "n": []}, columns=["table", "week", "n"])
    dated = pd.to_datetime(real["day"])
    weeks = real["n"].groupby(dated - pd.to_timedelta(dated.dt.dayofweek, unit="D")).sum()
    every = weeks.reindex(pd.date_range(weeks.index.min(), weeks.index.max(), freq="7D"), fill_value=0)
    return pd.DataFrame(
        {"table": table, "week": [monday.date() for monday in pd.DatetimeIndex(every.index)], "n": every.to_numpy(dtype="int64")}
    )
