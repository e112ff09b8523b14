"""How well does a score tell won leads from others? Pure functions of counts per distinct score.

Unit: the lead. Every array has one place per distinct score, ascending; leads with the same score count as ties. It does not answer
whether acting on the score helps (see the threshold in calibration).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alignment_toolkit.stats.intervals import Z
from alignment_toolkit.stats.risk import Array


class Measure(NamedTuple):
    """A figure with its 95 % limits; null (NaN) where it is not defined."""

    value: float
    lower: float
    upper: float


UNKNOWN = Measure(np.nan, np.nan, np.nan)


def area_under_curve(n: Array, events: Array) -> Measure:
    """Probability that a won lead has a higher score than another, ties counting one half.

    Args:
        n: Leads per distinct score, ascending.
        events: Won leads among them.

    Returns:
        In [0, 1] with limits on the logit scale; null without won or without other leads, limits null where the order is perfect.

    Reference:
        DeLong, DeLong and Clarke-Pearson 1988, with counts as weights.
    """
    others = n - events
    won, lost = events.sum(), others.sum()
    if not won or not lost:
        return UNKNOWN
    above_others = (np.cumsum(others) - others / 2) / lost  # share of the others below each score
    below_won = 1 - (np.cumsum(events) - events / 2) / won  # share of the won above each score
    area = float((events * above_others).sum() / won)
    spread = _variance(above_others, events) / won + _variance(below_won, others) / lost
    if not 0 < area < 1 or not spread > 0:
        return Measure(area, np.nan, np.nan)
    logit, reach = np.log(area / (1 - area)), Z * np.sqrt(spread) / (area * (1 - area))
    return Measure(area, float(1 / (1 + np.exp(reach - logit))), float(1 / (1 + np.exp(-reach - logit))))


def _variance(values: Array, weights: Array) -> float:
    """Sample variance of values that occur `weights` times; null with one."""
    count = weights.sum()
    if count < 2:
        return float("nan")
    mean = (weights * values).sum() / count
    return float((weights * np.square(values - mean)).sum() / (count - 1))


def brier(probability: Array, n: Array, events: Array) -> Measure:
    """Mean squared distance between the probability a score stands for and what became of the lead.

    Args:
        probability: Probability in [0, 1] that each distinct score claims.
        n: Leads per distinct score.
        events: Won leads among them.

    Returns:
        In [0, 1], 0 best; normal limits; null without leads, limits null with one.

    Reference:
        Brier 1950.
    """
    total = n.sum()
    if not total:
        return UNKNOWN
    squares = np.concatenate([np.square(1 - probability), np.square(probability)])
    weights = np.concatenate([events, n - events])
    mean = float((weights * squares).sum() / total)
    reach = Z * np.sqrt(_variance(squares, weights) / total)
    return Measure(mean, float(max(mean - reach, 0)), float(min(mean + reach, 1)))


def lift(n: Array, events: Array, *, top: float = 0.1) -> Measure:
    """Conversion of the leads with the highest scores / conversion of all.

    Args:
        n: Leads per distinct score, ascending.
        events: Won leads among them.
        top: Share of leads to take; scores are taken whole, the best first, until at least that share is reached.

    Returns:
        Ratio with limits on the log scale; null where nobody was won; limits null where nobody of the top was, or all are in the top.

    Reference:
        Delta method on log(p top / p all), p all = w p top + (1 − w) p rest.
    """
    total, won = n.sum(), events.sum()
    if not total or not won:
        return UNKNOWN
    taken = np.cumsum(n[::-1]) - n[::-1] < top * total
    size, hits = n[::-1][taken].sum(), events[::-1][taken].sum()
    share, weight = won / total, size / total
    value = float(hits / size / share)
    if not hits or size == total:
        return Measure(value, np.nan, np.nan)
    inside, outside = hits / size, (won - hits) / (total - size)
    top_spread, rest_spread = inside * (1 - inside) / size, outside * (1 - outside) / (total - size)
    spread = top_spread * (1 / inside - weight / share) ** 2 + rest_spread * ((1 - weight) / share) ** 2
    grow = float(np.exp(Z * np.sqrt(spread)))
    return Measure(value, value / grow, value * grow)


def deciles(n: Array) -> Array:
    """Tenth of the leads (0 lowest to 9) that each distinct score belongs to: that of the middle of its leads, ties never split."""
    middle = np.cumsum(n) - n / 2
    return np.minimum(np.floor(10 * middle / n.sum()), 9).astype(int) if len(n) else np.zeros(0, dtype=int)


def as_probability(score: Array) -> Array | None:
    """The probability a score claims: itself in [0, 1], a hundredth of it in [0, 100]; None for any other scale."""
    if not len(score) or score.min() < 0 or score.max() > 100:
        return None
    return score if score.max() <= 1 else score / 100


class Threshold(NamedTuple):
    """The score from which working a lead pays.

    Attributes:
        value: Lowest score to work; null when working nobody is best.
        lower: Lowest score that is not clearly worse as a threshold.
        upper: Highest such score.
        net: Money won less cost of work, over all leads at or above the threshold.
        net_of_all: The same when every lead is worked.
        worked: Leads at or above the threshold.
    """

    value: float
    lower: float
    upper: float
    net: float
    net_of_all: float
    worked: float


def best_threshold(score: Array, n: Array, amount: Array, amount_sq: Array, *, cost_to_work: float) -> Threshold:
    """The threshold with the largest value less cost, had only leads at or above it been worked.

    Args:
        score: Distinct scores, ascending.
        n: Leads per score.
        amount: Money won per score.
        amount_sq: Sum of squares of the amounts won per score.
        cost_to_work: Cost of working one lead, same currency.

    Returns:
        The threshold; among equals the lowest. The limits hold the thresholds whose shortfall is within 1.96 standard errors of that
        difference, pointwise; it assumes that a lead that is not worked is not won.
    """
    gain = np.append(np.cumsum((amount - cost_to_work * n)[::-1])[::-1], 0.0)  # the last place: nobody is worked
    squares = np.append(np.cumsum((amount_sq - 2 * cost_to_work * amount + cost_to_work**2 * n)[::-1])[::-1], 0.0)
    best = int(np.argmax(gain))
    shortfall, spread = gain[best] - gain, np.abs(squares - squares[best])
    close = score[(shortfall <= Z * np.sqrt(spread))[:-1]]
    low, high = (float(close.min()), float(close.max())) if len(close) else (np.nan, np.nan)
    chosen = float(score[best]) if best < len(score) else np.nan
    return Threshold(chosen, low, high, float(gain[best]), float(gain[0]), float(n[best:].sum()))
