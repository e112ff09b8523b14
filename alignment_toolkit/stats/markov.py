"""Removal effects in a Markov chain of order 1 by exact algebra: nothing is simulated, so every run gives the same answer.

Question: how many of the wins would be missing if every journey that comes to this channel were lost there? Unit: the step of a journey
from one touch to the next. Denominator: the journeys that begin in the chain. It does not answer what would happen if the channel were
closed, since people would come another way: an effect of removal is an association.

A journey that is still open has taken its steps so far and no last one: it adds to the counts what was seen and is never called lost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment_toolkit.stats.risk import Array, ratio

DENSE_UP_TO = 200


class Removal(NamedTuple):
    """What the chain says of each channel.

    Attributes:
        effect: Share of the wins that would be missing without the channel, in [0, 1], shape (channels,); null when nobody is won.
        visited: Probability that a journey comes to the channel at all, shape (channels,).
        wins_from: Probability of being won from the channel on, shape (channels,).
        won: Probability of being won from the start, in [0, 1]; null when no step from the start leads to an end.
    """

    effect: Array
    visited: Array
    wins_from: Array
    won: float


def removal_effects(steps: ArrayLike) -> Removal:
    """The removal effect of each channel.

    A journey without the channel is lost where it would first have come to it, so the wins that are missing are those of the journeys that
    pass it: P(the channel is visited) × P(won from it on). Both come out of one factorisation of I − Q, Q the transition probabilities
    among start and channels. Steps into a channel from which no end has been seen are those of open journeys whose continuation is not
    known; they are left out, as the steps to come are.

    Args:
        steps: Counts of steps, shape (channels + 1, channels + 2): from the start and each channel, to each channel, won and lost.

    Returns:
        See `Removal`. Steps from a channel to itself change nothing.

    Reference:
        Anderl, Becker, von Wangenheim and Schumann 2016, "Mapping the customer journey"; Kemeny and Snell 1960, theorem 3.2.4 for the
        fundamental matrix and 3.5.4 for the probability of ever coming to a state.
    """
    counts = np.asarray(steps, dtype=float)
    n = counts.shape[0] - 1
    known = np.where(reaches_an_end(counts)[None, :], counts, 0.0)
    share = ratio(known, known.sum(axis=1, keepdims=True), empty=0.0)
    if not share[0].any():
        return Removal(np.full(n, np.nan), np.zeros(n), np.zeros(n), float("nan"))
    fundamental = fundamental_matrix(np.hstack([np.zeros((n + 1, 1)), share[:, :n]]))
    wins = np.clip(fundamental @ share[:, n], 0.0, 1.0)
    visited = np.clip(ratio(fundamental[0], np.diag(fundamental)), 0.0, 1.0)[1:]
    won = float(wins[0])
    effect = ratio(visited * wins[1:], np.full(n, won)) if won > 0 else np.full(n, np.nan)
    return Removal(effect, visited, wins[1:], won)


def fundamental_matrix(inner: Array) -> Array:
    """(I − Q)⁻¹ of the transition probabilities Q among start and channels: expected visits to each from each.

    A sparse factorisation pays from some hundred channels on; below, taking a matrix apart costs more than solving it.
    """
    size = len(inner)
    if size <= DENSE_UP_TO:
        return np.asarray(np.linalg.inv(np.eye(size) - inner))
    from scipy.sparse import csc_matrix, eye
    from scipy.sparse.linalg import splu

    return np.asarray(splu(eye(size, format="csc") - csc_matrix(inner)).solve(np.eye(size)))


def reaches_an_end(counts: Array) -> NDArray[np.bool_]:
    """Which columns of the steps are an end or lead to one: the two ends are, a channel is when one of its steps leads to such a column."""
    n = counts.shape[0] - 1
    known = np.zeros(n + 2, dtype=bool)
    known[n:] = True
    while True:
        onward = (counts[1:, known] > 0).any(axis=1) | known[:n]
        if (onward == known[:n]).all():
            return known
        known[:n] = onward
