"""Intervals for figures without a formula: leave out one bucket of accounts at a time.

Question: how much would this figure move with other accounts? Unit: the bucket, a fixed 1/256 of the accounts by a hash of their id, so
that all leads of an account move together and the same counts give the same interval on every engine. It does not cover what all
accounts share (a recession, a wrong exchange rate).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment_toolkit.stats.risk import Array, RiskTable, leave_one_out, ratio

Statistic = Callable[[RiskTable], Array]
Scale = Literal["identity", "log"]


class Interval(NamedTuple):
    """A figure with its standard error and 95 % limits, each of shape (...); what cannot be told is null."""

    value: Array
    standard_error: Array
    lower: Array
    upper: Array


def jackknife(buckets: RiskTable, statistic: Statistic, *, scale: Scale = "identity") -> Interval:
    """A statistic of the whole table with a delete-one-bucket interval.

    Args:
        buckets: Table of shape (..., buckets, K+1), as `bucket_tables` makes it.
        statistic: Maps tables of shape (..., K+1) to figures of shape (...).
        scale: "log" for positive, skewed figures such as money, "identity" for others.

    Returns:
        Interval of the leading shape; see `interval_from_replicates` for what is null.

    Reference:
        Efron and Stein 1981; Shao and Tu 1995, section 2.3 (delete-d groups).
    """
    return _each_segment(buckets.shape[:-1], lambda at: _one(buckets[at], statistic), scale=scale)


def jackknife_difference(
    later: RiskTable, earlier: RiskTable, statistic: Statistic, *, scale: Literal["identity"] = "identity"
) -> Interval:
    """The difference of a statistic between two tables that share accounts: each bucket is left out of both at once.

    Args:
        later: Table of shape (..., buckets, K+1).
        earlier: Table of shape (..., buckets, K'+1) with the same leading axes and the same buckets.
        statistic: As in `jackknife`.
        scale: A difference can have either sign, so only "identity".

    Returns:
        later − earlier with its interval.
    """

    def both(at: tuple[int, ...]) -> _Replicates:
        one, other = _one(later[at], statistic), _one(earlier[at], statistic)
        return _Replicates(one.value - other.value, one.left_out - other.left_out, one.present | other.present)

    return _each_segment(later.shape[:-1], both, scale=scale)


def interval_from_replicates(value: ArrayLike, left_out: ArrayLike, present: NDArray[np.bool_], *, scale: Scale = "identity") -> Interval:
    """Interval of a figure from its values with each bucket left out.

    Two things make the textbook interval too short when few large deals decide: its t distribution with buckets − 1 degrees of freedom
    takes the standard error for better known than it is, and it is symmetric. Here the degrees of freedom are those that the scatter of
    the bucket effects carries (Satterthwaite's, at most buckets − 1), and on the log scale the upper limit is Hall's transformation for
    skewness where that is higher. benchmarks/coverage.md shows both at work.

    Args:
        value: The figure from everything, shape (...).
        left_out: The figure without each bucket, shape (..., buckets).
        present: Whether the bucket holds any unit, shape (..., buckets); empty ones say nothing and are passed over.
        scale: See `jackknife`.

    Returns:
        Standard error and limits; null with fewer than two buckets, where a replicate is null, where all replicates agree (nothing
        was seen that could vary), and the limits on the log scale where the value is not positive.

    Reference:
        Satterthwaite 1946; Hall 1992, "On the removal of skewness by transformation", eq. 2.4.
    """
    figure = np.asarray(value, dtype=float)
    groups = present.sum(axis=-1).astype(float)
    effect = _effects(np.asarray(left_out, dtype=float), present, groups)
    squares = np.square(effect).sum(axis=-1)
    seen = (groups >= 2) & (squares > (1e-12 * np.abs(figure)) ** 2)
    error = np.where(seen, np.sqrt(squares * ratio(groups - 1, groups, empty=0.0)), np.nan)
    width = _t_quantile(np.where(seen, _freedom(effect, groups), np.nan))
    if scale == "identity":
        return Interval(figure, error, figure - width * error, figure + width * error)
    positive = np.where(figure > 0, figure, np.nan)
    grow = np.exp(np.minimum(width * error / positive, 700.0))
    skewed = positive + error * _stretch(width, _skewness(effect, groups))
    return Interval(figure, error, positive / grow, np.maximum(positive * grow, skewed))


class _Replicates(NamedTuple):
    value: Array
    left_out: Array
    present: NDArray[np.bool_]


def _one(buckets: RiskTable, statistic: Statistic) -> _Replicates:
    present = (buckets.at_risk + buckets.lost_at_risk).sum(axis=-1) > 0
    return _Replicates(statistic(buckets.total(axis=-1)), statistic(leave_one_out(buckets)), present)


def _each_segment(lead: tuple[int, ...], replicate: Callable[[tuple[int, ...]], _Replicates], *, scale: Scale) -> Interval:
    """One segment at a time: 256 tables of a few hundred days fit in the cache, 256 × segments do not."""
    parts = [interval_from_replicates(*replicate(at), scale=scale) for at in np.ndindex(*lead)]
    return Interval(*(np.array([part[i] for part in parts], dtype=float).reshape(lead) for i in range(4)))


def _effects(left_out: Array, present: NDArray[np.bool_], groups: Array) -> Array:
    """What each bucket adds, up to a factor: the mean of the replicates minus its own; 0 for empty buckets."""
    kept = np.where(present, left_out, 0.0)
    return np.where(present, ratio(kept.sum(axis=-1), groups)[..., None] - kept, 0.0)


def _freedom(effect: Array, groups: Array) -> Array:
    """Satterthwaite's degrees of freedom 2 g / (kurtosis − 1) of the variance of g effects, at most g − 1 and at least 1."""
    second, fourth = np.square(effect).sum(axis=-1), np.power(effect, 4).sum(axis=-1)
    kurtosis = groups * ratio(fourth, np.square(second))
    return np.clip(ratio(2 * groups, np.maximum(kurtosis - 1, 1e-9)), 1, np.maximum(groups - 1, 1))


def _skewness(effect: Array, groups: Array) -> Array:
    """Skewness of the mean of the effects: that of one over the root of their number."""
    return ratio(np.power(effect, 3).sum(axis=-1), np.power(np.square(effect).sum(axis=-1), 1.5)) + 0 * groups


def _stretch(width: Array, skewness: Array) -> Array:
    """Upper reach in standard errors after Hall's cubic transformation of a skewed studentised mean; `width` without skewness."""
    safe = np.where(np.abs(skewness) < 1e-9, 1.0, skewness)
    reach = 3 / safe * (1 - np.cbrt(1 - safe * (width + safe / 6)))
    return np.where(np.abs(skewness) < 1e-9, width, reach)


def _t_quantile(freedom: Array) -> Array:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(freedom, 0.975))
