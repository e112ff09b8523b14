"""The tables `subscriptions` and `churn_events`: what becomes of the customers.

Unit: one customer (an account, or the account of a deal without a lead), one spell at one price. The life of a customer
starts with its first paid spell; its hazard of churn depends on the acquiring source in the first `EARLY_DAYS`. Short
gaps of under 30 days are not churn. Money is in the currency of the winning deal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.leads import identifiers, only
from alignment_toolkit.samples.population import generator

LATER_HAZARD = 0.0006
MAX_CHANGES = 4
TRIAL_DAYS = 14
CHURN_REASONS = ("Poor fit", "Price", "Support", "Closed business", "Competitor")
LAST = span.day_number(span.LAST_DAY)


@dataclass(frozen=True)
class Wins:
    """What customers start from, one row per win: ids, position of the source (-1 = none), day won, monthly price."""

    customer: np.ndarray
    lead_id: np.ndarray
    source: np.ndarray
    won_day: np.ndarray
    mrr: np.ndarray
    currency: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)


def life_days(rng: np.random.Generator, *, source: np.ndarray) -> np.ndarray:
    """Whole days from the first paid day to churn, at least 1; the hazard changes at `EARLY_DAYS`."""
    early = np.array([*(item.churn for item in company.SOURCES), LATER_HAZARD])[source]
    hazard = rng.standard_exponential(len(source))
    turn = early * company.EARLY_DAYS
    life = np.where(hazard < turn, hazard / early, company.EARLY_DAYS + (hazard - turn) / LATER_HAZARD)
    return np.maximum(life.astype(np.int64), 1)


def _rows(
    wins: Wins, *, who: np.ndarray, start: np.ndarray, end: np.ndarray, mrr: np.ndarray, trial: bool, ends_life: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "who": who,
            "customer_id": wins.customer[who],
            "lead_id": wins.lead_id[who],
            "start": start,
            "end": end,
            "mrr": np.round(mrr, 2),
            "currency": wins.currency[who],
            "is_trial": trial,
            "ends_life": ends_life,
        }
    )


def _paid_spells(rng: np.random.Generator, *, wins: Wins, first: np.ndarray, life: np.ndarray) -> pd.DataFrame:
    """Spells between price changes, from the first paid day to the end of the first life."""
    size = len(wins)
    waits = 90 + rng.exponential(240.0, (size, MAX_CHANGES)).astype(np.int64)
    bounds = np.column_stack([np.zeros(size, dtype=np.int64), np.cumsum(waits, axis=1)])
    grows = rng.random((size, MAX_CHANGES)) < 0.7
    factor = np.where(grows, rng.uniform(1.08, 1.4, grows.shape), rng.uniform(0.7, 0.95, grows.shape))
    price = wins.mrr[:, None] * np.column_stack([np.ones(size), np.cumprod(factor, axis=1)])
    pause = np.where(rng.random(bounds.shape) < 0.03, rng.integers(5, 21, bounds.shape), 0)
    pause[:, 0] = 0
    start = bounds + pause
    end = np.column_stack([bounds[:, 1:], np.full(size, np.iinfo(np.int64).max // 4)])
    who, column = np.nonzero(start < life[:, None])
    cut = np.minimum(end[who, column], life[who])
    last = (column == MAX_CHANGES) | (end[who, column] >= life[who])
    return _rows(
        wins, who=who, start=first[who] + start[who, column], end=first[who] + cut, mrr=price[who, column], trial=False, ends_life=last
    )


def _returns(rng: np.random.Generator, *, wins: Wins, end: np.ndarray) -> pd.DataFrame:
    """Some customers come back after 31 to 120 days away."""
    who = np.flatnonzero(rng.random(len(wins)) < 0.12)
    start = end[who] + rng.integers(31, 121, len(who))
    stay = 1 + rng.exponential(400.0, len(who)).astype(np.int64)
    return _rows(wins, who=who, start=start, end=start + stay, mrr=wins.mrr[who], trial=False, ends_life=np.ones(len(who), dtype=bool))


def _trials(rng: np.random.Generator, *, wins: Wins, first: np.ndarray) -> pd.DataFrame:
    who = np.flatnonzero(rng.random(len(wins)) < 0.15)
    return _rows(
        wins,
        who=who,
        start=first[who] - TRIAL_DAYS,
        end=first[who],
        mrr=np.zeros(len(who)),
        trial=True,
        ends_life=np.zeros(len(who), dtype=bool),
    )


def draw_spells(wins: Wins, *, seed: int) -> pd.DataFrame:
    """All spells that start by the last observed day, by customer and start, with positions and day numbers.

    Returns:
        Columns who, customer_id, lead_id, start, end (days since 1970), mrr, currency, is_trial, ends_life.
    """
    rng = generator(seed, part=15)
    life = life_days(rng, source=wins.source)
    first = wins.won_day + TRIAL_DAYS + rng.integers(1, 8, len(wins))
    parts = [
        _trials(rng, wins=wins, first=first),
        _paid_spells(rng, wins=wins, first=first, life=life),
        _returns(rng, wins=wins, end=first + life),
    ]
    spells = pd.concat(parts, ignore_index=True)
    spells = spells[(spells["start"] <= LAST) & (spells["end"] > spells["start"])]
    return spells.sort_values(["who", "start", "end"], ignore_index=True)


def subscriptions_table(spells: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The canonical table `subscriptions`; ends after the last observed day are not known yet (null)."""
    rng = generator(seed, part=16)
    ended = (spells["end"] <= LAST).to_numpy()
    reason = np.array(CHURN_REASONS, dtype=object)[rng.integers(0, len(CHURN_REASONS), len(spells))]
    said = ended & spells["ends_life"].to_numpy() & (rng.random(len(spells)) < 0.8)
    return pd.DataFrame(
        {
            "subscription_id": identifiers("S", size=len(spells)),
            "customer_id": spells["customer_id"].to_numpy(),
            "lead_id": spells["lead_id"].to_numpy(),
            "started_on": span.dates(spells["start"].to_numpy()),
            "ended_on": span.dates(np.where(ended, spells["end"], LAST)).where(ended),
            "mrr": spells["mrr"].to_numpy(),
            "currency": spells["currency"].to_numpy(),
            "is_trial": spells["is_trial"].to_numpy(),
            "churn_reason": only(reason, where=said),
        }
    )


