"""What is wrong with the records? Planted faults, all non-fatal, each in a known number.

Unit: one fault. Leads are chosen so that no lead has two faults of the stage history; `choose` decides, the other
functions of `faults_*` modules change copies of the tables. Placeholders and amounts are chosen independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.outcomes import Outcomes
from alignment_toolkit.samples.population import Population, generator
from alignment_toolkit.samples.stages import Visits


@dataclass(frozen=True)
class Rates:
    """Share of all leads that get each fault of the stage history, and the smallest number."""

    skipped: float = 0.030
    moved_back: float = 0.020
    backfilled: float = 0.020
    before_creation: float = 0.0020
    lost_before_creation: float = 0.0004
    reversed_win: float = 0.0006
    won_without_deal: float = 0.0008
    deal_won_lead_open: float = 0.0006
    merged: float = 0.012
    least: int = 2


@dataclass(frozen=True)
class Chosen:
    """Positions of the leads of each fault, disjoint."""

    skipped: np.ndarray
    moved_back: np.ndarray
    backfilled: np.ndarray
    before_creation: np.ndarray
    lost_before_creation: np.ndarray
    reversed_win: np.ndarray
    won_without_deal: np.ndarray
    deal_won_lead_open: np.ndarray
    merged: np.ndarray


def next_after_sql(visits: Visits, *, outcomes: Outcomes) -> np.ndarray:
    """Instant at which a lead leaves its first SQL visit, at the latest the end of the data."""
    return np.minimum(np.minimum(visits.first[:, 4], outcomes.first_end), span.END)


def _eligible(population: Population, *, outcomes: Outcomes, visits: Visits) -> dict[str, np.ndarray]:
    """Which leads can have which fault, given what has been observed of them."""
    mql, sal, sql, opportunity = (visits.first[:, place] for place in (1, 2, 3, 4))
    ended = outcomes.first_end < span.END
    once = outcomes.reopened >= span.END
    won = outcomes.first_won & ended
    room = next_after_sql(visits, outcomes=outcomes) - sql
    tiny = company.position(company.SOURCES, name=company.PLANTED.tiny_source)
    return {
        "skipped": (opportunity < span.END) & once,
        "moved_back": (sql < span.END) & (room > 3 * company.DAY) & once,
        "backfilled": (sal < span.END) & (sql < span.END) & once,
        "before_creation": (mql < span.END) & once,
        "lost_before_creation": (outcomes.depth == 0) & ended & once,
        "reversed_win": won & (outcomes.first_end < span.END - 30 * company.DAY),
        "won_without_deal": won,
        "deal_won_lead_open": won,
        "merged": (mql < span.END) & (mql - population.created > 7_200) & once & (population.source != tiny),
    }


def choose(population: Population, *, outcomes: Outcomes, visits: Visits, seed: int) -> Chosen:
    """Choose the leads of each fault at random among those that can have it, rarest faults first."""
    rng, rates, free = generator(seed, part=19), Rates(), np.ones(len(population), dtype=bool)
    eligible = _eligible(population, outcomes=outcomes, visits=visits)
    chosen: dict[str, np.ndarray] = {}
    for name in sorted(eligible, key=lambda fault: getattr(rates, fault)):
        places = np.flatnonzero(eligible[name] & free)
        wanted = max(rates.least, round(getattr(rates, name) * len(population)))
        chosen[name] = np.sort(rng.permutation(places)[:wanted])
        free[chosen[name]] = False
    return Chosen(**chosen)
