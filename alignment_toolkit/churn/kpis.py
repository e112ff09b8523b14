"""The headline figures of churn, each beside the quarter before."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.baseline import compared
from alignment_toolkit.churn.lifetimes import lifetime_kpis
from alignment_toolkit.churn.recorded import NO_TABLE
from alignment_toolkit.churn.revenue import revenue_kpis
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.study import Study

SLICES = ("all", "source", "persona")
KPIS = ("logo_churn", "gross_revenue_retention", "net_revenue_retention", "retention_365d", "early_churn_90d")


def churn_kpis(study: Study) -> pd.DataFrame:
    """Every headline figure of churn with `previous` from one quarter earlier.

    Args:
        study: Quarter, as-of and cohort rule.

    Returns:
        Figure frame of logo_churn, gross_revenue_retention, net_revenue_retention, retention_365d and early_churn_90d by `SLICES`;
        one null row each with the reason "no subscriptions table" where there is none.
    """
    if not study.crm.has("subscriptions"):
        return figures(figure(kpi, value=None, unit="share", reason=NO_TABLE) for kpi in KPIS)
    return compared(_figures(study), _figures(study.previous()), study)


def _figures(study: Study) -> pd.DataFrame:
    parts = [part(study, by=by) for by in SLICES for part in (revenue_kpis, lifetime_kpis)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
