"""Do deals close on the last days of months and quarters more often than chance would have it?

Question: which share of closing days lies on period ends, against the share of days that do? Unit: the deal. A heap says that days were
chosen to fit a calendar (a default, a deadline, a habit); it does not say which of them are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.periods import Quarter
from alignment_toolkit.stats import wilson_interval
from alignment_toolkit.study import Study

COLUMNS = ("kind", "period", "n", "of", "share", "lower_share", "upper_share", "chance_share", "excess", "p", "reason")
ENDS = ("month", "quarter")


def heaping(study: Study) -> pd.DataFrame:
    """Closing days on period ends against chance.

    Returns:
        One row per kind (closed: closing days of closed deals; expected: expected closes of open ones) and period (month, quarter: their
        last day): n (deals on such a day), of (deals), share with 95 % limits by Wilson, chance_share (share of such days among the days
        from the first closing to the last), excess (deals beyond chance, at least 0), p (exact binomial, one-sided, of so many or more by
        chance), reason (why it is null: fewer than `min_n` deals).
    """
    closings = counted("closings_by_day", study)
    rows = [row for kind, part in closings.groupby("kind") for row in _rows(study, str(kind), part)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(study: Study, kind: str, closings: pd.DataFrame) -> Iterator[dict[str, object]]:
    from scipy.stats import binom

    days = {date.fromisoformat(day): int(n) for day, n in zip(closings["day"], closings["n"], strict=True)}
    span = [min(days) + timedelta(days=step) for step in range((max(days) - min(days)).days + 1)]
    of = sum(days.values())
    for period in ENDS:
        ends = [day for day in span if is_end(day, period=period, start_month=study.config.fiscal_year_start_month)]
        n, chance = sum(days.get(day, 0) for day in ends), len(ends) / len(span)
        told = {"kind": kind, "period": period, "n": n, "of": of}
        if of < study.config.min_n:
            yield told | {"reason": "not enough data"}
            continue
        limits = wilson_interval(n, of)
        yield told | {
            "share": n / of,
            "lower_share": float(limits.lower),
            "upper_share": float(limits.upper),
            "chance_share": chance,
            "excess": max(n - chance * of, 0.0),
            "p": float(binom.sf(n - 1, of, chance)),
            "reason": None,
        }


def is_end(day: date, *, period: str, start_month: int) -> bool:
    """Whether a day is the last of its month, or of its fiscal quarter."""
    after = day + timedelta(days=1)
    if period == "month":
        return after.day == 1
    return after == Quarter.containing(day, start_month=start_month).end_on
