"""Leads needed: by hand where a lead is a win, against brute force where it is not, and with the chance that is promised."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.stats.forecast import GROUPS, Deals, chances_within
from alignment_toolkit.stats.leads_needed import Quarter, Yield, enough, inside, leads_needed, reached_share

INF = np.inf


def test_wins_until_enough_are_a_gamma_of_leads() -> None:
    """Ten wins of 100 are missing and one lead in four wins: the tenth win comes after 40 leads on average, Erlang distributed."""
    from scipy.stats import gamma

    rng = np.random.default_rng(1)
    draws = 20_000
    told = enough(np.full(draws, 1000.0), np.full(draws, 100.0), 0.0, np.full(draws, 0.25), rng)
    assert told.mean() == pytest.approx(40, rel=0.01)
    assert np.quantile(told, 0.8) == pytest.approx(gamma(10, scale=4).ppf(0.8), rel=0.01)


def test_amounts_that_vary_are_those_of_compound_wins() -> None:
    """The chance with L leads is that of a compound Poisson sum, drawn the other way round."""
    rng = np.random.default_rng(2)
    draws, amount, spread, leads = 20_000, 100.0, 6400.0, 50.0
    told = enough(np.full(draws, 1000.0), np.full(draws, amount), spread, np.full(draws, 0.25), rng)
    n = rng.poisson(0.25 * leads, draws)
    sums = np.where(n > 0, rng.gamma(np.maximum(n, 1e-9) * amount**2 / spread) * spread / amount, 0)
    assert (told <= leads).mean() == pytest.approx((sums >= 1000).mean(), abs=0.015)


def test_nothing_missing_takes_no_leads_and_no_wins_reach_nothing() -> None:
    rng = np.random.default_rng(3)
    told = enough(np.array([-1.0, 0, 5, 5]), np.full(4, 10.0), 0.0, np.array([0.1, 0.1, 0.1, 0.0]), rng)
    assert told[:2].tolist() == [0, 0]
    assert 0 < told[2] < INF
    assert told[3] == INF


def test_chances_inside_a_quarter_leave_out_what_comes_before_it() -> None:
    won, lost = np.full((1, 8), 0.02), np.full((1, 8), 0.03)
    quarter = Quarter(now=0, starts=30, ends=120, missing=1.0)
    young = np.linspace(0, 0.5, 366)
    of_open, others, new = inside(won, lost, quarter, young)

    def within(days: int) -> float:
        return 0.4 * -np.expm1(-0.05 * max(days, 0))

    assert of_open[0, [0, 200]] == pytest.approx([within(120) - within(30)] * 2)
    gain = [within(119 - day) - within(29 - day) for day in range(120)]
    assert new[0] == pytest.approx(sum(g * young[day] for day, g in enumerate(gain)))
    assert others[0] + new[0] == pytest.approx(sum(gain))
    assert [float(each[0, 0]) for each in chances_within(won, lost, 2)] == pytest.approx([0, within(1), within(2)])


def company(seed: int, *, days: int = 455, tail: int = 91) -> tuple[Deals, Yield, np.ndarray]:
    """Leads at a steady pace, one in five a deal after some days, one deal in three won; with the sums won per lead of the last quarter."""
    rng = np.random.default_rng(seed)
    last = days + tail
    lead_day = np.sort(rng.integers(0, last, 8 * last))
    made = rng.random(len(lead_day)) < 0.2
    wait = rng.geometric(0.08, len(lead_day)) - 1
    created = (lead_day + wait)[made].astype(float)
    closed = created + rng.geometric(0.05, len(created))
    won = rng.random(len(created)) < 1 / 3
    amount = rng.lognormal(9, 0.5, len(created))
    group = rng.integers(0, GROUPS, len(created))
    deals = Deals(created, closed, won, group, np.ones(len(created)), amount, amount**2)
    lead_group = rng.integers(0, GROUPS, len(lead_day))
    recent = (lead_day >= days - 365) & (lead_day < days)
    by_group = np.bincount(lead_group[recent], minlength=GROUPS).astype(float)
    ages = np.bincount(np.minimum(wait[made], 366)[(created >= days - 365) & (created < days)], minlength=367)[:366]
    per_day = np.append(by_group.sum(), by_group.sum() - by_group) / 365
    return deals, Yield(per_day, np.cumsum(ages) / ages.sum()), lead_day


def test_the_promised_chance_is_kept_on_simulated_companies() -> None:
    """Targets from easy to hard: over companies they are met as often as the chances with the leads that came promise."""
    promised, met = [], []
    past = [(91.0 * place, 91.0 * (place + 1)) for place in range(5)]
    for seed in range(40):
        deals, leads, lead_day = company(seed)
        target = 91 * 8 * 0.2 / 3 * np.exp(9 + 0.125) * np.random.default_rng([seed, 1]).uniform(0.6, 1.4)
        needed = leads_needed(deals, leads, Quarter(455, 455, 546, target), past=past, draws=200, seed=1)
        came = int((lead_day >= 455).sum())
        promised.append((needed <= came).mean())
        actual = deals.amount[deals.won & (deals.closed >= 455) & (deals.closed < 546)].sum()
        met.append(actual >= target)
    chances = np.array(promised)
    error = np.sqrt((chances * (1 - chances)).sum())
    assert abs(np.sum(met) - chances.sum()) < 2.5 * error
    assert np.corrcoef(chances, met)[0, 1] > 0.4


def test_reached_is_what_comes_of_a_year_of_wins() -> None:
    deals, leads, _ = company(1)
    told = [reached_share(deals, leads, now=455, days=days) for days in (0, 20, 60, 365)]
    assert told[0] < told[1] < told[2] < told[3] == 1
    # a deal comes after 11.5 days and closes after 20 on average: the median of the sum lies near 27
    assert told[1] < 0.5 < told[2]


def test_too_little_gives_no_answer() -> None:
    deals, leads, _ = company(2)
    asked, quarter = {"past": [(0.0, 91.0)], "draws": 10, "seed": 1}, Quarter(455, 455, 546, 1e6)
    nobody = Yield(leads.per_day * 0, leads.young_share)
    assert len(leads_needed(deals, leads, quarter, **asked)) == 10
    assert len(leads_needed(deals, nobody, quarter, **asked)) == 0
    assert len(leads_needed(deals, leads, Quarter(5, 5, 96, 1e6), **asked)) == 0
    twice = [leads_needed(deals, leads, quarter, **asked).tolist() for _ in range(2)]
    assert twice[0] == twice[1]
