from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.config import Config
from alignment_toolkit.errors import UsageError
from alignment_toolkit.quality.cost import cost_and_return, largest_remainder, uncovered
from tests import worlds
from tests.quality.companies import leads_of, study_of, won_deals


def company(*, spent=None, campaigns=None, config=None, leads=None, cohort="4q", **tables):
    rows = leads or [
        ("L1", "2026-07-03", "web", "c1"),
        ("L2", "2026-08-03", "web", "c1"),
        ("L3", "2026-08-04", "fair", "c1"),
        ("L4", "2026-09-01", "fair", "c2"),
    ]
    made = [dict(zip(("lead_id", "created_at", "source", "campaign_id"), row, strict=True)) for row in rows]
    paid = (
        spent
        if spent is not None
        else [
            ("c1", "2026-07-31", 10.0),
            ("c1", "2026-08-01", 20.01),
            ("c2", "2026-09-30", 5.0),
            ("c2", "2026-10-01", 99.0),
            ("c1", "2026-06-30", 99.0),
        ]
    )
    costs = [dict(zip(("campaign_id", "spent_on", "cost", "currency"), row, strict=False)) for row in paid]
    known = campaigns or [{"campaign_id": "c1", "name": "One", "channel": "ads"}, {"campaign_id": "c2", "name": "Two", "channel": "ads"}]
    events = [{"lead_id": "L1", "stage": "mql", "entered_at": "2026-07-04"}]
    return worlds.study(
        "2026Q3",
        as_of="2026-10-15",
        cohort=cohort,
        config=config,
        leads=made,
        stage_events=events,
        campaigns=known,
        campaign_costs=costs,
        **tables,
    )


def by_segment(study, by):
    return cost_and_return(study, by=by).set_index("segment")


def test_cost_per_lead_takes_the_money_and_the_leads_of_the_quarter():
    table = by_segment(company(), "campaign_id")
    assert table["cost"].to_dict() == {"c1": 30.01, "c2": 5.0}
    assert table["cost_per_lead"].to_dict() == pytest.approx({"c1": 30.01 / 3, "c2": 5.0})
    assert by_segment(company(), "channel")["cost_per_lead"].to_dict() == pytest.approx({"ads": 35.01 / 4})


def test_all_history_takes_all_money_seen_and_all_leads():
    table = by_segment(company(cohort="all"), "campaign_id")
    assert table["cost"].to_dict() == {"c1": 129.01, "c2": 104.0}


def test_money_follows_the_leads_to_their_sources_and_no_cent_is_lost():
    table = by_segment(company(), "source")
    assert table["cost"].to_dict() == {"web": 20.01, "fair": 15.0}
    assert table["cost"].sum() == pytest.approx(35.01)
    assert table["cost_per_lead"].to_dict() == pytest.approx({"web": 20.01 / 2, "fair": 15.0 / 2})


def test_money_of_a_campaign_without_leads_belongs_to_no_source():
    spent = [("c1", "2026-07-31", 10.0), ("c1", "2026-08-01", 20.0), ("c2", "2026-09-30", 5.0), ("c9", "2026-09-30", 7.0)]
    row = by_segment(company(spent=spent), "source").loc["(missing)"]
    assert (row["cost"], row["leads"], row["reason"]) == (7.0, 0, "no leads in the period")


def test_a_month_with_leads_and_without_a_cost_leaves_the_cost_per_lead_null():
    table = by_segment(company(spent=[("c1", "2026-07-31", 10.0), ("c2", "2026-09-30", 5.0)]), "campaign_id")
    assert table.loc["c1", "reason"] == "no cost is recorded for 2026-08"
    assert pd.isna(table.loc["c1", "cost_per_lead"])
    assert table.loc["c2", "cost_per_lead"] == 5.0
    assert (
        by_segment(company(spent=[("c1", "2026-07-31", 10.0)]), "channel").loc["ads", "reason"]
        == "campaign 'c1': no cost is recorded for 2026-08"
    )


def test_leads_after_the_end_of_a_campaign_need_no_cost_of_their_own():
    ended = [
        {"campaign_id": "c1", "name": "One", "channel": "ads", "ended_on": "2026-07-31"},
        {"campaign_id": "c2", "name": "Two", "channel": "ads"},
    ]
    table = by_segment(company(spent=[("c1", "2026-07-31", 12.0)], campaigns=ended), "campaign_id")
    assert table.loc["c1", "cost_per_lead"] == 4.0


