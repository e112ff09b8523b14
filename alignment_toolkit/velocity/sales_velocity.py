"""Sales velocity: how much money per day do the open opportunities turn into?

Unit: the deal. N × V(H) / D, with N the mean number of opportunities open in the quarter and younger than H, V(H) the value per
opportunity by H and D the restricted mean days open up to H, so that N / D is the rate of arrival and N × V / D what the arrivals bring
per day. Bookings of the quarter per day stand beside it, and the classic formula, labelled naive: it multiplies figures of different deals.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, LEAD_SLICES, by_segment, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import without_creation
from alignment_toolkit.figures import ALL
from alignment_toolkit.stats import (
    Interval,
    RiskTable,
    bucket_tables,
    interval_from_replicates,
    leave_one_out,
    restricted_mean,
    value_per_unit,
)
from alignment_toolkit.stats.risk import N_BUCKETS, Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.cycle import counts_by
from alignment_toolkit.velocity.tables import Horizon, bucket_frames, horizons, padded, sliced_tables

DAY_SECONDS = 86_400
NO_DEALS = "no deals table"
SAME_DAY = "every deal was closed on the day it was created, so no deal was open for any time"
FACTORS = ("mean_open", "value_per_opportunity", "mean_days_open", "velocity")
NOTHING = dict.fromkeys(FACTORS, np.nan)


@checked(by=LEAD_SLICES, horizon=by_segment(DAYS_AHEAD))
def sales_velocity(study: Study, *, by: str = "all", horizon: Horizon = None) -> pd.DataFrame:
    """N × V(H) / D in currency per day with its interval, its three factors, and what it is compared with.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `all` or an attribute of leads.
        horizon: H in days, for all or by segment; by default a year, or as far as enough deals were followed at every age.

    Returns:
        The rows and columns of `velocity_factors` and, after the velocity, lower and upper (95 %, delete-a-bucket jackknife on the log
        scale), bookings_per_day (won in the quarter / its days), classic_naive (open × win rate × mean won amount / mean won cycle, of the
        quarter); one null row with the reason without a deals table.
    """
    if not study.crm.has("deals"):
        nothing = dict.fromkeys((*FACTORS, "lower", "upper", "bookings_per_day", "classic_naive"), np.nan)
        row = {
            "segment": ALL,
            "n": 0,
            "won": 0,
            "matured_share": np.nan,
            "smallest_followed": np.nan,
            "horizon_days": None,
            **nothing,
            "reason": NO_DEALS,
        }
        return pd.DataFrame([row]).astype({"horizon_days": "Int64"})
    frame = velocity_factors(study, by=by, horizon=horizon)
    known, stocks = frame[frame["velocity"].notna()], _stocks(study, frame["horizon_days"].dropna(), by=by)
    buckets = bucket_frames("deal_moves", study, by=by, last_day=int(known["horizon_days"].max())) if len(known) else {}
    limits = {
        str(label): _limits(buckets[str(label)], _open_by_bucket(stocks, str(label), int(until)), int(until))
        for label, until in zip(known["segment"], known["horizon_days"], strict=True)
    }
    reason = frame.pop("reason")
    for at, name in enumerate(("lower", "upper")):
        frame[name] = [limits.get(label, (np.nan, np.nan))[at] for label in frame["segment"]]
    naive = quarter_figures(study, by=by).reindex(frame["segment"])
    return frame.assign(**{str(name): naive[name].to_numpy() for name in naive}, reason=reason)


def velocity_factors(study: Study, *, by: str = "all", horizon: Horizon = None) -> pd.DataFrame:
    """N × V(H) / D in currency per day and its three factors; the store must have deals.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `all` or an attribute of leads.
        horizon: As in `sales_velocity`.

    Returns:
        One row for all deals together, segment "(all)", then one per segment: n (deals under observation by H), won (by H), matured_share,
        smallest_followed, horizon_days, mean_open (N), value_per_opportunity (V, reporting currency), mean_days_open (D), velocity
        (currency per day), reason. Null where fewer than `min_n` deals were followed at an age up to H (at least half of the whole's H).
    """
    labels, table = sliced_tables("deal_moves", study, by=by)
    reach, missing = horizons(labels, table, rule=study.followed_rule("deal"), asked=horizon)
    undated = without_creation(study.crm)
    stocks, rows = _stocks(study, [until for until in reach if until is not None], by=by), []
    for place, (label, until) in enumerate(zip(labels, reach, strict=True)):
        found = NOTHING if until is None else _factors(padded(table[place], until), _open_by_bucket(stocks, label, until).sum(), until)
        reason = (missing[place] and (undated or missing[place])) or (SAME_DAY if np.isnan(found["velocity"]) else None)
        rows.append({"segment": label, **counts_by(table[place], until), **found, "reason": reason})
    return pd.DataFrame(rows).astype({"horizon_days": "Int64"})


def quarter_figures(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Bookings per day and the classic formula of the report quarter, by segment with "(all)" first; index: segment."""
    parts = counted("deal_quarter", study, by=by).set_index("segment")
    whole = pd.concat([parts.sum().to_frame(ALL).T, parts]) if by != "all" else parts
    cycle_days = ratio(whole["seconds"].to_numpy(float) / DAY_SECONDS, whole["n_timed"].to_numpy(float))
    priced = whole["n_won"] - whole["n_unpriced"]
    amount = ratio(whole["cents"].to_numpy(float) / 100, priced.to_numpy(float))
    rate = ratio(whole["n_won"].to_numpy(float), (whole["n_won"] + whole["n_lost"]).to_numpy(float))
    classic = ratio(whole["n_open"].to_numpy(float) * rate * amount, cycle_days)
    if not study.config.losses_recorded:  # it rests on the win rate of closed deals
        classic = np.full_like(classic, np.nan)
    return pd.DataFrame({"bookings_per_day": whole["cents"] / 100 / quarter_days(study), "classic_naive": classic}, index=whole.index)


def quarter_days(study: Study) -> float:
    """Days of the report quarter that have passed at `as_of`."""
    return (study.ends_at - study.starts_at).total_seconds() / DAY_SECONDS


def _stocks(study: Study, reach: Iterable[int], *, by: str) -> pd.DataFrame:
    """segment, bucket and, per horizon h, open_h: mean number of deals that were open in the quarter and younger than h."""
    horizons = tuple(sorted({int(days) for days in reach}))
    if not horizons:
        return pd.DataFrame(columns=["segment", "bucket"])
    counts = counted("deal_stock", study, horizons=horizons, by=by, by_bucket=True)
    means = {f"open_{days}": counts[f"seconds_{days}"].astype(float) / DAY_SECONDS / quarter_days(study) for days in horizons}
    return counts[["segment", "bucket"]].assign(**means)


def _open_by_bucket(stocks: pd.DataFrame, label: str, until: int) -> Array:
    """Mean number of a segment's deals that were open in the quarter and younger than H, per jackknife bucket, shape (256,)."""
    stock = stocks if label == ALL else stocks[stocks["segment"] == label]
    place, mean = stock["bucket"].to_numpy(dtype=np.int64), stock[f"open_{until}"].to_numpy(dtype=float)
    return np.bincount(place, weights=mean, minlength=N_BUCKETS).astype(float)


def _factors(table: RiskTable, stock: float, until: int) -> dict[str, float]:
    value, days = float(value_per_unit(table, until)), float(restricted_mean(table, until).value)
    velocity = stock * value / days if days > 0 else np.nan
    return {"mean_open": float(stock), "value_per_opportunity": value, "mean_days_open": days, "velocity": velocity}


def _limits(frame: pd.DataFrame, stock: Array, until: int) -> tuple[float, float]:
    found = velocity_interval(bucket_tables(frame, max_day=until)[1][0], stock, until)
    return float(found.lower), float(found.upper)


def velocity_interval(buckets: RiskTable, stock: Array, until: int) -> Interval:
    """N × V(H) / D with its jackknife interval.

    Args:
        buckets: Deals by bucket, shape (256, H+1).
        stock: Mean number open by bucket, shape (256,).
        until: H in days.
    """
    present = (buckets.at_risk.sum(axis=-1) > 0) | (stock > 0)
    left = leave_one_out(buckets)
    return interval_from_replicates(
        _velocity(buckets.total(axis=-1), stock.sum(), until), _velocity(left, stock.sum() - stock, until), present, scale="log"
    )


def _velocity(table: RiskTable, stock: Array, until: int) -> Array:
    return ratio(stock * value_per_unit(table, until), restricted_mean(table, until).value)
