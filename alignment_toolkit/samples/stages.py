"""When does each lead enter each stage? The intermediate stages are placed inside the lead's latent history.

Unit: one visit of one lead to one stage. Only events before the end of the data are observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.outcomes import Outcomes
from alignment_toolkit.samples.population import Population, generator

_WEIGHTS = (0.5, 0.4, 0.4, 0.7, 5.0)
_APART = 60


@dataclass(frozen=True)
class Visits:
    """Entries in seconds, one column per non-terminal stage (`span.NEVER` = none), before and after a re-opening."""

    first: np.ndarray
    second: np.ndarray

    @property
    def opportunity(self) -> np.ndarray:
        """Instant of the first opportunity of each lead."""
        return np.minimum(self.first[:, company.OPPORTUNITY], self.second[:, company.OPPORTUNITY])


@dataclass(frozen=True)
class Events:
    """Stage events in long form: position of the lead, position of the stage, instant in seconds."""

    lead: np.ndarray
    stage: np.ndarray
    at: np.ndarray

    def keep(self, mask: np.ndarray) -> Events:
        """The events where the mask is true."""
        return Events(self.lead[mask], self.stage[mask], self.at[mask])


def _first(rng: np.random.Generator, *, population: Population, outcomes: Outcomes) -> np.ndarray:
    stages = np.arange(company.OPPORTUNITY + 1)
    reached = stages <= outcomes.depth[:, None]
    shapes = np.where(stages == outcomes.depth[:, None], _WEIGHTS[-1], np.array(_WEIGHTS))
    parts = rng.standard_gamma(shapes) * reached
    before = (np.cumsum(parts, axis=1) - parts) / parts.sum(axis=1, keepdims=True)
    room = (outcomes.notional - len(stages) * _APART)[:, None]
    entries = population.created[:, None] + (before * room).astype(np.int64) + _APART * stages
    return np.where(reached, entries, span.NEVER)


def _second(*, outcomes: Outcomes) -> np.ndarray:
    """After a re-opening: the stage where the lead was lost, and the stages up to opportunity if it is won then."""
    stages = np.arange(company.OPPORTUNITY + 1)
    depth = outcomes.depth[:, None]
    step = np.maximum(outcomes.second_end - outcomes.reopened, 0)[:, None] // (company.OPPORTUNITY + 2)
    entries = outcomes.reopened[:, None] + np.maximum(stages - depth, 0) * step
    visited = (stages == depth) | ((stages > depth) & outcomes.second_won[:, None])
    return np.where(visited & (outcomes.reopened < span.NEVER)[:, None], entries, span.NEVER)


def place_stages(population: Population, *, outcomes: Outcomes, seed: int) -> Visits:
    """Place the stages inside each latent history, in order and at least a minute apart."""
    rng = generator(seed, part=4)
    return Visits(first=_first(rng, population=population, outcomes=outcomes), second=_second(outcomes=outcomes))


def observed_events(visits: Visits, *, outcomes: Outcomes) -> Events:
    """All stage events before the end of the data, by lead and instant."""
    leads = np.arange(len(outcomes.depth))
    terminal = [np.where(won, company.WON, company.LOST) for won in (outcomes.first_won, outcomes.second_won)]
    at = np.column_stack([visits.first, outcomes.first_end, visits.second, outcomes.second_end]).ravel()
    plain = np.tile(np.arange(company.OPPORTUNITY + 1), (len(leads), 1))
    stage = np.column_stack([plain, terminal[0], plain, terminal[1]]).ravel()
    lead = np.repeat(leads, stage.size // len(leads))
    events = Events(lead, stage, at).keep(at < span.END)
    order = np.lexsort((events.at, events.lead))
    return events.keep(order)
