"""Shrinkage: rank sources by what their conversion probably is, not by luck.

Question: which groups are really better, given that small ones scatter most? Unit: the group (a source, a campaign). Its prior is that
groups differ around a common mean by as much as the data say. It promises its coverage over groups, not for a single one, and
says nothing about why groups differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.incidence import incidence
from alignment_toolkit.stats.risk import Array, RiskTable, ratio

MIN_GROUPS = 5
TOO_FEW = "too few to rank"
NO_GROUPS = "fewer than five groups to compare"


@dataclass(frozen=True, eq=False)
class ShrunkRates:
    """Shrunk probabilities of each group, arrays of shape (groups,).

    Attributes:
        value: Posterior mean in [0, 1]; null where there is a reason.
        lower: Lower 95 % limit.
        upper: Upper 95 % limit.
        p_best: Probability of being the highest of the groups that are ranked; these add up to 1.
        effective_n: Binomial trials that would be as precise as the estimate.
        effective_events: Successes among them.
        reason: Why a group has no value: None, `TOO_FEW` or `NO_GROUPS`.
    """

    value: Array
    lower: Array
    upper: Array
    p_best: Array
    effective_n: Array
    effective_events: Array
    reason: tuple[str | None, ...]


def shrink(value: ArrayLike, variance: ArrayLike, matured: ArrayLike, *, min_n: int = 20, cap: ArrayLike = np.inf) -> ShrunkRates:
    """Shrink incidences of groups towards their common mean by an empirical-Bayes beta-binomial, integrated, not plugged in.

    Args:
        value: Incidence F of each group, shape (groups,); a group without one takes no part.
        variance: Its variance.
        matured: Units of the group whose potential observation reaches the horizon.
        min_n: Groups with fewer matured units take no part.
        cap: As in `effective_counts`.

    Returns:
        One row per group, in the order given. No randomness: the same input gives the same output.

    Reference:
        Gelman et al. 2013, section 5.3 (beta-binomial hierarchy, integrated over a grid); Kish 1965 for effective counts.
    """
    share, spread, units = (np.asarray(array, dtype=float) for array in (value, variance, matured))
    trials, wins = effective_counts(share, spread, units, cap=cap)
    ranked = (units >= min_n) & ~np.isnan(trials)
    enough = int(ranked.sum()) >= MIN_GROUPS
    mean, lower, upper, p_best = columns = np.full((4, len(share)), np.nan)
    if enough:
        columns[:, ranked] = _posterior(trials[ranked], wins[ranked])
    reason = tuple(TOO_FEW if not fit else None if enough else NO_GROUPS for fit in ranked)
    return ShrunkRates(mean, lower, upper, p_best, trials, wins, reason)


def effective_counts(value: Array, variance: Array, matured: Array, *, cap: ArrayLike = np.inf) -> tuple[Array, Array]:
    """Counts n* = F(1 − F) / Var F and x* = n* F of a binomial as precise as the estimate.

    Where nobody or everybody was won (F is 0 or 1, the variance 0) n* is the matured count. Null where F is. `cap` is the largest n*:
    under late entry the units followed from age 0 on (`RiskTable.late_entry_cap`), since the variance does not know how few they were.
    """
    trials = np.where((value > 0) & (value < 1), ratio(value * (1 - value), variance), matured)
    trials = np.where(np.isnan(value), np.nan, np.minimum(trials, cap))
    return trials, trials * value


def effective_wins(table: RiskTable, horizon: int) -> tuple[Array, Array]:
    """The effective counts of the incidence at a horizon of the table, shape (...)."""
    return effective_counts(*incidence(table).at(horizon), table.matured(horizon), cap=table.late_entry_cap()[..., horizon])


@dataclass(frozen=True, eq=False)
class _Hyper:
    """Grid over the beta distribution of the groups, flattened: its two parameters and the posterior weight of each point."""

    alpha: Array
    beta: Array
    weight: Array


def _posterior(trials: Array, wins: Array) -> Array:
    """Mean, lower, upper and P(best) of each group, shape (4, groups)."""
    hyper = _hyper_grid(trials, wins)
    alpha, beta = hyper.alpha[:, None] + wins, hyper.beta[:, None] + trials - wins
    mean = hyper.weight @ (alpha / (alpha + beta))
    logit, share = _logit_grid(alpha, beta, hyper.weight)
    mass = _masses(alpha, beta, logit)
    marginal = np.einsum("h,hgp->gp", hyper.weight, mass)
    lower, upper = (_quantile(marginal, share, level) for level in (0.025, 0.975))
    return np.stack([mean, lower, upper, _p_best(mass, hyper.weight)])


def _hyper_grid(trials: Array, wins: Array, *, points: int = 15) -> _Hyper:
    """Marginal likelihood over the common mean and the concentration: a wide pass finds where it lives, a second looks closely.

    Prior: mean uniform, shrinkage 1 / (1 + sqrt(concentration)) uniform (Gelman's recommendation for the scale 1 / sqrt(concentration)
    of the differences between groups: proper, and finite at "no difference").
    """
    box = (-12.0, 6.0, np.log(0.5), np.log(1e6))
    for width in (2 * points, points, points):
        middle, size = np.meshgrid(np.linspace(*box[:2], width), np.linspace(*box[2:], width), indexing="ij")
        density = _log_marginal(middle, size, trials, wins)
        near = density > density.max() - 9.0
        box = (*_reach(middle, near), *_reach(size, near))
    weight = np.exp(density - density.max()).ravel()
    kept = weight > 1e-4 * weight.max()
    mean, concentration = _expit(middle).ravel()[kept], np.exp(size).ravel()[kept]
    return _Hyper(mean * concentration, (1 - mean) * concentration, weight[kept] / weight[kept].sum())


def _reach(axis: Array, near: Array) -> tuple[float, float]:
    """Range of the axis over the points that matter, with one step to spare on both sides."""
    values = np.unique(axis)
    step = values[1] - values[0]
    return float(axis[near].min() - step), float(axis[near].max() + step)


def _log_marginal(logit_mean: Array, log_size: Array, trials: Array, wins: Array) -> Array:
    from scipy.special import betaln

    mean, size = _expit(logit_mean), np.exp(log_size)
    alpha, beta = (mean * size)[..., None], ((1 - mean) * size)[..., None]
    likelihood = (betaln(alpha + wins, beta + trials - wins) - betaln(alpha, beta)).sum(axis=-1)
    # Densities on the grid's own axes: d mean = mean (1 - mean) d logit, and of s = 1 / (1 + sqrt(size)) likewise.
    root = np.exp(log_size / 2)
    return likelihood + np.log(mean) + np.log1p(-mean) + np.log(root / (1 + root) ** 2)


def _logit_grid(alpha: Array, beta: Array, weight: Array, *, points: int = 240) -> tuple[Array, Array]:
    """Points on the logit scale wide enough for every group's posterior, and the shares they stand for."""
    from scipy.special import polygamma, psi

    centre, spread = psi(alpha) - psi(beta), np.sqrt(polygamma(1, alpha) + polygamma(1, beta))
    seen = weight > 1e-4 * weight.max()
    low = max(float((centre - 8 * spread)[seen].min()), -40.0)
    high = min(float((centre + 8 * spread)[seen].max()), 40.0)
    logit = np.linspace(low, high, points)
    return logit, _expit(logit)


def _masses(alpha: Array, beta: Array, logit: Array) -> Array:
    """Probability of each grid cell under each beta distribution, shape (hyper, groups, points)."""
    log_share, log_rest = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    density = alpha[..., None] * log_share + beta[..., None] * log_rest
    mass = np.exp(density - density.max(axis=-1, keepdims=True))
    return mass / mass.sum(axis=-1, keepdims=True)


def _quantile(mass: Array, share: Array, level: float) -> Array:
    """Quantile of each row of masses, interpolated between the middles of the cells."""
    below = np.cumsum(mass, axis=-1) - mass / 2
    return np.array([np.interp(level, row, share) for row in below])


def _p_best(mass: Array, weight: Array) -> Array:
    """Probability that each group is the highest: groups are independent given a point of the grid, ties shared."""
    below = np.log(np.maximum(np.cumsum(mass, axis=-1) - mass / 2, 1e-300))
    others = np.exp(below.sum(axis=1, keepdims=True) - below)
    chance = np.einsum("h,hgp,hgp->g", weight, mass, others)
    return chance / chance.sum()


def _expit(logit: Array) -> Array:
    return 1 / (1 + np.exp(-logit))
