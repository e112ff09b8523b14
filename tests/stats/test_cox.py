"""Cox: laws, concordance by brute force, and everything it refuses (its values against lifelines are in test_oracles.py)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.stats import cox
from alignment_toolkit.stats.concordance import concordance
from alignment_toolkit.stats.proportional import ph_statistics


def rows(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(n), rng.integers(0, 2, n)
    time, seen = rng.exponential(30 * np.exp(-0.5 * a)), rng.uniform(0, 80, n)
    return pd.DataFrame({"t": np.minimum(time, seen).astype(int), "won": (time <= seen).astype(int), "a": a, "b of c": b})


def fit(frame: pd.DataFrame, *covariates: str, **rest):
    return cox(frame, duration="t", event="won", covariates=list(covariates or ("a", "b of c")), **rest)


def test_it_recovers_the_planted_effect_and_reports_it_whole():
    found = fit(rows(2_000))
    table = found.table.set_index("covariate")
    assert abs(table.loc["a", "coef"] - 0.5) < 3 * table.loc["a", "standard_error"]
    assert table.loc["a", "hazard_ratio"] == pytest.approx(np.exp(table.loc["a", "coef"]))
    assert table.loc["a", "lower"] == pytest.approx(np.exp(table.loc["a", "coef"] - 1.959963984540054 * table.loc["a", "standard_error"]))
    assert table.loc["a", "p"] < 1e-6
    assert table.loc["b of c", "lower"] < 1 < table.loc["b of c", "upper"]  # a column name with blanks is only a name
    assert (found.n, found.n_events) == (2_000, int(rows(2_000)["won"].sum()))


def test_units_of_a_covariate_change_its_coefficient_and_nothing_else():
    plain, thousands = fit(rows()), fit(rows().assign(a=lambda f: f["a"] * 1_000 + 7))
    np.testing.assert_allclose(thousands.table["coef"], plain.table["coef"] / [1_000, 1], rtol=1e-6)
    np.testing.assert_allclose(thousands.table["z"], plain.table["z"], rtol=1e-6)
    assert thousands.log_likelihood == pytest.approx(plain.log_likelihood)


@pytest.mark.parametrize("scale", ["rank", "km"])
def test_the_check_sees_an_effect_that_turns_round(scale):
    rng = np.random.default_rng(3)
    group = rng.integers(0, 2, 1_500)
    time = np.where(group == 1, rng.weibull(0.6, 1_500) * 40, rng.weibull(2.0, 1_500) * 40)
    crossing = pd.DataFrame({"t": time, "won": 1, "a": group, "b of c": rng.standard_normal(1_500)})
    table = fit(crossing, ph_time=scale).table
    assert table["ph_p"][0] < 1e-6
    assert table["ph_p"][1] > 0.01


def test_all_events_on_one_day_leave_nothing_to_check():
    found = ph_statistics(np.ones(4), np.ones(4), np.arange(4.0)[:, None], coef=np.zeros(1), covariance=np.eye(1))
    assert np.isnan(found).all()


@pytest.mark.parametrize("block", [1, 7, 2_000])
def test_concordance_is_the_share_of_all_comparable_pairs(block):
    rng = np.random.default_rng(5)
    time, event, score = rng.integers(0, 12, 90), rng.integers(0, 2, 90), rng.integers(0, 6, 90).astype(float)
    good = pairs = 0.0
    for i in range(90):
        for j in range(90):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                pairs += 1
                good += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    assert concordance(time.astype(float), event.astype(float), score, block=block) == pytest.approx(good / pairs, abs=1e-12)


def test_concordance_without_pairs_is_null():
    assert np.isnan(concordance(np.array([1.0, 2.0]), np.zeros(2), np.zeros(2)))
    assert np.isnan(concordance(np.array([]), np.array([]), np.array([])))


@pytest.mark.parametrize(("frame", "covariates", "sentence"), [
    (rows(), ["a", "c"], "Cox regression: unknown column: 'c'. Known: t, won, a, b of c."),
    (rows(), ["a", "t"], "Cox regression: column is named twice: 't'. Duration, event and covariates are different columns."),
    (rows().assign(a="x"), ["a"], "Cox regression: column is not numeric: 'a'. Give one 0/1 column per category but the first."),
    (rows(3).assign(a=[1, None, 2]), ["a"], "Cox regression: 1 of 3 rows have no value in column: 'a'. Leave these rows out."),
    (rows().assign(won=0), ["a"], "Cox regression needs events. The event column is 0 or 1, with at least one 1."),
    (rows().assign(won=2), ["a"], "Cox regression needs events. The event column is 0 or 1, with at least one 1."),
    (rows().assign(a=3.0), ["b of c", "a"],
     "Cox regression: column is constant or follows from the columns before it: 'a'. Leave it out: its hazard ratio cannot be told."),
    (rows().assign(d=lambda f: 2 * f["a"] - f["b of c"]), ["a", "b of c", "d"],
     "Cox regression: column is constant or follows from the columns before it: 'd'. Leave it out: its hazard ratio cannot be told."),
    (rows().assign(a=lambda f: f["won"]), ["a"],
     "Cox regression did not converge. A hazard ratio is infinite where an attribute tells exactly who has the event. "
     "Leave out the attribute that does, often one that is only known afterwards."),
])  # fmt: skip
def test_what_it_refuses(frame, covariates, sentence):
    with pytest.raises(UsageError) as refused:
        fit(frame, *covariates)
    assert str(refused.value) == sentence


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setitem(cox.__globals__, "MAX_ROWS", 100)
    with pytest.raises(UsageError) as refused:
        fit(rows(101))
    assert str(refused.value) == (
        "Cox regression got 101 rows. It works on rows, at most 100. "
        "Take a random sample of units, or compare groups by log-rank, which works from counts."
    )
