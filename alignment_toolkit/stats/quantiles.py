"""Quantiles of times from censored data.

Questions: by which day has half (or 90 %) left, and by which day have half of those who advance by H advanced? A quantile that the data
do not reach is null: "more than half are still open" is an answer, the median of the finished is not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment_toolkit.stats.incidence import Curve, state_probabilities
from alignment_toolkit.stats.intervals import Bounds, loglog_interval, widened
from alignment_toolkit.stats.jackknife import interval_from_replicates
from alignment_toolkit.stats.risk import Array, RiskTable, leave_one_out

TOLERANCE = 1e-12  # a product of fractions that equals 1/2 on paper may miss it by a rounding error


class Quantile(NamedTuple):
    """A day index with 95 % limits, each of shape (...); null where the curve or its band never gets there."""

    value: Array
    lower: Array
    upper: Array


def survival_quantile(curve: Curve, p: float, *, cap: ArrayLike = np.inf) -> Quantile:
    """The first day index by which a share p has left.

    Args:
        curve: Kaplan-Meier curve of shape (..., K+1).
        p: Share in (0, 1); 0.5 is the median.
        cap: Widens the band under late entry (`RiskTable.late_entry_cap`).

    Returns:
        The smallest index with S ≤ 1 − p, and the indices at which the lower and the upper log(-log) band do so.

    Reference:
        Brookmeyer and Crowley 1982, on the log(-log) scale.
    """
    band = _band(curve, cap)
    return Quantile(*(first_index(limit <= 1 - p + TOLERANCE) for limit in (curve.value, *band)))


def incidence_quantile(curve: Curve, p: float, *, cap: ArrayLike = np.inf) -> Quantile:
    """The first day index by which a share p of all units has had the event, those that never will included.

    Args:
        curve: Cumulative incidence of shape (..., K+1).
        p: Share in (0, 1).
        cap: Widens the band under late entry (`RiskTable.late_entry_cap`).

    Returns:
        The smallest index with F ≥ p, and those at which the upper and the lower log(-log) band get there; null where they never do. Units
        lost to a competing outcome keep the curve down, so the more of them the later the quantile.

    Reference:
        Peng and Fine 2007, "Nonparametric quantile inference with competing-risks data", with limits by inversion of the band.
    """
    band = _band(curve, cap)
    return Quantile(*(first_index(limit >= p - TOLERANCE) for limit in (curve.value, band.upper, band.lower)))


def _band(curve: Curve, cap: ArrayLike) -> Bounds:
    """The log(-log) band, the curve itself where it is 0 or 1, widened under late entry."""
    inner = loglog_interval(curve.value, curve.variance)
    edge = np.where(np.isnan(curve.value), np.nan, np.where(curve.value >= 1, 1.0, 0.0))
    return widened(Bounds(*(np.where(np.isnan(limit), edge, limit) for limit in inner)), curve.value, cap)


def up_to(found: Quantile, last: ArrayLike) -> Quantile:
    """The quantile where it lies at or before an index, null after it; its limits likewise."""
    return Quantile(*(np.where(part <= np.asarray(last, dtype=float), part, np.nan) for part in found))


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


def advance_quantile_interval(buckets: RiskTable, p: float, horizon: int) -> Quantile:
    """`advance_quantile` with 95 % limits: the indices t at which F(t) − p × F(H) cannot be told from 0 by the jackknife.

    A jackknife of the quantile itself would fail, since a quantile jumps from day to day; the difference of two incidences does not.

    Args:
        buckets: Table of shape (buckets, K+1), as `bucket_tables` makes it for a segment.
        p: Share in (0, 1).
        horizon: H, a day index of the table.

    Returns:
        Day indices, scalars in arrays of shape (); null as in `advance_quantile`, a limit also where the band does not get there by H.

    Reference:
        Fieller 1954 for inverting a test on a ratio; Shao and Tu 1995, section 2.2 on the jackknife of quantiles.
    """

    def short(table: RiskTable) -> Array:
        curve = state_probabilities(table.cut(horizon)).won
        return curve - p * curve[..., -1:]

    present = (buckets.at_risk + buckets.lost_at_risk).sum(axis=-1) > 0
    whole = buckets.total(axis=-1).cut(horizon)
    value = short(whole)
    band = interval_from_replicates(value, short(leave_one_out(buckets)).T, present)
    exact = np.isnan(band.standard_error)
    lower, upper = (np.where(exact, value, limit) for limit in (band.lower, band.upper))
    found = advance_quantile(state_probabilities(whole).won, p, horizon)
    limits = (first_index(edge >= -TOLERANCE) for edge in (upper, lower))
    return Quantile(found, *(np.where(np.isnan(found), np.nan, limit) for limit in limits))


def first_index(reached: NDArray[np.bool_]) -> Array:
    """The first index of the last axis that is true, null where none is."""
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1), np.nan)
