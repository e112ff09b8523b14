"""How many leads does it take to reach a sum by the end of a quarter, and which quarter can new leads still reach?

Question: of the wins that a quarter needs, how many must come from leads that are not here yet? Unit: the lead, like those of the year
before. The pipeline, the deals that leads already here will still become and those without a lead are simulated as in forecast.py; what is
missing then comes from new leads, one win after the other. It does not say where so many leads would come from, nor that they would be
as good as the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.stats.forecast import (
    FEWEST_WINS,
    WINDOW,
    Deals,
    Rates,
    chances_within,
    drawn,
    estimated,
    open_ages,
    past_arrivals,
    past_wins,
    quarter_effects,
    summed,
)
from alignment_toolkit.stats.risk import Array, ratio

MOST_WINS = 3000  # of new leads in one simulation; a target that takes more is out of reach


@dataclass(frozen=True)
class Yield:
    """How leads turn into deals, as the year before tells.

    Attributes:
        per_day: Leads created per day: from all, then without each group, shape (17,).
        young_share: Of the deals created, the share whose lead was at most 0, 1, … 365 days old, shape (366,); never reaches 1 where deals
            come without a lead.
    """

    per_day: Array
    young_share: Array


@dataclass(frozen=True)
class Quarter:
    """Where a quarter lies on the days of the counts, and what it is to bring.

    Attributes:
        now: First day that has not been seen.
        starts: First day of the quarter.
        ends: First day after it.
        missing: What it is to bring less what it has brought so far.
    """

    now: float
    starts: float
    ends: float
    missing: float


def reached_share(deals: Deals, leads: Yield, *, now: float, days: int) -> float:
    """Of the wins that a lead created today brings within a year, the share that comes within so many days; null without any."""
    rates = estimated(deals.seen_at(now), now)
    fresh = np.array([chances[0, 0] for chances in chances_within(rates.won[:1], rates.lost[:1], WINDOW)])
    born = np.diff(leads.young_share, prepend=0.0)
    by_day = np.convolve(born, fresh)[: WINDOW + 1]
    return float(ratio(by_day[min(days, WINDOW)], by_day[WINDOW]))


def leads_needed(deals: Deals, leads: Yield, quarter: Quarter, *, past: list[tuple[float, float]], draws: int, seed: int) -> Array:
    """The leads that have to come, evenly from `now` to the quarter's end, for it to bring what is missing: one number per simulation.

    The share of simulations in which a number is enough is the chance of meeting the target with so many leads; its 80th percentile is what
    a chance of 80 % takes.

    Args:
        deals: All counts; what lies at or after `now` is not looked at.
        leads: How leads turn into deals.
        quarter: The quarter.
        past: First day and first day after of past quarters, all before `now`.
        draws: Number of simulations.
        seed: Of the generator: the same counts give the same answer.

    Returns:
        Shape (draws,): 0 where nothing is missing, infinity where no number of leads is enough; empty with fewer than ten wins in the
        year before `now`, or without leads or deals of theirs.
    """
    seen = deals.seen_at(quarter.now)
    wins = seen.n[seen.won & (seen.closed >= quarter.now - WINDOW)].sum()
    if wins < FEWEST_WINS or not leads.per_day[0] or not leads.young_share[-1] or quarter.ends <= quarter.now:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    rates = estimated(seen, quarter.now)
    won, lost, arrivals, amount, per_day = drawn(rates, rng, draws, leads.per_day)
    effects = [quarter_effects(*counts, rng, draws) for counts in (past_wins(seen, rates, past), past_arrivals(seen, rates, past))]
    of_open, others, new = inside(won * effects[0][:, None], lost, quarter, leads.young_share)
    ages, open_n = open_ages(seen, quarter.now)
    n = rng.binomial(open_n.astype(np.int64), of_open[:, ages]).sum(axis=1)
    n = n + rng.poisson(np.maximum(arrivals * effects[1], 0) * others)
    base = summed(n, amount, variance(rates), rng)
    wins_per_lead = ratio(arrivals * effects[1] * new, per_day * (quarter.ends - quarter.now), empty=0.0)
    return enough(quarter.missing - base, amount, variance(rates), wins_per_lead, rng)


def variance(rates: Rates) -> float:
    """The variance of a won amount."""
    return float(rates.amount_sq[0] - rates.amount[0] ** 2)


def inside(won: Array, lost: Array, quarter: Quarter, young_share: Array) -> tuple[Array, Array, Array]:
    """Chances of a win inside the quarter, those before it begins taken off.

    Returns:
        Of deals open now by age, (draws, 367); wins per deal that arrives a day, of leads here already (or of none) and of new ones,
        (draws,) each.
    """
    days, wait = round(quarter.ends - quarter.now), max(round(quarter.starts - quarter.now), 0)
    fresh, before, by_end = np.zeros((len(won), days + 1)), np.empty(0), np.empty(0)
    for day, chances in enumerate(chances_within(won, lost, days)):
        fresh[:, day], by_end = chances[:, 0], chances
        before = chances if day == wait else before
    created = np.arange(days)  # a deal created on day t has days − 1 − t whole days left
    gain = fresh[:, days - 1 - created] - fresh[:, np.maximum(wait - 1 - created, 0)]
    young = young_share[np.minimum(created, len(young_share) - 1)]
    return np.clip(by_end - before, 0.0, 1.0), gain @ (1 - young), gain @ young


def enough(missing: Array, amount: Array, spread: float, wins_per_lead: Array, rng: np.random.Generator) -> Array:
    """Leads until their wins add up to what is missing: a Poisson process in the number of leads, each win worth a gamma amount."""
    most = int(min(MOST_WINS, np.ceil(3 * max(missing.max(), 0.0) / max(float(amount.mean()), 1e-9)) + 20))
    shape = ratio(np.square(amount), np.full_like(amount, spread))[:, None] if spread > 0 else None
    worth = np.repeat(amount[:, None], most, axis=1)
    if shape is not None:
        worth = rng.gamma(np.broadcast_to(shape, worth.shape)) * ratio(np.full_like(amount, spread), amount, empty=0.0)[:, None]
    made = np.cumsum(worth, axis=1) >= missing[:, None]
    turns = np.cumsum(rng.exponential(size=worth.shape), axis=1)
    first = np.take_along_axis(turns, made.argmax(axis=1)[:, None], axis=1)[:, 0]
    leads = np.where(made.any(axis=1), ratio(first, wins_per_lead, empty=np.inf), np.inf)
    return np.where(missing <= 0, 0.0, leads)
