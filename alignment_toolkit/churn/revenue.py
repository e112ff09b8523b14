"""Logo churn and revenue retention of one quarter.

Question: of those who paid at the start of the quarter, who and how much is still there at its end? Unit: the customer.
Denominator: customers active at the start, or their monthly revenue then. New customers never count, and it does not say how long a
life lasts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.figures import ALL, NOT_ENOUGH, figure, figures
from alignment_toolkit.stats.intervals import wilson_interval
from alignment_toolkit.stats.jackknife import Interval, interval_from_replicates
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study

RETENTIONS = {"gross_revenue_retention": "kept_cents", "net_revenue_retention": "end_cents"}


def revenue_kpis(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Logo churn, gross and net revenue retention.

    Active means monthly recurring revenue above zero on the day; "at the start" is the day before the quarter, "at the end" its
    last day (the last visible one when `as_of` comes earlier). Money is at constant currency, the last rate before `as_of`.

    Args:
        study: What it looks at.
        by: `all`, `source` or `persona` (or another origin of customers).

    Returns:
        Figure frame: logo_churn with Wilson limits; gross_revenue_retention (capped per customer at its start) and
        net_revenue_retention with delete-a-bucket limits; n customers active at the start, events those not active at the end; null
        below `min_n` customers.
    """
    counts = counted("active_at_start", study, by=by)
    segments = [ALL] if by == "all" else sorted(counts["segment"].unique())
    rows = [row for segment in segments for row in _rows(counts[counts["segment"] == segment], study, by=by, segment=segment)]
    return figures(rows)


def _rows(counts: pd.DataFrame, study: Study, *, by: str, segment: str) -> list[dict[str, Any]]:
    n, lost = int(counts["n"].sum()), int(counts["lost"].sum())
    common: dict[str, Any] = {"slice_": by, "segment": segment, "unit": "share", "n": n, "events": lost, "reason": why_null(study, n)}
    known = common["reason"] is None
    limits = wilson_interval(lost, n)
    lower = limits.lower if lost else 0.0  # on paper; the formula leaves a rounding error
    rows = [figure("logo_churn", value=lost / n if known else None, lower=lower, upper=limits.upper, **common)]
    for kpi, column in RETENTIONS.items():
        kept = retained_share(counts[column].to_numpy(dtype=float), counts["start_cents"].to_numpy(dtype=float))
        bounds = capped(kept, n) if column == "kept_cents" else (max(kept.lower, 0.0), kept.upper)
        rows.append(figure(kpi, value=float(kept.value) if known else None, lower=bounds[0], upper=bounds[1], **common))
    return rows


def capped(kept: Interval, n: int) -> tuple[float, float]:
    """Limits of a share that cannot exceed 1; where nobody lost anything, those of as many customers without a loss (Wilson)."""
    if kept.value == 1:
        return float(wilson_interval(n, n).lower), 1.0
    return max(float(kept.lower), 0.0), min(float(kept.upper), 1.0)


def retained_share(kept: Array, start: Array) -> Interval:
    """Kept / start over all buckets with a delete-a-bucket interval; each array holds one sum of cents per bucket."""
    left_out = ratio(kept.sum() - kept, start.sum() - start)
    return interval_from_replicates(ratio(kept.sum(), start.sum()), left_out, np.ones(len(kept), dtype=bool))


def why_null(study: Study, n: int) -> str | None:
    """Why a share of those active at the start cannot be given, None when it can."""
    begun = study.config.observed_since("subscriptions")
    if begun is not None and begun > study.quarter.first_on - timedelta(days=1):
        return f"subscriptions are on record only from {begun}"
    return NOT_ENOUGH if n < study.config.min_n else None
