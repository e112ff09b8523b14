"""Waiting by hand, and Little's law where nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.velocity import bottleneck, stage_paths
from alignment_toolkit.velocity.bottleneck import poisson_limits
from tests.velocity.funnels import funnel, row_of, settings

LEADS = {"a": (0, {"mql": 10, "won": 12}), "b": (0, {"lost": 20}), "c": (0, {})}
DEALS = [{"deal_id": "1", "lead_id": "a", "created": 10, "closed": 12, "outcome": "won", "amount": 300.0}]


@pytest.fixture(scope="module")
def row():
    return row_of(bottleneck(funnel(LEADS, deals=DEALS)), "lead")


def test_lead_days_and_loss_hazard(row):
    # the quarter ends at midnight, half a day before as_of: 10 + 20 + 89.5 days
    assert row["lead_days"] == pytest.approx(119.5)
    assert (row["visits"], row["waiting"], row["lost"]) == (3, 1, 1)
    assert row["losses_per_100_lead_days"] == pytest.approx(100 / 119.5)
    assert row["lower"] < row["losses_per_100_lead_days"] < row["upper"]


def test_expected_value_waiting(row):
    assert row["value_per_entry"] == pytest.approx(100)
    assert row["value_waiting"] == pytest.approx(100)


def test_littles_law_holds_where_nothing_is_cut_off(row):
    assert row["horizon_days"] == 89
    assert row["mean_in_stage"] == pytest.approx(119 / 90)
    assert row["arrivals_per_day"] == pytest.approx(3 / 90)
    assert row["little_ratio"] == pytest.approx(1)


def test_without_deals_the_values_are_null_and_the_rest_is_there():
    row = row_of(bottleneck(funnel(LEADS)), "lead")
    assert np.isnan([row["value_per_entry"], row["value_waiting"]]).all()
    assert row["lead_days"] == pytest.approx(119.5)


def test_too_few_visits():
    row = row_of(bottleneck(funnel(LEADS, config=settings(min_n=4))), "lead")
    assert row["reason"].startswith("not enough data: only 3 visits were followed at age 0 days; 4 are needed")
    assert np.isnan([row["losses_per_100_lead_days"], row["little_ratio"]]).all()
    assert row["lead_days"] == pytest.approx(119.5)


@pytest.mark.parametrize(
    ("created", "left", "expected"),
    [
        (-40, -10, 0),  # gone before the quarter
        (-40, 10, 10.5),  # only its days inside
        (-40, None, 90),
        (80, None, 9.5),
    ],
)
def test_only_days_of_the_quarter_count(created, left, expected):
    study = funnel({"a": (created, {"lost": left} if left is not None else {})}, as_of=120)
    assert row_of(bottleneck(study), "lead")["lead_days"] == pytest.approx(expected)


def test_poisson_limits_against_published_values():
    # Garwood 1936: 0 -> (0, 3.689), 1 -> (0.0253, 5.572), 10 -> (4.795, 18.390)
    lower, upper = poisson_limits(np.array([0.0, 1.0, 10.0]))
    assert lower == pytest.approx([0, 0.0253, 4.795], abs=5e-4)
    assert upper == pytest.approx([3.689, 5.572, 18.390], abs=5e-4)


def test_paths_by_hand():
    leads = {
        "a": (0, [("sql", 2), ("mql", 4), ("won", 6)]),
        "b": (0, [("mql", 1), ("sal", 1), ("lost", 3)]),
        "c": (0, []),
    }
    frame = stage_paths(funnel(leads)).set_index("stage")
    assert frame.loc["lead", ["visits", "advanced", "skipped", "open"]].tolist() == [3, 2, 1, 1]
    assert frame.loc["sql", ["visits", "back"]].tolist() == [1, 1]
    assert frame.loc["mql", ["visits", "advanced", "skipped", "backfilled"]].tolist() == [1, 1, 1, 1]
    assert frame.loc["sal", ["visits", "lost"]].tolist() == [1, 1]
    assert frame.loc["lead", "skipped_share"] == pytest.approx(0.5)
    assert np.isnan(frame.loc["opportunity", "skipped_share"])
