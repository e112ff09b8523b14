"""The cycle on five leads by hand: won after 10 and 20 days, lost after 5, open, and one only 15 days old."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.velocity import cycle
from tests.velocity.funnels import funnel, row_of, settings

FIVE = {
    "a": (0, {"opportunity": 4, "won": 10}),
    "b": (0, {"opportunity": 2, "won": 20}),
    "c": (0, {"lost": 5}),
    "d": (0, {"opportunity": 1}),
    "e": (25, {}),
}


@pytest.fixture(scope="module")
def five():
    return funnel(FIVE, as_of=41)


def test_mean_among_those_who_win(five):
    row = row_of(cycle(five), "(all)")
    # F(10) = 0.2; open 0.6 of 5; e unseen after day 15; F(20) = 0.2 + 0.6 / 2
    assert row["mean_days"] == pytest.approx((0.2 * 10 + 0.3 * 20) / 0.5)
    assert row["naive_mean_days"] == 15
    assert (row["n"], row["won"], row["horizon_days"]) == (5, 2, 40)
    assert row["matured_share"] == pytest.approx(4 / 5)
    assert row["lower_days"] < row["mean_days"] < row["upper_days"]


def test_from_opportunity(five):
    row = row_of(cycle(five, start="opportunity"), "(all)")
    # three reach it: won after 6 and 18 days, one open
    assert row["mean_days"] == pytest.approx(12)
    assert (row["n"], row["won"]) == (3, 2)


def test_a_shorter_horizon_is_among_those_who_win_by_it(five):
    row = row_of(cycle(five, horizon=12), "(all)")
    assert (row["mean_days"], row["won"], row["horizon_days"]) == (pytest.approx(10), 1, 12)


def test_segments_and_too_few():
    leads = {
        **{name: (0, {"won": 10}, {"source": "web"}) for name in "abc"},
        **{name: (0, {}, {"source": "fair"}) for name in "def"},
        "g": (0, {"won": 10}, {"source": "tiny"}),
        "h": (0, {"won": 16}, {"source": "web"}),
    }
    frame = cycle(funnel(leads, as_of=41), by="source")
    assert frame["segment"].tolist() == ["(all)", "fair", "tiny", "web"]
    assert row_of(frame, "web")["mean_days"] == pytest.approx((3 * 10 + 16) / 4)
    assert row_of(frame, "tiny")["reason"].startswith("not enough data: only 1 lead was followed at age 0 days")
    assert row_of(frame, "fair")["reason"] == "nobody was won within 40 days"
    assert frame["won"][0] == frame["won"][1:].sum()
    assert frame["n"][0] == frame["n"][1:].sum()


def test_nobody_observed_for_a_day():
    row = row_of(cycle(funnel(FIVE, as_of=41, config=settings(min_n=50))), "(all)")
    assert np.isnan(row["mean_days"])
    assert row["n"] == 5
    assert row["reason"].startswith("not enough data: only 5 leads were followed at age 0 days; 50 are needed")


def test_a_segment_seen_for_less_than_half_as_long_has_no_horizon():
    old = {f"o{n}": (0, {"won": 30}) for n in range(4)}
    young = {f"y{n}": (80, {"won": 82}, {"source": "new"}) for n in range(4)}
    frame = cycle(funnel(old | young, as_of=91), by="source")
    assert row_of(frame, "(all)")["horizon_days"] == 90
    assert "no lead was followed at age " in row_of(frame, "new")["reason"]
