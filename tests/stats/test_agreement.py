"""Cohen's kappa against statsmodels on the same tables, and where it is null."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.stats.agreement import cohens_kappa

TABLES = (
    [[20, 5], [10, 15]],
    [[89, 55], [140, 94]],
    [[1, 30], [40, 2]],
    [[30, 0], [0, 12]],
    [[0, 7], [1, 9]],
    [[3, 1], [0, 1]],
    [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_value_and_interval_are_those_of_statsmodels(table: list[list[int]]) -> None:
    from statsmodels.stats.inter_rater import cohens_kappa as oracle

    found, expected = cohens_kappa(table), oracle(np.array(table))
    assert found.value == pytest.approx(expected.kappa, abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx((expected.kappa_low, expected.kappa_upp), abs=1e-9)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[9, 0], [0, 0]], [[0, 0], [0, 4]]], ids=str)
def test_without_units_or_with_one_answer_to_everything_it_is_null(table: list[list[int]]) -> None:
    assert np.isnan(cohens_kappa(table)).all()


def test_it_does_not_matter_who_is_called_first() -> None:
    assert cohens_kappa([[20, 5], [10, 15]]) == pytest.approx(cohens_kappa([[20, 10], [5, 15]]))
