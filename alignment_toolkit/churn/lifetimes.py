"""How long customers stay: Kaplan-Meier of the first life, by where they came from.

Question: what share of customers is still there d days after starting? Unit: the customer. Denominator: customers under observation
in the study's window; those still there are censored `gap_days` before `as_of`, so that an absence too young to be called churn
counts neither way. Nothing competes with churn, so the share gone is one less the share still there. Later lives of customers who
returned are not in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import CUSTOMER_SLICES, DAYS, DAYS_AHEAD, ROWS, checked, several
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.figures import NOT_ENOUGH, figure, figures
from alignment_toolkit.stats.intervals import probability_interval
from alignment_toolkit.stats.logrank import logrank
from alignment_toolkit.stats.quantiles import survival_quantile
from alignment_toolkit.stats.risk import RiskTable
from alignment_toolkit.stats.survival import survival
from alignment_toolkit.study import Study

YEAR, EARLY = 365, 90
UNSEEN = "no customer was observed at some of these ages"
CURVE = ("segment", "day", "share", "lower", "upper", "at_risk", "churned")
SUMMARY = ("segment", "customers", "churned", "retention_90d_share", "retention_365d_share", "median_days", "reason")


def lifetime_kpis(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Retention over a year and early churn, both from the same risk table.

    Args:
        study: What it looks at.
        by: `all` or an origin of customers (source, persona).

    Returns:
        Figure frame of retention_365d, the share of customers still in their first life 365 whole days after starting, and
        early_churn_90d, the incidence of churn within 90: log(-log) limits; n customers under observation by that day, events
        churns by it, matured_share; null below `min_n` customers with potential observation on that day, or where an age was never
        observed.
    """
    labels, table = risk_of("customer_moves", study, by=by, max_day=YEAR + 1)
    parts = {"retention_365d": (YEAR, False), "early_churn_90d": (EARLY, True)}
    return figures(
        figure(kpi, slice_=by, **cells)
        for kpi, (horizon, gone) in parts.items()
        for cells in at_horizon(study, labels, table, horizon=horizon, gone=gone)
    )


def at_horizon(study: Study, labels: list[str], table: RiskTable, *, horizon: int, gone: bool) -> list[dict[str, Any]]:
    """The share still there (or gone) at a horizon, per segment: value, limits, n, events, matured_share, reason."""
    curve = survival(table).at(horizon)
    matured = table.matured(horizon)
    limits = probability_interval(curve.value, curve.variance, matured)
    none = np.where(curve.value >= 1, 0.0, 1 - limits.upper)  # exactly 0 without a churn: 1 less Wilson's limit leaves a rounding error
    shares = (1 - curve.value, none, 1 - limits.lower) if gone else (curve.value, limits.lower, limits.upper)
    rows = []
    for at, segment in enumerate(labels):
        reason = why_null(study, matured[at], table.at_risk[at, : horizon + 1], curve.value[at])
        rows.append(
            {
                "segment": segment,
                "value": None if reason else shares[0][at],
                "lower": shares[1][at],
                "upper": shares[2][at],
                "unit": "share",
                "n": table.entered[at, : horizon + 1].sum(),
                "events": table.won_by(horizon)[at],
                "matured_share": table.matured_share(horizon)[at],
                "reason": reason,
            }
        )
    return rows


def why_null(study: Study, matured: float, at_risk: Any, share: float) -> str | None:
    """Why the share at a horizon cannot be given: too few matured, or a gap in the ages observed; None when it can."""
    if not matured >= study.config.min_n:
        return NOT_ENOUGH
    return UNSEEN if share > 0 and (at_risk <= 0).any() else None


