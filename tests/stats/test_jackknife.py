"""The delete-one-bucket jackknife: against formulas it has to reproduce, and what is null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kurtosis, skew, t

from alignment_toolkit.stats import (
    bucket_tables,
    incidence,
    interval_from_replicates,
    jackknife,
    jackknife_difference,
    leave_one_out,
    state_probabilities,
    value_per_unit,
)
from tests.stats.units import moves_of, random_units


def buckets_of(units: pd.DataFrame):
    return bucket_tables(moves_of(units.assign(segment="x")))[1]


def value_in_12(table):
    return value_per_unit(table, 11)


def one_unit_per_bucket(amounts: np.ndarray) -> pd.DataFrame:
    days = np.where(np.arange(len(amounts)) == 0, 11, 3)
    return pd.DataFrame({"day": days, "kind": "won", "bucket": np.arange(len(amounts)), "amount": amounts})


def test_standard_error_of_a_mean_is_the_textbook_one():
    amounts = np.random.default_rng(1).lognormal(3, 1, 40)
    found = jackknife(buckets_of(one_unit_per_bucket(amounts)), value_in_12)
    assert found.value[0] == pytest.approx(amounts.mean())
    assert found.standard_error[0] == pytest.approx(amounts.std(ddof=1) / 40**0.5)


def test_limits_by_formula():
    amounts = np.random.default_rng(1).lognormal(3, 1, 40)
    plain = jackknife(buckets_of(one_unit_per_bucket(amounts)), value_in_12)
    money = jackknife(buckets_of(one_unit_per_bucket(amounts)), value_in_12, scale="log")
    mean, error = amounts.mean(), amounts.std(ddof=1) / 40**0.5
    width = t.ppf(0.975, min(39, 2 * 40 / (kurtosis(amounts, fisher=False) - 1)))
    assert [plain.lower[0], plain.upper[0]] == pytest.approx([mean - width * error, mean + width * error])
    a = skew(amounts) / 40**0.5
    hall = mean + error * 3 / a * (1 - np.cbrt(1 - a * (width + a / 6)))
    assert money.lower[0] == pytest.approx(mean * np.exp(-width * error / mean))
    assert money.upper[0] == pytest.approx(max(mean * np.exp(width * error / mean), hall))


def test_evenly_spread_effects_use_almost_all_degrees_of_freedom():
    # Kurtosis 1 to 3 carries at least g - 1: the textbook interval is the special case.
    amounts = np.linspace(10, 20, 60)
    found = jackknife(buckets_of(one_unit_per_bucket(amounts)), value_in_12)
    reach = t.ppf(0.975, 59) * amounts.std(ddof=1) / 60**0.5
    assert found.upper[0] - found.value[0] == pytest.approx(reach)


def test_standard_error_of_an_incidence_agrees_with_its_formula():
    buckets = buckets_of(random_units(np.random.default_rng(5), 3_000))
    found = jackknife(buckets, lambda table: state_probabilities(table).won[..., 9])
    assert found.standard_error[0] == pytest.approx(float(incidence(buckets.total(axis=-1)[0]).variance[9]) ** 0.5, rel=0.1)


def test_several_segments_are_those_taken_one_by_one():
    units = random_units(np.random.default_rng(5), 90)
    _, tables = bucket_tables(moves_of(units), max_day=11)
    together = jackknife(tables, value_in_12, scale="log")
    for place, segment in enumerate("abc"):
        alone = jackknife(bucket_tables(moves_of(units[units["segment"] == segment]), max_day=11)[1], value_in_12, scale="log")
        np.testing.assert_allclose([part[place] for part in together], [part[0] for part in alone])


def test_a_difference_of_a_table_with_itself_is_zero_and_with_others_allows_for_shared_leads():
    units = random_units(np.random.default_rng(6), 800)
    half = buckets_of(units.iloc[:400])
    other = buckets_of(random_units(np.random.default_rng(7), 400))
    whole = buckets_of(units)

    def won(table):  # fmt: skip
        return state_probabilities(table).won[..., 9]

    nothing = jackknife_difference(whole, whole, won)
    assert nothing.value[0] == 0
    assert np.isnan(nothing.standard_error[0])
    shared, apart = jackknife_difference(whole, half, won), jackknife_difference(whole, other, won)
    assert shared.standard_error[0] < 0.8 * apart.standard_error[0]
    direct = won(whole.total(axis=-1)) - won(half.total(axis=-1))
    assert shared.value[0] == pytest.approx(direct[0])


@pytest.mark.parametrize("units", [
    pd.DataFrame({"day": [1, 2], "kind": ["won", "open"], "bucket": [4, 4], "amount": [5.0, 0.0]}),  # one bucket
    pd.DataFrame({"day": [1, 2, 3], "kind": ["lost", "open", "lost"], "bucket": [4, 5, 6], "amount": 0.0}),  # no win
])  # fmt: skip
def test_nothing_that_could_vary_is_null(units):
    found = jackknife(buckets_of(units.assign(last=11)), value_in_12, scale="log")
    assert np.isfinite(found.value[0])
    assert np.isnan([found.standard_error[0], found.lower[0], found.upper[0]]).all()


def test_empty_buckets_say_nothing():
    value, left_out = 3.0, np.array([2.9, 3.2, 2.8, 3.1])
    present = np.ones(4, dtype=bool)
    plain = interval_from_replicates(value, left_out, present)
    padded = interval_from_replicates(value, np.append(left_out, [99.0, np.nan]), np.append(present, [False, False]))
    np.testing.assert_allclose(plain, padded)
    broken = interval_from_replicates(value, np.append(left_out, np.nan), np.append(present, True))
    assert np.isnan(broken.lower)


def test_the_replicates_of_an_additive_figure_leave_out_their_bucket():
    buckets = buckets_of(one_unit_per_bucket(np.array([10.0, 20.0, 60.0])))
    np.testing.assert_allclose(value_in_12(leave_one_out(buckets))[0, :4], [40, 35, 15, 30])
