"""Does volume dilute quality: when a source brings more leads in a month, does it win a smaller share of them?

Unit: the source-month with every lead matured for the horizon, over all history. Denominator: its leads. Each source is compared with
itself and each month with itself, so that neither a good source nor a good month can pose as an effect of volume. It shows an association:
it does not answer what would happen if somebody bought more leads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.errors import quoted
from alignment_toolkit.figures import MISSING
from alignment_toolkit.study import Study

HORIZON = 180
MIN_SOURCES = 8
NO_FIT = "the wins leave no error to judge by, or the model does not converge"
MIN_SPREAD = 1e-6  # a volume that source and month already tell leaves nothing to learn from
COLUMNS = (
    "elasticity", "lower", "upper", "p_value", "n", "sources", "months", "leads", "events", "horizon_days", "left_out", "reason",
)  # fmt: skip


@checked(horizon=DAYS)
def dilution(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """Elasticity of conversion in volume, from a Poisson model of wins per source and month.

    Args:
        study: As-of; all history up to it is used, whatever the cohort rule.
        horizon: Days from creation to the win.

    Returns:
        One row:

        - elasticity: by how many percent the conversion of a source-month changes with one percent more leads (negative: volume dilutes
          quality), with lower, upper (95 %, t with sources − 1 degrees of freedom) and p_value of "0";
        - n (source-months in the model), sources, months, leads, events (wins) in it; left_out: sources without a win or with one month;
        - reason: why the elasticity is null: fewer than eight sources to compare, or a volume that did not vary.

    Reference:
        Wooldridge 2010, section 18.7 (Poisson with fixed effects); Cameron and Miller 2015 (few clusters: t with G − 1).
    """
    counts = counted("source_months", study, horizon=horizon)
    kept = informative(counts[counts["segment"] != MISSING])
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | _size(kept) | {"horizon_days": horizon, "left_out": _left_out(counts, kept)}
    if row["sources"] < MIN_SOURCES:
        return _frame(row | {"reason": f"fewer than {MIN_SOURCES} sources with matured wins in two months or more"})
    if volume_spread(kept) < MIN_SPREAD:
        return _frame(row | {"reason": "the volume of the sources did not vary beyond that of the months"})
    return _frame(row | fit_elasticity(kept))


def informative(counts: pd.DataFrame) -> pd.DataFrame:
    """The source-months that can say anything: sources with a win and two months, months with a win and two sources.

    A source that never won fits a share of 0 whatever its volume, and its fitted effect would run off to minus infinity.
    """
    kept = counts
    while True:
        by_source, by_month = kept.groupby("segment"), kept.groupby("month")
        good = (by_source["events"].transform("sum") > 0) & (by_source["month"].transform("size") > 1)
        good &= (by_month["events"].transform("sum") > 0) & (by_month["segment"].transform("size") > 1)
        if good.all():
            return kept.reset_index(drop=True)
        kept = kept[good]


def volume_spread(kept: pd.DataFrame) -> float:
    """Standard deviation of log leads that neither the source nor the month tells."""
    design = _effects(kept)
    volume = np.log(kept["n"].to_numpy(dtype=float))
    fitted = design @ np.linalg.lstsq(design, volume, rcond=None)[0]
    return float(np.std(volume - fitted))


def fit_elasticity(kept: pd.DataFrame) -> dict[str, Any]:
    """The Poisson fit: wins with offset log leads on log leads, source and month effects, errors clustered by source.

    Args:
        kept: Columns segment, month, n, events, as `informative` leaves them.

    Returns:
        elasticity, lower, upper, p_value; or the reason when the model cannot be fitted, or fits without any error.
    """
    import warnings

    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import ModelWarning

    volume = np.log(kept["n"].to_numpy(dtype=float))
    design = np.column_stack([volume - volume.mean(), _effects(kept)])
    groups = pd.factorize(kept["segment"])[0]
    model = GLM(kept["events"].to_numpy(dtype=float), design, family=Poisson(), offset=volume)
    clustered = {"groups": groups, "use_correction": True, "df_correction": True}
    try:
        with warnings.catch_warnings():
            for kind in (ModelWarning, RuntimeWarning):  # a fit that warns is no estimate, and a warning would stop a report
                warnings.simplefilter("error", kind)
            fit = model.fit(cov_type="cluster", cov_kwds=clustered, use_t=True)
    except (ModelWarning, RuntimeWarning, np.linalg.LinAlgError):
        return {"reason": NO_FIT}
    lower, upper = fit.conf_int()[0]
    return {"elasticity": float(fit.params[0]), "lower": float(lower), "upper": float(upper), "p_value": float(fit.pvalues[0])}


def _effects(kept: pd.DataFrame) -> np.ndarray:
    """Indicators of source and month, one month left out."""
    sources = pd.get_dummies(kept["segment"], dtype=float)
    months = pd.get_dummies(kept["month"], dtype=float, drop_first=True)
    return np.column_stack([sources.to_numpy(), months.to_numpy()])


def _size(kept: pd.DataFrame) -> dict[str, int]:
    sizes = {"n": len(kept), "sources": kept["segment"].nunique(), "months": kept["month"].nunique()}
    return sizes | {"leads": int(kept["n"].sum()), "events": int(kept["events"].sum())}


def _left_out(counts: pd.DataFrame, kept: pd.DataFrame) -> str | None:
    names = sorted(set(counts["segment"]) - set(kept["segment"]))
    return ", ".join(quoted(name) for name in names) or None


def _frame(row: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([row], columns=list(COLUMNS))
