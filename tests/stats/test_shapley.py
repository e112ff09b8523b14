"""Shapley values of products: the definition by permutations, the axioms, and a case by hand."""

from __future__ import annotations

from itertools import permutations
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.stats.shapley import mix_parts, shapley_slopes

NUMBERS = st.floats(-5, 5, allow_nan=False)
PAIRS = st.integers(1, 5).flatmap(lambda n: st.tuples(*[st.lists(NUMBERS, min_size=n, max_size=n)] * 2))


def by_permutations(before: list[float], after: list[float]) -> list[float]:
    parts = [0.0] * len(before)
    for order in permutations(range(len(before))):
        state = list(before)
        for player in order:
            value = prod(state)
            state[player] = after[player]
            parts[player] += prod(state) - value
    return [part / factorial(len(before)) for part in parts]


def parts_of(before: list[float], after: list[float]) -> np.ndarray:
    old, new = np.array(before), np.array(after)
    return shapley_slopes(old, new) * (new - old)


def test_two_factors_by_hand() -> None:
    # 4 × 10 -> 2 × 14: the first alone moves −20, after the second −28; the second alone +16, after the first +8.
    assert parts_of([4, 10], [2, 14]).tolist() == [-24, 12]


@given(PAIRS)
def test_slopes_are_the_definition_and_add_up(pair: tuple[list[float], list[float]]) -> None:
    before, after = pair
    found = parts_of(before, after)
    assert found == pytest.approx(by_permutations(before, after), abs=1e-9)
    assert found.sum() == pytest.approx(prod(after) - prod(before), abs=1e-9)


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_factors_says_nothing(pair: tuple[list[float], list[float]], draw) -> None:
    before, after = pair
    order = list(range(len(before)))
    draw.shuffle(order)
    shuffled = parts_of([before[at] for at in order], [after[at] for at in order])
    assert shuffled == pytest.approx(parts_of(before, after)[order], abs=1e-9)


def test_leading_axes_are_separate_products() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 4, 3, 5))
    whole = shapley_slopes(before, after)
    assert whole[:, 2, 3] == pytest.approx(shapley_slopes(before[:, 2, 3], after[:, 2, 3]))


def test_mix_parts_add_up_to_the_mix_and_say_who_gained_on_whom() -> None:
    old, new, slope = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.5, 0.3]), np.array([10.0, 1.0, 4.0])
    parts = mix_parts(new - old, slope, (old + new) / 2)
    assert parts.sum() == pytest.approx(((new - old) * slope).sum())
    # the average yield is 0.35 × 10 + 0.4 × 1 + 0.25 × 4 = 4.9
    assert parts == pytest.approx([-0.3 * 5.1, 0.2 * -3.9, 0.1 * -0.9])
