"""Lifetime value and payback: what a customer brings month by month, beside what winning one cost.

Question: how much does a customer pay over the first K months, those who left counted with zero? Unit: the customer. Denominator of
month k: customers whose age has been observed that long. It stops where fewer than `min_n` customers are that old, and never
extrapolates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import CUSTOMER_SLICES, Whole, checked
from alignment_toolkit.churn.spending import acquisition_costs
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.stats.jackknife import interval_from_replicates
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study

LONGEST_MONTHS = 36
MONEY = ("value", "lower", "upper", "cost_per_customer", "payback_months")
COLUMNS = ("segment", "customers", "months", *MONEY, "basis", "reason")


@checked(by=CUSTOMER_SLICES, longest=Whole(1, 120, unit="months"))
def lifetime_value(study: Study, *, by: str = "source", longest: int = LONGEST_MONTHS) -> pd.DataFrame:
    """Σ over months k ≤ K of the mean monthly revenue in month k of customers observed that long, times gross margin.

    A month is 365.25 / 12 days of age; revenue of month k is that on its first day, 0 after churn, first lives only. K is the last
    month, at most `longest`, with `min_n` customers observed. Cost is that of the segment's leads on campaigns (see `spending`).

    Args:
        study: What it looks at.
        by: An origin of customers or `all`.
        longest: Largest K, at most 36; the same small one for all makes segments of different history comparable.

    Returns:
        segment, customers, months (K), value (reporting currency) with delete-a-bucket limits, cost_per_customer (null without
        `campaign_costs`), payback_months (age in months at which the value so far covers the cost, 0: the first payment; null when
        it does not by K), basis (`gross margin`, or `revenue` when the configuration has no margin), reason; highest value first.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(COLUMNS))
    steps = counted("month_steps", study, by=by)
    costs = acquisition_costs(study, by=by)
    told = {str(name): _row(part, study, longest=longest, cost=costs.get(str(name))) for name, part in steps.groupby("segment")}
    frame = pd.DataFrame([{"segment": name} | row for name, row in told.items()], columns=list(COLUMNS))
    typed = frame.astype(dict.fromkeys(("months", *MONEY), float))
    return typed.sort_values(["value", "segment"], ascending=[False, True], na_position="last", ignore_index=True)


def _row(steps: pd.DataFrame, study: Study, *, longest: int, cost: float | None) -> dict[str, Any]:
    observed, cents = monthly(steps)
    total = observed.sum(axis=0)
    row: dict[str, Any] = {"customers": int(total[0]), "cost_per_customer": cost}
    row["basis"] = "revenue" if study.config.gross_margin is None else "gross margin"
    last = min(int((total >= study.config.min_n).sum()) - 1, longest)
    if last < 0:
        return row | {"reason": study.followed_rule("customer", in_window=False).why(int(total[0]), 0)}
    margin = (study.config.gross_margin if study.config.gross_margin is not None else 1.0) / 100
    so_far = np.cumsum(ratio(cents.sum(axis=0), total)) * margin
    left_out = ratio(cents.sum(axis=0) - cents, total - observed)[:, : last + 1].sum(axis=1) * margin
    limits = interval_from_replicates(so_far[last], left_out, np.ones(len(observed), dtype=bool))
    paid = np.flatnonzero(so_far[: last + 1] >= cost) if cost is not None else np.zeros(0)
    return row | {
        "months": last,
        "value": so_far[last],
        "lower": max(float(limits.lower), 0.0),
        "upper": float(limits.upper),
        "payback_months": int(paid[0]) if len(paid) else None,
        "reason": None,
    }


def monthly(steps: pd.DataFrame) -> tuple[Array, Array]:
    """Customers observed and their cents per bucket and month of age, each of shape (buckets, 37), from changes."""
    buckets, place = np.unique(steps["bucket"].to_numpy(dtype=str), return_inverse=True)
    shape = (len(buckets), LONGEST_MONTHS + 1)
    observed, cents = np.zeros(shape), np.zeros(shape)
    month = steps["month"].to_numpy()
    seen = month <= LONGEST_MONTHS
    np.add.at(observed, (place[seen], month[seen]), steps["n"].to_numpy(dtype=float)[seen])
    np.add.at(cents, (place[seen], month[seen]), steps["cents"].to_numpy(dtype=float)[seen])
    return np.cumsum(observed, axis=1), np.cumsum(cents, axis=1)
