"""Sales velocity by hand: where everything is seen, N × V / D is what the arrivals brought."""

from __future__ import annotations

import numpy as np
import pytest

from alignment_toolkit.counts import counted
from alignment_toolkit.velocity import sales_velocity
from tests.velocity.funnels import funnel, row_of, settings

LEADS = {"a": (0, {}), "b": (0, {}, {"source": "fair"}), "c": (0, {})}
DEALS = [
    {"deal_id": "1", "lead_id": "a", "created": 0, "closed": 10, "outcome": "won", "amount": 100.0},
    {"deal_id": "2", "lead_id": "b", "created": 0, "closed": 20, "outcome": "lost", "amount": 50.0},
    {"deal_id": "3", "lead_id": "c", "created": 0, "outcome": "open", "amount": 70.0},
]


@pytest.fixture(scope="module")
def three():
    return funnel(LEADS, deals=DEALS, as_of=90)


@pytest.mark.no_cover
def test_the_three_factors(three):
    row = row_of(sales_velocity(three), "(all)")
    assert (row["n"], row["won"], row["horizon_days"], row["matured_share"]) == (3, 1, 89, 1)
    # open in the 90 days of the quarter: 10 + 20 + 89 deal-days
    assert row["mean_open"] == pytest.approx(119 / 90)
    assert row["value_per_opportunity"] == pytest.approx(100 / 3)
    assert row["mean_days_open"] == pytest.approx(10 + 10 * 2 / 3 + 69 / 3)


def test_velocity_is_what_the_arrivals_bring(three):
    row = row_of(sales_velocity(three), "(all)")
    assert row["velocity"] == pytest.approx(100 / 90)
    assert row["bookings_per_day"] == pytest.approx(100 / 90)


def test_the_classic_formula_is_labelled_naive_and_says_something_else(three):
    # 1 open x 1/2 won among closed x 100 / 10 days
    assert row_of(sales_velocity(three), "(all)")["classic_naive"] == pytest.approx(1 * 0.5 * 100 / 10)


def test_sources_add_up_in_counts_and_bookings(three):
    frame = sales_velocity(three, by="source")
    assert frame["segment"].tolist() == ["(all)", "fair", "web"]
    for column in ("n", "won", "bookings_per_day"):
        assert frame[column][0] == pytest.approx(frame[column][1:].sum())
    assert row_of(frame, "fair")["reason"].startswith("not enough data: ")


@pytest.mark.no_cover
def test_deals_without_instants_are_counted_and_left_out():
    undated = [
        {"deal_id": "4", "lead_id": "a", "outcome": "open", "amount": 9.0},
        {"deal_id": "5", "lead_id": "a", "created": 3, "outcome": "won", "amount": 9.0},
        {"deal_id": "6", "lead_id": "a", "created": 3, "closed": 30, "outcome": "won"},
    ]
    study = funnel(LEADS, deals=DEALS + undated, as_of=90)
    counts = counted("deal_quarter", study).iloc[0]
    assert (counts["n"], counts["n_undated"], counts["n_open"], counts["n_won"], counts["n_unpriced"]) == (6, 2, 1, 2, 1)
    row = row_of(sales_velocity(study), "(all)")
    assert (row["n"], row["won"]) == (4, 2)
    assert row["bookings_per_day"] == pytest.approx(100 / 90)


def test_without_deals_the_question_cannot_be_answered():
    row = row_of(sales_velocity(funnel(LEADS)), "(all)")
    assert np.isnan(row["velocity"])
    assert row["reason"] == "no deals table"


@pytest.mark.no_cover
def test_too_few_deals():
    frame = sales_velocity(funnel(LEADS, deals=DEALS, config=settings(min_n=20)))
    assert frame["reason"][0].startswith("not enough data: only 3 deals were followed at age 0 days; 20 are needed")
    assert frame["bookings_per_day"][0] == pytest.approx(100 / 90), "sums of money are never null"


@pytest.mark.no_cover
@pytest.mark.parametrize(("closed", "won_in_quarter"), [(-1, 0), (0, 1), (89, 1), (89.4, 1), (89.6, 0)])
def test_bookings_at_the_quarters_bounds(closed, won_in_quarter):
    # day 0 is noon of the first day; the quarter ends 89.5 days later
    deal = {"deal_id": "1", "lead_id": "a", "created": -20, "closed": closed, "outcome": "won", "amount": 100.0}
    assert counted("deal_quarter", funnel({"a": (-30, {})}, deals=[deal], as_of=120))["n_won"][0] == won_in_quarter


@pytest.mark.no_cover
def test_stationary_deals_give_the_bookings_they_bring():
    """A deal a day for three years, won after 40 days for 900 or lost after 20: 450 a day, whatever the window cuts off."""
    deals = []
    for day in range(-900, 90):
        closed = day + (40 if day % 2 else 20)
        known = {"closed": closed, "outcome": "won" if day % 2 else "lost"} if closed < 90 else {"outcome": "open"}
        deals.append({"deal_id": str(day), "lead_id": "a", "created": day, "amount": 900.0} | known)
    study = funnel({"a": (-901, {})}, deals=deals, as_of=90, cohort="4q", config=settings(min_n=20))
    row = row_of(sales_velocity(study), "(all)")
    assert row["velocity"] == pytest.approx(450, rel=0.01)
    assert row["mean_open"] == pytest.approx(30, rel=0.01)
    assert row["mean_days_open"] == pytest.approx(30, rel=0.01)
