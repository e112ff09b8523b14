"""Stage conversion on five leads by hand: advanced after 2 and 6 days, lost after 4, open, and one that is only 4 days old."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.velocity import stage_conversion, time_in_stage, time_to_advance
from tests.velocity.funnels import funnel, row_of, settings

FIVE = {"a": (0, {"mql": 2}), "b": (0, {"lost": 4}), "c": (0, {"mql": 6}), "d": (0, {}), "e": (6, {})}


@pytest.fixture(scope="module")
def five():
    return funnel(FIVE, as_of=11)


def test_incidence_with_lost_competing_and_open_as_open(five):
    row = row_of(stage_conversion(five, horizon=10), "lead")
    # day 2: 1/5; day 4 lost: open 0.8 -> 0.6; e unseen after day 4; day 6: 0.6 x 1/2
    assert row["conversion_rate"] == pytest.approx(0.2 + 0.3)
    assert (row["n"], row["advanced"], row["lost_or_back"], row["still_open"]) == (5, 2, 1, 2)
    assert row["matured_share"] == pytest.approx(4 / 5)
    assert 0 < row["lower_rate"] < 0.5 < row["upper_rate"] < 1


def test_the_pooled_row_counts_all_visits(five):
    frame = stage_conversion(five, horizon=10)
    assert frame["stage"].tolist() == ["(all)", "lead", "mql", "sal", "sql", "opportunity"]
    for column in ("n", "advanced", "lost_or_back", "still_open"):
        assert frame[column][0] == frame[column][1:].sum()


def test_too_few_matured_visits_are_null_with_a_reason():
    frame = stage_conversion(funnel(FIVE, as_of=11, config=settings(min_n=5)), horizon=10)
    row = row_of(frame, "lead")
    assert np.isnan([row["conversion_rate"], row["lower_rate"], row["upper_rate"], row["stale_lost_rate"]]).all()
    assert row["reason"].startswith("not enough data: only 4 visits were followed at age 5 days; 5 are needed")
    assert row["n"] == 5, "counts are never null"


def test_a_horizon_nobody_has_reached_is_null(five):
    assert "no visit was followed at age " in row_of(stage_conversion(five, horizon=90), "lead")["reason"]


def test_moving_back_competes():
    study = funnel({name: (0, [("mql", 1), ("lead", 3)]) for name in "ab"} | {"c": (0, [("mql", 1), ("sal", 4)])}, as_of=20)
    row = row_of(stage_conversion(study, horizon=10), "mql")
    assert row["conversion_rate"] == pytest.approx(1 / 3)
    assert (row["advanced"], row["lost_or_back"]) == (1, 2)


def test_kaplan_meier_of_leaving_either_way(five):
    row = row_of(time_in_stage(five), "lead")
    # still there: 0.8 after day 2, 0.6 after day 4, 0.3 after day 6
    assert row["median_days"] == 6
    assert np.isnan(row["p90_days"])
    assert (row["n"], row["finished"], row["still_open"]) == (5, 3, 2)
    assert (row["naive_mean_days"], row["naive_median_days"]) == (4, 4)


def test_more_than_half_still_there_is_an_answer(five):
    row = row_of(time_in_stage(five), "mql")
    assert np.isnan(row["median_days"])
    assert row["reason"] == "more than half are still in the stage"
    empty = row_of(time_in_stage(five), "sql")
    assert empty["n"] == 0
    assert empty["reason"].startswith("not enough data: no visit to this stage is on record")


def test_time_to_advance_among_those_who_do(five):
    row = row_of(time_to_advance(five), "lead")
    # F(2) = 0.2, F(6) = 0.5 = F(10): half of 0.5 is reached on day 6 only
    assert (row["median_days"], row["p90_days"], row["horizon_days"], row["advanced"]) == (6, 6, 10, 2)
    assert row_of(time_to_advance(five, horizon=3), "lead")["median_days"] == 2
    assert row_of(time_to_advance(five), "sql")["reason"].startswith("not enough data: no visit to this stage is on record")
    assert row_of(time_to_advance(five), "mql")["reason"] == "nobody advanced within 4 days"


def test_silent_leads_counted_as_lost_shorten_the_stay():
    leads = {"a": (0, {"mql": 30}), "b": (0, {"mql": 40}), "c": (0, {}), "d": (0, {}), "e": (0, {})}
    study = funnel(leads, as_of=60, touches={"c": [5], "d": [5], "e": [59]}, config=settings(stale_days=20))
    row = row_of(time_in_stage(study), "lead")
    assert np.isnan(row["median_days"])
    assert row["stale_lost_median_days"] == 30
    # 2 of 5 advance; with c and d lost on day 5 the same two of five
    conversion = row_of(stage_conversion(study, horizon=50), "lead")
    assert (conversion["conversion_rate"], conversion["stale_lost_rate"]) == (pytest.approx(0.4), pytest.approx(0.4))
