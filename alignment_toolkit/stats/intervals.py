"""Intervals for probabilities, all at 95 %.

Question: how far can the true share be from the estimate? It covers sampling error alone: not wrong records, not a changed process.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.incidence import Curve
from alignment_toolkit.stats.risk import Array, RiskTable, ratio

Z = 1.959963984540054  # the 97.5 % point of the standard normal distribution


class Bounds(NamedTuple):
    """Lower and upper 95 % limits, of the shape of the estimate; null where they are not defined."""

    lower: Array
    upper: Array


def loglog_interval(value: ArrayLike, variance: ArrayLike) -> Bounds:
    """Interval of a probability, symmetric on the log(-log) scale, so that it stays within [0, 1].

    Args:
        value: Estimates in [0, 1].
        variance: Their variances.

    Returns:
        Limits; null where the value is 0, 1 or null, since that scale does not reach there (see `probability_interval`).

    Reference:
        Kalbfleisch and Prentice 1980, section 1.3.
    """
    share, spread = np.broadcast_arrays(np.asarray(value, dtype=float), np.asarray(variance, dtype=float))
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    reach = Z * np.sqrt(np.where(inside, spread, np.nan)) / (safe * np.abs(np.log(safe)))
    # exp(709) is the largest float: beyond it a limit is 0 or 1 anyway.
    grow = np.exp(np.minimum(reach, 700.0))
    return Bounds(np.power(safe, grow), np.power(safe, 1 / grow))


def wilson_interval(successes: ArrayLike, n: ArrayLike) -> Bounds:
    """Score interval of a share of independent units.

    Args:
        successes: Units with the property; need not be whole numbers.
        n: All units.

    Returns:
        Limits in [0, 1]; null where n is 0 or null.

    Reference:
        Wilson 1927; Brown, Cai and DasGupta 2001.
    """
    count, total = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(n, dtype=float))
    share = ratio(count, total)
    middle = share + ratio(np.full(total.shape, Z**2 / 2), total)
    reach = Z * np.sqrt(ratio(np.clip(share * (1 - share), 0, None), total) + ratio(np.full(total.shape, Z**2 / 4), total**2))
    scale = 1 + ratio(np.full(total.shape, Z**2), total)
    lower, upper = np.clip((middle - reach) / scale, 0, 1), np.clip((middle + reach) / scale, 0, 1)
    # At 0 and 1 the formula gives the share itself, but for the last bit, which differs between processors.
    return Bounds(np.where(share <= 0, 0 * lower, lower), np.where(share >= 1, 0 * upper + 1, upper))


def probability_interval(value: ArrayLike, variance: ArrayLike, matured: ArrayLike) -> Bounds:
    """Interval of an incidence or a survival share: log(-log), and Wilson on the matured where that scale ends.

    Args:
        value: Estimates in [0, 1].
        variance: Their variances.
        matured: Units whose potential observation reaches the index (`RiskTable.matured`).

    Returns:
        Limits. Value 0 (no event): lower 0, upper by Wilson on 0 of the matured. Value 1: the mirror image. Null where the value is
        null, or is 0 or 1 with nobody matured.
    """
    share = np.asarray(value, dtype=float)
    inner = loglog_interval(share, variance)
    none, every = wilson_interval(0 * share, matured), wilson_interval(matured, matured)
    lower = np.where(share <= 0, 0 * none.lower, np.where(share >= 1, every.lower, inner.lower))
    upper = np.where(share <= 0, none.upper, np.where(share >= 1, every.upper, inner.upper))
    return Bounds(lower, upper)


def widened(limits: Bounds, value: ArrayLike, cap: ArrayLike) -> Bounds:
    """The wider of given limits and Wilson's for the value on the units followed from age 0 on.

    Args:
        limits: Limits of a probability.
        value: The probability.
        cap: Those units where others entered late, infinite where none did (`RiskTable.late_entry_cap`).
    """
    share, units = np.broadcast_arrays(np.asarray(value, dtype=float), np.asarray(cap, dtype=float))
    late = np.isfinite(units)
    some = np.where(late, units, 0.0)
    outer = wilson_interval(share * some, some)
    return Bounds(np.fmin(limits.lower, outer.lower), np.fmax(limits.upper, outer.upper))


def curve_limits(curve: Curve, table: RiskTable) -> Bounds:
    """The limits of a curve at every age: `probability_interval`, widened under late entry.

    Args:
        curve: `incidence` or `survival` of the table.
        table: Counts of shape (..., K+1).
    """
    return widened(probability_interval(curve.value, curve.variance, table.followed()), curve.value, table.late_entry_cap())


def difference_interval(
    value: ArrayLike, limits: tuple[ArrayLike, ArrayLike], before: ArrayLike, limits_before: tuple[ArrayLike, ArrayLike]
) -> Bounds:
    """Interval of the difference of two independent estimates from the limits of each (MOVER; of two shares with Wilson limits Newcombe's).

    Args:
        value: Later estimates.
        limits: Their lower and upper 95 % limits.
        before: Earlier estimates, from other units.
        limits_before: Their limits.

    Returns:
        Limits of later minus earlier; null where one of the six is.

    Reference:
        Newcombe 1998, method 10; Zou and Donner 2008.
    """
    now, then = np.asarray(value, dtype=float), np.asarray(before, dtype=float)
    (low, high), (low_then, high_then) = (tuple(np.asarray(edge, dtype=float) for edge in pair) for pair in (limits, limits_before))
    step = now - then
    return Bounds(step - np.hypot(now - low, high_then - then), step + np.hypot(high - now, then - low_then))
