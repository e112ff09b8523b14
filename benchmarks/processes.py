"""Simulated funnels whose truths are formulas: what the coverage study and the tests of the statistics draw from.

Each process draws units and hands back risk tables with the runs (or the jackknife buckets) on the leading axis, and says what its
incidence, survival, value per unit and times truly are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import gamma

from alignment_toolkit.stats import RiskTable, table_from_counts
from alignment_toolkit.stats.risk import MOVES


@dataclass(frozen=True)
class Funnel:
    """Units that are won (share `won`, gamma times of shape 2) or lost (exponential times), watched until a random last index.

    Attributes:
        units: Units per run that could be seen.
        won: Share ever won.
        win_days: Mean days to the win.
        lose_days: Mean days to the loss.
        watched: Lowest and highest last observed index, all in between equally likely.
        late: Share of units that come under observation only at a random age up to 60 days, if still open then.
        horizon: Day index of the figures.
    """

    units: int = 400
    won: float = 0.25
    win_days: float = 120.0
    lose_days: float = 90.0
    watched: tuple[int, int] = (180, 540)
    late: float = 0.0
    horizon: int = 180

    def wins_by(self, days) -> np.ndarray:
        return self.won * gamma.cdf(np.asarray(days) + 1.0, 2, scale=self.win_days / 2)

    def open_at(self, days) -> np.ndarray:
        return 1 - self.wins_by(days) - (1 - self.won) * -np.expm1(-(np.asarray(days) + 1.0) / self.lose_days)

    def tables(self, rng, runs: int) -> RiskTable:
        shape = (runs, self.units)
        wins = rng.random(shape) < self.won
        day = np.where(wins, rng.gamma(2, self.win_days / 2, shape), rng.exponential(self.lose_days, shape)).astype(int)
        last = rng.integers(self.watched[0], self.watched[1] + 1, shape)
        entry = np.where(rng.random(shape) < self.late, rng.integers(1, 61, shape), 0)
        seen = (day >= entry) & (last >= entry)
        exit_day = np.minimum(day, last)
        moves = {"enter": (entry, seen), "event": (day, seen & wins & (day <= last)), "competing": (day, seen & ~wins & (day <= last)),
                 "censor": (exit_day, seen & (day > last)), "potential": (last, seen)}  # fmt: skip
        return table_from_counts({name: count_days(*move, self.watched[1]) for name, move in moves.items()}).cut(self.horizon + 1)


def count_days(day, kept, top: int) -> np.ndarray:
    """Kept units per run and day, shape (runs, top + 1)."""
    runs = day.shape[0]
    place = (np.arange(runs)[:, None] * (top + 1) + np.minimum(day, top))[kept]
    return np.bincount(place, minlength=runs * (top + 1)).reshape(runs, top + 1).astype(float)


@dataclass(frozen=True)
class Reopening:
    """A three-state process in days: open to won or lost, lost to open or won; with `memory`, re-opened units win more often.

    Its state shares come from the product of its daily transition matrices, over (open, lost, won, re-opened).
    """

    units: int = 400
    memory: float = 1.0
    watched: tuple[int, int] = (120, 360)
    horizon: int = 180

    def daily(self, day: int) -> np.ndarray:
        win, lose, back, rewin = 0.0016 + 0.00001 * day, 0.006, 0.008, 0.0004
        more = win * self.memory
        return np.array(
            [[1 - win - lose, lose, win, 0], [0, 1 - back - rewin, rewin, back], [0, 0, 1, 0], [0, lose, more, 1 - lose - more]]
        )

    def wins_by(self, day: int) -> float:
        state = np.array([1.0, 0, 0, 0])
        for step in range(day + 1):
            state = state @ self.daily(step)
        return float(state[2])

    def tables(self, rng, runs: int) -> RiskTable:
        state = np.zeros((runs, self.units), dtype=np.int8)
        last = rng.integers(self.watched[0], self.watched[1] + 1, state.shape)
        counts = {name: np.zeros((runs, self.horizon + 2)) for name in MOVES}
        counts["enter"][:, 0] = self.units
        for day in range(self.horizon + 2):
            seen, before = last >= day, state
            state = next_state(before, self.daily(day), rng)
            is_open, was_lost = (before == 0) | (before == 3), before == 1
            moves = {
                "event": is_open & (state == 2),
                "competing": is_open & (state == 1),
                "reopen": was_lost & (state == 3),
                "event_from_lost": was_lost & (state == 2),
                "censor": (last == day) & ((state == 0) | (state == 3)),
                "censor_lost": (last == day) & (state == 1),
                "potential": last == day,
            }
            for name, moved in moves.items():
                counts[name][:, day] = (seen & moved).sum(axis=1)
        return table_from_counts(counts)


def next_state(state, matrix, rng) -> np.ndarray:
    """Each unit's state after a day, drawn from its row of the matrix."""
    drawn, steps = rng.random(state.shape), np.cumsum(matrix, axis=1)[:, :3]
    return sum((drawn > steps[:, column][state]).astype(np.int8) for column in range(3))


