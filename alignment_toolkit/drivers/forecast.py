"""What the quarter will bring: bookings forecast from inside it, the chance of meeting the target, and how past forecasts did.

Unit: money. A forecast is made on what was visible on its day: deals created before it, closed before it. What a deal was worth and whether
it was re-opened is as last seen, on today's data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import QUARTERS_BACK, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.deal_days import day_number_of
from alignment_toolkit.coverage import coverage, tables_of, without_creation
from alignment_toolkit.periods import Period
from alignment_toolkit.stats.forecast import OLDEST, Deals, followed_deals, simulated
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised_bookings

WEEKS = (1, 6, 12)
DRAWS, SEED = 2000, 20260101
PAST_DRAWS = 200
FEWEST_PAST = 2  # quarters before the one that is forecast: the spread between them is part of the forecast
FEWEST_FORECASTS = 30
COLUMNS = ("quarter", "week", "booked", "expected", "lower_80", "upper_80", "actual", "held", "target", "probability", "met", "past_rate")
TOO_LITTLE = "too few deals, or quarters, before the day of the forecast"


def day_counts(study: Study) -> Deals:
    """The deals of a store as counts by day, day 0 the first of the report quarter; money in the reporting currency."""
    frame = counted("deal_days", study)
    ended = frame["closed"].to_numpy(dtype=float, na_value=np.nan)
    closed = np.where(np.isnan(ended), np.inf, ended)
    columns = [frame[name].to_numpy(dtype=float) for name in ("n", "cents", "squares")]
    group = frame["group"].to_numpy(dtype=np.int64)
    won = frame["is_won"].to_numpy(dtype=bool)
    return Deals(frame["created"].to_numpy(dtype=float), closed, won, group, columns[0], columns[1] / 100, columns[2])


def forecast(study: Study) -> dict[str, Any]:
    """Bookings of the report quarter as seen at `as_of`: a quarter that is over is known.

    Returns:
        day (of the quarter), days, booked (so far), expected (mean), lower_80, upper_80, target (null: none), probability (of reaching it;
        null without a target or a forecast), is_over, reason (null, or why there is no forecast).
    """
    deals, days = day_counts(study), days_in(study, study.quarter)
    now = min(day_number_of(study), days)
    sums = _sums(study, deals, study.quarter, now, draws=DRAWS)
    booked = booked_between(deals, 0, now)
    target = promised_bookings(study.crm, study.quarter)
    if now >= days:
        told = {"expected": booked, "lower_80": booked, "upper_80": booked}
        sums = np.zeros(1)
    elif not len(sums):
        told = dict.fromkeys(("expected", "lower_80", "upper_80"), np.nan)
    else:
        told = dict(zip(("lower_80", "upper_80"), booked + np.quantile(sums, [0.1, 0.9]), strict=True)) | {"expected": booked + sums.mean()}
    chance = float((booked + sums >= target).mean()) if len(sums) and not np.isnan(target) else np.nan
    reason = None if len(sums) else without_creation(study.crm) or not_followed(study, deals, now, days - now) or TOO_LITTLE
    return {
        "day": now,
        "days": days,
        "booked": booked,
        **told,
        "target": target,
        "probability": chance,
        "is_over": now >= days,
        "reason": reason,
    }


@checked(quarters=QUARTERS_BACK)
def past_forecasts(study: Study, *, quarters: int = 8) -> pd.DataFrame:
    """What would have been forecast after the first, sixth and twelfth week of past quarters, beside what came.

    Args:
        study: The report quarter is among them when it is over.
        quarters: How many quarters back at most; those with fewer than two quarters of records before them are left out.

    Returns:
        quarter, week, booked (by then), expected, lower_80, upper_80, actual, held (whether the interval held the actual sum), target
        (null: none), probability (of reaching it, as seen then), met (null without a target), past_rate (share of earlier quarters with a
        target that met it: what one would say without a forecast).
    """
    if not study.crm.has("deals"):
        return pd.DataFrame(columns=list(COLUMNS))
    deals = day_counts(study)
    rows = []
    for back in range(quarters, -1, -1):
        quarter = study.quarter.shift(-back)
        first, days = first_day(study, quarter), days_in(study, quarter)
        if study.instant(quarter.shift(1)) > study.as_of or coverage(study, quarter).reason(tables_of("bookings_change")):
            continue
        actual = booked_between(deals, first, first + days)
        target = promised_bookings(study.crm, quarter)
        for week in WEEKS:
            sums = _sums(study, deals, quarter, first + 7 * week, draws=PAST_DRAWS)
            if len(sums):
                booked = booked_between(deals, first, first + 7 * week)
                rows.append({"quarter": quarter.label, "week": week, **_compared(booked, sums, actual, target)})
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return frame.assign(past_rate=[_past_rate(frame, str(quarter)) for quarter in frame["quarter"]])


def calibration(past: pd.DataFrame) -> dict[str, Any]:
    """How past forecasts did, as far as their number allows.

    Returns:
        n (forecasts), quarters (different ones: forecasts of one quarter are not independent), held (share of 80 % intervals that held),
        n_met (forecasts of a target with a past rate), brier and brier_past_rate (mean squared error of the probability, and of the past
        rate), claim (whether 30 forecasts are there, so that calibration can be claimed at all).
    """
    judged = past.dropna(subset=["met", "probability", "past_rate"]) if len(past) else past
    met = judged["met"].astype(float) if len(judged) else pd.Series(dtype=float)
    return {
        "n": len(past),
        "quarters": int(past["quarter"].nunique()) if len(past) else 0,
        "held": float(past["held"].astype(float).mean()) if len(past) else np.nan,
        "n_met": len(judged),
        "brier": float(np.square(judged["probability"] - met).mean()) if len(judged) else np.nan,
        "brier_past_rate": float(np.square(judged["past_rate"] - met).mean()) if len(judged) else np.nan,
        "claim": len(judged) >= FEWEST_FORECASTS,
    }


def _compared(booked: float, sums: np.ndarray, actual: float, target: float) -> dict[str, Any]:
    lower, upper = booked + np.quantile(sums, [0.1, 0.9])
    known = not np.isnan(target)
    return {
        "booked": booked,
        "expected": booked + float(sums.mean()),
        "lower_80": float(lower),
        "upper_80": float(upper),
        "actual": actual,
        "held": bool(lower <= actual <= upper),
        "target": target,
        "probability": float((booked + sums >= target).mean()) if known else np.nan,
        "met": bool(actual >= target) if known else None,
    }


def _past_rate(frame: pd.DataFrame, quarter: str) -> float:
    """Share of the quarters before one that met their target."""
    earlier = frame[(frame["quarter"] < quarter) & frame["met"].notna()].drop_duplicates("quarter")
    return float(earlier["met"].astype(float).mean()) if len(earlier) else np.nan


def _sums(study: Study, deals: Deals, quarter: Period, now: float, *, draws: int) -> np.ndarray:
    """Simulated sums that remain to be won in a quarter, empty where the past is too short."""
    ends = first_day(study, quarter) + days_in(study, quarter)
    past = past_quarters(study, deals, quarter)
    if len(past) < FEWEST_PAST or not_followed(study, deals, now, ends - now):
        return np.empty(0)
    return simulated(deals, now=now, ends=ends, past=past, draws=draws, seed=SEED)


def not_followed(study: Study, deals: Deals, now: float, days: float) -> str | None:
    """Why the hazards of the ages that a deal created today passes within so many days are not known, None where they are."""
    ages = int(np.clip(days, 1, OLDEST + 1))
    return study.followed_rule("deal", in_window=False).shortage(followed_deals(deals, now)[:ages])


def past_quarters(study: Study, deals: Deals, quarter: Period) -> list[tuple[float, float]]:
    """First day, and first day after, of the eight quarters before one, as far as deals go back and the records cover them."""
    past: list[tuple[float, float]] = []
    for back in range(1, 9):
        earlier = quarter.shift(-back)
        start = first_day(study, earlier)
        if len(deals.created) and start >= deals.created.min() and not coverage(study, earlier).reason(tables_of("bookings")):
            past.append((start, start + days_in(study, earlier)))
    return past


def booked_between(deals: Deals, start: float, end: float) -> float:
    """What was won from a day until before another."""
    return float(deals.amount[deals.won & (deals.closed >= start) & (deals.closed < end)].sum())


def first_day(study: Study, quarter: Period) -> int:
    """The first day of a quarter, counted from that of the report quarter."""
    return round((study.instant(quarter) - study.starts_at).total_seconds() / 86_400)


def days_in(study: Study, quarter: Period) -> int:
    """The days of a quarter."""
    return first_day(study, quarter.shift(1)) - first_day(study, quarter)
