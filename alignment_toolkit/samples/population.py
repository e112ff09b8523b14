"""Who enters the funnel, when, and how good are they? One row is one lead.

Counts per quarter and source are fixed by largest remainder, so that nothing but the planted causes moves between two
quarters; attributes are drawn independently. It says nothing about what happens to the leads afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.samples import company, span


@dataclass(frozen=True)
class Population:
    """Leads sorted by creation: positions into the tuples of `company`, instants in seconds, amounts in EUR."""

    created: np.ndarray
    quarter: np.ndarray
    source: np.ndarray
    persona: np.ndarray
    region: np.ndarray
    segment: np.ndarray
    quality: np.ndarray
    campaign: np.ndarray
    amount: np.ndarray

    def __len__(self) -> int:
        return len(self.created)


def generator(seed: int, *, part: int) -> np.random.Generator:
    """The random stream of one part of the company, so that a change in one leaves the others alone."""
    return np.random.default_rng([seed, part])


def _counts(leads: int) -> np.ndarray:
    """Leads per quarter and source, adding up to ``leads``; the tiny source has its two."""
    tiny = company.position(company.SOURCES, name=company.PLANTED.tiny_source)
    exact = np.outer(company.ARRIVALS, [source.weight for source in company.SOURCES])
    exact *= (leads - len(company.PLANTED.tiny_quarters)) / exact.sum()
    counts = np.floor(exact).astype(np.int64)
    missing = leads - len(company.PLANTED.tiny_quarters) - counts.sum()
    order = np.argsort(-(exact - counts), axis=None, kind="stable")[:missing]
    counts.flat[order] += 1
    counts[list(company.PLANTED.tiny_quarters), tiny] = 1
    return counts


def _created(rng: np.random.Generator, *, quarter: np.ndarray) -> np.ndarray:
    """Instants inside each local quarter, fewer at weekends, between 5:00 and 18:00 UTC."""
    created = np.empty(len(quarter), dtype=np.int64)
    for position in np.unique(quarter):
        mine = quarter == position
        days = np.arange(*span.local_days(span.BOUNDS[position : position + 2]))
        weights = np.where((days + 3) % 7 < 5, 1.0, 0.4)
        chosen = rng.choice(days, size=int(mine.sum()), p=weights / weights.sum())
        seconds = (5 * 3_600 + rng.beta(2, 2, size=len(chosen)) * 13 * 3_600).astype(np.int64)
        created[mine] = chosen * company.DAY + seconds
    return created


def _put_on_bounds(created: np.ndarray, *, quarter: np.ndarray) -> None:
    """Move the first and last lead of each quarter to its first and last second, in place."""
    for position in np.unique(quarter):
        mine = np.flatnonzero(quarter == position)
        if len(mine) < 3:
            continue
        created[mine[np.argmin(created[mine])]] = span.BOUNDS[position]
        created[mine[np.argmax(created[mine])]] = span.BOUNDS[position + 1] - 1


def _burst(created: np.ndarray, *, quarter: np.ndarray, source: np.ndarray) -> None:
    """Give leads of one source and quarter the same creation instant, in place: a back-dated import."""
    plant = company.PLANTED
    place = company.position(company.SOURCES, name=plant.burst_source)
    mine = np.flatnonzero((quarter == plant.burst_quarter) & (source == place))
    year, month, day = (int(part) for part in plant.burst_on.split("-"))
    created[mine[: round(plant.burst_share * len(created))]] = span.instant(year, month, day)


def _personas(rng: np.random.Generator, *, quarter: np.ndarray) -> np.ndarray:
    """Draw personas; in the bad quarter a known share moves from one to another with the same odds of winning."""
    plant = company.PLANTED
    usual = np.array([group.weight for group in company.PERSONAS])
    drifted = usual.copy()
    drifted[company.position(company.PERSONAS, name=plant.drift_up)] += plant.drift_share
    drifted[company.position(company.PERSONAS, name=plant.drift_down)] -= plant.drift_share
    uniform = rng.random(len(quarter))
    return np.where(
        quarter == plant.bad_quarter,
        np.searchsorted(np.cumsum(drifted), uniform, side="right"),
        np.searchsorted(np.cumsum(usual), uniform, side="right"),
    ).clip(max=len(usual) - 1)


def _draw(rng: np.random.Generator, *, groups: tuple[company.Group, ...], size: int) -> np.ndarray:
    edges = np.cumsum([group.weight for group in groups])
    return np.searchsorted(edges, rng.random(size), side="right").clip(max=len(groups) - 1)


def _campaigns(rng: np.random.Generator, *, source: np.ndarray, quarter: np.ndarray) -> np.ndarray:
    """One of the campaigns that the lead's source runs in its quarter, all alike; -1 where there is none."""
    chosen = np.full(len(source), -1, dtype=np.int64)
    uniform = rng.random(len(source))
    for place, name in enumerate(item.name for item in company.SOURCES):
        for position in range(len(span.QUARTERS)):
            running = [
                index
                for index, campaign in enumerate(company.CAMPAIGNS)
                if campaign.source == name and campaign.first <= position <= campaign.last
            ]
            if running:
                mine = (source == place) & (quarter == position)
                chosen[mine] = np.array(running)[(uniform[mine] * len(running)).astype(np.int64)]
    return chosen


def draw_population(*, seed: int, leads: int) -> Population:
    """Draw the leads of the company, sorted by creation.

    Args:
        seed: seed of every stream.
        leads: number of leads, at least 100.

    Returns:
        The population; ``amount`` is what the lead would pay if won, in EUR, drawn independently of winning.
    """
    rng = generator(seed, part=1)
    counts = _counts(leads)
    quarter, source = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    created = _created(rng, quarter=quarter)
    _burst(created, quarter=quarter, source=source)
    _put_on_bounds(created, quarter=quarter)
    order = np.argsort(created, kind="stable")
    created, quarter, source = created[order], quarter[order], source[order]
    segment = _draw(rng, groups=company.SEGMENTS, size=leads)
    prices = np.array([group.factor for group in company.SEGMENTS])[segment]
    return Population(
        created=created,
        quarter=quarter,
        source=source,
        persona=_personas(rng, quarter=quarter),
        region=_draw(rng, groups=company.REGIONS, size=leads),
        segment=segment,
        quality=rng.integers(0, len(company.QUALITY), size=leads),
        campaign=_campaigns(rng, source=source, quarter=quarter),
        amount=np.round(prices * np.exp(company.LAW.size_sigma * rng.standard_normal(leads)), 2),
    )
