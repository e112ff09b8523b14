"""What becomes of a lead, and when? The latent history of each lead, before anybody observes it.

Unit: one lead. `draw_outcomes` draws from the laws in `company`; `won_incidence` in `truths` computes the same laws by
quadrature. The planted changes of the bad quarter are applied afterwards, by `apply_bad_quarter`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.population import Population, generator

SHORTEST = 600


@dataclass(frozen=True)
class Outcomes:
    """Latent histories: instants in seconds (`span.NEVER` = does not happen), ``depth`` = deepest stage at first end.

    ``notional`` is the time in seconds that places the stages; it equals first_end - created where that is finite.
    """

    depth: np.ndarray
    notional: np.ndarray
    first_end: np.ndarray
    first_won: np.ndarray
    reopened: np.ndarray
    second_end: np.ndarray
    second_won: np.ndarray


def win_probability(population: Population) -> np.ndarray:
    """Probability in [0, 0.95] that each lead's first end is a win."""
    factors = [
        np.array([source.win for source in company.SOURCES])[population.source],
        np.array([group.factor for group in company.PERSONAS])[population.persona],
        np.array([group.factor for group in company.REGIONS])[population.region],
        np.array(company.QUALITY)[population.quality],
    ]
    return np.minimum(np.prod(factors, axis=0), company.LAW.win_cap)


def win_scale(population: Population) -> np.ndarray:
    """Scale in days of the Gamma time to a win: the source's pace, longer for bigger deals."""
    pace = np.array([source.pace for source in company.SOURCES])[population.source]
    return pace * (population.amount / company.LAW.reference_amount) ** company.LAW.size_exponent


def second_win_probability(source: np.ndarray) -> np.ndarray:
    """Probability that a re-opened lead of each source is won."""
    win = np.array([item.win for item in company.SOURCES])[source]
    return np.minimum(company.LAW.second_win_factor * win, company.LAW.second_win_cap)


def _depths(rng: np.random.Generator, *, population: Population) -> np.ndarray:
    """Deepest stage of a lead that is lost: by source, one step less for some poor leads, and the improved campaign."""
    edges = np.cumsum([source.depth for source in company.SOURCES], axis=1)
    uniform = rng.random(len(population))
    depth = (uniform[:, None] >= edges[population.source]).sum(axis=1).clip(max=company.OPPORTUNITY)
    poor = (population.quality == 0) & (rng.random(len(population)) < company.LAW.quality_step_down)
    depth = np.maximum(depth - poor, 0)
    before = population.created < span.day_number(company.PLANTED.improved_on) * company.DAY
    campaign = company.position(company.CAMPAIGNS, name=company.PLANTED.improved_campaign)
    uniform = rng.random(len(population))
    stuck = before & (uniform < company.PLANTED.improved_before_share)
    deep = ~before & (uniform < company.PLANTED.improved_after_share)
    improved = np.where(stuck, 1, np.where(deep, company.OPPORTUNITY, depth))
    return np.where(population.campaign == campaign, improved, depth)


def _loss_seconds(rng: np.random.Generator, *, depth: np.ndarray) -> np.ndarray:
    days = rng.standard_gamma(np.array(company.LAW.loss_shapes)[depth]) * company.LAW.loss_scale
    return np.maximum((days * company.DAY).astype(np.int64), SHORTEST)


def _second_delays(rng: np.random.Generator, *, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Seconds from loss to re-opening and on to the second end.

    Their shapes complete the loss's to `second_total_shape`, so that the sum is Gamma whatever the depth.
    """
    law = company.LAW
    left = law.second_total_shape - law.second_win_shape - np.array(law.loss_shapes)[depth]
    waits = [rng.standard_gamma(shape, size=len(depth)) * law.loss_scale * company.DAY for shape in (left, law.second_win_shape)]
    first, second = (np.maximum(wait.astype(np.int64), SHORTEST) for wait in waits)
    return first, second


def draw_outcomes(population: Population, *, seed: int) -> Outcomes:
    """Draw what becomes of each lead when no quarter is bad.

    Returns:
        The latent histories, not cut at any day.
    """
    rng, law, size = generator(seed, part=2), company.LAW, len(population)
    won = rng.random(size) < win_probability(population)
    depth = np.where(won, company.OPPORTUNITY, _depths(rng, population=population))
    win_time = (rng.standard_gamma(law.win_shape, size=size) * win_scale(population) * company.DAY).astype(np.int64)
    notional = np.where(won, np.maximum(win_time, SHORTEST), _loss_seconds(rng, depth=depth))
    fate = rng.random(size)
    closed = won | (fate < 1 - np.array(law.never_closed)[depth])
    first_end = np.where(closed, population.created + notional, span.NEVER)
    back = ~won & (fate < law.reopen_share)
    wait, second = _second_delays(rng, depth=depth)
    second_won = back & (rng.random(size) < second_win_probability(population.source))
    reopened = np.where(back, first_end + wait, span.NEVER)
    second_end = np.where(back, reopened + second, span.NEVER)
    return Outcomes(depth, notional, first_end, won, reopened, second_end, second_won)


def _fewer_opportunities(population: Population, *, outcomes: Outcomes, rng: np.random.Generator) -> Outcomes:
    """Leads of one source created in the bad quarter reach opportunity less often (marketing's cause)."""
    plant, size = company.PLANTED, len(population)
    source = company.position(company.SOURCES, name=plant.marketing_source)
    hit = (population.source == source) & (population.quarter == plant.bad_quarter)
    hit &= (outcomes.depth == company.OPPORTUNITY) & (rng.random(size) < plant.marketing_drop)
    depth = np.where(hit, 1 + (rng.random(size) < 0.5), outcomes.depth)
    notional = np.where(hit, _loss_seconds(rng, depth=depth), outcomes.notional)
    return replace(
        outcomes,
        depth=depth,
        notional=notional,
        first_end=np.where(hit, population.created + notional, outcomes.first_end),
        first_won=outcomes.first_won & ~hit,
        reopened=np.where(hit, span.NEVER, outcomes.reopened),
        second_end=np.where(hit, span.NEVER, outcomes.second_end),
        second_won=outcomes.second_won & ~hit,
    )


def _fewer_wins(population: Population, *, outcomes: Outcomes, rng: np.random.Generator) -> Outcomes:
    """Wins of one region that fall in the bad quarter turn into losses (sales' cause)."""
    plant = company.PLANTED
    first, last = span.BOUNDS[plant.bad_quarter], span.BOUNDS[plant.bad_quarter + 1]
    region = company.position(company.REGIONS, name=plant.sales_region)
    hit = (population.region == region) & (rng.random(len(population)) < plant.sales_drop)
    early = hit & (outcomes.first_end >= first) & (outcomes.first_end < last)
    late = hit & (outcomes.second_end >= first) & (outcomes.second_end < last)
    return replace(outcomes, first_won=outcomes.first_won & ~early, second_won=outcomes.second_won & ~late)


def apply_bad_quarter(population: Population, *, outcomes: Outcomes, seed: int) -> Outcomes:
    """The two planted causes of the bad quarter, one owned by marketing and one by sales."""
    rng = generator(seed, part=3)
    fewer = _fewer_opportunities(population, outcomes=outcomes, rng=rng)
    return _fewer_wins(population, outcomes=fewer, rng=rng)


def won_seconds(outcomes: Outcomes) -> np.ndarray:
    """Instant of each lead's first win; `span.NEVER` where it never wins."""
    return np.where(outcomes.first_won, outcomes.first_end, np.where(outcomes.second_won, outcomes.second_end, span.NEVER))
