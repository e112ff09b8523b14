"""Figures that others have published on public data sets, from the same files (each set's SOURCE.md says where they were printed)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import RiskTable, cox, logrank, risk_table, survival, survival_quantile
from tests.conftest import shared_data

YES_NO = ["Partner", "Dependents", "PhoneService", "MultipleLines", "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport",
          "StreamingTV", "StreamingMovies", "PaperlessBilling"]  # fmt: skip


def tables(frame: pd.DataFrame, *, time: str, event: str, group: str | None = None) -> RiskTable:
    """A table per group whose day index is the published time itself: an exit at time t counts at index t."""
    groups = frame[group].astype(str) if group else pd.Series("(all)", index=frame.index)
    base = pd.DataFrame({"segment": groups, "day": frame[time].astype(int), "left": frame[event] == 1})
    exits = base.assign(move=np.where(base["left"], "event", "censor"))
    moves = pd.concat([base.assign(day=0, move="enter"), exits, base.assign(move="potential")]).assign(n=1)
    return risk_table(moves.groupby(["segment", "day", "move"], as_index=False)["n"].sum())[1]


def medians(table: RiskTable) -> list[float]:
    return [float(value) for value in survival_quantile(survival(table), 0.5).value]


def lifelines_set(name: str) -> pd.DataFrame:
    return pd.read_csv(shared_data("lifelines_sets", name))


@pytest.fixture(scope="module")
def telco() -> pd.DataFrame:
    frame = pd.read_csv(shared_data("telco_ibm", "Telco-Customer-Churn.csv"))
    charges = pd.to_numeric(frame["TotalCharges"].str.strip().replace("", "0"))  # blank exactly where the tenure is 0
    return frame.assign(churned=(frame["Churn"] == "Yes").astype(int), TotalCharges=charges)


@pytest.fixture(scope="module")
def monthly_with_internet(telco) -> pd.DataFrame:
    return telco[(telco["Contract"] == "Month-to-month") & (telco["InternetService"] != "No")]


def test_telco_survival(telco):
    share = survival(tables(telco, time="tenure", event="churned")[0]).value
    assert share[[1, 6, 12, 24, 36, 48, 60, 72]] == pytest.approx(
        [0.9460, 0.8848, 0.8432, 0.7887, 0.7485, 0.7088, 0.6644, 0.5928], abs=5e-5
    )
    assert np.isnan(medians(tables(telco, time="tenure", event="churned"))).all()


def test_telco_survival_by_contract(telco):
    by_contract = tables(telco, time="tenure", event="churned", group="Contract")  # month-to-month, one year, two year
    share = survival(by_contract).value
    assert [share[0, 12], share[1, 12], share[1, 60], share[2, 60]] == pytest.approx([0.7031, 0.9908, 0.8318, 0.9862], abs=5e-5)
    assert medians(by_contract)[0] == 35


def test_telco_monthly_customers_with_internet(monthly_with_internet):
    table = tables(monthly_with_internet, time="tenure", event="churned")
    share = survival(table[0]).value
    assert share[[6, 12, 24, 34, 48, 60]] == pytest.approx([0.7803, 0.6950, 0.5753, 0.4951, 0.3872, 0.2890], abs=5e-5)
    assert medians(table) == [34]
    assert (table.n[0], table.events.sum()) == (3351, 1556)


@pytest.mark.parametrize(("column", "chi2"), [
    ("Contract", 2352.87), ("OnlineSecurity", 1013.86), ("PaymentMethod", 865.24), ("InternetService", 520.12), ("Partner", 423.54),
    ("Dependents", 232.70), ("PaperlessBilling", 189.51), ("SeniorCitizen", 109.49), ("gender", 0.53), ("PhoneService", 0.43),
])  # fmt: skip
def test_telco_log_rank(telco, column, chi2):
    found = logrank(tables(telco, time="tenure", event="churned", group=column))
    assert found.statistic == pytest.approx(chi2, abs=0.005)
    assert found.freedom == telco[column].nunique() - 1
    if column in ("gender", "PhoneService"):
        assert found.p == pytest.approx({"gender": 0.468, "PhoneService": 0.512}[column], abs=0.0015)


def test_telco_cox_with_all_terms(telco):
    reference = pd.read_csv(shared_data("telco_ibm", "ref_cox_full_lifelines.csv"))
    rows = telco[["tenure", "churned", "SeniorCitizen", "MonthlyCharges", "TotalCharges"]].copy()
    for name in reference["covariate"]:
        column, _, level = name.partition("_")
        if level or column in [*YES_NO, "gender"]:
            rows[name] = (telco[column] == (level or {"gender": "Male"}.get(column, "Yes"))).astype(int)
    fit = cox(rows, duration="tenure", event="churned", covariates=list(reference["covariate"]))
    np.testing.assert_allclose(fit.table["coef"], reference["coef"], atol=2e-6)
    np.testing.assert_allclose(fit.table["standard_error"], reference["se(coef)"], rtol=1e-6)
    np.testing.assert_allclose(fit.table["z"], reference["z"], rtol=1e-4)
    assert fit.log_likelihood == pytest.approx(-12659.69, abs=0.005)
    assert fit.concordance == pytest.approx(0.93, abs=0.005)


def test_telco_cox_with_four_terms(monthly_with_internet):
    rows = monthly_with_internet[["tenure", "churned"]].assign(
        dependents_Yes=(monthly_with_internet["Dependents"] == "Yes").astype(int),
        internetService_DSL=(monthly_with_internet["InternetService"] == "DSL").astype(int),
        onlineBackup_Yes=(monthly_with_internet["OnlineBackup"] == "Yes").astype(int),
        techSupport_Yes=(monthly_with_internet["TechSupport"] == "Yes").astype(int),
    )
    fit = cox(rows, duration="tenure", event="churned", covariates=list(rows.columns[2:]))
    assert fit.table["coef"].tolist() == pytest.approx([-0.3287, -0.2173, -0.7766, -0.6392], abs=5e-5)
    assert fit.log_likelihood == pytest.approx(-11315.95, abs=0.005)
    assert fit.concordance == pytest.approx(0.6409, abs=5e-5)


def test_rossi():
    rossi = lifelines_set("rossi.csv")
    assert survival(tables(rossi, time="week", event="arrest")[0]).value[52] == pytest.approx(0.7361, abs=5e-5)
    names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    fit = cox(rossi, duration="week", event="arrest", covariates=names)
    published = [-0.3794222, -0.0574377, 0.3138998, -0.1497957, -0.4337039, -0.0848711, 0.0914971]
    assert fit.table["coef"].tolist() == pytest.approx(published, abs=5e-8)
    assert fit.table["standard_error"].tolist() == pytest.approx([0.1914, 0.0220, 0.3080, 0.2122, 0.3819, 0.1958, 0.0286], abs=6e-5)
    assert fit.log_likelihood == pytest.approx(-658.75, abs=0.005)
    assert fit.concordance == pytest.approx(0.64, abs=0.005)
    reference = lifelines_set("ref_rossi_cox.csv")
    np.testing.assert_allclose(fit.table["upper"], reference["exp(coef) upper 95%"], rtol=1e-6)


def test_waltons():
    waltons = lifelines_set("waltons_dataset.csv")
    by_group = tables(waltons, time="T", event="E", group="group")  # control, miR-137
    assert medians(by_group) == [58, 26]
    assert medians(tables(waltons, time="T", event="E")) == [56]
    assert logrank(by_group).statistic == pytest.approx(122.25, abs=0.005)


def test_dd():
    dd = lifelines_set("dd.csv")
    by_group = tables(dd, time="duration", event="observed", group="democracy")  # democracies first
    assert medians(by_group) == [3, 6]
    assert medians(tables(dd, time="duration", event="observed")) == [4]
    assert logrank(by_group).statistic == pytest.approx(260.47, abs=0.005)


def test_lung():
    assert medians(tables(lifelines_set("lung.csv"), time="time", event="status")) == [310]


def test_gbsg2():
    gbsg2 = lifelines_set("gbsg2.csv")
    by_therapy = tables(gbsg2, time="time", event="cens", group="horTh")
    assert medians(by_therapy) == [1528, 2018]
    assert medians(tables(gbsg2, time="time", event="cens")) == [1807]
    assert logrank(by_therapy).statistic == pytest.approx(8.565, abs=5e-4)
