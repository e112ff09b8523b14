"""Limits of probabilities: by hand, at the edges, and what is null."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.stats import difference_interval, loglog_interval, probability_interval, wilson_interval


def test_loglog_by_hand():
    bounds = loglog_interval(0.2, 0.0016)
    reach = 1.959963984540054 * 0.04 / (0.2 * np.log(5))
    assert bounds.lower == pytest.approx(0.2 ** np.exp(reach))
    assert bounds.upper == pytest.approx(0.2 ** np.exp(-reach))


def test_loglog_ends_where_its_scale_does():
    bounds = loglog_interval([0.0, 1.0, np.nan, 0.5, 1e-9], [0.0, 0.0, np.nan, 0.0, 1.0])
    assert np.isnan(bounds.lower[:3]).all()
    assert bounds.lower[3] == bounds.upper[3] == 0.5  # no variance, no width
    assert bounds.lower[4] == 0
    assert bounds.upper[4] == 1


def test_wilson_by_hand():
    # x = 0: upper = z^2 / (n + z^2)
    z2 = 1.959963984540054**2
    bounds = wilson_interval([0, 20, 5, np.nan], [20, 20, 0, 4])
    assert bounds.upper[0] == pytest.approx(z2 / (20 + z2))
    assert bounds.lower[0] == pytest.approx(0, abs=1e-12)
    assert bounds.lower[1] == pytest.approx(20 / (20 + z2))
    assert np.isnan(bounds.lower[2:]).all()


def test_no_event_has_lower_zero_and_the_upper_of_wilson_on_the_matured():
    bounds = probability_interval([0.0, 0.0, 1.0, 0.3, np.nan], [0.0, 0.0, 0.0, 0.01, np.nan], [40, 0, 40, 40, 40])
    wilson = wilson_interval(0, 40)
    assert bounds.lower[0] == 0
    assert bounds.upper[0] == wilson.upper
    assert np.isnan([bounds.lower[1], bounds.upper[1]]).all()  # nobody matured: nothing is known
    assert bounds.lower[2] == pytest.approx(1 - wilson.upper)
    assert bounds.upper[2] == 1
    assert bounds.lower[3] == loglog_interval(0.3, 0.01).lower
    assert np.isnan([bounds.lower[4], bounds.upper[4]]).all()


@pytest.mark.parametrize(
    ("now", "before", "published"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
    ],
)
def test_a_difference_of_shares_has_the_limits_that_newcombe_published(
    now: tuple[int, int], before: tuple[int, int], published: tuple[float, float]
):
    limits = [wilson_interval(*counts) for counts in (now, before)]
    shares = [x / n for x, n in (now, before)]
    found = difference_interval(shares[0], limits[0], shares[1], limits[1])
    assert [float(found.lower), float(found.upper)] == pytest.approx(published, abs=0.00005)  # four digits are printed


def test_a_difference_agrees_with_statsmodels_and_is_null_where_a_part_is():
    from statsmodels.stats.proportion import confint_proportions_2indep

    limits = [wilson_interval(195, 378), wilson_interval(172, 383)]
    found = difference_interval(195 / 378, limits[0], 172 / 383, limits[1])
    expected = confint_proportions_2indep(195, 378, 172, 383, method="newcomb", compare="diff")
    assert (float(found.lower), float(found.upper)) == pytest.approx(expected)
    assert np.isnan(difference_interval(0.5, (np.nan, 0.6), 0.4, (0.3, 0.5)).lower)
