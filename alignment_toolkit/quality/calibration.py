"""Is marketing's score worth following?

Unit: the lead that was matured for the horizon inside the window and had a score. The score is the one it had at the handover: one that was
changed later may know the outcome, so those leads are left out and counted. It does not answer what would happen under another score.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.figures import NOT_ENOUGH, known
from alignment_toolkit.quality.scores import Measure, area_under_curve, as_probability, best_threshold, brier, deciles, lift
from alignment_toolkit.stats import wilson_interval
from alignment_toolkit.study import Study

HORIZON = 180
USED = ("before", "unknown")
NO_SCORE, NO_PROBABILITY = "no lead has a score", "the score is on no scale of probability (0 to 1, or 0 to 100)"
NO_COST, NO_DEALS = "cost_to_work is not configured", "no deals table"
ONE_OUTCOME = "every lead has the same outcome"


@checked(horizon=DAYS)
def score_measures(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """How well the score at the handover tells who is won within the horizon.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Days from creation to the win.

    Returns:
        Rows auc, brier (score read as a probability), brier_of_base_rate (what everybody's base rate would get), lift_top_10, lift_top_20:
        measure, value, lower, upper (95 %), n (scored matured leads), events (won by the horizon), base_rate, left_out (leads whose score
        changed after the handover), undated (used, but the score's time is not recorded), unscored, horizon_days, reason. Null below
        `min_n` leads, where nobody or everybody was won, and Brier where the score is no probability.
    """
    counts = counted("score_counts", study, horizon=horizon)
    table, sizes = by_score(counts), _sizes(counts)
    reason = _reason(table, min_n=study.config.min_n)
    found = _measures(table) if reason is None else dict.fromkeys(MEASURES)
    rows = [_measure(name, found[name], reason or NO_PROBABILITY) | sizes | {"horizon_days": horizon} for name in MEASURES]
    return pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))


MEASURES = ("auc", "brier", "brier_of_base_rate", "lift_top_10", "lift_top_20")
MEASURE_COLUMNS = (
    "measure", "value", "lower", "upper", "n", "events", "base_rate", "left_out", "undated", "unscored", "horizon_days", "reason",
)  # fmt: skip
DECILE_COLUMNS = (
    "decile", "lowest_score", "highest_score", "claimed_rate", "conversion_rate", "lower", "upper", "n", "events", "unit",
    "horizon_days", "reason",
)  # fmt: skip


def by_score(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts per distinct score, ascending, of the leads whose score may be judged."""
    used = counts[counts["timing"].isin(USED)]
    return used.groupby("score", as_index=False)[["n", "events", "n_unpriced", "amount", "amount_sq"]].sum()


def _sizes(counts: pd.DataFrame) -> dict[str, Any]:
    size = counts.groupby("timing")["n"].sum().reindex(["before", "unknown", "after", "none"], fill_value=0)
    n, events = int(size["before"] + size["unknown"]), int(counts[counts["timing"].isin(USED)]["events"].sum())
    shares = {"n": n, "events": events, "base_rate": events / n if n else None}
    return shares | {"left_out": int(size["after"]), "undated": int(size["unknown"]), "unscored": int(size["none"])}


def _reason(table: pd.DataFrame, *, min_n: int) -> str | None:
    if table.empty:
        return NO_SCORE
    if table["n"].sum() < min_n:
        return NOT_ENOUGH
    return None if 0 < table["events"].sum() < table["n"].sum() else ONE_OUTCOME


def _measures(table: pd.DataFrame) -> dict[str, Measure | None]:
    score, n, events = (table[name].to_numpy(dtype=float) for name in ("score", "n", "events"))
    claimed = as_probability(score)
    base = np.full(len(n), events.sum() / n.sum())
    return {
        "auc": area_under_curve(n, events),
        "brier": None if claimed is None else brier(claimed, n, events),
        "brier_of_base_rate": brier(base, n, events),
        "lift_top_10": lift(n, events, top=0.1),
        "lift_top_20": lift(n, events, top=0.2),
    }


def _measure(name: str, found: Measure | None, reason: str) -> dict[str, Any]:
    if found is None:
        return {"measure": name, "value": None, "lower": None, "upper": None, "reason": reason}
    return {"measure": name, "value": known(found.value), "lower": known(found.lower), "upper": known(found.upper), "reason": None}


@checked(horizon=DAYS)
def score_reliability(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """Conversion by tenth of the score: does a higher score mean a better lead, and is it the chance it claims?

    Returns:
        One row per tenth that holds a score (ties are never split): decile (1 lowest to 10), lowest_score, highest_score, claimed_rate
        (mean score read as a probability, null where it is none), conversion_rate with lower, upper (Wilson), n, events, horizon_days,
        reason. Conversion is null below `min_n` leads in the tenth.
    """
    table = by_score(counted("score_counts", study, horizon=horizon))
    if table.empty:
        return pd.DataFrame(columns=list(DECILE_COLUMNS))
    claimed = as_probability(table["score"].to_numpy(dtype=float))
    table = table.assign(decile=deciles(table["n"].to_numpy(dtype=float)) + 1, claimed=np.nan if claimed is None else claimed)
    table["claims"] = table["claimed"] * table["n"]
    grouped = table.groupby("decile")
    ranges = grouped["score"].agg(lowest_score="min", highest_score="max")
    frame = ranges.join(grouped[["n", "events", "claims"]].sum(min_count=1)).reset_index()
    return _rated(frame, min_n=study.config.min_n).assign(horizon_days=horizon, unit="share")[list(DECILE_COLUMNS)]


def _rated(frame: pd.DataFrame, *, min_n: int) -> pd.DataFrame:
    """Tenths with their conversion, null below `min_n`."""
    bounds = wilson_interval(frame["events"], frame["n"])
    enough = frame["n"] >= min_n
    shares = pd.DataFrame({"conversion_rate": frame["events"] / frame["n"], "lower": bounds.lower, "upper": bounds.upper}).where(enough)
    reason: Any = [None if told else NOT_ENOUGH for told in enough]
    return frame.join(shares).assign(claimed_rate=frame["claims"] / frame["n"], reason=reason)


@checked(horizon=DAYS)
def score_threshold(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """The score from which working a lead pays: the one that maximises money won − cost of work.

    Returns:
        One row: threshold (null with a reason), lower, upper (thresholds that are not clearly worse), net (money won less cost of the leads
        at or above it), net_of_all (when everybody is worked), worked_share, n, events, n_unpriced (wins without an amount, counted as 0),
        cost_to_work, unit, horizon_days, reason. Null without `cost_to_work`, deals, scores, or below `min_n` leads.
    """
    table = by_score(counted("score_counts", study, horizon=horizon))
    cost = study.config.cost_to_work
    row: dict[str, Any] = dict.fromkeys(("threshold", "lower", "upper", "net", "net_of_all", "worked_share"))
    row |= {name: int(table[name].sum()) for name in ("n", "events", "n_unpriced")}
    row |= {"cost_to_work": cost, "unit": study.config.reporting_currency, "horizon_days": horizon}
    reason = NO_COST if cost is None else NO_DEALS if not study.crm.has("deals") else _reason(table, min_n=study.config.min_n)
    if reason is None and cost is not None:
        row |= _threshold(table, cost)
        reason = None if row["threshold"] is not None else "no threshold pays: working nobody would have been best"
    return pd.DataFrame([row | {"reason": reason}])


def _threshold(table: pd.DataFrame, cost: float) -> dict[str, Any]:
    score, n, amount, squares = (table[name].to_numpy(dtype=float) for name in ("score", "n", "amount", "amount_sq"))
    best = best_threshold(score, n, amount / 100, squares, cost_to_work=cost)
    limits = {"threshold": known(best.value), "lower": known(best.lower), "upper": known(best.upper)}
    return limits | {"net": best.net, "net_of_all": best.net_of_all, "worked_share": best.worked / n.sum()}
