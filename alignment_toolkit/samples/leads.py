"""The tables `leads` and `stage_events` before any fault, and the handover from marketing to sales.

Unit: one lead, one stage event. A lead is handed over (assigned) shortly after it becomes an MQL.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.outcomes import Outcomes, win_probability
from alignment_toolkit.samples.population import Population, generator
from alignment_toolkit.samples.stages import Events, Visits

MARKETERS, SELLERS, SUCCESS = 6, 12, 3
EARLY_REASONS = ("Wrong persona", "No budget", "Bad contact data", "Too early", "Not our definition")
LATE_REASONS = ("Competitor", "Price", "No decision", "Missing feature", "Timing")
RECYCLED_REASON = "Too early"


@dataclass(frozen=True)
class Handover:
    """When each lead was assigned, and to which seller (position), in seconds; `span.NEVER` = not assigned."""

    assigned: np.ndarray
    seller: np.ndarray


def identifiers(prefix: str, *, size: int, first: int = 1) -> np.ndarray:
    """Ids such as ``L0000001`` as an object array; equal width, so that they sort by number."""
    return np.array([f"{prefix}{number:07d}" for number in range(first, first + size)], dtype=object)


def labels(names: tuple[str, ...], *, codes: np.ndarray) -> np.ndarray:
    """Labels of codes as an object array; null for code -1."""
    return np.array([*names, None], dtype=object)[codes]


def only(values: np.ndarray, *, where: np.ndarray) -> np.ndarray:
    """The values where the mask is true, null elsewhere, as an object array."""
    kept = values.astype(object)
    kept[~where] = None
    return kept


def hand_over(population: Population, *, outcomes: Outcomes, visits: Visits, seed: int) -> Handover:
    """Assign MQLs to sellers a few hours after they qualify, before anything else happens to them."""
    rng = generator(seed, part=5)
    size = len(population)
    mql, sal = visits.first[:, 1], visits.first[:, 2]
    delay = (rng.lognormal(np.log(2.0), 0.8, size) * 3_600).astype(np.int64)
    following = np.minimum(sal, population.created + outcomes.notional)
    latest = mql + ((following - mql) * 0.8).astype(np.int64)
    assigned = np.where(mql < span.NEVER, np.minimum(mql + delay, latest), span.NEVER)
    regional = SELLERS // len(company.REGIONS)
    return Handover(assigned=assigned, seller=population.region * regional + rng.integers(0, regional, size))


def accounts(population: Population, *, visits: Visits, seed: int) -> np.ndarray:
    """Account ids: a few leads share the account of the lead before; some that never got far have none (null)."""
    rng = generator(seed, part=6)
    share = rng.random(len(population)) < company.LAW.shared_account_share
    share[0] = False
    number = np.maximum.accumulate(np.where(share, 0, np.arange(len(population))))
    account = identifiers("A", size=len(population))[number]
    nameless = (rng.random(len(population)) < 0.15) & (visits.opportunity >= span.END)
    return only(account, where=~nameless)


def _scores(rng: np.random.Generator, *, population: Population) -> np.ndarray:
    """Marketing's score, 0 to 100: it knows part of the win probability and part of the latent quality."""
    odds = np.log(win_probability(population) / (1 - win_probability(population)))
    score = 78.0 + 11.0 * odds + 12.0 * rng.standard_normal(len(population))
    return np.round(np.clip(score, 0, 100))


def _owner_ids(handover: Handover, *, rng: np.random.Generator) -> np.ndarray:
    """The seller once assigned, else somebody in marketing."""
    people = identifiers("U", size=MARKETERS + SELLERS + SUCCESS)
    marketer = rng.integers(0, MARKETERS, len(handover.assigned))
    return people[np.where(handover.assigned < span.END, MARKETERS + handover.seller, marketer)]


def leads_table(population: Population, *, handover: Handover, account: np.ndarray, seed: int) -> pd.DataFrame:
    """The canonical table `leads`, one row per lead, sorted by creation."""
    rng = generator(seed, part=7)
    scored = population.created + (rng.gamma(1.5, 8.0, len(population)) * 3_600).astype(np.int64)
    scored = np.where((rng.random(len(population)) < 0.08) | (scored >= span.END), span.NEVER, scored)
    return pd.DataFrame(
        {
            "lead_id": identifiers("L", size=len(population)),
            "created_at": span.timestamps(population.created),
            "source": labels(tuple(item.name for item in company.SOURCES), codes=population.source),
            "campaign_id": campaign_ids(population.campaign),
            "persona": labels(tuple(item.name for item in company.PERSONAS), codes=population.persona),
            "segment": labels(tuple(item.name for item in company.SEGMENTS), codes=population.segment),
            "region": labels(tuple(item.name for item in company.REGIONS), codes=population.region),
            "score": np.where(scored < span.NEVER, _scores(rng, population=population), np.nan),
            "score_at": span.timestamps(scored),
            "account_id": account,
            "owner_id": _owner_ids(handover, rng=rng),
            "assigned_at": span.timestamps(handover.assigned),
        }
    )


def campaign_ids(codes: np.ndarray) -> np.ndarray:
    """Campaign ids ``C01`` to ``C25`` of positions; null for -1."""
    names = tuple(f"C{place:02d}" for place in range(1, len(company.CAMPAIGNS) + 1))
    return labels(names, codes=codes)


def stage_events_table(events: Events, *, outcomes: Outcomes, ids: np.ndarray, seed: int) -> pd.DataFrame:
    """The canonical table `stage_events`; losses carry a reason that depends on how far the lead got."""
    rng = generator(seed, part=8)
    early = rng.integers(0, len(EARLY_REASONS), len(outcomes.depth))
    late = rng.integers(0, len(LATE_REASONS), len(outcomes.depth))
    reason = np.where(outcomes.depth < 2, labels(EARLY_REASONS, codes=early), labels(LATE_REASONS, codes=late))
    return pd.DataFrame(
        {
            "lead_id": ids[events.lead],
            "stage": labels(company.STAGES, codes=events.stage),
            "entered_at": span.timestamps(events.at),
            "reason": only(reason[events.lead], where=events.stage == company.LOST),
            "is_backfilled": np.zeros(len(events.lead), dtype=bool),
        }
    )


def feedback_table(
    population: Population, *, outcomes: Outcomes, visits: Visits, handover: Handover, ids: np.ndarray, seed: int
) -> pd.DataFrame:
    """The canonical table `feedback`: accepted at the SAL, else rejected or recycled at the loss of an MQL."""
    rng = generator(seed, part=9)
    size = len(population)
    accepted = visits.first[:, 2] < span.NEVER
    recycled = rng.random(size) < 0.25
    given = np.where(accepted, visits.first[:, 2], outcomes.first_end)
    told = (handover.assigned < span.END) & (given < span.END) & (rng.random(size) < 0.75)
    verdict = np.where(accepted, "accepted", np.where(recycled, "recycled", "rejected"))
    early = rng.integers(0, len(EARLY_REASONS), size)
    unfit = population.campaign == company.position(company.CAMPAIGNS, name=company.PLANTED.improved_campaign)
    reason = labels(EARLY_REASONS, codes=np.where(unfit, 0, early))
    said = ~accepted & (rng.random(size) >= 0.2)
    reason = only(np.where(recycled, RECYCLED_REASON, reason), where=said)
    order = np.flatnonzero(told)[np.argsort(given[told], kind="stable")]
    return pd.DataFrame(
        {
            "lead_id": ids[order],
            "given_at": span.timestamps(given[order]),
            "verdict": verdict[order].astype(object),
            "reason": reason[order],
        }
    )
