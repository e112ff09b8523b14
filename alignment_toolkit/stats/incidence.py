"""Cumulative incidence: which share has been won by each day of age, with lost competing and re-opening allowed.

Question: what is the probability of being won within h days? Unit: the unit of the risk table. Denominator: all units that entered,
open ones counted as open. It does not answer what would happen if nothing were ever lost (1 − Kaplan-Meier pretends to, and is
never used here), and with re-openings its variance assumes that the chance to move depends on state and age alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
    entered = table.n > 0
    opened, lost = _first(np.where(entered, 1.0, np.nan)), _first(np.where(entered, 0.0, np.nan))
    won = lost
    shares = []
    for win, lose, reopen, rewin in zip(*map(_by_day, rate), strict=True):
        left, back = opened * (win + lose), lost * (reopen + rewin)
        won = won + opened * win + lost * rewin
        opened, lost = opened - left + lost * reopen, lost - back + opened * lose
        shares.append((opened, won, lost))
    return StateProbabilities(*(_together([day[at] for day in shares], like=table.at_risk) for at in range(3)))


def _by_day(array: Array) -> list[Any]:
    """The values of each day: plain numbers for a single unit, which are several times as fast, else arrays that lie together."""
    if array[..., 0].size == 1:
        return list(array.reshape(-1).tolist())
    return list(np.ascontiguousarray(np.moveaxis(array, -1, 0)))


def _first(array: Array) -> Any:
    return array.item() if array.size == 1 else array


def _together(days: list[Any], *, like: Array) -> Array:
    """Values by day as an array with the days on its last axis."""
    whole = np.asarray(days, dtype=float)
    return whole.reshape(like.shape) if whole.ndim == 1 else np.ascontiguousarray(np.moveaxis(whole, 0, -1))


def before(table: RiskTable) -> tuple[Array, Array]:
    """Shares open and lost just before each index: 1 and 0 at index 0, then those of the day before. Shapes (..., K+1)."""
    shares = state_probabilities(table)
    return _before(shares.open, first=1.0), _before(shares.lost, first=0.0)


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
    step, spread = _steps(table, shares)
    # Covariance of the open and the lost share, carried from day to day; the won share is what is missing to 1.
    of_open = of_both = of_lost = 0.0
    variance = []
    for carried, added in zip(zip(*map(_by_day, step), strict=True), zip(*map(_by_day, spread), strict=True), strict=True):
        oo, ob, ol, bo, bb, bl, lo, lb, ll = carried
        of_open, of_both, of_lost = (
            oo * of_open + ob * of_both + ol * of_lost + added[0],
            bo * of_open + bb * of_both + bl * of_lost + added[1],
            lo * of_open + lb * of_both + ll * of_lost + added[2],
        )
        variance.append(of_open + 2 * of_both + of_lost)
    told = _together(variance, like=table.at_risk)
    return Curve(shares.won, np.where(np.isnan(shares.won), np.nan, np.maximum(told, 0.0)))


def _before(share: Array, *, first: float) -> Array:
    start = np.where(np.isnan(share[..., :1]), np.nan, first)
    return np.concatenate([start, share[..., :-1]], axis=-1)


def _steps(table: RiskTable, shares: StateProbabilities) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """How one day carries the covariance (open, open-lost, lost) of the shares on, and what it adds to it.

    With the day's transition matrix T over (open, lost) and covariance C it becomes T'CT plus, per state left, the squared share in it / at
    risk × the multinomial covariance of its row.
    """
    win, lose, reopen, rewin = hazards(table)
    stay, rest = 1 - win - lose, 1 - reopen - rewin
    step = (
        *(stay * stay, 2 * stay * reopen, reopen * reopen),
        *(stay * lose, stay * rest + reopen * lose, reopen * rest),
        *(lose * lose, 2 * lose * rest, rest * rest),
    )
    from_open = ratio(np.square(_before(shares.open, first=1.0)), table.at_risk, empty=0.0)
    from_lost = ratio(np.square(_before(shares.lost, first=0.0)), table.lost_at_risk, empty=0.0)
    spread = (
        from_open * stay * (1 - stay) + from_lost * reopen * (1 - reopen),
        -from_open * stay * lose - from_lost * reopen * rest,
        from_open * lose * (1 - lose) + from_lost * rest * (1 - rest),
    )
    return step, spread
