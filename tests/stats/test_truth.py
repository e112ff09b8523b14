"""Planted truths: the estimators find what the simulation knows, and the figures people usually quote do not."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.stats import incidence, mean_time_among, restricted_mean, state_probabilities, survival, value_per_unit
from benchmarks.processes import Deals, Funnel, Reopening

RUNS = 400
REGIMES = {"light": Funnel(units=500, won=0.2025), "heavy": Funnel(units=500, won=0.1734, win_days=80.0, lose_days=300.0, watched=(0, 200)),
           "late entry": Funnel(units=500, won=0.2025, late=0.6)}  # fmt: skip


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


@pytest.fixture(scope="module", params=REGIMES)
def drawn(request):
    funnel = REGIMES[request.param]
    return request.param, funnel, funnel.tables(np.random.default_rng(42), RUNS)


def test_incidence_is_the_planted_conversion(drawn):
    _, funnel, table = drawn
    assert funnel.wins_by(180) == pytest.approx(0.163, abs=0.0005)
    mean, error = mean_and_error(incidence(table).at(180).value)
    assert abs(mean - funnel.wins_by(180)) < 4 * error


def test_won_of_closed_and_one_minus_kaplan_meier_are_not(drawn):
    name, funnel, table = drawn
    won = table.events[..., :181].sum(axis=-1)
    closed = won + table.competing[..., :181].sum(axis=-1)
    assert mean_and_error(won / closed)[0] > funnel.wins_by(180) + 0.02
    only_wins = type(table)(**dict(table.arrays()) | {"competing": 0 * table.competing})
    assert mean_and_error(1 - survival(only_wins).at(180).value)[0] > funnel.wins_by(180) + 0.03
    if name == "heavy":
        assert mean_and_error(won / table.n)[0] < funnel.wins_by(180) - 0.03


def test_survival_and_time_open_are_the_planted_ones(drawn):
    _, funnel, table = drawn
    for estimate, truth in ((survival(table).at(90).value, funnel.open_at(90)),
                            (restricted_mean(table, 180).value, funnel.open_at(np.arange(180)).sum())):  # fmt: skip
        mean, error = mean_and_error(estimate)
        assert abs(mean - truth) < 4 * error


@pytest.mark.parametrize("memory", [1.0, 3.0])
def test_reopened_leads_do_not_bias_incidence(memory):
    process = Reopening(units=300, memory=memory)
    table = process.tables(np.random.default_rng(1), RUNS // 2)
    mean, error = mean_and_error(incidence(table).at(180).value)
    assert abs(mean - process.wins_by(180)) < 4 * error
    # Taking the first loss for the end, as a plain competing-risks curve of first outcomes would, loses the wins after re-opening.
    assert process.wins_by(180) > Reopening(memory=0.0).wins_by(180) + 0.04


@pytest.mark.no_cover
@pytest.mark.parametrize("watched", [(18, 54), (0, 20)])
def test_marked_aalen_johansen_is_unbiased_where_big_deals_take_longer(watched):
    deals = Deals(leads=600, spread=0.5, watched=watched, slower=2.0)
    rng = np.random.default_rng(3)
    marked, naive, cycle = [], [], []
    for _ in range(RUNS):
        table = deals.buckets(deals.leads_of(rng)).total()
        won = state_probabilities(table).won
        marked.append(value_per_unit(table, deals.horizon))
        naive.append(won[deals.horizon] * table.amount.sum() / table.events.sum())
        cycle.append(mean_time_among(won, deals.horizon))
    mean, error = mean_and_error(np.array(marked))
    assert abs(mean - deals.value()) < 4 * error
    mean, error = mean_and_error(np.array(cycle))
    assert abs(mean - deals.mean_time()) < 4 * error + 0.02
    if watched[0] == 0:
        assert np.mean(naive) < 0.9 * deals.value()
