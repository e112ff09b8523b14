"""Cumulative incidence: which share has been won by each day of age, with lost competing and re-opening allowed.

Question: what is the probability of being won within h days? Unit: the unit of the risk table. Denominator: all units that entered,
open ones counted as open. It does not answer what would happen if nothing were ever lost (1 − Kaplan-Meier pretends to, and is
never used here), and with re-openings its variance assumes that the chance to move depends on state and age alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alignment_toolkit.stats.risk import Array, RiskTable, ratio


class Curve(NamedTuple):
    """An estimate per day index, of shape (..., K+1), with its variance.

    Attributes:
        value: A probability in [0, 1]; null where no unit had entered.
        variance: Its estimated variance; 0 before the first move, null where the value is.
    """

    value: Array
    variance: Array

    def at(self, horizon: int) -> Curve:
        """Value and variance at one index, of shape (...); null beyond the last index of the table."""
        if horizon >= self.value.shape[-1]:
            return Curve(np.full(self.value.shape[:-1], np.nan), np.full(self.value.shape[:-1], np.nan))
        return Curve(self.value[..., horizon], self.variance[..., horizon])


class StateProbabilities(NamedTuple):
    """The share of units in each state at the end of each day index; arrays of shape (..., K+1) that add up to 1."""

    open: Array
    won: Array
    lost: Array


class Hazards(NamedTuple):
    """Share of the units in a state that leave it on a day, by direction; 0 where nobody is at risk. Shape (..., K+1)."""

    win: Array
    lose: Array
    reopen: Array
    win_from_lost: Array


def hazards(table: RiskTable) -> Hazards:
    """The daily transition hazards; a day without units at risk contributes nothing."""
    return Hazards(
        ratio(table.events, table.at_risk, empty=0.0),
        ratio(table.competing, table.at_risk, empty=0.0),
        ratio(table.reopened, table.lost_at_risk, empty=0.0),
        ratio(table.events_from_lost, table.lost_at_risk, empty=0.0),
    )


def state_probabilities(table: RiskTable) -> StateProbabilities:
    """Aalen-Johansen state occupation probabilities of open, won and lost, everybody starting open.

    Args:
        table: Counts of shape (..., K+1).

    Returns:
        Shares at the end of each index that add up to 1; null where no unit ever entered. After the last unit has left observation the
        curves stay where they are: `RiskTable.matured` says up to where they are estimates.

    Reference:
        Aalen and Johansen 1978; Datta and Satten 2001 (valid for state occupation without the Markov assumption, entry at 0).
    """
    rate = hazards(table)
    size = np.broadcast_shapes(table.at_risk.shape)
    shares = StateProbabilities(*(np.empty(size) for _ in range(3)))
    opened, won, lost = np.where(table.n > 0, 1.0, np.nan), np.where(table.n > 0, 0.0, np.nan), np.where(table.n > 0, 0.0, np.nan)
    for day in table.days:
        win, lose = opened * rate.win[..., day], opened * rate.lose[..., day]
        reopen, rewin = lost * rate.reopen[..., day], lost * rate.win_from_lost[..., day]
        opened, won, lost = opened - win - lose + reopen, won + win + rewin, lost + lose - reopen - rewin
        shares.open[..., day], shares.won[..., day], shares.lost[..., day] = opened, won, lost
    return shares


def open_before(table: RiskTable) -> Array:
    """Share open just before each index: 1 at index 0, then the open share of the day before. Shape (..., K+1)."""
    return _before(state_probabilities(table).open, first=1.0)


def lost_before(table: RiskTable) -> Array:
    """Share lost just before each index: 0 at index 0, then the lost share of the day before. Shape (..., K+1)."""
    return _before(state_probabilities(table).lost, first=0.0)


def incidence(table: RiskTable) -> Curve:
    """Cumulative incidence of won with its variance, by the matrix form of Greenwood's formula.

    Args:
        table: Counts of shape (..., K+1).

    Returns:
        Curve of shape (..., K+1); null where no unit ever entered. Where nothing re-opens the variance is that of Dinse and Larson.

    Reference:
        Andersen, Borgan, Gill and Keiding 1993, eq. 4.4.17-4.4.19; Dinse and Larson 1986.
    """
    shares = state_probabilities(table)
    rate = hazards(table)
    opened, lost = _before(shares.open, first=1.0), _before(shares.lost, first=0.0)
    covariance = np.zeros((*table.shape, 3, 3))
    variance = np.empty(shares.won.shape)
    for day in table.days:
        step = _transition(rate, day)
        covariance = np.swapaxes(step, -1, -2) @ covariance @ step
        covariance += _spread(step[..., 0, :], weight=opened[..., day], at_risk=table.at_risk[..., day])
        covariance += _spread(step[..., 1, :], weight=lost[..., day], at_risk=table.lost_at_risk[..., day])
        variance[..., day] = covariance[..., 2, 2]
    return Curve(shares.won, np.where(np.isnan(shares.won), np.nan, np.maximum(variance, 0.0)))


def _before(share: Array, *, first: float) -> Array:
    start = np.where(np.isnan(share[..., :1]), np.nan, first)
    return np.concatenate([start, share[..., :-1]], axis=-1)


def _transition(rate: Hazards, day: int) -> Array:
    """The day's transition matrix over (open, lost, won), shape (..., 3, 3)."""
    win, lose, reopen, rewin = (array[..., day] for array in rate)
    matrix = np.zeros((*win.shape, 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = 1 - win - lose, lose, win
    matrix[..., 1, 0], matrix[..., 1, 1], matrix[..., 1, 2] = reopen, 1 - reopen - rewin, rewin
    matrix[..., 2, 2] = 1.0
    return matrix


def _spread(row: Array, *, weight: Array, at_risk: Array) -> Array:
    """Multinomial covariance of one row of the estimated transition matrix, times the squared share in that state."""
    scale = ratio(np.square(weight), at_risk, empty=0.0)
    diagonal = row[..., :, None] * np.eye(3)
    return scale[..., None, None] * (diagonal - row[..., :, None] * row[..., None, :])
