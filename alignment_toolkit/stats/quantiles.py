"""Quantiles of times from censored data.

Questions: by which day has half (or 90 %) left, and by which day have half of those who advance by H advanced? A quantile that the data
do not reach is null: "more than half are still open" is an answer, the median of the finished is not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment_toolkit.stats.incidence import Curve
from alignment_toolkit.stats.intervals import loglog_interval
from alignment_toolkit.stats.risk import Array

TOLERANCE = 1e-12  # a product of fractions that equals 1/2 on paper may miss it by a rounding error


class Quantile(NamedTuple):
    """A day index with 95 % limits, each of shape (...); null where the curve or its band never gets there."""

    value: Array
    lower: Array
    upper: Array


def survival_quantile(curve: Curve, p: float) -> Quantile:
    """The first day index by which a share p has left.

    Args:
        curve: Kaplan-Meier curve of shape (..., K+1).
        p: Share in (0, 1); 0.5 is the median.

    Returns:
        The smallest index with S ≤ 1 − p, and the indices at which the lower and the upper log(-log) band do so.

    Reference:
        Brookmeyer and Crowley 1982, on the log(-log) scale.
    """
    band = loglog_interval(curve.value, curve.variance)
    edge = np.where(np.isnan(curve.value), np.nan, np.where(curve.value >= 1, 1.0, 0.0))
    lower = np.where(np.isnan(band.lower), edge, band.lower)
    upper = np.where(np.isnan(band.upper), edge, band.upper)
    return Quantile(*(first_index(limit <= 1 - p + TOLERANCE) for limit in (curve.value, lower, upper)))


def advance_quantile(incidence: ArrayLike, p: float, horizon: int) -> Array:
    """The smallest day index t with F(t) ≥ p × F(H): a quantile among those who advance by H.

    Args:
        incidence: Cumulative incidence F of shape (..., K+1).
        p: Share in (0, 1).
        horizon: H, a day index.

    Returns:
        Day indices of shape (...); null where F(H) is 0 or null, or the table ends before H.
    """
    curve = np.asarray(incidence, dtype=float)
    if horizon >= curve.shape[-1]:
        return np.full(curve.shape[:-1], np.nan)
    end = curve[..., horizon, None]
    return first_index((curve[..., : horizon + 1] >= p * end - TOLERANCE) & (end > 0))


def first_index(reached: NDArray[np.bool_]) -> Array:
    """The first index of the last axis that is true, null where none is."""
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.nan)
