"""Conversion, value and acceptance of leads: incidences estimated from counts, open leads censored, lost ones competing.

Question: what share of leads is won within h days, and what is a lead worth? Unit: the lead. Denominator: leads under observation in the
study's window. It does not answer why one source converts better than another.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked, several
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.tables import bucket_risk_of, risk_of
from alignment_toolkit.figures import NO_AMOUNT, figure, figures
from alignment_toolkit.shares import incidence_figures
from alignment_toolkit.stats import jackknife, value_per_unit
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import no_acceptance


@checked(by=LEAD_SLICES, horizons=several(DAYS))
def conversion(study: Study, *, by: str = "all", horizons: Iterable[int] | None = None) -> pd.DataFrame:
    """Conversion(h): the period incidence of won within h whole days of creation.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `all`, an attribute of leads, or `cohort_quarter`.
        horizons: Days; by default those of the configuration.

    Returns:
        Figure frame of `conversion_<h>d`: value a share in [0, 1] with a 95 % log(-log) interval; n leads under observation by index h,
        events wins by it, matured_share, smallest_followed; null where fewer than `min_n` leads were followed at an age up to h.
    """
    wanted = tuple(horizons or study.config.horizons_days)
    labels, table = risk_of("lead_moves", study, by=by, max_day=max(wanted) + 1)
    rows = incidence_figures(table, labels, {f"conversion_{h}d": h for h in wanted}, rule=study.followed_rule(by=by), by=by)
    return in_window(figures(rows), study)


@checked(by=LEAD_SLICES)
def acceptance(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Acceptance: the incidence of accepted within the agreed days of handover, rejected and recycled competing.

    Returns:
        Figure frame of `acceptance_rate`; one null row with a reason where acceptances are not on record.
    """
    if missing := no_acceptance(study):
        return figures([figure("acceptance_rate", value=None, unit="share", reason=missing)] if by == "all" else [])
    days = study.config.acceptance_days
    labels, table = risk_of("verdict_moves", study, by=by, max_day=days + 1)
    rows = incidence_figures(table, labels, {"acceptance_rate": days}, rule=study.followed_rule(by=by), by=by)
    return in_window(figures(rows), study)


@checked(by=LEAD_SLICES, horizon=DAYS)
def value_per_lead(study: Study, *, by: str = "all", horizon: int = 180) -> pd.DataFrame:
    """Value per lead(h): Σ over k ≤ h of S(k−1) × amount won at k / at risk at k, the marked Aalen-Johansen estimator.

    Returns:
        Figure frame of `value_per_lead_<h>d` in the reporting currency with a delete-a-bucket interval on the log scale; 0 where nobody
        won, null where too few leads were followed, without a deals table, or where leads were won but no amount is recorded.
    """
    kpi = f"value_per_lead_{horizon}d"
    unit = study.config.reporting_currency
    if not study.crm.has("deals"):
        return figures([figure(kpi, value=None, unit=unit, reason="no deals table")] if by == "all" else [])
    labels, buckets = bucket_risk_of("lead_moves", study, by=by, max_day=horizon + 1)
    whole = buckets.total(axis=1)
    interval = jackknife(buckets, lambda table: value_per_unit(table, horizon), scale="log")
    unpriced = _without_amounts(study, by)
    reasons, smallest = study.followed_rule(by=by).reasons(whole, horizon), whole.smallest_followed(horizon)
    rows = []
    for place, segment in enumerate(labels):
        priced = segment not in unpriced or not whole.won_by(horizon)[place]
        row = figure(
            kpi,
            value=np.nan_to_num(interval.value[place]) if priced and reasons[place] is None else None,
            lower=interval.lower[place],
            upper=interval.upper[place],
            unit=unit,
            slice_=by,
            segment=segment,
            n=whole.entered[place, : horizon + 1].sum(),
            events=whole.won_by(horizon)[place],
            matured_share=whole.matured_share(horizon)[place],
            smallest_followed=smallest[place],
            reason=reasons[place] or (None if priced else NO_AMOUNT),
        )
        rows.append(row)
    return in_window(figures(rows), study)


def _without_amounts(study: Study, by: str) -> set[str]:
    """The segments in which deals were won but not one amount is known: their value is unknown, not 0."""
    won = counted("deals_won", study, by=by, to_date=True)
    return set(won.loc[won["n"] == won["n_unpriced"], "segment"])


def in_window(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Without creation quarters that lie before the window: their leads are seen only at the ages they had in it."""
    if study.cohort == "all" or not (frame["slice"] == "cohort_quarter").any():
        return frame
    quarters = {"4q": study.quarter.last_year(), "1q": [study.quarter]}[study.cohort]
    inside = frame["segment"].isin([quarter.label for quarter in quarters])
    return frame[(frame["slice"] != "cohort_quarter") | inside].reset_index(drop=True)
