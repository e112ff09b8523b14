"""Kaplan-Meier and its quantiles and means, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import (
    MeanTime,
    advance_quantile,
    advance_quantile_interval,
    bucket_tables,
    incidence,
    loglog_interval,
    mean_time_among,
    mean_time_interval,
    restricted_mean,
    risk_table,
    survival,
    survival_quantile,
)
from tests.stats.units import moves_of, random_units, table_of

# At risk 6, 5, 3, 2, 1: S = 5/6, then 3/5 of it, then flat, then half of it.
UNITS = pd.DataFrame({"day": [0, 1, 1, 2, 3, 4], "kind": ["lost", "won", "lost", "open", "won", "open"]})
NOBODY = risk_table(pd.DataFrame(columns=["segment", "day", "move", "n"]), segments=["a"], max_day=5)[1][0]


def test_survival_by_hand():
    curve = survival(table_of(UNITS))
    assert curve.value == pytest.approx([5 / 6, 1 / 2, 1 / 2, 1 / 4, 1 / 4])
    greenwood = 1 / (6 * 5) + 2 / (5 * 3) + 1 / (2 * 1)
    assert curve.variance[4] == pytest.approx(greenwood / 16)


def test_everybody_gone_has_no_variance():
    curve = survival(table_of(UNITS.assign(kind="won", day=[0, 0, 1, 1, 2, 2])))
    assert curve.value == pytest.approx([2 / 3, 1 / 3, 0])
    assert curve.variance[2] == 0


def test_median_by_hand_is_exact_at_one_half():
    found = survival_quantile(survival(table_of(UNITS)), 0.5)
    assert found.value == 1  # S(1) is 1/2 on paper, and must be so here
    band = loglog_interval(*survival(table_of(UNITS)))
    assert found.lower == np.argmax(band.lower <= 0.5)
    assert np.isnan(found.upper)  # the upper band never falls to one half


def test_a_quantile_that_is_not_reached_is_null():
    assert np.isnan(survival_quantile(survival(table_of(UNITS)), 0.9).value)
    assert np.isnan(survival_quantile(survival(NOBODY), 0.5)).all()


def test_quantile_limits_invert_the_band_on_a_larger_table():
    curve = survival(table_of(random_units(np.random.default_rng(4), 300)))
    band = loglog_interval(*curve)
    found = survival_quantile(curve, 0.5)
    inside = (band.lower <= 0.5) & (band.upper > 0.5)
    assert [found.lower, found.upper] == [np.flatnonzero(inside)[0], np.flatnonzero(inside)[-1] + 1]


def test_restricted_mean_by_hand():
    mean = restricted_mean(table_of(UNITS), 4)
    assert mean.value == pytest.approx(5 / 6 + 1 / 2 + 1 / 2 + 1 / 4)


def test_restricted_mean_variance_is_the_sum_of_covariances():
    # An independent road: Cov(S(j), S(k)) = S(j) S(k) x Greenwood's sum up to the earlier of the two.
    table = table_of(random_units(np.random.default_rng(2), 50, late=True))
    curve, h = survival(table), 9
    greenwood = curve.variance[:h] / curve.value[:h] ** 2
    double = sum(curve.value[j] * curve.value[k] * greenwood[min(j, k)] for j in range(h) for k in range(h))
    assert restricted_mean(table, h).variance == pytest.approx(double)
    assert restricted_mean(curve, h).variance == pytest.approx(double)


def test_restricted_mean_without_censoring_is_the_mean():
    days = np.array([0, 2, 3, 3, 8])
    mean = restricted_mean(table_of(pd.DataFrame({"day": days, "kind": "won"})), 6)
    assert mean.value == pytest.approx(np.minimum(days, 6).mean())
    assert mean.variance == pytest.approx(np.minimum(days, 6).var() / 5)


@pytest.mark.parametrize(("horizon", "known"), [(5, True), (6, False)])
def test_restricted_mean_beyond_the_table_is_null_while_units_are_open(horizon, known):
    assert np.isfinite(restricted_mean(table_of(UNITS), horizon).value) == known
    gone = table_of(UNITS.assign(kind="won"))
    assert restricted_mean(gone, horizon).value == pytest.approx(restricted_mean(gone, 5).value)


def test_nobody_has_no_mean():
    assert np.isnan(restricted_mean(NOBODY, 3)).all()
    assert np.isnan(mean_time_among(incidence(NOBODY).value, 3))


def test_mean_limits_stay_inside_the_horizon():
    found = mean_time_interval(MeanTime(np.array([9.5, 5.0, 0.5, 10.0, np.nan]), np.array([1.0, 1.0, 1.0, 0.0, np.nan])), 10)
    assert (found.lower[:3] > 0).all()
    assert (found.upper[:3] < 10).all()
    # logit(1/2) = 0 and its slope at one half is 4: the limits are the logistic of -/+ 1.96 x 4 / 10.
    assert found.upper[1] == pytest.approx(10 / (1 + np.exp(-1.959963984540054 * 0.4)))
    assert found.lower[1] == pytest.approx(10 - found.upper[1])
    assert np.isnan(found.lower[3:]).all()


def test_mean_time_among_the_won_by_hand():
    # Wins at 1, 1 and 4 of those won by 5, the win at 7 does not count.
    curve = incidence(table_of(pd.DataFrame({"day": [1, 1, 4, 7, 8], "kind": ["won", "won", "won", "won", "lost"]}))).value
    assert mean_time_among(curve, 5) == pytest.approx(2.0)
    assert np.isnan(mean_time_among(curve, 0))  # nobody won by day 0: no mean
    assert np.isnan(mean_time_among(curve, 9))


@pytest.mark.parametrize(("p", "day"), [(0.25, 1), (0.5, 1), (0.51, 4), (0.75, 4), (0.76, 7), (1.0, 7)])
def test_advance_quantile_by_hand(p, day):
    curve = incidence(table_of(pd.DataFrame({"day": [1, 1, 4, 7, 8], "kind": ["won", "won", "won", "won", "lost"]}))).value
    assert advance_quantile(curve, p, 8) == day


def test_advance_quantile_without_events_or_beyond_the_table_is_null():
    curve = incidence(table_of(UNITS.assign(kind="lost"))).value
    assert np.isnan(advance_quantile(curve, 0.5, 3))
    assert np.isnan(advance_quantile(curve, 0.5, 30))
    won = incidence(table_of(UNITS)).value  # 1/6 from day 1, 5/12 from day 3: half of that only on day 3
    assert np.nan_to_num(advance_quantile(np.stack([curve, won]), 0.5, 3), nan=-1).tolist() == [-1, 3]


def test_limits_of_the_time_to_advance_hold_it_and_shrink_with_more_units():
    def limits(n: int):
        units = random_units(np.random.default_rng(3), n).assign(segment="x")
        return advance_quantile_interval(bucket_tables(moves_of(units))[1][0], 0.5, 9)

    few, many = limits(40), limits(1_500)
    assert few.lower <= few.value <= few.upper
    assert many.upper - many.lower < few.upper - few.lower


def test_limits_of_the_time_to_advance_are_null_without_a_win():
    units = random_units(np.random.default_rng(3), 30).assign(segment="x", kind="lost")
    assert np.isnan(advance_quantile_interval(bucket_tables(moves_of(units))[1][0], 0.5, 9)).all()
