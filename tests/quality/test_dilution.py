from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.quality.dilution import dilution, fit_elasticity, informative, volume_spread
from tests.quality.companies import leads_of, study_of


def planted(elasticity: float, *, sources: int = 12, months: int = 24, seed: int = 1) -> pd.DataFrame:
    """Source-months whose conversion changes with volume as planted; good sources and good months bring more leads, which misleads a naive fit."""
    rng = np.random.default_rng(seed)
    rows = []
    season = rng.normal(0, 0.3, months)
    for source in range(sources):
        level = rng.normal(0, 0.4)
        for month in range(months):
            size = int(np.exp(4.5 + 0.8 * level + 0.8 * season[month] + rng.normal(0, 0.5))) + 1
            rate = 0.12 * np.exp(level + season[month]) * (size / 90) ** elasticity
            rows.append((f"s{source:02d}", f"m{month:02d}", size, rng.poisson(size * rate)))
    return pd.DataFrame(rows, columns=["segment", "month", "n", "events"])


def test_the_fit_is_that_of_a_formula_in_statsmodels():
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    kept = informative(planted(-0.2))
    model = smf.glm("events ~ np.log(n) + C(segment) + C(month)", data=kept, family=sm.families.Poisson(), offset=np.log(kept["n"]))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(kept["segment"])[0]}, use_t=True)
    found = fit_elasticity(kept)
    assert found["elasticity"] == pytest.approx(fit.params["np.log(n)"], rel=1e-6)
    assert (found["lower"], found["upper"]) == pytest.approx(tuple(fit.conf_int().loc["np.log(n)"]), rel=1e-6)
    assert found["p_value"] == pytest.approx(fit.pvalues["np.log(n)"], rel=1e-5)


@pytest.mark.parametrize("true", [-0.4, 0.0])
def test_a_planted_elasticity_is_recovered_within_its_interval_and_the_naive_one_is_not(true):
    rows = planted(true)
    found = fit_elasticity(informative(rows))
    assert found["lower"] <= true <= found["upper"]
    naive = np.polyfit(np.log(rows["n"]), np.log((rows["events"] + 0.5) / rows["n"]), 1)[0]
    assert abs(naive - true) > 3 * abs(found["elasticity"] - true)


@pytest.mark.no_cover
def test_the_interval_covers_no_dilution_about_as_often_as_it_says():
    found = [fit_elasticity(informative(planted(0.0, sources=10, months=12, seed=seed))) for seed in range(150)]
    assert np.mean([one["lower"] <= 0 <= one["upper"] for one in found]) >= 0.9


def test_sources_and_months_that_say_nothing_are_left_out_one_after_the_other():
    rows = [
        ("a", "1", 9, 1),
        ("a", "2", 9, 1),
        ("b", "1", 9, 1),
        ("b", "2", 9, 0),
        ("never", "1", 9, 0),
        ("never", "2", 9, 0),
        ("once", "1", 9, 5),
        ("a", "3", 9, 2),
    ]
    kept = informative(pd.DataFrame(rows, columns=["segment", "month", "n", "events"]))
    assert sorted(zip(kept["segment"], kept["month"], strict=True)) == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]


def test_volume_that_source_and_month_tell_has_no_spread():
    rows = [(source, month, a * b, 1) for source, a in (("x", 2), ("y", 3)) for month, b in (("1", 10), ("2", 20))]
    assert volume_spread(pd.DataFrame(rows, columns=["segment", "month", "n", "events"])) == pytest.approx(0, abs=1e-12)


def company(sources: int, *, flat: bool = False, won: int = 0, **settings):
    parts = []
    for source in range(sources):
        for month in (1, 2, 3):
            n = 10 if flat else 10 + 3 * ((source * month) % 4)
            parts.append(leads_of(f"s{source}", n=n, won=won or 2 + (source + month) % 3, start=datetime(2025, month, 10)))
    return study_of(*parts, **settings)


@pytest.mark.no_cover
def test_seven_sources_are_too_few_and_eight_are_enough():
    seven, eight = dilution(company(7)).iloc[0], dilution(company(8)).iloc[0]
    assert pd.isna(seven["elasticity"])
    assert seven["reason"] == "fewer than 8 sources with matured wins in two months or more"
    assert (seven["sources"], seven["months"], seven["n"], seven["events"]) == (7, 3, 21, 63)
    assert eight["reason"] is None
    assert eight["lower"] < eight["elasticity"] < eight["upper"]


def test_wins_that_are_told_exactly_leave_no_error_to_judge_by():
    row = dilution(company(8, won=3)).iloc[0]
    assert pd.isna(row["elasticity"])
    assert row["reason"] == "the wins leave no error to judge by, or the model does not converge"


def test_a_volume_that_never_varies_has_no_elasticity():
    row = dilution(company(8, flat=True)).iloc[0]
    assert row["reason"] == "the volume of the sources did not vary beyond that of the months"
    assert pd.isna(row["elasticity"])


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("as_of", "months"), [("2025-09-28 00:00", {"2025-01", "2025-02", "2025-03"}), ("2025-09-27 23:00", {"2025-01", "2025-02"})]
)
def test_a_month_is_in_when_its_last_possible_lead_has_matured(as_of, months):
    """March ends on 1 April; 181 days later is 29 September in UTC, one day less at a horizon of 179."""
    study = company(1, quarter="2025Q3", as_of=as_of)
    assert set(counted("source_months", study, horizon=179)["month"]) == months


@pytest.mark.no_cover
def test_months_before_outcomes_or_records_begin_are_left_out():
    begun = company(1, config=Config(outcome_observed_from="2025-02-01"))
    assert set(counted("source_months", begun, horizon=30)["month"]) == {"2025-02", "2025-03"}
    late = company(1, config=Config(observed_from={"leads": "2025-01-02"}))
    assert set(counted("source_months", late, horizon=30)["month"]) == {"2025-02", "2025-03"}


@pytest.mark.no_cover
def test_months_are_those_of_the_company_s_zone():
    part = leads_of("a", n=1, won=1, start=datetime(2025, 1, 31, 23, 30))
    berlin = study_of(part, config=Config(time_zone="Europe/Berlin"))
    assert counted("source_months", berlin, horizon=30)["month"].tolist() == ["2025-02"]
    assert counted("source_months", study_of(part), horizon=30)["month"].tolist() == ["2025-01"]
