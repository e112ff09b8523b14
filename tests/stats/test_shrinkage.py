"""Shrinkage: against posteriors known by formula, laws, and who takes no part."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from alignment_toolkit.stats import benjamini_hochberg, effective_counts, shrink
from alignment_toolkit.stats import shrinkage as module


def from_counts(wins, units, **rest):
    wins, units = np.asarray(wins, dtype=float), np.asarray(units, dtype=float)
    return shrink(wins / units, wins / units * (1 - wins / units) / units, units, **rest)


def test_effective_counts_by_hand():
    trials, wins = effective_counts(np.array([0.2, 0.0, 1.0, np.nan]), np.array([0.0016, 0.0, 0.0, np.nan]), np.array([150.0, 30, 25, 40]))
    assert trials[:3] == pytest.approx([100, 30, 25])
    assert wins[:3] == pytest.approx([20, 0, 25])
    assert np.isnan(trials[3])


def test_mean_and_limits_equal_the_beta_posterior_where_the_prior_is_known(monkeypatch):
    monkeypatch.setattr(module, "_hyper_grid", lambda trials, wins: module._Hyper(np.array([3.0]), np.array([17.0]), np.array([1.0])))
    wins, units = np.array([2, 5, 9, 0, 30]), np.array([40, 40, 40, 25, 100])
    found = from_counts(wins, units)
    posterior = beta(3 + wins, 17 + units - wins)
    np.testing.assert_allclose(found.value, posterior.mean(), rtol=1e-9)
    np.testing.assert_allclose(found.lower, posterior.ppf(0.025), rtol=0.01, atol=2e-4)
    np.testing.assert_allclose(found.upper, posterior.ppf(0.975), rtol=0.01)
    drawn = posterior.rvs((200_000, 5), random_state=1).argmax(axis=1)
    np.testing.assert_allclose(found.p_best, np.bincount(drawn, minlength=5) / 200_000, atol=0.005)


def test_the_grid_is_fine_enough(monkeypatch):
    wins, units = np.array([2, 5, 9, 0, 30, 12, 4]), np.array([40, 60, 40, 25, 100, 90, 200])
    coarse, grid = from_counts(wins, units), module._hyper_grid
    monkeypatch.setattr(module, "_hyper_grid", lambda trials, wins: grid(trials, wins, points=45))
    fine = from_counts(wins, units)
    for name in ("value", "lower", "upper", "p_best"):
        np.testing.assert_allclose(getattr(coarse, name), getattr(fine, name), atol=0.004, err_msg=name)


def test_small_groups_move_more_and_limits_hold_the_mean():
    raw = np.array([0.3, 0.3, 0.1, 0.1, 0.1, 0.1])
    units = np.array([20, 500, 200, 300, 400, 200])
    found = from_counts(raw * units, units)
    assert raw[0] - found.value[0] > raw[1] - found.value[1] > 0
    assert (found.lower < found.value).all()
    assert (found.value < found.upper).all()
    assert found.p_best.sum() == pytest.approx(1)
    assert found.p_best.argmax() == 1


def test_a_lucky_source_with_two_leads_is_too_few_to_rank():
    found = from_counts([2, 30, 12, 9, 40, 22], [2, 200, 100, 120, 300, 150])
    assert found.reason == (module.TOO_FEW, None, None, None, None, None)
    assert np.isnan([found.value[0], found.lower[0], found.upper[0], found.p_best[0]]).all()
    without = from_counts([30, 12, 9, 40, 22], [200, 100, 120, 300, 150])
    np.testing.assert_allclose(found.value[1:], without.value)
    np.testing.assert_allclose(found.p_best[1:], without.p_best)


def test_below_five_groups_nothing_is_shrunk():
    found = from_counts([30, 12, 9, 40, 1], [200, 100, 120, 300, 10])
    assert found.reason == (*[module.NO_GROUPS] * 4, module.TOO_FEW)
    assert np.isnan(found.value).all()


def test_nobody_won_anywhere_still_has_an_answer():
    found = from_counts(np.zeros(6), np.full(6, 50))
    assert (found.value > 0).all()
    assert (found.upper < 0.1).all()
    assert found.p_best == pytest.approx(np.full(6, 1 / 6), abs=1e-6)


def test_order_is_irrelevant_and_the_answer_repeats():
    wins, units = np.array([30, 12, 9, 40, 22]), np.array([200, 100, 120, 300, 150])
    found, again, turned = from_counts(wins, units), from_counts(wins, units), from_counts(wins[::-1], units[::-1])
    assert found.value.tolist() == again.value.tolist()
    np.testing.assert_allclose(found.value, turned.value[::-1])
    np.testing.assert_allclose(found.p_best, turned.p_best[::-1])


def test_benjamini_hochberg_by_hand_with_comparisons_that_were_not_made():
    # 0.01 x 4 / 1, 0.02 x 4 / 2, then the smaller of 0.03 x 4 / 3 and 0.2: each no larger than the next.
    adjusted = benjamini_hochberg([0.2, 0.01, np.nan, 0.03, 0.02])
    assert adjusted[[0, 1, 3, 4]] == pytest.approx([0.2, 0.04, 0.04, 0.04])
    assert np.isnan(adjusted[2])
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)
