"""Mean times from censored data: restricted to a horizon, because beyond the data a mean is a guess.

Questions: how many days does a unit spend open within H days, and how long did it take those who were won within H? The plain mean of
finished times is neither, since the slow ones are not finished yet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.incidence import Curve
from alignment_toolkit.stats.intervals import Bounds, Z
from alignment_toolkit.stats.risk import Array, RiskTable, ratio
from alignment_toolkit.stats.survival import survival


class MeanTime(NamedTuple):
    """A mean in days with its variance in squared days, both of shape (...)."""

    value: Array
    variance: Array


def restricted_mean(source: RiskTable | Curve, horizon: int) -> MeanTime:
    """Mean number of day indices spent open before the horizon: the sum of S(k) over k < horizon.

    Args:
        source: A risk table, or the curve that `survival` made of it.
        horizon: Days, at least 1.

    Returns:
        Days in [0, horizon] with Greenwood-type variance, shape (...); null where the table is shorter than the horizon while units are
        still open, or without units.

    Reference:
        Andersen, Hansen and Klein 2004; Klein and Moeschberger 2003, eq. 4.5.2 in discrete time.
    """
    curve = survival(source) if isinstance(source, RiskTable) else source
    share, variance = curve.value[..., :horizon], curve.variance[..., :horizon]
    steps = np.diff(ratio(variance, np.square(share), empty=0.0), axis=-1, prepend=0.0)
    rest = np.cumsum(share[..., ::-1], axis=-1)[..., ::-1]
    # Where the share is 0 the rest is 0 too, so Greenwood's infinite step there counts nothing.
    spread = (np.square(rest) * np.where(share > 0, steps, 0.0)).sum(axis=-1)
    known = (share.shape[-1] >= horizon) | (share[..., -1] <= 0)
    missing = np.where(known & ~np.isnan(share[..., -1]), 0.0, np.nan)
    return MeanTime(share.sum(axis=-1) + missing, spread + missing)


def mean_time_among(incidence: ArrayLike, horizon: int) -> Array:
    """Mean days to the event among those who have it by the horizon: the sum over k < horizon of (F(H) − F(k)) / F(H).

    Args:
        incidence: Cumulative incidence F of shape (..., K+1).
        horizon: H in days.

    Returns:
        Days in [0, H], shape (...); null where F(H) is 0 or null, or the table ends before H.
    """
    curve = np.asarray(incidence, dtype=float)
    if horizon >= curve.shape[-1]:
        return np.full(curve.shape[:-1], np.nan)
    end = curve[..., horizon]
    return ratio((end[..., None] - curve[..., :horizon]).sum(axis=-1), end)


def mean_time_interval(mean: MeanTime, horizon: int) -> Bounds:
    """95 % limits of a restricted mean, symmetric on the logit scale of its share of the horizon, so that they stay in [0, horizon].

    Returns:
        Limits in days; null where the mean is null, 0 or the horizon itself (nobody left: nothing was seen that could vary).
    """
    share = mean.value / horizon
    inside = (share > 0) & (share < 1) & (mean.variance > 0)
    safe = np.where(inside, share, 0.5)
    reach = Z * np.sqrt(np.where(inside, mean.variance, np.nan)) / (horizon * safe * (1 - safe))
    odds, grow = safe / (1 - safe), np.exp(np.minimum(reach, 700.0))
    low, high = odds / grow, odds * grow
    return Bounds(horizon * low / (1 + low), horizon * high / (1 + high))
