"""Targets: attainment and its words, what was visible on the day of a forecast, and how past ones did on the sample."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit import drivers
from alignment_toolkit.drivers.attainment import attained
from alignment_toolkit.drivers.words import forecast_sentences, target_sentences
from alignment_toolkit.headlines import kpis
from alignment_toolkit.study import Study, open_study
from tests.conftest import SAMPLE
from tests.sample import sample_kpis
from tests.worlds import study


@cache
def sample(quarter: str = "2026Q3", as_of: str = "") -> Study:
    return open_study(str(SAMPLE), quarter=quarter, as_of=as_of)


@cache
def past() -> pd.DataFrame:
    return drivers.past_forecasts(sample())


def test_a_quarter_that_is_over_is_known() -> None:
    seen = drivers.forecast(sample())
    assert seen["is_over"]
    assert seen["booked"] == seen["expected"] == seen["upper_80"] == pytest.approx(464703.66)
    assert (seen["target"], seen["probability"]) == (1386000, 0)


def test_a_forecast_from_inside_a_quarter_looks_at_nothing_later() -> None:
    inside = drivers.forecast(sample("2026Q2", "2026-05-13"))
    assert inside["day"] == 42
    row = past()[(past()["quarter"] == "2026Q2") & (past()["week"] == 6)].iloc[0]
    assert inside["booked"] == pytest.approx(row["booked"])
    assert inside["expected"] == pytest.approx(row["expected"], rel=0.05)
    assert 0 < inside["probability"] < 1
    told = target_sentences(sample("2026Q2", "2026-05-13"))
    assert told[1].startswith("Bookings: 653,515 EUR of a target of 1,316,000 EUR (50 %) with 46 % of the quarter gone; it ends between")


def test_past_forecasts_hold_and_get_closer() -> None:
    usual = past()[past()["quarter"] != "2026Q3"]  # bookings of 2026Q3 fell for causes that no past quarter had
    assert set(usual["week"]) == {1, 6, 12}
    assert usual["held"].astype(float).mean() >= 0.7
    width = (usual["upper_80"] - usual["lower_80"]).groupby(usual["week"]).mean()
    assert width[1] > width[6] > width[12]


def test_calibration_is_claimed_from_thirty_forecasts_on() -> None:
    told = drivers.calibration(past())
    assert told["n_met"] < 30
    assert not told["claim"]
    assert told["brier"] < told["brier_past_rate"]
    assert "fewer than 30, no calibration is claimed." in forecast_sentences(past())[1]
    many = pd.concat([past()] * 2, ignore_index=True)
    assert drivers.calibration(many)["claim"]
    assert "claimed" not in forecast_sentences(many)[1]
    assert forecast_sentences(past().head(0)) == ["No past quarter could be forecast: too few deals, or quarters, before it."]


def test_brier_by_hand() -> None:
    frame = pd.DataFrame(
        {"quarter": ["a", "b"], "held": [True, False], "met": [True, False], "probability": [0.8, 0.4], "past_rate": [0.5, 1.0]}
    )
    told = drivers.calibration(frame)
    assert (told["brier"], told["brier_past_rate"], told["held"]) == pytest.approx((0.1, 0.625, 0.5))


@pytest.mark.parametrize(
    ("kpi", "value", "target", "told"),
    [("leads", 90.0, 100.0, 0.9), ("cycle_mean", 50.0, 40.0, 0.8), ("leads", 90.0, 0.0, None), ("leads", np.nan, 10.0, None)],
)
def test_attainment(kpi: str, value: float, target: float, told: float | None) -> None:
    assert attained({"kpi": kpi, "value": value, "target": target}) == told


def test_every_figure_with_a_target_has_its_attainment_and_owner() -> None:
    frame = sample_kpis()
    mine = frame[frame["kpi"] == "target_attainment"].set_index("segment")
    promised = frame[(frame["slice"] == "all") & frame["target"].notna()].set_index("kpi")
    assert set(mine.index) == set(promised.index) >= {"leads", "bookings", "conversion_180d"}
    assert mine.loc["bookings", "value"] == pytest.approx(464703.66 / 1386000)
    assert mine["owner"].to_dict() == promised["owner"].to_dict()
    chance = frame[frame["kpi"] == "target_probability"].set_index("segment")
    assert (chance.loc["leads", "value"], chance.loc["bookings", "value"]) == (1, 0)
    assert chance.loc["conversion_180d", "reason"] == "an estimate of all leads: its interval says how far it may lie from the target"


def test_without_targets_it_says_so() -> None:
    bare = study(
        "2026Q2",
        as_of="2026-07-01",
        leads=[{"lead_id": "a", "created_at": "2026-04-05"}],
        stage_events=[{"lead_id": "a", "stage": "lead", "entered_at": "2026-04-05"}],
    )
    assert target_sentences(bare) == ["Whether targets are met cannot be told: no targets are recorded for this quarter."]
    assert drivers.target_kpis(bare, kpis(bare))["reason"].tolist() == ["no targets are recorded for this quarter"] * 2