def test_leads_without_a_campaign_leave_their_source_without_a_cost():
    leads = [("L1", "2026-07-03", "web", "c1"), ("L2", "2026-07-04", "web", None)]
    row = by_segment(company(leads=leads, spent=[("c1", "2026-07-05", 1.0)]), "source").loc["web"]
    assert row["reason"] == "1 of its 2 leads has no campaign"
    assert pd.isna(row["cost_per_lead"])


def test_costs_are_at_constant_currency_and_one_without_a_rate_is_no_zero():
    rates = [
        {"currency": "USD", "valid_on": "2026-01-01", "rate_to_reporting": 0.5},
        {"currency": "USD", "valid_on": "2026-09-01", "rate_to_reporting": 0.8},
    ]
    spent = [("c1", "2026-07-31", 10.0, "USD"), ("c1", "2026-08-31", 10.0, "EUR"), ("c2", "2026-09-01", 5.0, "XXX")]
    table = by_segment(company(spent=spent, exchange_rates=rates), "campaign_id")
    assert table.loc["c1", "cost"] == 18.0
    assert table.loc["c2", "reason"] == "a cost has no amount in the reporting currency"


def test_value_over_cost_has_the_limits_of_the_value():
    parts = [leads_of("web", n=40, won=10, campaign_id="c1")]
    costs = [{"campaign_id": "c1", "spent_on": "2025-01-01", "cost": 200.0}]
    study = study_of(*parts, quarter="2025Q1", deals=won_deals(*parts), campaign_costs=costs)
    row = by_segment(study, "source").loc["web"]
    assert row["value_per_lead"] == pytest.approx(250)
    assert row["cost_per_lead"] == 5
    assert row["return_ratio"] == pytest.approx(50)
    assert row["return_lower"] == pytest.approx(row["value_lower"] / 5)
    assert row["return_lower"] < 50 < row["return_upper"]
    assert (row["n"], row["events"], row["matured_share"]) == (40, 10, 1)


def test_nothing_spent_is_a_cost_of_zero_and_no_return():
    parts = [leads_of("web", n=40, won=10, campaign_id="c1")]
    study = study_of(*parts, deals=won_deals(*parts), campaign_costs=[{"campaign_id": "c1", "spent_on": "2025-01-01", "cost": 0.0}])
    row = by_segment(study, "source").loc["web"]
    assert row["cost_per_lead"] == 0
    assert pd.isna(row["return_ratio"])


def test_missing_tables_are_said():
    parts = [leads_of("web", n=30, won=3, campaign_id="c1")]
    row = by_segment(study_of(*parts), "campaign_id").loc["c1"]
    assert (row["reason"], row["value_reason"], row["leads"]) == ("no campaign_costs table", "no deals table", 30)
    costs = [{"campaign_id": "c1", "spent_on": "2025-01-01", "cost": 1.0}]
    assert by_segment(study_of(*parts, campaign_costs=costs), "channel")["reason"].tolist() == ["no campaigns table"]


def test_an_unknown_level_is_refused_in_a_sentence():
    with pytest.raises(UsageError) as refused:
        cost_and_return(company(), by="channels")
    assert (
        str(refused.value) == "Unknown level 'channels' for cost_and_return. Did you mean 'channel'? Choose campaign_id, channel or source."
    )


def test_too_few_matured_leads_give_a_cost_and_no_value():
    row = by_segment(company(config=Config(min_n=4)), "campaign_id").loc["c1"]
    assert row["cost_per_lead"] > 0
    assert (pd.isna(row["value_per_lead"]), row["value_reason"]) == (True, "no deals table")


@given(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=9))
def test_largest_remainder_adds_up_and_stays_within_a_cent_of_the_exact_part(total, weights):
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * weight / sum(weights)) <= 1 for part, weight in zip(parts, weights, strict=True))


def test_largest_remainder_by_hand():
    assert largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert largest_remainder(1, [1, 5]) == [0, 1]
    assert largest_remainder(0, [3, 4]) == [0, 0]


def test_uncovered_knows_the_months_before_and_after_the_end():
    created = pd.DataFrame(
        [
            ("a", "2026-07", None, 1),
            ("a", "2026-08", 202607, 1),
            ("b", "2026-08", 202608, 1),
            ("(missing)", "2026-08", None, 1),
            ("c", "(earlier)", None, 1),
        ],
        columns=["campaign_id", "month", "last_month", "n"],
    )
    spent = pd.DataFrame([("a", 202607, 0)], columns=["campaign_id", "month", "n_unpriced"])
    assert uncovered(created, spent) == {"b": "no cost is recorded for 2026-08", "c": "no cost is recorded for (earlier)"}
