"""A small company whose records know only the day of much that happened, with rates that come late and tables without a row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from alignment_toolkit.samples import simulate
from alignment_toolkit.samples.write import arrow_table, settings
from alignment_toolkit.schema import IS_DATE

ZONE = "Europe/Berlin"
LEADS = 500
WHOLE = (("leads", "created_at"), ("stage_events", "entered_at"), ("deals", "closed_at"), ("feedback", "given_at"))  # local midnights
MIXED = (("deals", "created_at"), ("touches", "occurred_at"), ("deal_events", "changed_at"))  # every other row a day, and flagged
EMPTY = ("actions", "merges")


def write_days(out: Path) -> None:
    """Write the store; a third of its losses have no day, the rates of GBP begin after the as-of, those of USD in the last quarter."""
    tables = dict(simulate(leads=LEADS).tables)
    for name, column in WHOLE:
        tables[name] = tables[name].assign(**{column: _midnight(tables[name][column])})
    for name in EMPTY:
        tables[name] = tables[name].head(0)
    tables["deals"], tables["deal_events"] = _lost_without_a_day(tables["deals"], tables["deal_events"])
    tables["exchange_rates"] = _late(tables["exchange_rates"])
    tables["stage_events"] = tables["stage_events"].drop_duplicates(["lead_id", "stage", "entered_at"])
    out.mkdir(parents=True, exist_ok=True)
    (out / "alignment.toml").write_text(settings(), encoding="utf-8")
    for name, frame in tables.items():
        flags = {column: pd.Series(range(len(frame)), index=frame.index) % 2 == 0 for table, column in MIXED if table == name}
        days = {column: _midnight(frame[column]).where(flag, frame[column]) for column, flag in flags.items()}
        held = arrow_table(frame.assign(**days))
        for column, flag in flags.items():
            held = held.append_column(column + IS_DATE, [flag.to_numpy()])
        pq.write_table(held, out / f"{name}.parquet")


def _midnight(at: pd.Series) -> pd.Series:
    """The first instant of each local day, naive UTC."""
    return at.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.normalize().dt.tz_convert("UTC").dt.tz_localize(None)


def _lost_without_a_day(deals: pd.DataFrame, events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every third lost deal has neither a closing instant nor a history."""
    lost = deals.loc[deals["outcome"] == "lost", "deal_id"].iloc[::3]
    closed_at = deals["closed_at"].mask(deals["deal_id"].isin(lost))
    return deals.assign(closed_at=closed_at), events[~events["deal_id"].isin(lost)]


def _late(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates of one currency moved past the as-of, those of another cut to the last quarter."""
    valid_on = pd.to_datetime(rates["valid_on"])
    moved = valid_on.mask(rates["currency"] == "GBP", valid_on + pd.DateOffset(years=4))
    kept = (rates["currency"] != "USD") | (valid_on >= "2026-08-01")
    return rates.assign(valid_on=moved.dt.date)[kept]
