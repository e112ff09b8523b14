"""Whole units that add up: Hamilton's method by hand and as laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.stats.apportion import largest_remainder


@pytest.mark.parametrize(
    ("parts", "total", "whole"),
    [
        ([1.4, 2.4, 3.2], 7, [2, 2, 3]),
        ([1.5, 1.5], 3, [2, 1]),
        ([-1.5, 2.5], 1, [-1, 2]),
        ([-0.2, -0.3, 0.5], 0, [0, 0, 0]),
        ([2.0, -2.0], 0, [2, -2]),
        ([], 0, []),
        ([0.9999999999], 1, [1]),
    ],
)
def test_by_hand(parts: list[float], total: int, whole: list[int]) -> None:
    assert largest_remainder(np.array(parts), total).tolist() == whole


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=30))
def test_they_add_up_and_lie_next_to_the_parts(parts: list[float]) -> None:
    total = round(sum(parts))
    found = largest_remainder(np.array(parts), total)
    assert found.sum() == total
    assert np.abs(found - np.array(parts)).max() < 2
