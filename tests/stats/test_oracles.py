"""The statistics from counts against lifelines, scikit-survival and statsmodels on rows (values in tests/reference)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import (
    RiskTable,
    cox,
    incidence,
    loglog_interval,
    logrank,
    restricted_mean,
    risk_table,
    survival,
    survival_quantile,
    wilson_interval,
)
from tests.reference import stats_oracles
from tests.stats.units import moves_of, table_of


@pytest.fixture(scope="module")
def oracle() -> dict:
    return json.loads(stats_oracles.FILE.read_text())


@pytest.fixture(scope="module")
def units(oracle) -> pd.DataFrame:
    frame = pd.DataFrame(oracle["rows"])
    return frame.assign(kind=frame["kind"].map({0: "open", 1: "won", 2: "lost"}), segment=frame["group"].astype(str))


@pytest.fixture(scope="module")
def table(units) -> RiskTable:
    return table_of(units.assign(entry=0))


def test_the_file_is_what_the_script_writes(oracle):
    again = stats_oracles.written()
    assert again.keys() == oracle.keys()
    for name, value in oracle.items():
        if name != "rows":
            np.testing.assert_allclose(again[name], value, rtol=1e-6, atol=1e-9, err_msg=name)
    assert again["rows"] == oracle["rows"]


def test_survival_equals_lifelines(table, oracle):
    curve = survival(table)
    h = stats_oracles.HORIZON
    np.testing.assert_allclose(curve.value[:h], oracle["survival"], rtol=1e-12)
    band = loglog_interval(*curve)
    np.testing.assert_allclose(np.nan_to_num(band.lower[:h], nan=1), oracle["survival_lower"], rtol=1e-9)
    np.testing.assert_allclose(np.nan_to_num(band.upper[:h], nan=1), oracle["survival_upper"], rtol=1e-9)


def test_survival_error_equals_statsmodels(table, oracle):
    curve = survival(table)
    days = np.array(oracle["survival_days"], dtype=int)
    inside = curve.value[days] > 0
    np.testing.assert_allclose(np.sqrt(curve.variance[days])[inside], np.array(oracle["survival_se"])[inside], rtol=1e-10)


def test_survival_with_late_entry_equals_lifelines(units, oracle):
    curve = survival(table_of(units))
    np.testing.assert_allclose(curve.value[: stats_oracles.HORIZON], oracle["survival_late_entry"], rtol=1e-12)


def test_median_and_restricted_mean_equal_lifelines(table, oracle):
    assert survival_quantile(survival(table), 0.5).value == oracle["median"]
    assert restricted_mean(table, stats_oracles.HORIZON).value == pytest.approx(oracle["restricted_mean"], rel=1e-12)


def test_incidence_equals_scikit_survival_with_its_interval(table, oracle):
    curve = incidence(table)
    days = np.array(oracle["incidence_days"], dtype=int)
    np.testing.assert_allclose(curve.value[days], oracle["incidence"], rtol=1e-12, atol=1e-15)
    band = loglog_interval(*curve)
    for ours, theirs in ((band.lower, oracle["incidence_lower"]), (band.upper, oracle["incidence_upper"])):
        seen = curve.value[days] > 0
        np.testing.assert_allclose(ours[days][seen], np.array(theirs)[seen], rtol=1e-9)
        assert seen.sum() > 40


def test_incidence_equals_statsmodels(table, oracle):
    days = np.array(oracle["incidence_statsmodels_days"], dtype=int)
    np.testing.assert_allclose(incidence(table).value[days], oracle["incidence_statsmodels"], rtol=1e-12, atol=1e-15)


def test_log_rank_equals_lifelines_and_statsmodels(units, oracle):
    groups = risk_table(moves_of(units.assign(entry=0)))[1]
    won, leaving = logrank(groups), logrank(groups, outcome="leaving")
    np.testing.assert_allclose([won.statistic, won.p], oracle["logrank_won"], rtol=1e-9)
    np.testing.assert_allclose([leaving.statistic, leaving.p], oracle["logrank_leaving"], rtol=1e-9)
    assert won.freedom == 2


def test_wilson_equals_statsmodels(oracle):
    x, n, lower, upper = np.array(oracle["wilson"]).T
    bounds = wilson_interval(x, n)
    np.testing.assert_allclose(bounds.lower, lower, atol=1e-12)
    np.testing.assert_allclose(bounds.upper, upper, rtol=1e-12)


def test_cox_equals_lifelines_with_its_check_of_proportional_hazards(oracle):
    frame = pd.DataFrame(oracle["rows"])
    data = frame.assign(won=(frame["kind"] == 1).astype(int), time=frame["day"] + 1)
    fit = cox(data, duration="time", event="won", covariates=["score", "size", "group"], ph_time="km")
    np.testing.assert_allclose(fit.table["coef"], oracle["cox_coef"], atol=1e-6)
    np.testing.assert_allclose(fit.table["standard_error"], oracle["cox_se"], rtol=1e-6)
    np.testing.assert_allclose(fit.table["ph_statistic"], oracle["cox_ph_statistic"], rtol=1e-5)
    np.testing.assert_allclose(fit.table["ph_p"], oracle["cox_ph_p"], rtol=1e-5)
    assert fit.log_likelihood == pytest.approx(oracle["cox_log_likelihood"], rel=1e-9)
    assert fit.concordance == pytest.approx(oracle["cox_concordance"], abs=1e-12)
