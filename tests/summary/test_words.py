"""Sentences from figures: right direction, worded as uncertain where they are, never a NaN."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.glossary import with_owners
from alignment_toolkit.study import Study
from alignment_toolkit.summary import in_one_minute, provenance, scorecard, scorecard_chart, what_to_do
from alignment_toolkit.summary.change import Change
from tests.worlds import study

NO_CHANGE = Change(None, None, None)


def _study(**settings: Any) -> Study:
    days = pd.date_range("2025-10-01", "2026-03-31", freq="7D")  # the quarter and the one before it are covered
    leads = [{"lead_id": f"{day:%j}", "created_at": f"{day:%Y-%m-%d}", "source": "web"} for day in days]
    events = [{"lead_id": "005", "stage": "lead", "entered_at": "2026-01-05"}]
    return study("2026Q1", cohort="4q", as_of="2026-04-01", config=Config(**settings), leads=leads, stage_events=events)


def _frame(**rows: dict[str, Any]) -> pd.DataFrame:
    made = {"leads": {"value": 100, "unit": "leads"}, "bookings": {"value": None, "unit": "EUR", "reason": "no deals table"}} | rows
    return figures(figure(kpi, **values) for kpi, values in made.items())


@pytest.mark.parametrize(
    ("kpi", "row", "sentence"),
    [
        (
            "leads",
            {"value": 90, "target": 100, "unit": "leads"},
            "Leads is 90 leads against a target of 100 leads: marketing to speak to it.",
        ),
        ("leads", {"value": 100, "target": 100, "unit": "leads"}, "No figure with a target missed it."),
        ("leads", {"value": 110, "target": 100, "unit": "leads"}, "No figure with a target missed it."),
        (
            "logo_churn",
            {"value": 0.08, "lower": 0.06, "upper": 0.1, "target": 0.05, "unit": "share"},
            "Customers lost is 8.0 % against a target of 5.0 %: success to speak to it.",
        ),
        (
            "logo_churn",
            {"value": 0.08, "lower": 0.04, "upper": 0.12, "target": 0.05, "unit": "share"},
            "Customers lost is 8.0 % against a target of 5.0 %, a gap that may be chance: success to speak to it.",
        ),
        (
            "logo_churn",
            {"value": 0.03, "lower": 0.01, "upper": 0.06, "target": 0.05, "unit": "share"},
            "No figure with a target missed it.",
        ),
        (
            "conversion_90d",
            {"value": 0.1, "lower": 0.08, "upper": 0.13, "target": 0.12, "unit": "share"},
            "Conversion within 90 days is 10.0 % against a target of 12.0 %, a gap that may be chance: both teams to speak to it.",
        ),
        (
            "conversion_90d",
            {"value": 0.1, "lower": 0.08, "upper": 0.11, "target": 0.12, "unit": "share"},
            "Conversion within 90 days is 10.0 % against a target of 12.0 %: both teams to speak to it.",
        ),
        ("conversion_90d", {"value": None, "target": 0.12, "unit": "share"}, "No targets are recorded for this quarter."),
    ],
)
def test_a_missed_target_is_told_in_the_figure_s_own_direction(kpi: str, row: dict[str, Any], sentence: str) -> None:
    from alignment_toolkit.glossary import label

    told = what_to_do(with_owners(figures([figure(kpi, **row)])))
    assert told == [sentence.replace("Customers lost", label("logo_churn"))]


def test_without_targets_nothing_is_said_to_be_met() -> None:
    assert what_to_do(_frame()) == ["No targets are recorded for this quarter."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(0.02, 0.01, 0.03), "+2.0 points since the quarter before (+1.0 to +3.0), more than chance explains"),
        (Change(-0.02, -0.03, -0.01), "−2.0 points since the quarter before (−3.0 to −1.0), more than chance explains"),
        (Change(0.02, -0.01, 0.05), "+2.0 points since the quarter before (−1.0 to +5.0), which may be chance"),
        (Change(0.0, 0.0, 0.0), "±0.0 points since the quarter before (±0.0 to ±0.0), which may be chance"),
        (NO_CHANGE, "whether that is a change cannot be told"),
    ],
)
def test_a_change_is_only_certain_when_its_interval_leaves_out_zero(change: Change, words: str) -> None:
    frame = _frame(conversion_90d={"value": 0.114, "lower": 0.1, "upper": 0.13, "unit": "share"})
    told = in_one_minute(_study(), frame, change=change)
    assert told[1] == f"Of 100 leads 11.4 are won within 90 days (95 % interval 10.0 % to 13.0 %); {words}."


def test_what_cannot_be_said_is_said_so_and_nothing_is_nan() -> None:
    told = in_one_minute(_study(), _frame(), change=NO_CHANGE)
    assert told == [
        "In 2026Q1 100 leads came in.",
        "How many leads are won within 90 days is not known: not enough data.",
        "Bookings cannot be shown: no deals table.",
    ]


@pytest.mark.parametrize(
    ("value", "previous", "sentence"),
    [
        (120, 100, "Bookings were 120 EUR, 20 EUR (20 %) more than the quarter before."),
        (80, 100, "Bookings were 80 EUR, 20 EUR (20 %) less than the quarter before."),
        (80, 0, "Bookings were 80 EUR, 80 EUR more than the quarter before."),
        (80, 80, "Bookings were 80 EUR, as in the quarter before."),
        (0, 0, "Nothing was booked in the quarter, nor in the one before."),
        (80, None, "Bookings were 80 EUR."),
        (1234567.4, None, "Bookings were 1,234,567 EUR."),
    ],
)
def test_money_against_the_quarter_before(value: float, previous: float | None, sentence: str) -> None:
    told = in_one_minute(_study(), _frame(bookings={"value": value, "previous": previous, "unit": "EUR"}), change=NO_CHANGE)
    assert sentence in told


def test_a_rise_from_unrecorded_outcomes_is_never_reported_as_one() -> None:
    frame = _frame(conversion_90d={"value": 0.3, "lower": 0.2, "upper": 0.4, "unit": "share"})
    told = in_one_minute(_study(outcome_observed_from="2025-10-01"), frame, change=Change(0.2, 0.1, 0.3))
    assert told[1] == (
        "Outcomes are recorded only from 2025-10-01 on: 0 leads created before that day are left out of conversions, "
        "and no change in conversion or bookings is claimed."
    )
    assert not any("points" in sentence for sentence in told)


def test_customers_who_left_with_and_without_revenue() -> None:
    churn = {"value": 0.05, "lower": 0.04, "upper": 0.07, "unit": "share"}
    alone = in_one_minute(_study(), _frame(logo_churn=churn), change=NO_CHANGE)[-1]
    assert alone == "5.0 % of customers left during the quarter (4.0 % to 7.0 %)."
    gross, net = ({"value": value, "unit": "share"} for value in (0.8, 1.12))
    kept = in_one_minute(_study(), _frame(logo_churn=churn, gross_revenue_retention=gross), change=NO_CHANGE)[-1]
    assert kept == f"{alone} Of each 100 of recurring revenue at the start, 80 stayed."
    both = _frame(logo_churn=churn, gross_revenue_retention=gross, net_revenue_retention=net)
    assert in_one_minute(_study(), both, change=NO_CHANGE)[-1] == f"{kept.removesuffix('.')}; with growth it came to 112."
    assert (
        in_one_minute(_study(), _frame(logo_churn=churn, net_revenue_retention=net), change=NO_CHANGE)[-1] == alone
    )  # growth did not stay


def test_the_scorecard_shows_values_or_their_reasons_and_no_nan() -> None:
    told = scorecard(_frame(conversion_90d={"value": 0.1, "lower": 0.08, "upper": 0.13, "previous": 0.09, "unit": "share"}))
    assert told["figure"].tolist() == ["Leads", "Conversion within 90 days", "Bookings"]
    assert told["value"].tolist() == ["100 leads", "10.0 %", "no deals table"]
    assert told["change"].tolist() == ["", "+1.0 points", ""]
    assert not told.map(lambda text: "nan" in str(text).casefold() or text is None).any(axis=None)


def test_the_scorecard_chart_plots_each_figure_against_100_and_says_so() -> None:
    from alignment_toolkit.charts.style import description

    told = _frame(leads={"value": 90, "previous": 100, "unit": "leads"}, conversion_90d={"value": 0.1, "previous": 0.08, "unit": "share"})
    axes = scorecard_chart(told)
    (dots,) = axes.collections[-1:]
    assert [tuple(point) for point in dots.get_offsets()] == [(90, 0), (pytest.approx(125), 1)]
    assert description(axes) == "Index of each headline figure with the quarter before as 100: Leads 90, Conversion within 90 days 125."
    empty = scorecard_chart(_frame())
    assert description(empty) == "Index of each headline figure with the quarter before as 100: nothing can be compared yet."


def test_provenance_names_the_settings_that_made_the_figures() -> None:
    told = provenance(_study(time_zone="Europe/Berlin")).set_index("setting")["value"].to_dict()
    assert told == {
        "quarter": "2026Q1",
        "as of (exclusive)": "2026-04-01 02:00:00",
        "cohort rule": "4q",
        "window opens": "2025-04-01 00:00:00",
        "time zone": "Europe/Berlin",
        "deals counted as bookings": "new",
        "currency": "EUR",
        "outcomes recorded from": "the beginning",
        "leads left out for that": "0",
        "records from": "the beginning",
        "tables": "leads, stage_events",
    }


def test_a_figure_that_is_not_covered_is_apart_and_a_churn_of_nothing_meets_its_target() -> None:
    attained = {"value": None, "unit": "share", "slice_": "target"}
    rows = [
        figure("bookings", value=80.0, unit="EUR", target=100.0, reason="the first 8 days are missing"),
        figure("target_attainment", segment="bookings", reason="the first 8 days are missing", **attained),
        figure("logo_churn", value=0.0, unit="share", target=0.05),
        figure("target_attainment", segment="logo_churn", **attained),
    ]
    assert what_to_do(with_owners(figures(rows))) == ["Bookings is not compared with its target: the first 8 days are missing."]
