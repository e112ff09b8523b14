"""The tables `deals` and `deal_events`: what sales does with the opportunities.

Unit: one deal. A lead has one deal from its first opportunity on; a few deals have no lead. Amounts are at the base
rates, in the currency of the lead's region. The last state of a deal is what its events add up to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.leads import LATE_REASONS, MARKETERS, SELLERS, SUCCESS, identifiers, labels, only
from alignment_toolkit.samples.outcomes import Outcomes
from alignment_toolkit.samples.population import Population, generator
from alignment_toolkit.samples.stages import Visits

BASE_RATES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.16}
FOREIGN_SHARE = 0.7
WITHOUT_LEAD_SHARE = 0.02


@dataclass(frozen=True)
class Pipeline:
    """Latent deals: position of the lead (-1 = none), instants in seconds, amounts in EUR at base rates."""

    lead: np.ndarray
    created: np.ndarray
    first_end: np.ndarray
    first_won: np.ndarray
    reopened: np.ndarray
    second_end: np.ndarray
    second_won: np.ndarray
    amount: np.ndarray
    region: np.ndarray
    currency: np.ndarray

    def __len__(self) -> int:
        return len(self.lead)

    @property
    def closed(self) -> np.ndarray:
        """Instant of the last end before the end of the data; `span.NEVER` while open."""
        again = self.second_end < span.END
        still = (self.first_end < span.END) & (self.reopened >= span.END)
        return np.where(again, self.second_end, np.where(still, self.first_end, span.NEVER))

    @property
    def won(self) -> np.ndarray:
        """Whether the last end before the end of the data is a win."""
        return np.where(self.second_end < span.END, self.second_won, self.first_won) & (self.closed < span.END)


def _from_leads(population: Population, *, outcomes: Outcomes, visits: Visits) -> dict[str, np.ndarray]:
    lead = np.flatnonzero(visits.opportunity < span.END)
    once = outcomes.depth[lead] == company.OPPORTUNITY
    never = np.full(len(lead), span.NEVER)
    return {
        "lead": lead,
        "created": visits.opportunity[lead],
        "first_end": np.where(once, outcomes.first_end[lead], outcomes.second_end[lead]),
        "first_won": np.where(once, outcomes.first_won[lead], outcomes.second_won[lead]),
        "reopened": np.where(once, outcomes.reopened[lead], never),
        "second_end": np.where(once, outcomes.second_end[lead], never),
        "second_won": once & outcomes.second_won[lead],
        "amount": population.amount[lead],
        "region": population.region[lead],
    }


def _without_lead(rng: np.random.Generator, *, size: int) -> dict[str, np.ndarray]:
    created = np.sort(rng.integers(span.START, span.END, size))
    never = np.full(size, span.NEVER)
    return {
        "lead": np.full(size, -1),
        "created": created,
        "first_end": created + (rng.gamma(1.8, 30.0, size) * company.DAY).astype(np.int64) + 3_600,
        "first_won": rng.random(size) < 0.35,
        "reopened": never,
        "second_end": never,
        "second_won": np.zeros(size, dtype=bool),
        "amount": np.round(rng.lognormal(np.log(10_000.0), company.LAW.size_sigma, size), 2),
        "region": rng.integers(0, len(company.REGIONS), size),
    }


def draw_pipeline(population: Population, *, outcomes: Outcomes, visits: Visits, seed: int) -> Pipeline:
    """All new-business deals, those of leads first, then the few without a lead."""
    rng = generator(seed, part=10)
    led = _from_leads(population, outcomes=outcomes, visits=visits)
    bare = _without_lead(rng, size=max(2, round(WITHOUT_LEAD_SHARE * len(led["lead"]))))
    parts = {name: np.concatenate([led[name], bare[name]]) for name in led}
    foreign = rng.random(len(parts["lead"])) < FOREIGN_SHARE
    currency = np.array([group.currency for group in company.REGIONS], dtype=object)[parts["region"]]
    return Pipeline(**parts, currency=np.where(foreign, currency, "EUR").astype(object))


def in_currency(amount: np.ndarray, *, currency: np.ndarray) -> np.ndarray:
    """Amounts in EUR as amounts in a currency at the base rates, in whole cents."""
    rates = pd.Series(currency).map(BASE_RATES).to_numpy(dtype=float)
    return np.round(amount / rates, 2)


@dataclass(frozen=True)
class DealPaths:
    """What changed during each deal: the first amount, when it became the last one, expected closes and a push."""

    first_amount: np.ndarray
    changed: np.ndarray
    first_close: np.ndarray
    pushed: np.ndarray
    pushed_close: np.ndarray


def draw_paths(pipeline: Pipeline, *, amount: np.ndarray, seed: int) -> DealPaths:
    """Amount changes (a third of the deals) and pushes of the expected close (two fifths), while the deal is open."""
    rng = generator(seed, part=11)
    size = len(pipeline)
    length = np.minimum(pipeline.first_end, pipeline.created + 90 * company.DAY) - pipeline.created
    changed = pipeline.created + (length * rng.uniform(0.2, 0.8, size)).astype(np.int64)
    changes = rng.random(size) < 0.33
    factor = np.where(changes, rng.uniform(0.75, 1.2, size), 1.0)
    expected = span.local_days(pipeline.created) + rng.integers(30, 91, size)
    pushed = pipeline.created + (length * rng.uniform(0.85, 0.98, size)).astype(np.int64)
    pushes = rng.random(size) < 0.4
    return DealPaths(
        first_amount=np.round(amount * factor, 2),
        changed=np.where(changes, changed, span.NEVER),
        first_close=expected,
        pushed=np.where(pushes, pushed, span.NEVER),
        pushed_close=np.where(pushes, expected + rng.integers(20, 61, size), expected),
    )


def deals_table(pipeline: Pipeline, *, paths: DealPaths, amount: np.ndarray, leads: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The canonical table `deals`, as last seen, for new business."""
    rng = generator(seed, part=12)
    size, closed = len(pipeline), pipeline.closed < span.END
    led = pipeline.lead >= 0
    outcome = np.where(closed, np.where(pipeline.won, "won", "lost"), "open")
    expected = np.where(paths.pushed < span.END, paths.pushed_close, paths.first_close)
    reason = labels(LATE_REASONS, codes=rng.integers(0, len(LATE_REASONS), size))
    seller = MARKETERS + pipeline.region * (SELLERS // len(company.REGIONS)) + rng.integers(0, 3, size)
    last = np.where(paths.changed < span.END, amount, paths.first_amount)
    return pd.DataFrame(
        {
            "deal_id": identifiers("D", size=size),
            "lead_id": only(leads["lead_id"].to_numpy()[pipeline.lead], where=led),
            "account_id": np.where(led, leads["account_id"].to_numpy()[pipeline.lead], identifiers("B", size=size)),
            "created_at": span.timestamps(pipeline.created),
            "closed_at": span.timestamps(pipeline.closed),
            "outcome": outcome.astype(object),
            "amount": last,
            "product": labels(company.PRODUCTS, codes=rng.choice(len(company.PRODUCTS), size, p=(0.5, 0.3, 0.2))),
            "currency": pipeline.currency,
            "close_on": span.dates(np.where(closed, span.local_days(np.minimum(pipeline.closed, span.END)), expected)),
            "deal_type": np.full(size, "new", dtype=object),
            "source": _crm_sources(rng, pipeline=pipeline, leads=leads),
            "owner_id": identifiers("U", size=MARKETERS + SELLERS + SUCCESS)[seller],
            "loss_reason": only(reason, where=outcome == "lost"),
        }
    )


def _crm_sources(rng: np.random.Generator, *, pipeline: Pipeline, leads: pd.DataFrame) -> np.ndarray:
    """The lead's source, but for one source a known share is credited to another; null without a lead."""
    plant = company.PLANTED
    source = only(leads["source"].to_numpy()[pipeline.lead], where=pipeline.lead >= 0)
    wrong = (source == plant.missourced_source) & (rng.random(len(pipeline)) < plant.missourced_share)
    return np.where(wrong, plant.missourced_as, source)
