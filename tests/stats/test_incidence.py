"""Incidence with competing losses and re-openings: by hand, and what is null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import incidence, probability_interval, risk_table, state_probabilities, table_from_counts
from benchmarks.processes import Reopening
from tests.stats.units import random_units, table_of

BY_HAND = pd.DataFrame({"day": [0, 1, 1, 3, 4], "kind": ["won", "lost", "open", "won", "open"]})


def test_by_hand():
    # At risk 5, 4, 2, 2, 1: won 1/5, then lost 1/4 of 4/5, then of the 3/5 still open half is won.
    shares = state_probabilities(table_of(BY_HAND))
    assert shares.won == pytest.approx([0.2, 0.2, 0.2, 0.5, 0.5])
    assert shares.lost == pytest.approx([0.0, 0.2, 0.2, 0.2, 0.2])
    assert shares.open == pytest.approx([0.8, 0.6, 0.6, 0.3, 0.3])


def test_variance_by_hand():
    # The first day is a plain share, 0.2 x 0.8 / 5. Then F = 0.2 + S / 2 with S = 0.6 and a last share of 1 in 2:
    # Var F(3) by Dinse and Larson: sum (F(3) - F(k))^2 d / (Y (Y - d)) + S^2 (Y - d) d / Y^3 - 2 (F(3) - F(k)) S d / Y^2
    day_0 = 0.3**2 / (5 * 4) + 4 / 125 - 2 * 0.3 / 25
    day_1 = 0.3**2 / (4 * 3)
    day_3 = 0.6**2 * 1 / 8
    assert incidence(table_of(BY_HAND)).variance == pytest.approx([0.032, 0.032, 0.032, day_0 + day_1 + day_3, day_0 + day_1 + day_3])


def test_without_censoring_it_is_the_raw_share_with_its_binomial_variance():
    units = pd.DataFrame({"day": [0, 2, 2, 3, 5, 5, 6], "kind": ["won", "lost", "won", "won", "lost", "won", "lost"]})
    curve = incidence(table_of(units))
    assert curve.value == pytest.approx(np.array([1, 1, 2, 3, 3, 4, 4]) / 7)
    assert curve.variance == pytest.approx(curve.value * (1 - curve.value) / 7)


def test_a_reopened_lead_by_hand():
    # Four leads: two lost on day 0, one of them re-opened on day 1 and won on day 3 with one of the others; one stays open.
    moves = pd.DataFrame([("x", 0, "enter", 4), ("x", 0, "competing", 2), ("x", 1, "reopen", 1), ("x", 3, "event", 2), ("x", 4, "censor", 1),
                          ("x", 4, "censor_lost", 1)], columns=["segment", "day", "move", "n"])  # fmt: skip
    shares = state_probabilities(risk_table(moves)[1][0])
    assert shares.open == pytest.approx([0.5, 0.75, 0.75, 0.25, 0.25])
    assert shares.lost == pytest.approx([0.5, 0.25, 0.25, 0.25, 0.25])
    assert shares.won == pytest.approx([0, 0, 0, 0.5, 0.5])
    assert incidence(risk_table(moves)[1][0]).variance[-1] == pytest.approx(0.5 * 0.5 / 4)  # nobody censored before: binomial


def test_a_win_straight_from_lost_counts():
    moves = pd.DataFrame([("x", 0, "enter", 4), ("x", 0, "competing", 2), ("x", 2, "event_from_lost", 1), ("x", 2, "censor", 2),
                          ("x", 2, "censor_lost", 1)], columns=["segment", "day", "move", "n"])  # fmt: skip
    assert state_probabilities(risk_table(moves)[1][0]).won == pytest.approx([0, 0, 0.25])


def test_matrix_form_agrees_with_simulated_scatter():
    # The variance of the re-opening form has no library to compare with: the scatter of 1,000 simulated estimates has to agree.
    process = Reopening(units=100)
    table = process.tables(np.random.default_rng(7), 1_000)
    curve = incidence(table).at(process.horizon)
    assert curve.variance.mean() == pytest.approx(curve.value.var(), rel=0.15)
    assert curve.value.mean() == pytest.approx(process.wins_by(process.horizon), abs=4 * curve.value.std() / 1_000**0.5)


def test_days_without_anybody_at_risk_contribute_nothing():
    gap = table_from_counts(
        {"enter": np.array([1.0, 0, 0, 2, 0]), "censor": np.array([1.0, 0, 0, 0, 1]), "event": np.array([0.0, 0, 0, 1, 0])}
    )
    assert gap.at_risk.tolist() == [1, 0, 0, 2, 1]
    assert incidence(gap).value == pytest.approx([0, 0, 0, 0.5, 0.5])


def test_nobody_is_null_and_others_beside_it_are_not():
    empty = risk_table(pd.DataFrame({"segment": ["a", "a"], "day": [0, 1], "move": ["enter", "event"], "n": [1, 1]}), segments=["a", "b"])[
        1
    ]
    curve = incidence(empty)
    assert curve.value[0].tolist() == [0, 1]
    assert np.isnan(curve.value[1]).all()
    assert np.isnan(curve.variance[1]).all()
    assert np.isnan(probability_interval(*curve, empty.matured(1)[:, None]).upper[1]).all()


def test_beyond_the_table_is_null():
    assert np.isnan(incidence(table_of(BY_HAND)).at(5).value)
    assert incidence(table_of(BY_HAND)).at(4).value == pytest.approx(0.5)


def test_leading_axes_broadcast():
    one = table_of(random_units(np.random.default_rng(1), 40))
    stacked = type(one)(**{name: np.broadcast_to(array, (2, 3, *array.shape)) for name, array in one.arrays()})
    curve = incidence(stacked)
    assert curve.value.shape == (2, 3, len(one.days))
    np.testing.assert_allclose(curve.value[1, 2], incidence(one).value)
    np.testing.assert_allclose(curve.variance[1, 2], incidence(one).variance)
