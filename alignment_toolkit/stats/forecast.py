"""What a quarter will bring, simulated from the pipeline: open deals that may still be won, new ones, and how far quarters differ.

Question: between which sums will the quarter end, seen from a day inside it? Unit: the deal. Win and loss hazards by age are estimated on
the year before that day; every simulation draws them from their jackknife covariance, and a quarter effect whose spread is drawn from what
past quarters showed beyond chance. Deals are won independently given these. It does not know of anything that no past quarter has seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alignment_toolkit.stats.risk import Array, ratio

EDGES = np.array([0, 7, 14, 30, 60, 90, 180, 365])
"""First day of each band of age; hazards are constant within a band, the last has no end."""
OLDEST = 366
WINDOW = 365
SPREADS = np.linspace(0.0, 0.8, 33)
USUAL_SPREAD = 0.25  # half-normal prior scale of the quarter effect: quarters differ by a quarter or so, rarely by half
GROUPS = 16
FEWEST_WINS = 10


@dataclass(frozen=True)
class Deals:
    """Counts of deals by day of creation, day of closing, outcome and jackknife group; one row per combination, all arrays of one length.

    Attributes:
        created: Day number.
        closed: Day number; infinity while open.
        won: Whether the outcome is won.
        group: 0 to 15.
        n: Deals.
        amount: Sum of their amounts.
        amount_sq: Sum of their squared amounts.
    """

    created: Array
    closed: Array
    won: np.ndarray
    group: np.ndarray
    n: Array
    amount: Array
    amount_sq: Array

    def seen_at(self, now: float) -> Deals:
        """What was visible before a day: later deals are unknown, later outcomes open."""
        kept = self.created < now
        closed = np.where(self.closed < now, self.closed, np.inf)
        won = self.won & np.isfinite(closed)
        sums = self.n[kept], self.amount[kept], self.amount_sq[kept]
        return Deals(self.created[kept], closed[kept], won[kept], self.group[kept], *sums)


@dataclass(frozen=True)
class Rates:
    """Hazards per day by band, arrivals per day, and the mean and mean square of a won amount; row 0 from all, then without each group."""

    won: Array
    lost: Array
    arrivals: Array
    amount: Array
    amount_sq: Array


def simulated(deals: Deals, *, now: float, ends: float, past: list[tuple[float, float]], draws: int, seed: int) -> Array:
    """Sums that will be won from `now` until `ends`, one per simulation.

    Args:
        deals: All counts; what lies at or after `now` is not looked at.
        now: First day that has not been seen.
        ends: First day after the quarter.
        past: First day and first day after of past quarters, all before `now`.
        draws: Number of simulations.
        seed: Of the generator: the same counts give the same answer.

    Returns:
        Shape (draws,); empty with fewer than ten wins in the year before `now`.

    Reference:
        Aalen, Borgan and Gjessing 2008, section 3.2 (occurrence / exposure rates); Efron and Stein 1981 (jackknife covariance).
    """
    seen, days = deals.seen_at(now), round(ends - now)
    wins = seen.n[seen.won & (seen.closed >= now - WINDOW)].sum()
    if wins < FEWEST_WINS or days < 0:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    rates = estimated(seen, now)
    won, lost, arrivals, amount = drawn(rates, rng, draws)
    effects = [quarter_effects(*counts, rng, draws) for counts in (past_wins(seen, rates, past), past_arrivals(seen, rates, past))]
    of_open, by_new = win_chances(won * effects[0][:, None], lost, days)
    ages, open_n = open_ages(seen, now)
    from_open = rng.binomial(open_n.astype(np.int64), of_open[:, ages]).sum(axis=1)
    n = from_open + rng.poisson(np.maximum(arrivals * effects[1], 0) * by_new)
    return summed(n, amount, rates.amount_sq[0] - rates.amount[0] ** 2, rng)


def estimated(seen: Deals, now: float) -> Rates:
    """Occurrence over exposure in the year before `now`, from all deals and without each group."""
    opens = np.maximum(seen.created, now - WINDOW)
    until = np.minimum(seen.closed, now)
    low, high = EDGES, np.append(EDGES[1:], np.inf)
    start, end = (opens - seen.created)[:, None], (until - seen.created)[:, None]
    exposed = np.clip(np.minimum(end, high) - np.maximum(start, low), 0, None) * seen.n[:, None]
    ended = (seen.closed >= now - WINDOW) & (seen.closed < now)
    band = np.searchsorted(EDGES, np.clip(np.nan_to_num(seen.closed - seen.created, posinf=0), 0, None), side="right") - 1
    at = (np.arange(len(EDGES)) == band[:, None]) * (seen.n * ended)[:, None]
    exposed = exposed + 0.5 * at  # a deal that closes on a day was open for half of it
    won, lost, exposure = (_without(values, seen.group) for values in (at * seen.won[:, None], at * ~seen.won[:, None], exposed))
    mine = ended & seen.won
    sums = [_without((values * mine)[:, None], seen.group)[:, 0] for values in (seen.n, seen.amount, seen.amount_sq)]
    since = min(WINDOW, max(now - seen.created.min(initial=now), 1))
    arrived = _without((seen.n * (seen.created >= now - WINDOW))[:, None], seen.group)[:, 0] / since
    whole = ratio(won, exposure, empty=0.0), ratio(lost, exposure, empty=0.0)
    return Rates(*whole, arrived, ratio(sums[1], sums[0], empty=0.0), ratio(sums[2], sums[0], empty=0.0))


def followed_deals(deals: Deals, now: float) -> Array:
    """Deals that the year before `now` followed at each age, shape (367,): under observation by that age, and created so long before."""
    seen = deals.seen_at(now)
    opened = np.maximum(now - WINDOW - seen.created, 0)
    last = np.minimum(now - 1 - seen.created, OLDEST)
    kept = (seen.closed >= now - WINDOW) & (opened <= OLDEST)
    came, gone = (np.bincount(at[kept].astype(np.int64), weights=seen.n[kept], minlength=OLDEST + 1) for at in (opened, last))
    return np.asarray(np.cumsum(came) - (np.cumsum(gone) - gone), dtype=float)


def drawn(rates: Rates, rng: np.random.Generator, draws: int, *more: Array) -> tuple[Array, ...]:
    """Hazards, arrivals and mean amount of each simulation, with the jackknife covariance of all of them together.

    Args:
        rates: Of the year before.
        rng: Where chance comes from.
        draws: Simulations.
        *more: Further rates of shape (17,), from all and without each group; drawn together with the others and returned after them.
    """
    z = rng.standard_normal((draws, GROUPS)) * np.sqrt((GROUPS - 1) / GROUPS)
    told = []
    for values in (rates.won, rates.lost, *(rate[:, None] for rate in (rates.arrivals, rates.amount, *more))):
        effect = values[1:].mean(axis=0) - values[1:]
        told.append(np.maximum(values[0] + z @ effect, 0.0))
    return (*told[:2], *(rate[:, 0] for rate in told[2:]))


def win_chances(won: Array, lost: Array, days: int) -> tuple[Array, Array]:
    """Chance that a deal of each age (0 to 366) is won within so many days, (draws, 367); wins per daily arrival until then, (draws,)."""
    by_new = np.zeros(len(won))
    for day, chances in enumerate(chances_within(won, lost, days)):
        by_new += chances[:, 0] * (day < days)
    return chances, by_new


def chances_within(won: Array, lost: Array, days: int) -> Iterator[Array]:
    """For 0, 1, … `days` days the chance that a deal of each age (0 to 366) is won within them, each (draws, 367)."""
    band = np.searchsorted(EDGES, np.arange(OLDEST + 1), side="right") - 1
    leave = won + lost
    gone = -np.expm1(-leave)
    win = (gone * ratio(won, leave, empty=0.0))[:, band]
    stay = (1 - gone)[:, band]
    chances = np.zeros((len(won), OLDEST + 1))
    yield chances
    for _ in range(days):
        chances = win + stay * np.concatenate([chances[:, 1:], chances[:, -1:]], axis=1)
        yield chances


def open_ages(seen: Deals, now: float) -> tuple[np.ndarray, Array]:
    """Ages of the deals that are open at `now`, at most 366, and how many there are of each."""
    still = ~np.isfinite(seen.closed)
    ages = np.minimum(now - seen.created[still], OLDEST).astype(np.int64)
    counts = np.bincount(ages, weights=seen.n[still], minlength=1)
    return np.flatnonzero(counts), counts[counts > 0].astype(float)


def past_wins(seen: Deals, rates: Rates, past: list[tuple[float, float]]) -> tuple[Array, Array]:
    """Wins of past quarters, and those that the hazards would have expected of the deals that were open in them."""
    low, high = EDGES, np.append(EDGES[1:], np.inf)
    actual, expected = [], []
    for first, last in past:
        start = (np.maximum(seen.created, first) - seen.created)[:, None]
        end = (np.minimum(seen.closed, last) - seen.created)[:, None]
        exposed = np.clip(np.minimum(end, high) - np.maximum(start, low), 0, None) * (seen.n * (seen.created < last))[:, None]
        expected.append(float((exposed.sum(axis=0) * rates.won[0]).sum()))
        actual.append(float(seen.n[seen.won & (seen.closed >= first) & (seen.closed < last)].sum()))
    return np.array(actual), np.array(expected)


def past_arrivals(seen: Deals, rates: Rates, past: list[tuple[float, float]]) -> tuple[Array, Array]:
    """Deals created in past quarters, and those that the year's mean rate would have expected."""
    actual = [float(seen.n[(seen.created >= first) & (seen.created < last)].sum()) for first, last in past]
    expected = [(last - first) * float(rates.arrivals[0]) for first, last in past]
    return np.array(actual), np.array(expected)


