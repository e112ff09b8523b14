"""Stalled leads: how much of the money that open leads promised on entering their stage has been lost to waiting?

Unit: the lead that is open at `as_of`. Its value at risk is (chance of a fresh entrant to its stage − its own chance now) × the money of
its open deals, or of a mean win where it has none. It says what waiting went with, not that a call would bring it back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.figures import ALL, NOT_ENOUGH, figure
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.chances import HORIZON, Chances, win_chances
from alignment_toolkit.velocity.tables import stage_tables

NO_DEALS = "no deals table"
HALF = 0.5  # a lead is called stalled when less than this part of a fresh entrant's chance is left
COLUMNS = ("stage", "open", "fresh_rate", "now_rate", "half_after_days", "stalled", "stalled_share", "value_at_risk", "reason")


def stalled(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """Open leads by stage, and what they have lost by waiting.

    Args:
        study: Quarter, as-of and cohort rule; chances are estimated in its window.
        horizon: Days from `as_of` on in which a win counts.

    Returns:
        One row for all leads, then one per open stage in order: stage, open (leads), fresh_rate (chance of a win within the horizon of one
        that enters today), now_rate (mean chance of those that stand there), half_after_days (first day in the stage on which less than
        half of the fresh chance is left; null: never), stalled (leads past that), stalled_share, value_at_risk (reporting currency; null
        without deals), reason. Null below `min_n` visits to the stage; the first row adds up the stages that are not.
    """
    chances = win_chances(study, horizon=horizon)
    now = at_risk(study, chances)
    rows = [_row(name, now[now["segment"] == name], chances.by_age[at]) for at, name in enumerate(chances.stages)]
    whole = _row(ALL, now[now["fresh"].notna()], np.full(1, np.nan))
    frame = pd.DataFrame([whole, *rows], columns=list(COLUMNS))
    if not study.crm.has("deals"):
        frame["value_at_risk"] = np.nan
    return frame.astype({"half_after_days": "Int64", "stalled": "Int64"})


def at_risk(study: Study, chances: Chances) -> pd.DataFrame:
    """Counts of open leads by stage and days in it with now, fresh (chances) and value_at_risk (of all of them, reporting currency)."""
    counts = counted("open_leads", study)
    now, fresh = chances.of(counts["segment"], counts["day"])
    money = counts["amount"] / 100 + (counts["n"] - counts["n_priced"]) * mean_win(study)
    return counts.assign(now=now, fresh=fresh, value_at_risk=np.maximum(fresh - now, 0) * money)


def mean_win(study: Study) -> float:
    """The mean amount of a won lead in the study's window, reporting currency; null without wins."""
    _, table = stage_tables(study, query="entry_moves")
    return float(ratio(table.amount[0].sum(), table.events[0].sum()))


def _row(stage: str, leads: pd.DataFrame, by_age: Array) -> dict[str, Any]:
    standing = float(leads["n"].sum())
    known = bool(leads["fresh"].notna().all()) and (stage == ALL or not np.isnan(by_age[0]))
    past = leads.loc[leads["now"] < HALF * leads["fresh"], "n"].sum()
    below = np.flatnonzero(by_age < HALF * by_age[0])
    weights = leads["n"] / standing if standing else leads["n"]
    return {
        "stage": stage,
        "open": int(standing),
        "fresh_rate": by_age[0],
        "now_rate": float((weights * leads["now"]).sum()) if known and standing else np.nan,
        "half_after_days": int(below[0]) if known and len(below) else pd.NA,
        "stalled": int(past) if known else pd.NA,
        "stalled_share": float(ratio(np.array(float(past)), np.array(standing))) if known else np.nan,
        "value_at_risk": float(leads["value_at_risk"].sum()) if known else np.nan,
        "reason": None if known else NOT_ENOUGH,
    }


def stalled_rows(study: Study) -> list[dict[str, Any]]:
    """Figure rows of `stalled_value`, by all and stage."""
    without = None if study.crm.has("deals") else NO_DEALS
    return [
        _figure(row, unit=study.config.reporting_currency, reason=without or row["reason"]) for row in stalled(study).to_dict("records")
    ]


def _figure(row: dict[Any, Any], *, unit: str, reason: str | None) -> dict[str, Any]:
    value, counts = row["value_at_risk"], {"n": row["open"], "events": row["stalled"]}
    slice_ = "all" if row["stage"] == ALL else "stage"
    why = reason if pd.isna(value) else None
    return figure("stalled_value", value=value, unit=unit, slice_=slice_, segment=str(row["stage"]), reason=why, **counts)
