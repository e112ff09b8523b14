"""Forecasts of a quarter: rates by hand, chances against brute force, laws, and calibration on simulated companies."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.stats.forecast import GROUPS, Deals, estimated, open_ages, quarter_effects, simulated, summed, win_chances
from benchmarks.forecasts import WEEKS, score


def deals(*rows: tuple[float, float, bool, float]) -> Deals:
    """Deals given as created, closed (infinity: open), won, amount; each in a group of its own, in turn."""
    created, closed, won, amount = (np.array(column) for column in zip(*rows, strict=True))
    group = np.arange(len(rows)) % GROUPS
    return Deals(created.astype(float), closed.astype(float), won.astype(bool), group, np.ones(len(rows)), amount, amount**2)


INF = np.inf


def test_rates_are_occurrence_over_exposure() -> None:
    made = deals((0, 3, True, 10.0), (0, 5, False, 0.0), (0, INF, False, 0.0), (95, INF, False, 0.0))
    rates = estimated(made.seen_at(100), 100)
    # days of age 0 to 7: 3 and a half, 5 and a half, 7 and 5
    assert rates.won[0, 0] == pytest.approx(1 / 21)
    assert rates.lost[0, 0] == pytest.approx(1 / 21)
    assert rates.won[0, 1:].tolist() == [0] * 7
    assert rates.amount[0] == 10
    assert rates.arrivals[0] == pytest.approx(4 / 100)
    assert rates.won[1, 0] == 0  # without the group of the only win


def test_what_comes_later_is_not_seen() -> None:
    seen = deals((0, 3, True, 1.0), (0, 50, True, 1.0), (60, INF, False, 0.0)).seen_at(50)
    assert seen.closed.tolist() == [3, INF]
    assert seen.won.tolist() == [True, False]
    ages, n = open_ages(seen, 50)
    assert (ages.tolist(), n.tolist()) == ([50], [1])


def test_chances_of_a_constant_hazard_are_its_formula() -> None:
    won, lost = np.full((1, 8), 0.02), np.full((1, 8), 0.03)
    chances, by_new = win_chances(won, lost, 40)
    assert chances[0, [0, 100, 366]] == pytest.approx([0.4 * -np.expm1(-2)] * 3)
    assert by_new[0] == pytest.approx(sum(0.4 * -np.expm1(-0.05 * left) for left in range(40)))
    assert win_chances(won, lost, 0)[0].max() == 0


def test_spread_between_quarters_is_found_where_it_is() -> None:
    rng = np.random.default_rng(1)
    alike = quarter_effects(np.full(8, 100.0), np.full(8, 100.0), rng, 4000)
    apart = quarter_effects(np.array([40.0, 170, 60, 150, 90, 30, 160, 100]), np.full(8, 100.0), rng, 4000)
    assert alike.mean() == pytest.approx(1, abs=0.02)
    assert apart.mean() == pytest.approx(1, abs=0.04)
    assert alike.std() < 0.12 < 0.35 < apart.std() < 0.7


def test_sums_have_the_moments_of_compound_wins() -> None:
    rng = np.random.default_rng(2)
    sums = summed(np.full(20_000, 9), np.full(20_000, 100.0), 2500.0, rng)
    assert sums.mean() == pytest.approx(900, rel=0.01)
    assert sums.std() == pytest.approx(150, rel=0.03)
    assert summed(np.array([0, 3]), np.array([100.0, 100.0]), 0.0, rng).tolist() == [0, 300]


def test_the_same_counts_give_the_same_answer_and_few_wins_none() -> None:
    rows = [(float(day), float(day + 20), day % 3 == 0, 50.0) for day in range(0, 180, 2)] + [(170.0, INF, False, 50.0)] * 30
    made, past = deals(*rows), [(0.0, 60.0), (60.0, 120.0)]
    asked = {"now": 180, "ends": 210, "past": past, "draws": 50, "seed": 3}
    assert simulated(made, **asked).tolist() == simulated(made, **asked).tolist()
    assert simulated(made, **(asked | {"ends": 180})).tolist() == [0] * 50
    assert len(simulated(deals(*rows[:9]), **asked)) == 0


def test_intervals_of_80_percent_hold_on_simulated_companies() -> None:  # 300 of them: benchmarks/forecasts.md
    scores = [score(seed, draws=150) for seed in range(24)]
    held = [each[week] for each in scores for week in WEEKS if each[week] is not None]
    assert len(held) == 72
    assert 0.64 <= np.mean(held) <= 0.92