def quarter_effects(actual: Array, expected: Array, rng: np.random.Generator, draws: int) -> Array:
    """Factors of mean 1 by which a quarter differs: their spread is drawn from its posterior given past counts (negative binomial)."""
    weight = np.exp(-0.5 * np.square(SPREADS / USUAL_SPREAD))
    log = np.log(weight) + np.array([_log_likelihood(actual, expected, spread) for spread in SPREADS])
    posterior = np.exp(log - log.max())
    spread = rng.choice(SPREADS, size=draws, p=posterior / posterior.sum())
    shape = 1 / np.square(np.maximum(spread, 1e-4))
    return rng.gamma(shape) / shape


def summed(n: np.ndarray, amount: Array, variance: float, rng: np.random.Generator) -> Array:
    """The sum of n won amounts: gamma with their mean and variance."""
    total, spread = n * amount, n * max(variance, 0.0)
    some = (total > 0) & (spread > 0)
    scale = ratio(spread, np.where(total > 0, total, 1.0))
    drawn_sum = rng.gamma(np.where(some, ratio(total, np.where(some, scale, 1.0)), 1.0)) * scale
    return np.where(some, drawn_sum, total)


def _log_likelihood(actual: Array, expected: Array, spread: float) -> float:
    from scipy.special import gammaln

    mean = np.maximum(expected, 1e-9)
    if spread == 0:
        return float((actual * np.log(mean) - mean - gammaln(actual + 1)).sum())
    size = 1 / spread**2
    told = gammaln(actual + size) - gammaln(size) - gammaln(actual + 1)
    return float((told + size * np.log(size / (size + mean)) + actual * np.log(mean / (size + mean))).sum())


def _without(values: Array, group: np.ndarray) -> Array:
    """Column sums from all rows (row 0) and without each group, shape (17, columns)."""
    by_group = np.zeros((GROUPS, values.shape[1]))
    np.add.at(by_group, group, values)
    whole = by_group.sum(axis=0)
    return np.vstack([whole, whole - by_group])
