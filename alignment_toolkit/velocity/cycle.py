"""The cycle: how many days from creation (or from opportunity) to won, among those who are won by H?

Unit: the lead. Denominator: leads won by H, estimated with open leads counted as open. The mean cycle of the deals won so far is beside it,
labelled naive: in a growing company it is too short, since the slow ones are still open. It does not describe leads that are never won.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, LEAD_SLICES, OneOf, by_segment, checked
from alignment_toolkit.stages import opportunity_stage
from alignment_toolkit.stats import RiskTable, bucket_tables, jackknife, mean_time_among, state_probabilities
from alignment_toolkit.stats.risk import Array
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.tables import Horizon, bucket_frames, horizons, padded, sliced_tables

Start = Literal["creation", "opportunity"]


@checked(by=LEAD_SLICES, start=OneOf(get_args(Start), "start"), horizon=by_segment(DAYS_AHEAD))
def cycle(study: Study, *, by: str = "all", start: Start = "creation", horizon: Horizon = None) -> pd.DataFrame:
    """Mean days from the start to won among those who win by H, with intervals.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `all` or an attribute of leads.
        start: `creation`, or `opportunity`: the first entry into that stage.
        horizon: H in days, for all or by segment; by default a year, or as far as enough leads were followed at every age.

    Returns:
        The rows and columns of `cycle_means` and, after the mean, lower_days and upper_days (95 %, delete-a-bucket jackknife).
    """
    frame = cycle_means(study, by=by, start=start, horizon=horizon)
    query, choices = _counted(study, start)
    known = frame[frame["mean_days"].notna()]
    buckets = bucket_frames(query, study, by=by, last_day=int(known["horizon_days"].max()), **choices) if len(known) else {}
    limits = [
        _limits(buckets[label], int(until)) if known_here else (np.nan, np.nan)
        for label, until, known_here in zip(frame["segment"], frame["horizon_days"].fillna(0), frame["mean_days"].notna(), strict=True)
    ]
    at = list(frame).index("mean_days") + 1
    frame.insert(at, "lower_days", [low for low, _ in limits])
    frame.insert(at + 1, "upper_days", [high for _, high in limits])
    return frame


def cycle_means(study: Study, *, by: str = "all", start: Start = "creation", horizon: Horizon = None) -> pd.DataFrame:
    """Mean days from the start to won among those who win by H: Σ over k < H of (F(H) − F(k)) / F(H).

    Args:
        study: Quarter, as-of and cohort rule.
        by: `all` or an attribute of leads.
        start: As in `cycle`.
        horizon: As in `cycle`.

    Returns:
        One row for all leads together, segment "(all)", then one per segment: n (under observation by H), won (by H), matured_share,
        smallest_followed, horizon_days, mean_days, naive_mean_days (of the won alone), reason. Null where fewer than `min_n` leads were
        followed at an age up to H (at least half of the whole's H), and where nobody won.
    """
    query, choices = _counted(study, start)
    labels, table = sliced_tables(query, study, by=by, **choices)
    reach = zip(*horizons(labels, table, rule=study.followed_rule(), asked=horizon), strict=True)
    rows = [_row(label, table[place], *found) for place, (label, found) in enumerate(zip(labels, reach, strict=True))]
    return pd.DataFrame(rows).astype({"horizon_days": "Int64"})


def mean_cycle(table: RiskTable, horizon: int) -> Array:
    """The mean cycle among those won by the horizon, shape (...)."""
    return mean_time_among(state_probabilities(table.cut(horizon)).won, horizon)


def _counted(study: Study, start: Start) -> tuple[str, dict[str, str]]:
    return ("lead_moves", {}) if start == "creation" else ("entry_moves", {"stage": opportunity_stage(study.crm)})


def _row(label: str, table: RiskTable, until: int | None, missing: str | None) -> dict[str, Any]:
    row = {"segment": label, **counts_by(table, until)}
    if until is None or not row["won"]:
        reason = missing or f"nobody was won within {until} days"
        return row | {"mean_days": np.nan, "naive_mean_days": np.nan, "reason": reason}
    seen = padded(table, until)
    return row | {"mean_days": float(mean_cycle(seen, until)), "naive_mean_days": naive_cycle(seen.cut(until)), "reason": None}


def _limits(frame: pd.DataFrame, until: int) -> tuple[float, float]:
    found = jackknife(bucket_tables(frame, max_day=until)[1][0], lambda part: mean_cycle(part, until))
    return float(found.lower), float(found.upper)


def counts_by(table: RiskTable, until: int | None) -> dict[str, Any]:
    """The counts beside a figure by H: n and won by it, matured_share, smallest_followed, horizon_days; without H all that was counted."""
    if until is None:
        won = (table.events + table.events_from_lost).sum()
        return {"n": int(table.n), "won": int(won), "matured_share": np.nan, "smallest_followed": np.nan, "horizon_days": None}
    reach = padded(table, until)
    n, won = reach.entered[: until + 1].sum(), reach.won_by(until)
    followed = {"matured_share": float(reach.matured_share(until)), "smallest_followed": float(reach.smallest_followed(until))}
    return {"n": int(n), "won": int(won), **followed, "horizon_days": until}


def naive_cycle(table: RiskTable) -> float:
    """Mean days to won of the units won, whatever is still open; null where none is."""
    wins = table.events + table.events_from_lost
    return float((wins * table.days).sum() / wins.sum()) if wins.any() else np.nan
