"""Cox regression on rows: which attributes go with leaving sooner, each given the others.

Question: by what factor does the hazard differ per unit of an attribute? Unit: one row, up to a stated number of rows, since this is
the one statistic that cannot be made from counts. An association: it does not say what changing the attribute would do.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.stats.concordance import concordance
from alignment_toolkit.stats.intervals import Z
from alignment_toolkit.stats.proportional import ph_statistics
from alignment_toolkit.stats.risk import Array, ratio

MAX_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted model.

    Attributes:
        table: One row per covariate: covariate, coef, standard_error, z, p, hazard_ratio, lower, upper (95 % limits of the hazard
            ratio), ph_statistic and ph_p (chi-squared test with one degree of freedom of a constant hazard ratio; small p: it changes
            with time).
        log_likelihood: Partial log-likelihood (Efron's for ties).
        concordance: Share of comparable pairs in which the higher predicted hazard went first; 0.5 is chance; null without pairs.
        n: Rows used.
        n_events: Events among them.
    """

    table: pd.DataFrame
    log_likelihood: float
    concordance: float
    n: int
    n_events: int


def cox(rows: pd.DataFrame, *, duration: str, event: str, covariates: Sequence[str], ph_time: Literal["rank", "km"] = "rank") -> CoxFit:
    """Fit a proportional-hazards model by partial likelihood, ties after Efron, with a check of proportional hazards.

    Args:
        rows: One row per unit; the columns named below must be numeric (0/1 for a category) and without nulls.
        duration: Column of times, >= 0.
        event: Column of 0/1: whether the time ended in the event.
        covariates: Columns to use, taken as they are; no formula language, so any name will do.
        ph_time: Time scale of the proportional-hazards check: rank of the time, or 1 − Kaplan-Meier.

    Returns:
        The fit.

    Raises:
        UsageError: Too many rows, a column that is absent, not numeric, or null, no event, or covariates that determine one another.

    Reference:
        Cox 1972; Efron 1977; Grambsch and Therneau 1994; Harrell et al. 1982.
    """
    _refuse_unfit(rows, [duration, event, *covariates])
    time, died, exog = (rows[name].to_numpy(dtype=float) for name in (duration, event, list(covariates)))
    _refuse_degenerate(exog, died, covariates)
    coef, covariance, log_likelihood = _maximum(time, died, exog)
    table = _table(covariates, coef, np.sqrt(np.diag(covariance)))
    statistic = ph_statistics(time, died, exog, coef=coef, covariance=covariance, scale=ph_time)
    table["ph_statistic"], table["ph_p"] = statistic, _chi2_p(statistic)
    return CoxFit(
        table=table,
        log_likelihood=log_likelihood,
        concordance=concordance(time, died, exog @ coef),
        n=len(rows),
        n_events=int(died.sum()),
    )


def _maximum(time: Array, died: Array, exog: Array) -> tuple[Array, Array, float]:
    """Coefficients, their covariance and the log-likelihood at its maximum."""
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

    # Columns of very different size slow Newton's method down or stop it short: it works on standardised ones.
    scale = exog.std(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", HessianInversionWarning)
        try:
            fit = PHReg(time, (exog - exog.mean(axis=0)) / scale, status=died, ties="efron").fit()
        except (ConvergenceWarning, HessianInversionWarning, np.linalg.LinAlgError) as error:
            raise UsageError(
                "Cox regression did not converge",
                rule="A hazard ratio is infinite where an attribute tells exactly who has the event",
                way_out="Leave out the attribute that does, often one that is only known afterwards",
            ) from error
    return fit.params / scale, np.atleast_2d(fit.cov_params()) / np.outer(scale, scale), float(fit.llf)


def _table(covariates: Sequence[str], coef: Array, error: Array) -> pd.DataFrame:
    from scipy.special import ndtr

    z = ratio(coef, error)
    return pd.DataFrame(
        {
            "covariate": list(covariates),
            "coef": coef,
            "standard_error": error,
            "z": z,
            "p": 2 * ndtr(-np.abs(z)),
            "hazard_ratio": np.exp(coef),
            "lower": np.exp(coef - Z * error),
            "upper": np.exp(coef + Z * error),
        }
    )


def _refuse_unfit(rows: pd.DataFrame, columns: list[str]) -> None:
    if len(rows) > MAX_ROWS:
        raise UsageError(
            f"Cox regression got {len(rows):,} rows",
            rule=f"It works on rows, at most {MAX_ROWS:,}",
            way_out="Take a random sample of units, or compare groups by log-rank, which works from counts",
        )
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise UsageError("Cox regression: column is named twice", value=twice, rule="Duration, event and covariates are different columns")
    for name in columns:
        if name not in rows:
            raise UsageError("Cox regression: unknown column", value=name, way_out=nearest(name, map(str, rows.columns)))
        if not pd.api.types.is_numeric_dtype(rows[name]):
            raise UsageError("Cox regression: column is not numeric", value=name, way_out="Give one 0/1 column per category but the first")
        if n_null := int(rows[name].isna().sum()):
            raise UsageError(
                f"Cox regression: {n_null:,} of {len(rows):,} rows have no value in column", value=name, way_out="Leave these rows out"
            )


def _refuse_degenerate(exog: Array, died: Array, covariates: Sequence[str]) -> None:
    if not np.isin(died, (0, 1)).all() or not died.any():
        raise UsageError("Cox regression needs events", rule="The event column is 0 or 1, with at least one 1")
    centred = exog - exog.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    for at, name in enumerate(covariates):
        others = centred[:, :at] / np.where(scale[:at] > 0, scale[:at], 1)
        rest = centred[:, at] - others @ np.linalg.lstsq(others, centred[:, at], rcond=None)[0] if at else centred[:, at]
        if np.linalg.norm(rest) <= 1e-8 * max(scale[at], np.abs(exog[:, at]).max(), 1e-300):
            raise UsageError(
                "Cox regression: column is constant or follows from the columns before it",
                value=name,
                way_out="Leave it out: its hazard ratio cannot be told",
            )


def _chi2_p(statistic: Array) -> Array:
    from scipy.special import chdtrc

    return chdtrc(1, statistic)