@checked(by=CUSTOMER_SLICES, max_day=DAYS_AHEAD, at_most=ROWS)
def retention_curves(study: Study, *, by: str = "source", max_day: int = 730, at_most: int = 5) -> pd.DataFrame:
    """Kaplan-Meier curves of customer life.

    Args:
        study: What it looks at.
        by: An origin of customers (source, persona, campaign_id, quality, cycle) or `all`.
        max_day: Last day shown.
        at_most: Segments shown: the largest with `min_n` customers.

    Returns:
        One row per segment and day: segment, day, share (still there at the day's end), lower, upper (95 %, log(-log)), at_risk,
        churned; up to the last day on which anybody is at risk.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(CURVE))
    labels, table = risk_of("customer_moves", study, by=by, max_day=max_day)
    curve = survival(table)
    matured = np.stack([table.matured(day) for day in table.days], axis=-1)
    limits = probability_interval(curve.value, curve.variance, matured)
    parts = []
    for at in _largest(table, study.config.min_n, at_most):
        columns = (curve.value[at], limits.lower[at], limits.upper[at], table.at_risk[at], table.events[at])
        part = pd.DataFrame(dict(zip(CURVE[2:], columns, strict=True))).assign(segment=labels[at], day=table.days)
        parts.append(part[part["at_risk"] > 0])
    return pd.concat(parts, ignore_index=True)[list(CURVE)] if parts else pd.DataFrame(columns=list(CURVE))


def _largest(table: RiskTable, min_n: int, at_most: int) -> list[int]:
    order = np.argsort(-table.n, kind="stable")
    return [int(at) for at in order if table.n[at] >= min_n][:at_most]


@checked(days=several(DAYS))
def at_risk_table(curve: pd.DataFrame, *, days: tuple[int, ...] = (0, 90, 180, 365, 540, 730)) -> pd.DataFrame:
    """Customers at risk under the curve: one row per segment, one column per day.

    Args:
        curve: As `retention_curves` makes it.
        days: Days shown; those beyond the curve are 0.
    """
    wide = curve.pivot_table(index="segment", columns="day", values="at_risk", sort=False, observed=True)
    shown = wide.reindex(columns=list(days)).fillna(0).astype("int64")
    return shown.rename(columns=lambda day: f"day_{day}").rename_axis(columns=None).reset_index()


@checked(by=CUSTOMER_SLICES)
def retention_summary(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Customers, churns, shares still there after 90 and 365 days and the median life, per segment.

    Returns:
        segment, customers (under observation), churned, retention_90d_share, retention_365d_share (null with the reason as in the
        headline figures), median_days (null where fewer than half have left), reason.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(SUMMARY))
    labels, table = risk_of("customer_moves", study, by=by, max_day=None)
    quarter, year = (at_horizon(study, labels, table, horizon=horizon, gone=False) for horizon in (EARLY, YEAR))
    enough = table.n >= study.config.min_n
    median = np.where(enough, survival_quantile(survival(table), 0.5).value, np.nan)
    return pd.DataFrame(
        {
            "segment": labels,
            "customers": table.n.astype("int64"),
            "churned": table.events.sum(axis=-1).astype("int64"),
            "retention_90d_share": [row["value"] for row in quarter],
            "retention_365d_share": [row["value"] for row in year],
            "median_days": median,
            "reason": [row["reason"] for row in year],
        }
    ).astype({"retention_90d_share": float, "retention_365d_share": float})


@checked(by=CUSTOMER_SLICES)
def retention_test(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Log-rank test: do customers of different origin leave at different rates?

    Returns:
        One row: by, groups (with at least `min_n` customers), statistic, freedom, p; null with fewer than two such groups.
    """
    columns = ["by", "groups", "statistic", "freedom", "p"]
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=columns)
    _, table = risk_of("customer_moves", study, by=by, max_day=None)
    kept = [at for at in range(len(table.n)) if table.n[at] >= study.config.min_n]
    nothing = (np.nan, np.nan, np.nan)
    test = nothing if len(kept) < 2 else tuple(float(part) for part in logrank(table[np.array(kept)]))
    return pd.DataFrame([[by, len(kept), *test]], columns=columns)
