"""Charts of churn: what is drawn is what the frame says, and the description is made of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.charts import churn as charts
from alignment_toolkit.charts.style import description, title, to_svg
from alignment_toolkit.churn.bridge import COLUMNS as BRIDGE
from alignment_toolkit.churn.early import COLUMNS as EARLY
from alignment_toolkit.churn.hazards import COLUMNS as HAZARDS
from alignment_toolkit.churn.lifetimes import CURVE
from alignment_toolkit.churn.records import COLUMNS as RECORDS
from alignment_toolkit.churn.value import COLUMNS as VALUE


@pytest.fixture
def bridge():
    row = {"quarter": "2024Q4", "start": 380.0, "new": 70.0, "expansion": 50.0, "reactivation": 0.0, "contraction": -80.0, "churn": -50.0}
    return pd.DataFrame([row | {"exchange_rates": 10.0, "end": 380.0}]).reindex(columns=list(BRIDGE))


def test_the_bridge_is_a_waterfall_that_ends_at_the_net_change(bridge):
    ax = charts.mrr_bridge_chart(bridge)
    assert [bar.get_height() for bar in ax.patches] == [70, 50, 0, -80, -50, 10, 0]
    assert [bar.get_y() for bar in ax.patches] == [0, 70, 120, 120, 40, -10, 0]
    low, high = ax.get_ylim()
    assert low < -10 < 120 < high
    assert title(ax) == "What moved recurring revenue in 2024Q4"
    assert description(ax) == (
        "Monthly recurring revenue went from 380 to 380 in 2024Q4: new +70, expansion +50, reactivation +0, contraction -80, churn -50,"
        " exchange rates +10."
    )


@pytest.fixture
def curve():
    shares = {"Webinar": [1.0, 0.9, 0.9, 0.8], "_Event": [1.0, 1.0, 1.0, 1.0]}
    rows = [
        (segment, day, share, share - 0.05, min(share + 0.05, 1.0), 20 - day, int(day in {1, 3} and segment == "Webinar"))
        for segment, line in shares.items()
        for day, share in enumerate(line)
    ]
    return pd.DataFrame(rows, columns=list(CURVE))


def test_retention_draws_one_line_per_segment_with_a_point_where_it_bends(curve):
    ax = charts.retention_chart(curve)
    webinar, event = ax.get_lines()
    assert webinar.get_xydata().tolist() == [[0, 1.0], [1, 0.9], [3, 0.8]]
    assert event.get_xydata().tolist() == [[0, 1.0], [3, 1.0]]
    assert [text.get_text().strip("\u200a") for text in ax.get_legend().get_texts()] == ["Webinar", "_Event"]
    assert description(ax).endswith("Webinar 80 % at day 3; _Event 100 % at day 3.")


def test_the_triangle_leaves_blank_what_was_not_observed():
    table = pd.DataFrame({"cohort": ["2024Q1", "2024Q2"], "q0_share": [1.0, 0.9], "q1_share": [0.75, np.nan]})
    ax = charts.cohort_triangle_chart(table)
    assert [text.get_text() for text in ax.texts] == ["100 %", "75 %", "90 %"]
    assert description(ax) == "Share still there, by starting quarter and age in quarters: 2024Q1 75 % at age 1; 2024Q2 90 % at age 0."


def test_early_churn_shows_known_segments_and_names_those_that_differ():
    rows = [
        ("Marketplace", 40, 18, 0.44, 0.3, 0.6, 0.0, 0.0, "more", None),
        ("Event", 24, 1, None, None, None, None, None, None, "not enough data"),
    ]
    rows.append(("Partner", 67, 0, 0.0, 0.0, 0.06, 0.01, 0.04, "less", None))
    ax = charts.early_churn_chart(pd.DataFrame(rows, columns=list(EARLY)))
    dots = ax.collections[1]
    assert dots.get_offsets().tolist() == [[0.44, 0], [0.0, 1]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Marketplace", "Partner"]
    assert description(ax) == "Share gone within 90 days: Marketplace 44.0 %; Partner 0.0 %. More than the rest: Marketplace."


def test_hazard_ratios_are_on_a_logarithmic_scale_around_one():
    rows = [("source", "Marketplace", "Webinar", 99, 46, 2.56, 1.8, 3.6, 0.0, 0.0, None)]
    ax = charts.hazard_ratio_chart(pd.DataFrame(rows, columns=list(HAZARDS)))
    assert ax.get_xscale() == "log"
    assert ax.get_lines()[0].get_xdata()[0] == 1
    assert description(ax) == "Hazard ratios of churn: source Marketplace 2.56 against Webinar."


def test_value_stands_beside_what_it_cost():
    row = {
        "segment": "Webinar",
        "customers": 50,
        "months": 12.0,
        "value": 900.0,
        "lower": 800.0,
        "upper": 1000.0,
        "cost_per_customer": 300.0,
    }
    ax = charts.lifetime_value_chart(pd.DataFrame([row | {"basis": "revenue"}]).reindex(columns=list(VALUE)))
    value, cost = ax.collections[1], ax.collections[2]
    assert (value.get_offsets().tolist(), cost.get_offsets().tolist()) == ([[900.0, 0.0]], [[300.0, 0.0]])
    assert description(ax) == "Value per customer (revenue): Webinar 900 by month 12."


def test_records_stand_side_by_side_with_their_conflicts():
    rows = [("churned", "event", None, 352, 500, 0.704, 0.6, 0.8), ("churned", "flag", None, 110, 500, 0.22, 0.2, 0.3)]
    rows.append(("conflict", "event", "flag", 312, 500, 0.624, 0.5, 0.7))
    ax = charts.churned_by_source_of_truth_chart(pd.DataFrame(rows, columns=list(RECORDS)))
    assert [bar.get_width() for bar in ax.patches] == [352, 110, 312]
    assert description(ax) == "Of 500 customers: event 352; flag 110; event ≠ flag 312."


@pytest.mark.parametrize(
    ("chart", "columns", "otherwise"),
    [
        (charts.mrr_bridge_chart, BRIDGE, "no quarter begins after the records of subscriptions do"),
        (charts.retention_chart, CURVE, "too few customers were followed"),
        (charts.cohort_triangle_chart, ("cohort",), "too few customers started in any quarter"),
        (charts.early_churn_chart, EARLY, "too few customers were followed"),
        (charts.hazard_ratio_chart, HAZARDS, "only one group"),
        (charts.lifetime_value_chart, VALUE, "too few customers were followed"),
        (charts.churned_by_source_of_truth_chart, RECORDS, "no customer is on record"),
    ],
)
def test_what_is_not_drawn_names_the_missing_table_or_what_else_is_the_cause(chart, columns, otherwise):
    empty = pd.DataFrame(columns=list(columns))
    ax = chart(empty, because="no subscriptions table")
    assert description(ax) == "Not drawn: no subscriptions table."
    assert "<svg" in to_svg(ax)
    assert description(chart(empty)) == f"Not drawn: {otherwise}."


def test_groups_without_enough_churn_are_not_called_one_group():
    few = pd.DataFrame([("source", "Event", "Webinar", 9, 1, *(None,) * 5, "not enough data")], columns=list(HAZARDS))
    assert description(charts.hazard_ratio_chart(few)) == "Not drawn: too few customers left to compare groups."


def test_the_same_frame_gives_the_same_picture(bridge, curve):
    assert to_svg(charts.mrr_bridge_chart(bridge)) == to_svg(charts.mrr_bridge_chart(bridge))
    hostile = curve.assign(segment=curve["segment"].replace("Webinar", "$5k - $10k <script>"))
    assert to_svg(charts.retention_chart(hostile)) == to_svg(charts.retention_chart(hostile))
