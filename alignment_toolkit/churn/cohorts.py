"""Cohort triangle: of the customers who started in a quarter, how many and how much of their revenue is there k quarters later.

Question: do newer cohorts stay better than older ones at the same age? Unit: the customer in the first life. Denominator: all
customers who started in the quarter, and their revenue on their first day. The corner that has not been observed is null, and so are
the shares of cohorts of fewer than `min_n` customers. Cohorts that began before records do are left out.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import OneOf, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.customers import TRIANGLE_QUARTERS
from alignment_toolkit.periods import local_day
from alignment_toolkit.study import Study

COLUMNS = ("cohort", "quarters", "customers", "customers_share", "mrr", "mrr_share")


def cohort_triangle(study: Study) -> pd.DataFrame:
    """Customers and revenue still there at the end of the k-th quarter after the one they started in.

    Args:
        study: Its last 12 quarters are cohorts.

    Returns:
        One row per cohort and k: cohort (label), quarters (k, 0 is the end of the cohort's own quarter), customers,
        customers_share, mrr (reporting currency), mrr_share (of the revenue on the first days; above 1 where customers grew); all
        null where not yet observed, the shares also where fewer than `min_n` customers started.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(COLUMNS))
    steps = counted("cohort_steps", study)
    observed = local_day(study.as_of, study.config.time_zone)
    rows = [row for cohort in _cohorts(study, steps) for row in _rows(study, steps[steps["cohort"] == cohort], cohort, observed)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(COLUMNS[2:], float))


def _cohorts(study: Study, steps: pd.DataFrame) -> list[int]:
    begun = study.config.observed_since("subscriptions")
    found = sorted(int(cohort) for cohort in steps["cohort"].unique())
    return [cohort for cohort in found if begun is None or study.quarter.shift(cohort).first_on >= begun]


def _rows(study: Study, steps: pd.DataFrame, cohort: int, observed: object) -> list[tuple[object, ...]]:
    size, size_cents = (int(steps.loc[steps["kind"] == kind, "n"].sum()) for kind in ("size", "size_cents"))
    rows: list[tuple[object, ...]] = []
    for later in range(TRIANGLE_QUARTERS):
        quarter = cohort + later
        if quarter > 0 or study.quarter.shift(quarter).end_on > observed:  # type: ignore[operator]
            rows.append((study.quarter.shift(cohort).label, later, np.nan, np.nan, np.nan, np.nan))
            continue
        there, cents = (
            int(steps.loc[(steps["kind"] == kind) & (steps["quarter"] <= quarter), "n"].sum()) for kind in ("customers", "cents")
        )
        shares = (there / size, cents / size_cents) if size >= study.config.min_n else (np.nan, np.nan)
        rows.append((study.quarter.shift(cohort).label, later, there, shares[0], cents / 100, shares[1]))
    return rows


@checked(of=OneOf(("customers", "mrr"), "measure"))
def triangle_table(triangle: pd.DataFrame, *, of: Literal["customers", "mrr"] = "customers") -> pd.DataFrame:
    """The triangle as people read it: one row per cohort, one column q<k>_share per quarter of age, null where not yet observed.

    Args:
        triangle: As `cohort_triangle` makes it.
        of: `customers` or `mrr`.
    """
    wide = triangle.pivot_table(index="cohort", columns="quarters", values=f"{of}_share", dropna=False)
    kept = wide.loc[:, wide.notna().any()]
    return kept.rename(columns=lambda quarters: f"q{quarters}_share").rename_axis(columns=None).reset_index()