@dataclass(frozen=True)
class Deals:
    """Accounts in 256 buckets with leads that are won for a skewed amount; big deals take longer. An index is ten days.

    Attributes:
        leads: Leads per run.
        won: Share ever won.
        spread: Standard deviation of the log amount (1: the largest in a hundred is ten times the median).
        per_account: Leads of one account; they are won or lost together.
        watched: Lowest and highest last observed index.
        horizon: Index of the figures.
    """

    leads: int = 400
    won: float = 0.25
    spread: float = 1.0
    per_account: int = 1
    watched: tuple[int, int] = (18, 54)
    horizon: int = 18
    slower: float = 1.0

    def _win_mass(self) -> np.ndarray:
        return np.diff(gamma.cdf(np.arange(self.horizon + 2.0), 2, scale=6)) * self.won

    def wins_by(self, day: int) -> float:
        return float(self._win_mass()[: day + 1].sum())

    def value(self) -> float:
        rising = np.exp(self.slower * np.arange(self.horizon + 1) / self.horizon + self.spread**2 / 2)
        return float((self._win_mass() * rising).sum())

    def mean_time(self) -> float:
        return float((self._win_mass() * np.arange(self.horizon + 1)).sum() / self._win_mass().sum())

    def quantile(self, share: float) -> int:
        return int(np.argmax(np.cumsum(self._win_mass()) >= share * self._win_mass().sum()))

    def leads_of(self, rng):
        """One run's leads: bucket, whether won, index of the outcome, last observed index, amount."""
        accounts = -(-self.leads // self.per_account)
        account = np.repeat(np.arange(accounts), self.per_account)[: self.leads]
        wins = (rng.random(accounts) < self.won)[account]
        day = np.where(wins, rng.gamma(2, 6, self.leads), rng.exponential(9, self.leads)).astype(int)
        last = rng.integers(self.watched[0], self.watched[1] + 1, self.leads)
        amount = np.exp(self.spread * rng.standard_normal(self.leads) + self.slower * day / self.horizon)
        return rng.integers(0, 256, accounts)[account], wins, day, last, amount

    def buckets(self, leads, seen=None) -> RiskTable:
        bucket, wins, day, last, amount = leads
        seen = np.ones(len(day), dtype=bool) if seen is None else seen
        width = self.horizon + 1

        def count(when, kept, weights=None):
            kept = kept & seen & (when < width)
            place = bucket[kept] * width + when[kept]
            return np.bincount(place, None if weights is None else weights[kept], minlength=256 * width).reshape(256, width).astype(float)

        everyone, won = np.ones(len(day), dtype=bool), wins & (day <= last)
        moves = {"enter": count(0 * day, everyone), "event": count(day, won), "competing": count(day, ~wins & (day <= last)),
                 "censor": count(last, day > last), "potential": count(last, everyone)}  # fmt: skip
        return table_from_counts(moves, amounts={"event": count(day, won, amount)})
