"""The headline figures: their shape, their previous, and what they say when a table is missing."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.figures import COLUMNS
from alignment_toolkit.velocity import cycle, sales_velocity, stage_conversion, velocity_kpis
from tests.velocity.funnels import funnel, settings

KPIS = ["stage_conversion_90d", "time_in_stage_median", "cycle_mean", "sales_velocity", "stalled_value"]


def company(**more):
    """Two leads a week for two years, won after 30 days or lost after 20."""
    leads, deals = {}, []
    for n in range(200):
        created, won = -600 + 7 * (n // 2), n % 2 == 0
        path = {"mql": created + 5, "opportunity": created + 10, ("won" if won else "lost"): created + (30 if won else 20)}
        leads[f"lead {n}"] = (created, {stage: day for stage, day in path.items() if day < 90}, {"source": "web" if n % 4 < 2 else "fair"})
        closed = created + (30 if won else 20)
        known = {"closed": closed, "outcome": "won" if won else "lost"} if closed < 90 else {"outcome": "open"}
        deals.append({"deal_id": str(n), "lead_id": f"lead {n}", "created": created + 10, "amount": 700.0} | known)
    return funnel(leads, as_of=89.5, cohort="4q", config=settings(min_n=5), deals=deals, **more)


@pytest.fixture(scope="module")
def study():
    return company()


@pytest.fixture(scope="module")
def frame(study):
    return velocity_kpis(study)


def test_shape(frame):
    assert tuple(frame.columns) == COLUMNS
    assert frame["kpi"].drop_duplicates().tolist() == KPIS
    slices = frame.groupby("kpi")["slice"].unique().map(sorted).to_dict()
    assert slices == {
        "stage_conversion_90d": ["all", "stage"],
        "time_in_stage_median": ["all", "stage"],
        "cycle_mean": ["all", "source"],
        "sales_velocity": ["all", "source"],
        "stalled_value": ["all", "stage"],
    }
    assert (frame["segment"] == "(all)").equals(frame["slice"] == "all")


def test_every_null_has_a_reason_and_no_figure_has_one(frame):
    assert frame["reason"].notna().equals(frame["value"].isna())


def test_intervals_hold_the_value(frame):
    known = frame.dropna(subset=["value", "lower", "upper"])
    assert len(known) >= 8
    rounding = 1e-9
    assert (known["lower"] <= known["value"] + rounding).all()
    assert (known["value"] <= known["upper"] + rounding).all()


def test_matured_share_stands_where_a_horizon_is_involved(frame):
    known = frame.dropna(subset="value").set_index("kpi")["matured_share"]
    without = ["time_in_stage_median", "stalled_value"]
    assert known[without].isna().all()
    assert known.drop(without).between(0, 1).all()


def test_known_values(frame):
    whole = frame[frame["slice"] == "all"].set_index("kpi")
    assert whole.loc["cycle_mean", "value"] == pytest.approx(30)
    assert whole.loc["sales_velocity", "unit"] == "EUR per day"
    # a deal a week is won for 700
    assert whole.loc["sales_velocity", "value"] == pytest.approx(100, rel=0.05)
    assert whole.loc["time_in_stage_median", "value"] == 5


def test_previous_is_the_same_estimator_a_quarter_earlier(study, frame):
    before = study.previous()
    whole = frame[frame["slice"] == "all"].set_index("kpi")["previous"]
    assert whole["stage_conversion_90d"] == pytest.approx(stage_conversion(before)["conversion_rate"][0])
    until = int(cycle(study)["horizon_days"][0])
    assert whole["cycle_mean"] == pytest.approx(cycle(before, horizon=until)["mean_days"][0])
    until = int(sales_velocity(study)["horizon_days"][0])
    assert whole["sales_velocity"] == pytest.approx(sales_velocity(before, horizon=until)["velocity"][0])


def test_without_deals_the_figure_is_null_and_says_so():
    study = funnel({"a": (0, {"mql": 1}), "b": (0, {"mql": 2})})
    row = velocity_kpis(study).set_index("kpi").loc["sales_velocity"]
    assert np.isnan(row["value"])
    assert row["reason"] == "no deals table"
