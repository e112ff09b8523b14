"""The chance of a win within some more days, given the stage a lead stands in and the days it has stood there.

Unit: the lead, which passes from visit to visit. Hazards of leaving a stage, forwards or not, depend on the stage and on the days in it
alone (a semi-Markov process); they are occurrences over exposure in bands of days that grow wider, so that no day's few leads decide. It
does not know what was said on the phone: two leads of one stage and age have one chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.stats.risk import Array, RiskTable, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.tables import stage_tables

BANDS = (0, 1, 2, 4, 8, 15, 31, 61, 91, 181)  # first days: leaving slows down, so later bands are wider
OLDEST = 366  # days in a stage from which on age says no more
HORIZON = 90


@dataclass(frozen=True)
class Chances:
    """Chances of a win within `horizon` more days.

    Attributes:
        stages: Names of the open stages in order.
        horizon: Days.
        by_age: Shape (stages, OLDEST + 1): by whole days in the stage; null where too few visits were seen.
    """

    stages: list[str]
    horizon: int
    by_age: Array

    @property
    def fresh(self) -> Array:
        """The chance of a lead that enters the stage today, shape (stages,)."""
        return self.by_age[:, 0]

    def of(self, stage: pd.Series, day: pd.Series) -> tuple[Array, Array]:
        """The chance now, and that of a fresh entrant, of leads by their stage and days in it."""
        at = pd.Index(self.stages).get_indexer(pd.Index(stage))
        return self.by_age[at, np.minimum(day.to_numpy(dtype=np.int64), OLDEST)], self.fresh[at]


def win_chances(study: Study, *, horizon: int = HORIZON) -> Chances:
    """The chances as the visits of the study's window tell them.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Days from `as_of` on.

    Reference:
        Occurrence-exposure rates: Andersen, Borgan, Gill and Keiding 1993, section VI.1; semi-Markov transition probabilities: Pyke 1961.
    """
    labels, pooled = stage_tables(study)
    stages, table = labels[1:], pooled[slice(1, None)]
    to = leaving(table, exits(study, stages), min_n=study.config.min_n, last=OLDEST + horizon)
    found = chance_by_age(to, horizon=horizon)
    return Chances(stages, horizon, np.where((table.n >= study.config.min_n)[:, None], found, np.nan))


def exits(study: Study, stages: list[str]) -> Array:
    """Visits that ended by where they came from and led to: shape (stages, stages + 2), won and lost last."""
    counts = counted("stage_exits", study)
    found = np.zeros((len(stages), len(stages) + 2))
    np.add.at(found, (pd.Index(stages).get_indexer(pd.Index(counts["segment"])), counts["next_rank"].to_numpy(np.int64)), counts["n"])
    return found


def leaving(table: RiskTable, ended: Array, *, min_n: int, last: int) -> Array:
    """The daily chance to leave each stage for each other one, by days in it.

    Args:
        table: Visits by stage, event = advanced, competing = lost or moved back; shape (stages, K+1).
        ended: As `exits` counts them; where a visit leads is taken to depend on its stage and direction alone.
        min_n: A band begins only where so many visits are at risk.
        last: Last day.

    Returns:
        Shape (stages, stages + 2, last + 1).
    """
    size = len(ended)
    onward = np.arange(size + 2)[None, :] > np.arange(size)[:, None]
    onward[:, size + 1] = False  # lost comes after won in the funnel's order and is no advance
    told = np.zeros((size, size + 2, last + 1))
    for moves, kind in ((table.events, onward), (table.competing, ~onward)):
        part = np.where(kind, ended, 0.0)
        split = ratio(part, part.sum(axis=-1, keepdims=True), empty=0.0)
        rates = np.stack([banded(moves[at], table.at_risk[at], min_n=min_n, last=last) for at in range(size)])
        told += split[:, :, None] * rates[:, None, :]
    return told


def banded(moves: Array, at_risk: Array, *, min_n: int, last: int) -> Array:
    """Moves over exposure in bands of days, by day 0 to `last`; the last band with enough at risk at its start holds all later days."""
    starts = [day for day in BANDS if day == 0 or (day < len(at_risk) and at_risk[day] >= min_n)]
    rates = [ratio(moves[a:b].sum(), at_risk[a:b].sum(), empty=0.0) for a, b in zip(starts, [*starts[1:], len(at_risk)], strict=True)]
    return np.array(rates, dtype=float)[np.searchsorted(starts, np.arange(last + 1), side="right") - 1]


def chance_by_age(to: Array, *, horizon: int) -> Array:
    """The chance of a win within the horizon by stage and days in it.

    Args:
        to: As `leaving` returns it, days up to OLDEST + horizon.
        horizon: Days.

    Returns:
        Shape (stages, OLDEST + 1).
    """
    ahead = fresh_chances(to, horizon=horizon)[:, ::-1]  # of each stage, from day k on: what is left of the horizon
    stay = 1 - to.sum(axis=1)
    ages = []
    for age in range(OLDEST + 1):
        days = slice(age, age + horizon + 1)
        still = np.concatenate([np.ones((len(to), 1)), np.cumprod(stay[:, days], axis=1)[:, :-1]], axis=1)
        ages.append(np.einsum("sk,srk,rk->s", still, to[:, :-1, days], ahead))
    return np.stack(ages, axis=1)


def fresh_chances(to: Array, *, horizon: int) -> Array:
    """The chance of a win within u days of entering each stage, u = 0 to the horizon; a last row of ones stands for won."""
    size = len(to)
    still = np.concatenate([np.ones((size, 1)), np.cumprod(1 - to.sum(axis=1), axis=1)[:, :-1]], axis=1)
    step = still[:, None, :] * to[:, :-1, :]
    known = np.ones((size + 1, horizon + 1))
    at_once = np.eye(size) - step[:, :size, 0]  # several stages may be passed within one day
    for day in range(horizon + 1):
        later = np.einsum("srk,rk->s", step[:, :, 1 : day + 1], known[:, :day][:, ::-1]) + step[:, size, 0]
        known[:size, day] = np.linalg.solve(at_once, later)
    return known
