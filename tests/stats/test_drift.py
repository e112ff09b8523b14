"""Drift of a mix: published arithmetic by hand, the test against SciPy's, and silence where nothing moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.stats.drift import chi_squared, population_drift


def test_the_index_by_hand() -> None:
    before, after = np.array([3000, 7000]), np.array([5000, 5000])
    found = population_drift(before, after)
    assert found.psi == pytest.approx(0.2 * np.log(5 / 3) + -0.2 * np.log(5 / 7), rel=1e-3)
    assert found.expected == pytest.approx(2 / 10_000)
    assert found.has_moved


def test_the_test_is_pearson_s() -> None:
    from scipy.stats import chi2_contingency

    counts = np.array([[30, 20, 11, 4], [22, 31, 9, 9]])
    expected = chi2_contingency(counts, correction=False)
    assert chi_squared(counts.astype(float)) == pytest.approx(expected.statistic, rel=1e-12)
    assert population_drift(*counts).p == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize(("before", "after"), [([0, 0], [3, 4]), ([5, 0], [7, 0]), ([], [])])
def test_nothing_to_compare_is_null(before: list[int], after: list[int]) -> None:
    found = population_drift(before, after)
    assert np.isnan([found.psi, found.expected, found.p]).all()
    assert not found.has_moved


def test_a_vanished_category_is_finite() -> None:
    found = population_drift([50, 50, 50], [75, 75, 0])
    assert np.isfinite(found.psi)
    assert found.has_moved


@given(st.lists(st.integers(0, 500), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_categories_and_of_the_samples_does_not_matter_for_the_index(counts: list[int], draw) -> None:
    other = [draw.randint(0, 500) for _ in counts]
    order = draw.sample(range(len(counts)), len(counts))
    found = population_drift(counts, other)
    mixed = population_drift([counts[at] for at in order], [other[at] for at in order])
    swapped = population_drift(other, counts)
    assert mixed.psi == pytest.approx(found.psi, nan_ok=True)
    assert swapped.psi == pytest.approx(found.psi, nan_ok=True)
    assert np.isnan(found.psi) or found.psi >= 0


def test_a_mix_that_does_not_move_is_hardly_ever_called_moved() -> None:
    rng = np.random.default_rng(7)
    shares = [0.32, 0.18, 0.30, 0.20]
    moved = [population_drift(rng.multinomial(n, shares), rng.multinomial(n, shares)).has_moved for n in (60, 200, 900) for _ in range(500)]
    assert np.mean(moved) < 0.012


def test_a_mix_that_moves_is_found() -> None:
    rng = np.random.default_rng(8)
    before, after = [0.32, 0.18, 0.30, 0.20], [0.12, 0.38, 0.30, 0.20]
    moved = [population_drift(rng.multinomial(300, before), rng.multinomial(300, after)).has_moved for _ in range(500)]
    assert np.mean(moved) > 0.98
