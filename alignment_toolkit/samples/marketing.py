"""The tables `campaigns`, `campaign_costs`, `touches` and `actions`.

Unit: one campaign, one month of its costs, one interaction. The first touch of a lead is at its creation, through the
channel of its source. Touches are recorded only from a known day on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.leads import Handover, campaign_ids, identifiers, labels
from alignment_toolkit.samples.outcomes import Outcomes
from alignment_toolkit.samples.population import Population, generator

SALES_CHANNELS = ("call", "email_sales", "meeting")
ASSETS = ("guide", "webinar recording", "case study", "pricing page", "newsletter")
OTHER_ACTIONS = (
    ("Search generic", "2024-11-11", "Removed broad keywords"),
    ("Social broad", "2025-02-17", "Asked for a business e-mail"),
    ("Webinar basics", "2025-01-20", "Changed the follow-up text"),
    ("Benchmark report", "2025-06-02", "Shortened the form"),
    ("Social lookalike", "2025-11-24", "Excluded students"),
)


def campaigns_table() -> pd.DataFrame:
    """The canonical table `campaigns`."""
    channels = {source.name: source.channel for source in company.SOURCES}
    days = span.local_days(span.BOUNDS)
    over = np.array([campaign.last < len(span.QUARTERS) - 1 for campaign in company.CAMPAIGNS])
    ended = span.dates(np.array([days[campaign.last + 1] - 1 for campaign in company.CAMPAIGNS]))
    return pd.DataFrame(
        {
            "campaign_id": campaign_ids(np.arange(len(company.CAMPAIGNS))),
            "name": [campaign.name for campaign in company.CAMPAIGNS],
            "channel": [channels[campaign.source] for campaign in company.CAMPAIGNS],
            "started_on": span.dates(np.array([days[campaign.first] for campaign in company.CAMPAIGNS])),
            "ended_on": ended.where(over),
            "persona": np.array([campaign.persona for campaign in company.CAMPAIGNS], dtype=object),
        }
    )


def costs_table(population: Population, *, seed: int) -> pd.DataFrame:
    """The canonical table `campaign_costs`: a monthly sum that follows the leads of the campaign, in EUR or USD."""
    rng = generator(seed, part=13)
    day = span.local_days(population.created).astype("datetime64[D]").astype("datetime64[M]")
    frame = pd.DataFrame({"campaign": population.campaign, "month": day.astype(np.int64)})
    counts = frame[frame["campaign"] >= 0].groupby(["campaign", "month"]).size().reset_index(name="n")
    per_lead = {source.name: source.cost for source in company.SOURCES}
    price = np.array([per_lead[campaign.source] for campaign in company.CAMPAIGNS])
    place = counts["campaign"].to_numpy()
    cost = 150.0 + counts["n"].to_numpy() * price[place] * rng.uniform(0.9, 1.1, len(counts))
    month = counts["month"].to_numpy().astype("datetime64[M]").astype("datetime64[D]")
    return pd.DataFrame(
        {
            "campaign_id": campaign_ids(place),
            "spent_on": span.dates(month.astype(np.int64)),
            "cost": np.round(cost, 2),
            "currency": np.where(price[place] == 30.0, "USD", "EUR").astype(object),
        }
    )


def actions_table() -> pd.DataFrame:
    """The canonical table `actions`: the one that helped, and others that changed nothing."""
    plant = company.PLANTED
    rows = [*OTHER_ACTIONS, (plant.improved_campaign, plant.improved_on, "Narrowed the audience to finance leads")]
    rows.sort(key=lambda row: row[1])
    places = np.array([company.position(company.CAMPAIGNS, name=name) for name, _, _ in rows])
    seconds = np.array([span.day_number(day) * company.DAY + 9 * 3_600 for _, day, _ in rows])
    return pd.DataFrame(
        {
            "campaign_id": campaign_ids(places),
            "acted_at": span.timestamps(seconds),
            "action": [action for _, _, action in rows],
        }
    )


def _marketing(rng: np.random.Generator, *, population: Population, last: np.ndarray) -> pd.DataFrame:
    """The first touch, and later ones through any campaign until the lead ends, at most 120 days."""
    size = len(population)
    lead = np.repeat(np.arange(size), rng.poisson(1.1, size))
    room = np.minimum(last[lead], population.created[lead] + 120 * company.DAY) - population.created[lead]
    at = population.created[lead] + 3_600 + (rng.beta(1.0, 2.0, len(lead)) * np.maximum(room - 3_600, 0)).astype(np.int64)
    campaign = rng.integers(0, len(company.CAMPAIGNS), len(lead))
    runs = np.array([[item.first, item.last] for item in company.CAMPAIGNS])[campaign]
    quarter = span.quarter_of(at)
    fits = (runs[:, 0] <= quarter) & (quarter <= runs[:, 1])
    places = {source.name: place for place, source in enumerate(company.SOURCES)}
    of_campaign = np.array([places[item.source] for item in company.CAMPAIGNS])[campaign]
    email = len(company.SOURCES)
    return pd.DataFrame(
        {
            "lead": np.concatenate([np.arange(size), lead]),
            "at": np.concatenate([population.created, at]),
            "channel": np.concatenate([population.source, np.where(fits, of_campaign, email)]),
            "campaign": np.concatenate([population.campaign, np.where(fits, campaign, -1)]),
            "side": 0,
            "is_human": False,
        }
    )


def _first_sales(rng: np.random.Generator, *, population: Population, handover: Handover) -> np.ndarray:
    """Instant of the first human sales touch, slow in one region, never for a share of the leads."""
    plant, size = company.PLANTED, len(population)
    slow = population.region == company.position(company.REGIONS, name=plant.slow_region)
    hours = rng.lognormal(0.0, 0.9, size) * np.where(slow, plant.slow_touch_hours, plant.first_touch_hours)
    first = handover.assigned + (hours * 3_600).astype(np.int64)
    untouched = (rng.random(size) < plant.untouched_share) | (handover.assigned >= span.END)
    return np.where(untouched, span.NEVER, first)


def _sales(rng: np.random.Generator, *, population: Population, handover: Handover, last: np.ndarray) -> pd.DataFrame:
    """Automatic replies, the first human touch, and more human touches until the lead ends, at most 90 days."""
    first = _first_sales(rng, population=population, handover=handover)
    robots = np.flatnonzero((handover.assigned < span.END) & (rng.random(len(population)) < 0.3))
    people = np.flatnonzero(first < last)
    lead = np.repeat(people, rng.poisson(1.5, len(people)))
    room = np.minimum(last[lead], first[lead] + 90 * company.DAY) - first[lead]
    more = first[lead] + 1 + (rng.random(len(lead)) * room).astype(np.int64)
    email = len(company.SOURCES)
    channel = email + 1 + rng.integers(0, len(SALES_CHANNELS), len(people) + len(lead))
    return pd.DataFrame(
        {
            "lead": np.concatenate([robots, people, lead]),
            "at": np.concatenate([handover.assigned[robots] + 300, first[people], more]),
            "channel": np.concatenate([np.full(len(robots), email + 2), channel]),
            "campaign": -1,
            "side": 1,
            "is_human": np.repeat([False, True], [len(robots), len(people) + len(lead)]),
        }
    )


def touches_table(
    population: Population, *, outcomes: Outcomes, handover: Handover, ids: np.ndarray, seed: int
) -> tuple[pd.DataFrame, int]:
    """The canonical table `touches` by instant, and how many touches fell before recording began."""
    rng = generator(seed, part=14)
    last = np.minimum(outcomes.first_end, span.END)
    parts = [_marketing(rng, population=population, last=last), _sales(rng, population=population, handover=handover, last=last)]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["at"] < last[rows["lead"].to_numpy()]]
    seen = rows["at"] >= span.instant(*(int(part) for part in company.PLANTED.touches_from.split("-")))
    kept = rows[seen].sort_values(["at", "lead", "channel"], kind="stable", ignore_index=True)
    channels = (*(source.channel for source in company.SOURCES), "email", *SALES_CHANNELS)
    asset = rng.integers(0, len(ASSETS), len(kept))
    return pd.DataFrame(
        {
            "touch_id": identifiers("T", size=len(kept)),
            "lead_id": ids[kept["lead"].to_numpy()],
            "occurred_at": span.timestamps(kept["at"].to_numpy()),
            "side": labels(("marketing", "sales"), codes=kept["side"].to_numpy()),
            "channel": labels(channels, codes=kept["channel"].to_numpy()),
            "campaign_id": campaign_ids(kept["campaign"].to_numpy()),
            "asset": labels(ASSETS, codes=np.where(kept["side"] == 0, asset, -1)),
            "is_human": kept["is_human"].to_numpy(),
        }
    ), int((~seen).sum())
