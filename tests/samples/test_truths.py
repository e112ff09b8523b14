"""The truths by quadrature against brute force: many uncensored leads, whole days counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.samples import company, truths
from alignment_toolkit.samples.customers import life_days
from alignment_toolkit.samples.outcomes import Outcomes, draw_outcomes, won_seconds
from alignment_toolkit.samples.population import Population, draw_population, generator

LEADS = 400_000
BIG = [source for source in company.SOURCES if source.weight > 0]


@pytest.fixture(scope="module")
def steady() -> tuple[Population, Outcomes]:
    population = draw_population(seed=11, leads=LEADS)
    return population, draw_outcomes(population, seed=11)


def standard_errors(values: np.ndarray, *, truth: float) -> float:
    return float((values.mean() - truth) / (values.std(ddof=1) / np.sqrt(len(values))))


def won_days(steady: tuple[Population, Outcomes], source: company.Source) -> tuple[np.ndarray, np.ndarray]:
    population, outcomes = steady
    mine = population.source == company.position(company.SOURCES, name=source.name)
    return (won_seconds(outcomes)[mine] - population.created[mine]) // company.DAY, population.amount[mine]


@pytest.mark.parametrize("source", BIG, ids=lambda source: source.name)
@pytest.mark.parametrize("horizon", company.HORIZONS)
def test_incidence_is_the_share_won_by_the_day_index(steady, source, horizon):
    days, _ = won_days(steady, source)
    assert abs(standard_errors(days <= horizon, truth=truths.won_incidence(source, horizon=horizon))) < 4


@pytest.mark.parametrize("source", BIG, ids=lambda source: source.name)
@pytest.mark.parametrize("horizon", company.HORIZONS)
def test_value_per_lead_is_the_mean_amount_won(steady, source, horizon):
    days, amount = won_days(steady, source)
    value = amount * (days <= horizon)
    assert abs(standard_errors(value, truth=truths.value_per_lead(source, horizon=horizon))) < 4


def test_truth_over_all_leads_weighs_sources_by_their_share(steady):
    population, outcomes = steady
    shares = {source.name: float((population.source == place).mean()) for place, source in enumerate(company.SOURCES)}
    truth = truths.incidence_truth(shares=shares)
    days = (won_seconds(outcomes) - population.created) // company.DAY
    for horizon in company.HORIZONS:
        assert abs(standard_errors(days <= horizon, truth=truth["won"]["(all)"][str(horizon)])) < 4


def test_big_deals_take_longer(steady):
    population, outcomes = steady
    won = outcomes.first_won
    assert np.corrcoef(population.amount[won], outcomes.notional[won])[0, 1] > 0.1


def test_incidence_times_mean_amount_is_not_the_value():
    """The trap that the marked estimator avoids: at 30 days, small deals are over-represented among the won."""
    source = company.SOURCES[0]
    mean = truths.value_per_lead(source, horizon=3_650) / truths.won_incidence(source, horizon=3_650)
    assert truths.value_per_lead(source, horizon=30) < 0.95 * mean * truths.won_incidence(source, horizon=30)


@pytest.mark.parametrize("place", range(len(company.SOURCES)))
def test_early_churn_is_the_share_gone(place):
    life = life_days(generator(5, part=0), source=np.full(100_000, place))
    truth = truths.early_churn(company.SOURCES[place], horizon=90)
    assert abs(standard_errors(life <= 90, truth=truth)) < 4


def test_early_churn_is_refused_where_the_hazard_changes():
    with pytest.raises(ValueError, match=r"^The horizon is 120 days; early churn is known below 120\.$"):
        truths.early_churn(company.SOURCES[0], horizon=120)
