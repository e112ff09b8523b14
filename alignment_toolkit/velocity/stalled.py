"""Stalled leads: how much of the money that open leads promised on entering their stage has been lost to waiting?

Unit: the lead that is open at `as_of`. Its value at risk is (chance of a fresh entrant to its stage − its own chance now) × the money of
its open deals, or of a mean win where it has none. It says what waiting went with, not that a call would bring it back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, Flag, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.figures import ALL, figure
from alignment_toolkit.leads import N_GROUPS
from alignment_toolkit.stats import interval_from_replicates
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.chances import HORIZON, OLDEST, Chances, chances_without, win_chances

NO_DEALS = "no deals table"
HALF = 0.5  # a lead is called stalled when less than this part of a fresh entrant's chance is left
COLUMNS = (
    "stage",
    "open",
    "fresh_rate",
    "now_rate",
    "half_after_days",
    "stalled",
    "stalled_share",
    "value_at_risk",
    "lower",
    "upper",
    "reason",
)


@checked(horizon=DAYS_AHEAD, intervals=Flag("intervals"))
def stalled(study: Study, *, horizon: int = HORIZON, intervals: bool = True) -> pd.DataFrame:
    """Open leads by stage, and what they have lost by waiting.

    Args:
        study: Quarter, as-of and cohort rule; chances are estimated in its window.
        horizon: Days from `as_of` on in which a win counts.
        intervals: Whether limits are worked out.

    Returns:
        One row for all leads, then one per open stage in order: stage, open (leads), fresh_rate (chance of a win within the horizon of one
        that enters today), now_rate (mean chance of those that stand there), half_after_days (first day in the stage on which less than
        half of the fresh chance is left; null: never), stalled (leads past that), stalled_share, value_at_risk (reporting currency; null
        without deals) with lower and upper (95 %, of the chances and the mean win as other accounts would have shown them, for these open
        leads), reason. Null where fewer than `min_n` visits to the stage were followed at some age; the first row adds up the other stages.
    """
    chances = win_chances(study, horizon=horizon)
    now = at_risk(study, chances)
    rows = [
        _row(name, now[now["segment"] == name], by_age, reason)
        for name, by_age, reason in zip(chances.stages, chances.by_age, chances.reasons, strict=True)
    ]
    nowhere = None if any(reason is None for reason in chances.reasons) else next(iter(chances.reasons), None)
    whole = _row(ALL, now[now["fresh"].notna()], np.full(1, np.nan), nowhere)
    frame = pd.DataFrame([whole, *rows], columns=list(COLUMNS))
    if not study.crm.has("deals"):
        frame["value_at_risk"] = np.nan
    elif intervals:
        frame["lower"], frame["upper"] = value_limits(study, chances, frame["value_at_risk"].to_numpy(dtype=np.float64))
    return frame.astype({"half_after_days": "Int64", "stalled": "Int64"})


def at_risk(study: Study, chances: Chances) -> pd.DataFrame:
    """Counts of open leads by stage and days in it with now, fresh (chances) and value_at_risk (of all of them, reporting currency)."""
    counts = counted("open_leads", study)
    now, fresh = chances.of(counts["segment"], counts["day"])
    money = counts["amount"] / 100 + (counts["n"] - counts["n_priced"]) * mean_win(study)
    return counts.assign(now=now, fresh=fresh, value_at_risk=np.maximum(fresh - now, 0) * money)


def value_limits(study: Study, chances: Chances, value: Array) -> tuple[Array, Array]:
    """95 % limits of the value at risk of all open leads and of each stage, leaving out one of sixteen groups of accounts at a time.

    The open leads and their deals are what they are; the chances and the mean win are estimates, and vary.

    Args:
        study: As for `stalled`.
        chances: As estimated from all accounts.
        value: The values, that of all leads first.
    """
    counts = counted("open_leads", study)
    place = pd.Index(chances.stages).get_indexer(pd.Index(counts["segment"]))
    day = np.minimum(counts["day"].to_numpy(dtype=np.int64), OLDEST)
    without = chances_without(study, chances.stages, horizon=chances.horizon)
    lost = np.maximum(without[:, place, 0] - without[:, place, day], 0)
    amount, unpriced = (counts["amount"] / 100).to_numpy(), (counts["n"] - counts["n_priced"]).to_numpy()
    at_stake = lost * (amount + unpriced * wins_without(study)[:, None])
    by_stage = np.stack([at_stake[:, place == at].sum(axis=1) for at in range(len(chances.stages))])
    known = ~np.isnan(chances.fresh)
    replicates = np.vstack([by_stage[known].sum(axis=0), by_stage])
    found = interval_from_replicates(value, replicates, np.ones(replicates.shape, dtype=bool), scale="log")
    return found.lower, found.upper


def mean_win(study: Study) -> float:
    """The mean amount of a won lead in the study's window, reporting currency; null without wins."""
    won = _won_money(study)
    return float(ratio(won["amount"].sum(), won["n"].sum()))


def wins_without(study: Study) -> Array:
    """The mean amount of a won lead without each jackknife group of accounts, shape (16,); null where nothing else was won."""
    won = _won_money(study)
    return ratio(won["amount"].sum() - won["amount"], won["n"].sum() - won["n"])


def _won_money(study: Study) -> dict[str, Array]:
    """Wins and their money by jackknife group."""
    frame = moves_frame("entry_moves", study, by="stage")
    won = frame[frame["move"] == "event"]
    group = won["group"].astype(int)
    return {name: np.bincount(group, weights=won[name].astype(float), minlength=N_GROUPS).astype(float) for name in ("n", "amount")}


def _row(stage: str, leads: pd.DataFrame, by_age: Array, reason: str | None) -> dict[str, Any]:
    standing = float(leads["n"].sum())
    known = reason is None
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
        "lower": np.nan,
        "upper": np.nan,
        "reason": reason,
    }


def stalled_rows(study: Study, *, intervals: bool = True) -> list[dict[str, Any]]:
    """Figure rows of `stalled_value`, by all and stage; without limits where only the value is wanted."""
    without, unit = None if study.crm.has("deals") else NO_DEALS, study.config.reporting_currency
    return [_figure(row, unit=unit, reason=without or row["reason"]) for row in stalled(study, intervals=intervals).to_dict("records")]


def _figure(row: dict[Any, Any], *, unit: str, reason: str | None) -> dict[str, Any]:
    value, limits = row["value_at_risk"], {"lower": row["lower"], "upper": row["upper"]}
    counts = {"n": row["open"], "events": row["stalled"], **limits}
    slice_ = "all" if row["stage"] == ALL else "stage"
    why = reason if pd.isna(value) else None
    return figure("stalled_value", value=value, unit=unit, slice_=slice_, segment=str(row["stage"]), reason=why, **counts)