def churn_events_table(spells: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The canonical table `churn_events`: an event log and a flag, which agree with the spells only in part.

    A flag has no date (null). Some churned customers lack one of the two; some active ones have one by mistake.
    """
    rng = generator(seed, part=17)
    paid = spells[~spells["is_trial"]]
    last = paid.groupby("customer_id", sort=True)["end"].max()
    churned = (last <= LAST).to_numpy()
    size = len(last)
    event = np.where(churned, rng.random(size) < 0.85, rng.random(size) < 0.01)
    flag = np.where(churned, rng.random(size) < 0.80, rng.random(size) < 0.03)
    day = np.where(churned, last, np.minimum(LAST, last) - rng.integers(0, 60, size))
    ids = last.index.to_numpy(dtype=object)
    reason = np.array(CHURN_REASONS, dtype=object)[rng.integers(0, len(CHURN_REASONS), size)]
    events = pd.DataFrame({"customer_id": ids[event], "churned_on": span.dates(day[event]), "origin": "event", "reason": reason[event]})
    flags = pd.DataFrame(
        {"customer_id": ids[flag], "churned_on": pd.Series(pd.NaT, index=range(flag.sum())), "origin": "flag", "reason": None}
    )
    flags = flags.astype({"churned_on": "datetime64[us]", "reason": object})
    return pd.concat([events, flags], ignore_index=True)
