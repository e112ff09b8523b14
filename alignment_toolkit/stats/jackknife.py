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
        scale: "log" for positive, skewed figures such as money (limits value × exp(± t × se / value)), "identity" for others.

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

    The limits use the t distribution with the degrees of freedom that the bucket effects carry (see `_freedom`), at most buckets − 1.

    Args:
        value: The figure from everything, shape (...).
        left_out: The figure without each bucket, shape (..., buckets).
        present: Whether the bucket holds any unit, shape (..., buckets); empty ones say nothing and are passed over.
        scale: See `jackknife`.

    Returns:
        Standard error and limits; null with fewer than two buckets, where a replicate is null, where all replicates agree (nothing
        was seen that could vary), and on the log scale where the value is not positive.
    """
    figure = np.asarray(value, dtype=float)
    groups = present.sum(axis=-1).astype(float)
    replicates = np.where(present, left_out, 0.0)
    effect = np.where(present, replicates - ratio(replicates.sum(axis=-1), groups)[..., None], 0.0)
    squares = np.square(effect).sum(axis=-1)
    error = np.sqrt(squares * ratio(groups - 1, groups))
    error = np.where((groups >= 2) & (squares > 0), error, np.nan)
    reach = _t_quantile(_freedom(effect, groups)) * error
    if scale == "log":
        known = np.where(figure > 0, figure, np.nan)
        grow = np.exp(np.minimum(reach / known, 700.0))
        return Interval(figure, error, known / grow, known * grow)
    return Interval(figure, error, figure - reach, figure + reach)


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


def _freedom(effect: Array, groups: Array) -> Array:  # noqa: ARG001
    """Degrees of freedom: groups − 1."""
    return groups - 1


def _t_quantile(freedom: Array) -> Array:
    from scipy.special import stdtrit

    return stdtrit(np.where(freedom >= 1, freedom, np.nan), 0.975)
