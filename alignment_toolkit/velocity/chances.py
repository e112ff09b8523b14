"""The chance of a win within some more days, given the stage a lead stands in and the days it has stood there.

Unit: the lead, which passes from visit to visit. Hazards of leaving a stage, forwards or not, depend on the stage and on the days in it
alone (a semi-Markov process); they are occurrences over exposure in bands of days that grow wider, so that no day's few leads decide. It
does not know what was said on the phone: two leads of one stage and age have one chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.leads import N_GROUPS
from alignment_toolkit.stats import leave_one_out, risk_table
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
        by_age: Shape (stages, OLDEST + 1): by whole days in the stage; null where too few visits were followed.
        reasons: Why a stage has none, None where it has.
    """

    stages: list[str]
    horizon: int
    by_age: Array
    reasons: list[str | None]

    @property
    def fresh(self) -> Array:
        """The chance of a lead that enters the stage today, shape (stages,)."""
        return self.by_age[:, 0]

    def of(self, stage: pd.Series, day: pd.Series) -> tuple[Array, Array]:
        """The chance now, and that of a fresh entrant, of leads by their stage and days in it."""
        at = pd.Index(self.stages).get_indexer(pd.Index(stage))
        return self.by_age[at, np.minimum(day.to_numpy(dtype=np.int64), OLDEST)], self.fresh[at]


@checked(horizon=DAYS_AHEAD)
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
    to = leaving(table, exits(study, stages).sum(axis=0), min_n=study.config.min_n, last=OLDEST + horizon)
    found = chance_by_age(to, horizon=horizon)
    rule = study.followed_rule("visit")
    reasons = [rule.reason(table[at], band_starts(table.at_risk[at], min_n=rule.min_n)[-1]) for at in range(len(stages))]
    known = np.array([reason is None for reason in reasons], dtype=bool)
    return Chances(stages, horizon, np.where(known[:, None], found, np.nan), reasons)


def chances_without(study: Study, stages: list[str], *, horizon: int = HORIZON) -> Array:
    """The chances without each jackknife group of accounts in turn, shape (16, stages, OLDEST + 1)."""
    frame = moves_frame("stage_moves", study, by="stage")
    cells = [f"{stage} {group}" for stage in stages for group in range(N_GROUPS)]
    split = risk_table(frame.assign(segment=frame["segment"] + " " + frame["group"].astype(str)), segments=cells)[1]
    table = RiskTable(**{name: array.reshape(len(stages), N_GROUPS, -1) for name, array in split.arrays()})
    return left_out(table, exits(study, stages), min_n=study.config.min_n, horizon=horizon)


def left_out(table: RiskTable, ended: Array, *, min_n: int, horizon: int) -> Array:
    """The chances without each group in turn.

    Args:
        table: Visits by stage and group, shape (stages, groups, K+1).
        ended: As `exits` counts them, shape (groups, stages, stages + 2).
        min_n: As for `leaving`.
        horizon: Days.

    Returns:
        Shape (groups, stages, OLDEST + 1).
    """
    rest, without = leave_one_out(table), ended.sum(axis=0) - ended
    to = [leaving(rest[:, group], without[group], min_n=min_n, last=OLDEST + horizon) for group in range(len(ended))]
    return chance_by_age(np.stack(to), horizon=horizon)


def exits(study: Study, stages: list[str]) -> Array:
    """Visits that ended by jackknife group, where they came from and led to: shape (16, stages, stages + 2), won and lost last."""
    counts = counted("stage_exits", study)
    found = np.zeros((N_GROUPS, len(stages), len(stages) + 2))
    place = pd.Index(stages).get_indexer(pd.Index(counts["segment"]))
    np.add.at(found, (counts["group"].to_numpy(np.int64), place, counts["next_rank"].to_numpy(np.int64)), counts["n"])
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


def band_starts(at_risk: Array, *, min_n: int) -> list[int]:
    """The first days of the bands that are used: a band begins only where enough visits are at risk."""
    return [day for day in BANDS if day == 0 or (day < len(at_risk) and at_risk[day] >= min_n)]


def banded(moves: Array, at_risk: Array, *, min_n: int, last: int) -> Array:
    """Moves over exposure in bands of days, by day 0 to `last`; the last band with enough at risk at its start holds all later days."""
    starts = band_starts(at_risk, min_n=min_n)
    rates = [ratio(moves[a:b].sum(), at_risk[a:b].sum(), empty=0.0) for a, b in zip(starts, [*starts[1:], len(at_risk)], strict=True)]
    return np.array(rates, dtype=float)[np.searchsorted(starts, np.arange(last + 1), side="right") - 1]


def chance_by_age(to: Array, *, horizon: int) -> Array:
    """The chance of a win within the horizon by stage and days in it.

    Args:
        to: As `leaving` returns it, days up to OLDEST + horizon; axes before (replicates) are free.
        horizon: Days.

    Returns:
        Shape (..., stages, OLDEST + 1).
    """
    return [chances for _, chances in chances_within(to, horizon=horizon)][-1]


def fresh_chances(to: Array, *, horizon: int) -> Array:
    """The chance of a win within u days of entering each stage, u = 0 to the horizon; a last row of ones stands for won."""
    return np.stack([fresh for fresh, _ in chances_within(to, horizon=horizon)], axis=-1)


def chances_within(to: Array, *, horizon: int) -> Iterator[tuple[Array, Array]]:
    """For 0, 1, … `horizon` days the chances of a win within them.

    A lead that leaves its stage today is in the next from today on, at day 0 of it; one that stays is a day older tomorrow.

    Args:
        to: As `chance_by_age` takes it.
        horizon: Days.

    Yields:
        Of a fresh entrant to each stage, shape (..., stages + 1), 1 for won; and by days in the stage, shape (..., stages, days), the ages
        that the days left still need.
    """
    size, last = to.shape[-3], to.shape[-1]
    stay = 1 - to.sum(axis=-2)
    at_once = np.eye(size) - to[..., :size, 0]  # several stages may be passed within one day
    later = np.zeros((*to.shape[:-3], size, last + 1))
    for day in range(horizon + 1):
        first = to[..., size, 0] + stay[..., 0] * later[..., 1]
        fresh = np.linalg.solve(at_once, first[..., None])[..., 0]
        known = np.concatenate([fresh, np.ones((*fresh.shape[:-1], 1))], axis=-1)
        ages = last - day
        later = np.einsum("...srk,...r->...sk", to[..., :-1, :ages], known) + stay[..., :ages] * later[..., 1 : ages + 1]
        yield known, later
