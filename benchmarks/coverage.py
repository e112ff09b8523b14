"""Do the 95 % intervals cover? Thousands of seeded runs per regime against truths known exactly.

    python benchmarks/coverage.py [--runs 4000] [--out benchmarks/coverage.md]

Every truth is a formula of the simulated process, never a simulation. A run counts where it has the events and the matured units that the
regime asks for. `tests/stats/test_coverage.py` runs the same regimes with fewer runs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import gamma

from alignment_toolkit.stats import (
    RiskTable,
    incidence,
    interval_from_replicates,
    jackknife,
    jackknife_difference,
    mean_time_among,
    mean_time_interval,
    probability_interval,
    restricted_mean,
    shrink,
    survival,
    survival_quantile,
    table_from_counts,
    value_per_unit,
    wilson_interval,
)

CHUNK = 500  # runs simulated at a time
MIN_EVENTS, MIN_N = 10, 20


class Score(NamedTuple):
    """Whether each counted interval held the truth, and on which side the others missed."""

    held: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @classmethod
    def of(cls, truth, lower, upper, counted) -> Score:
        below, above = (truth < lower)[counted], (truth > upper)[counted]
        return cls(~(below | above), below, above)


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
        return np.array([[1 - win - lose, lose, win, 0], [0, 1 - back - rewin, rewin, back], [0, 0, 1, 0], [0, lose, more, 1 - lose - more]])

    def wins_by(self, day: int) -> float:
        state = np.array([1.0, 0, 0, 0])
        for step in range(day + 1):
            state = state @ self.daily(step)
        return float(state[2])

    def tables(self, rng, runs: int) -> RiskTable:
        state = np.zeros((runs, self.units), dtype=np.int8)
        last = rng.integers(self.watched[0], self.watched[1] + 1, state.shape)
        counts = {name: np.zeros((runs, self.horizon + 2)) for name in ("enter", "event", "competing", "reopen", "event_from_lost",
                                                                        "censor", "censor_lost", "potential")}  # fmt: skip
        counts["enter"][:, 0] = self.units
        for day in range(self.horizon + 2):
            seen, before = last >= day, state
            state = next_state(before, self.daily(day), rng)
            is_open, was_lost = (before == 0) | (before == 3), before == 1
            for name, moved in (("event", is_open & (state == 2)), ("competing", is_open & (state == 1)), ("reopen", was_lost & (state == 3)),
                                ("event_from_lost", was_lost & (state == 2)), ("censor", (last == day) & ((state == 0) | (state == 3))),
                                ("censor_lost", (last == day) & (state == 1)), ("potential", last == day)):  # fmt: skip
                counts[name][:, day] = (seen & moved).sum(axis=1)
        return table_from_counts(counts)


def next_state(state, matrix, rng) -> np.ndarray:
    """Each unit's state after a day, drawn from its row of the matrix."""
    return (rng.random(state.shape)[..., None] > np.cumsum(matrix, axis=1)[state]).sum(axis=-1).clip(0, 3).astype(np.int8)


def table_chunks(process, runs: int, seed: int) -> Iterator[RiskTable]:
    rng = np.random.default_rng(seed)
    for start in range(0, runs, CHUNK):
        yield process.tables(rng, min(CHUNK, runs - start))


def pooled(scores: Iterator[Score]) -> Score:
    return Score(*(np.concatenate(parts) for parts in zip(*scores, strict=True)))


def incidence_scores(process, runs: int, seed: int, *, min_events: int = MIN_EVENTS) -> Score:
    def one(table: RiskTable) -> Score:
        h = process.horizon
        curve, matured = incidence(table).at(h), table.matured(h)
        bounds = probability_interval(*curve, matured)
        return Score.of(process.wins_by(h), *bounds, (table.won_by(h) >= min_events) & (matured >= MIN_N))

    return pooled(one(table) for table in table_chunks(process, runs, seed))


def survival_scores(process: Funnel, runs: int, seed: int) -> Score:
    def one(table: RiskTable) -> Score:
        h = process.horizon
        left = (table.events + table.competing)[..., : h + 1].sum(axis=-1)
        bounds = probability_interval(*survival(table).at(h), table.matured(h))
        return Score.of(process.open_at(h), *bounds, (left >= MIN_EVENTS) & (table.matured(h) >= MIN_N))

    return pooled(one(table) for table in table_chunks(process, runs, seed))


def mean_scores(process: Funnel, runs: int, seed: int) -> Score:
    def one(table: RiskTable) -> Score:
        h = process.horizon
        left = (table.events + table.competing)[..., :h].sum(axis=-1)
        bounds = mean_time_interval(restricted_mean(table, h), h)
        return Score.of(process.open_at(np.arange(h)).sum(), *bounds, (left >= MIN_EVENTS) & (table.matured(h) >= MIN_N))

    return pooled(one(table) for table in table_chunks(process, runs, seed))


def quantile_scores(process: Funnel, runs: int, seed: int, *, share: float) -> Score:
    truth = int(np.argmax(process.open_at(np.arange(5_000)) <= 1 - share))

    def one(table: RiskTable) -> Score:
        found = survival_quantile(survival(table), share)
        lower, upper = np.nan_to_num(found.lower, nan=np.inf), np.nan_to_num(found.upper, nan=np.inf)
        return Score.of(truth, lower, upper, table.n >= MIN_N)

    return pooled(one(table) for table in table_chunks(process, runs, seed))


def wilson_scores(n: int, share: float, runs: int, seed: int) -> Score:
    bounds = wilson_interval(np.random.default_rng(seed).binomial(n, share, runs), n)
    return Score.of(share, *bounds, np.ones(runs, dtype=bool))
