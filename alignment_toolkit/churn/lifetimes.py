"""How long customers stay: Kaplan-Meier of the first life, by where they came from.

Question: what share of customers is still there d days after starting? Unit: the customer. Denominator: customers under observation
in the study's window; those still there are censored `gap_days` before `as_of`, so that an absence too young to be called churn
counts neither way. Nothing competes with churn, so the share gone is one less the share still there. Later lives of customers who
returned are not in it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_toolkit.arguments import CUSTOMER_SLICES, DAYS, DAYS_AHEAD, ROWS, checked, several
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.figures import figures
from alignment_toolkit.followed import Estimates, estimates
from alignment_toolkit.shares import estimate_figures
from alignment_toolkit.stats.intervals import curve_limits
from alignment_toolkit.stats.logrank import logrank
from alignment_toolkit.stats.quantiles import survival_quantile, up_to
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
        churns by it, matured_share, smallest_followed; null where fewer than `min_n` customers were followed at an age up to it, or an
        age was never observed.
    """
    labels, table = risk_of("customer_moves", study, by=by, max_day=YEAR + 1)
    parts = {"retention_365d": (YEAR, False), "early_churn_90d": (EARLY, True)}
    return figures(
        row
        for kpi, (horizon, gone) in parts.items()
        for row in estimate_figures(kpi, labels, at_horizon(study, table, horizon=horizon, gone=gone), by=by)
    )


def at_horizon(study: Study, table: RiskTable, *, horizon: int, gone: bool) -> Estimates:
    """The share still there (or gone) at a horizon, per segment; null also where somebody was left whom nobody observed any more."""
    found = estimates(survival(table), table, horizon, study.followed_rule("customer"))
    unseen = (found.value > 0) & (table.at_risk[..., : horizon + 1] <= 0).any(axis=-1)
    value, lower, upper = (np.where(unseen, np.nan, part) for part in found[:3])
    if gone:  # exactly 0 without a churn: 1 less Wilson's limit leaves a rounding error
        value, lower, upper = 1 - value, np.where(value >= 1, 0.0, 1 - upper), 1 - lower
    reasons = [UNSEEN if blind else why for blind, why in zip(unseen, found.reasons, strict=True)]
    return found._replace(value=value, lower=lower, upper=upper, reasons=reasons)


@checked(by=CUSTOMER_SLICES, max_day=DAYS_AHEAD, at_most=ROWS)
def retention_curves(study: Study, *, by: str = "source", max_day: int = 730, at_most: int = 5) -> pd.DataFrame:
    """Kaplan-Meier curves of customer life.

    Args:
        study: What it looks at.
        by: An origin of customers (source, persona, campaign_id, quality, cycle) or `all`.
        max_day: Last day shown.
        at_most: Segments shown: the largest of which enough customers were followed from the first day on.

    Returns:
        One row per segment and day: segment, day, share (still there at the day's end), lower, upper (95 %, log(-log)), at_risk,
        churned; up to the last day on which enough customers were followed and anybody is at risk.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(CURVE))
    labels, table = risk_of("customer_moves", study, by=by, max_day=max_day)
    curve = survival(table)
    limits, reach = curve_limits(curve, table), study.followed_rule("customer").reach(table)
    parts = []
    for at in _largest(table, reach, at_most):
        columns = (curve.value[at], limits.lower[at], limits.upper[at], table.at_risk[at], table.events[at])
        part = pd.DataFrame(dict(zip(CURVE[2:], columns, strict=True))).assign(segment=labels[at], day=table.days)
        parts.append(part[(part["at_risk"] > 0) & (part["day"] <= reach[at])])
    return pd.concat(parts, ignore_index=True)[list(CURVE)] if parts else pd.DataFrame(columns=list(CURVE))


def _largest(table: RiskTable, reach: NDArray[np.int64], at_most: int) -> list[int]:
    order = np.argsort(-table.n, kind="stable")
    return [int(at) for at in order if reach[at] >= 0][:at_most]


@checked(days=several(DAYS))
def at_risk_table(curve: pd.DataFrame, *, days: tuple[int, ...] = (0, 90, 180, 365, 540, 730)) -> pd.DataFrame:
    """Customers at risk under the curve: one row per segment, one column per day.

    Args:
        curve: As `retention_curves` makes it.
        days: Days shown; null beyond the curve, where too few were followed.
    """
    wide = curve.pivot_table(index="segment", columns="day", values="at_risk", sort=False, observed=True)
    shown = wide.reindex(columns=list(days)).astype("Int64")
    return shown.rename(columns=lambda day: f"day_{day}").rename_axis(columns=None).reset_index()


@checked(by=CUSTOMER_SLICES)
def retention_summary(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Customers, churns, shares still there after 90 and 365 days and the median life, per segment.

    Returns:
        segment, customers (under observation), churned, retention_90d_share, retention_365d_share (null with the reason as in the
        headline figures), median_days (null where fewer than half have left while enough were followed), reason.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(SUMMARY))
    labels, table = risk_of("customer_moves", study, by=by, max_day=None)
    quarter, year = (at_horizon(study, table, horizon=horizon, gone=False) for horizon in (EARLY, YEAR))
    median = up_to(survival_quantile(survival(table), 0.5), study.followed_rule("customer").reach(table)).value
    return pd.DataFrame(
        {
            "segment": labels,
            "customers": table.n.astype("int64"),
            "churned": table.events.sum(axis=-1).astype("int64"),
            "retention_90d_share": quarter.value,
            "retention_365d_share": year.value,
            "median_days": median,
            "reason": year.reasons,
        }
    )


@checked(by=CUSTOMER_SLICES)
def retention_test(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Log-rank test: do customers of different origin leave at different rates?

    Returns:
        One row: by, groups (with at least `min_n` customers followed from the first day on), statistic, freedom, p; null with fewer
        than two such groups.
    """
    columns = ["by", "groups", "statistic", "freedom", "p"]
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=columns)
    _, table = risk_of("customer_moves", study, by=by, max_day=None)
    kept = np.flatnonzero(study.followed_rule("customer").reach(table) >= 0)
    nothing = (np.nan, np.nan, np.nan)
    test = nothing if len(kept) < 2 else tuple(float(part) for part in logrank(table[kept]))
    return pd.DataFrame([[by, len(kept), *test]], columns=columns)
