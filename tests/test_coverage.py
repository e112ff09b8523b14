"""Which days the records cover, counted by hand; what a partial or unrecorded period makes of figures, sentences and decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.alignment.goals import recorded
from alignment_toolkit.baseline import comparable
from alignment_toolkit.config import Config
from alignment_toolkit.coverage import coverage, coverage_sentences, missing_tables, not_on_record, recorded_days, without_creation
from alignment_toolkit.drivers.attainment import target_table
from alignment_toolkit.drivers.bridge import unanswerable
from alignment_toolkit.headlines import kpis
from alignment_toolkit.meeting.pack import Pack
from alignment_toolkit.quality.volume import lead_counts
from alignment_toolkit.study import Study
from alignment_toolkit.summary.change import conversion_change
from tests.worlds import study


def _leads(first: str, last: str, *, every: int) -> list[dict[str, Any]]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [start + timedelta(days=at) for at in range(0, (end - start).days + 1, every)]
    return [{"lead_id": f"L{day}", "created_at": f"{day}T12:00:00", "source": "web"} for day in days]


def _study(first: str, last: str, *, every: int = 1, as_of: str = "2026-10-01", zone: str = "UTC", **tables: list[dict[str, Any]]) -> Study:
    leads = _leads(first, last, every=every)
    return study("2026Q3", cohort="4q", as_of=as_of, config=Config(time_zone=zone), leads=leads, stage_events=[], **tables)


@pytest.mark.parametrize(
    ("first", "last", "every", "reason"),
    [
        ("2026-01-01", "2026-09-30", 1, None),
        ("2026-01-01", "2026-09-23", 1, None),  # seven days are missing: no more than a holiday
        ("2026-01-01", "2026-09-22", 1, "the records end on 2026-09-22, so the last 8 days of 2026Q3 are missing"),
        ("2026-07-08", "2026-09-30", 1, None),
        ("2026-07-09", "2026-09-30", 1, "the records begin on 2026-07-09, so the first 8 days of 2026Q3 are missing"),
        ("2026-01-01", "2026-08-29", 8, None),  # 32 days are missing, four times the spacing of 8 days
        ("2026-01-01", "2026-08-28", 1, "the records end on 2026-08-28, so the last 33 days of 2026Q3 are missing"),
        ("2026-04-01", "2026-05-01", 1, "the records end on 2026-05-01, before 2026Q3"),
    ],
)
def test_a_gap_is_long_when_it_exceeds_seven_days_and_four_spacings(first: str, last: str, every: int, reason: str | None) -> None:
    assert coverage(_study(first, last, every=every)).reason() == reason


def test_days_missing_at_both_ends_are_both_named() -> None:
    made = _study("2026-07-11", "2026-09-20")
    told = "the records begin on 2026-07-11, so the first 10 days of 2026Q3 are missing"
    assert coverage(made).reason() == f"{told} and the records end on 2026-09-20, so the last 10 days of 2026Q3 are missing"


def test_fewer_than_three_days_are_not_judged_but_a_quarter_before_them_has_no_figures() -> None:
    made = study("2026Q3", as_of="2026-10-01", leads=_leads("2026-08-01", "2026-08-02", every=1), stage_events=[])
    assert coverage(made).reason() is None
    assert coverage(made, made.quarter.shift(-1)).unrecorded() == "the records begin on 2026-08-01, after 2026Q2"


def test_a_table_that_ends_before_the_quarter_says_nothing_of_it() -> None:
    touches = [{"touch_id": f"T{day}", "lead_id": "L", "side": "sales", "occurred_at": f"2026-09-{day:02d}"} for day in range(1, 31)]
    made = _study("2025-01-01", "2025-03-27", touches=touches)
    told = coverage(made)
    assert told.reason() is None
    assert told.unrecorded(["leads"]) == "the table leads ends on 2025-03-27, before 2026Q3"
    assert told.partial(["leads"]) is None
    nothing = "Nothing of 2026Q3 is on record in leads: the table leads ends on 2025-03-27, before 2026Q3."
    assert coverage_sentences(made)[0] == f"{nothing} Figures that need it are left out."
    kept = "Figures for the quarter are left out; estimates use the earlier records and are not compared."
    assert coverage_sentences(replace(made, cohort="all"))[0] == f"{nothing} {kept}"
    found = kpis(made).query("kpi == 'leads' and slice == 'all'").iloc[0]
    assert (pd.isna(found["value"]), found["reason"]) == (True, "the table leads ends on 2025-03-27, before 2026Q3")


def test_estimates_over_the_window_use_records_that_end_before_the_quarter() -> None:
    """40 leads in March, 10 of them won after ten days; nothing since, and 2026Q3 is asked for."""
    leads = [{"lead_id": f"L{at:02d}", "created_at": f"2026-03-{1 + at % 20:02d}", "source": "web"} for at in range(40)]
    events = [
        {"lead_id": lead["lead_id"], "stage": "won", "entered_at": f"2026-03-{11 + at % 20:02d}"}
        for at, lead in enumerate(leads)
        if at % 4 == 0
    ]
    touches = [{"touch_id": f"T{day}", "lead_id": "L00", "side": "sales", "occurred_at": f"2026-09-{day:02d}"} for day in range(1, 31)]
    made = study("2026Q3", as_of="2026-10-01", cohort="4q", leads=leads, stage_events=events, touches=touches)
    found = kpis(made).query("slice == 'all'").set_index("kpi")
    reason = "the table leads ends on 2026-03-20, before 2026Q3"
    assert (pd.isna(found["value"]["leads"]), found["reason"]["leads"]) == (True, reason)
    assert (found["value"]["conversion_90d"], found["reason"]["conversion_90d"]) == (0.25, reason)
    assert pd.isna(found["previous"]["conversion_90d"])
    at_once = replace(made, cohort="1q")
    assert pd.isna(kpis(at_once).query("slice == 'all'").set_index("kpi")["value"]["conversion_90d"])


def test_deals_without_a_creation_date_give_no_figure_that_begins_with_one() -> None:
    wins = [{"deal_id": f"D{at}", "outcome": "won", "closed_at": f"2026-08-{at:02d}", "amount": 100.0} for at in range(1, 29)]
    reason = "no deal has a creation date"
    bare = _study("2026-01-01", "2026-09-30", deals=[deal | {"created_at": None} for deal in wins])
    assert without_creation(bare.crm) == reason
    assert unanswerable(bare) == reason
    found = kpis(bare).query("slice == 'all'").set_index("kpi")["reason"]
    assert found["sales_velocity"] == found["win_rate_closed_naive"] == reason
    dated = _study("2026-01-01", "2026-09-30", deals=[{"created_at": None} | wins[0], wins[1] | {"created_at": "2026-07-01"}])
    assert without_creation(dated.crm) is None


def test_a_quarter_that_is_not_over_is_in_progress() -> None:
    assert coverage(_study("2026-01-01", "2026-08-01", as_of="2026-09-30")).reason() is None


def test_nothing_at_or_after_the_as_of_counts_as_a_record() -> None:
    leads = [*_leads("2026-01-01", "2026-09-15", every=1), *_leads("2026-10-05", "2026-10-20", every=1)]
    made = study("2026Q3", as_of="2026-10-01", leads=leads, stage_events=[])
    assert coverage(made).partial() == "the records end on 2026-09-15, so the last 15 days of 2026Q3 are missing"


def test_a_quarter_before_is_judged_on_the_data_at_hand() -> None:
    before = _study("2026-01-01", "2026-09-30", as_of="2026-08-01").previous()
    assert before.as_of.date() == date(2026, 5, 1)
    assert coverage(before).reason() is None


def test_days_are_local_in_a_zone_ahead_of_utc() -> None:
    leads = [{"lead_id": str(day), "created_at": f"2026-09-{day:02d}T23:30:00", "source": "web"} for day in range(1, 21)]
    made = study("2026Q3", as_of="2026-09-30T22:00:00", config=Config(time_zone="Europe/Berlin"), leads=leads, stage_events=[])
    found = recorded_days(made.crm)["leads"]
    assert (found.first, found.last, found.days) == (date(2026, 9, 2), date(2026, 9, 21), 20)


def test_a_subscription_s_end_counts_as_its_last_day_served() -> None:
    rows = [
        {"customer_id": f"C{month}", "started_on": f"2026-0{month}-01", "ended_on": f"2026-0{month + 1}-01", "mrr": 10.0}
        for month in range(4, 9)
    ]
    found = recorded_days(_study("2026-01-01", "2026-09-30", subscriptions=rows).crm)["subscriptions"]
    assert (found.first, found.last) == (date(2026, 4, 1), date(2026, 8, 31))


def test_the_close_date_of_an_open_deal_is_no_record() -> None:
    deals = [{"deal_id": str(day), "created_at": f"2026-01-{day:02d}", "closed_at": "2026-09-30", "outcome": "open"} for day in (1, 2, 3)]
    assert recorded_days(_study("2026-01-01", "2026-09-30", deals=deals).crm)["deals"].last == date(2026, 1, 3)


TOUCHES = [
    {"touch_id": str(day), "lead_id": "L2026-01-01", "occurred_at": f"2026-08-{day:02d}", "side": "sales", "channel": "call"}
    for day in range(1, 32)
]


def test_one_table_that_begins_late_leaves_the_figures_of_the_others_alone() -> None:
    made = _study("2026-01-01", "2026-09-30", touches=TOUCHES)
    assert comparable(made, "leads") is None
    assert comparable(made, "sla_met_rate") is not None
    found = coverage(made)
    assert found.reason(["leads"]) is None
    assert found.partial(["touches"]) is not None
    assert not_on_record(made, "touches") is None
    assert coverage(made, made.quarter.shift(-1)).unrecorded(["touches"]) == "the table touches begins on 2026-08-01, after 2026Q2"


def test_a_missing_table_and_one_that_begins_later_are_not_on_record() -> None:
    made = study("2026Q2", as_of="2026-10-01", leads=_leads("2026-01-01", "2026-09-30", every=1), stage_events=[], touches=TOUCHES)
    assert not_on_record(made, "touches") == "the table touches begins on 2026-08-01, after 2026Q2"
    assert not_on_record(made, "deals", "touches") == "no deals table"
    assert (
        missing_tables(made)
        == "The store has no deals and no feedback and no subscriptions table: figures that need one are null and say so."
    )


def test_a_partial_quarter_keeps_its_values_and_is_held_against_nothing() -> None:
    targets = [{"quarter": "2026Q3", "kpi": "leads", "target": 80.0, "owner": "marketing"}]
    made = _study("2026-01-01", "2026-09-08", targets=targets)
    reason = "the records end on 2026-09-08, so the last 22 days of 2026Q3 are missing"
    assert lead_counts(made)["value"].tolist() == [70.0]  # 31 in July, 31 in August, 8 in September
    row = target_table(made).iloc[0]
    assert (row["value"], row["target"], row["reason"]) == (70.0, 80.0, reason)
    assert row[["attained_share", "pace", "probability_share"]].isna().all()
    assert conversion_change(made).reason == reason
    assert ("2026Q3", "leads") not in recorded(made)
    assert recorded(made)["2026Q2", "leads"] == 91.0
    assert coverage_sentences(made) == [
        f"2026Q3 is not covered: {reason}. Its figures stand as recorded and are compared with no quarter and no target."
    ]


def test_a_quarter_before_the_records_is_no_baseline() -> None:
    deals = [
        {"deal_id": str(day), "created_at": f"2026-07-{day:02d}", "closed_at": f"2026-09-{day:02d}", "outcome": "won", "amount": 10.0}
        for day in range(1, 31)
    ]
    made = _study("2026-07-01", "2026-09-30", deals=deals)
    reason = "the records begin on 2026-07-01, after 2026Q2"
    assert unanswerable(made) == reason
    assert conversion_change(made).reason == reason
    assert coverage_sentences(made) == [f"Nothing is compared with the quarter before: {reason}."]


def test_months_are_judged_like_quarters() -> None:
    made = _study("2026-07-01", "2026-09-12").of_month("2026-09")
    assert coverage(made).partial() == "the records end on 2026-09-12, so the last 18 days of 2026-09 are missing"
    assert coverage(made, made.quarter.shift(-1)).reason() is None


def test_an_agenda_that_could_not_be_made_is_not_called_quiet() -> None:

    nothing = pd.DataFrame()
    parts = dict.fromkeys(("agenda", "decisions", "wins", "joint_wins", "of_sales", "of_marketing"), nothing)
    common = {"period": "2026Q3", "before": "2026Q2", "noun": "quarter", **parts, "untold": None, "quiet": ()}
    covered, partial = Pack(**common, uncovered=()), Pack(**common, uncovered=("2026Q3 is not covered.",))  # type: ignore[arg-type]
    assert partial.nothing("wins") != covered.nothing("wins")


def test_a_table_whose_rows_all_lie_after_the_as_of_says_nothing() -> None:
    touches = [{"touch_id": f"T{day}", "lead_id": "L", "side": "sales", "occurred_at": f"2026-11-{day:02d}"} for day in range(1, 31)]
    made = _study("2026-01-01", "2026-09-30", touches=touches)
    assert coverage(made).unrecorded(["touches"]) == "the table touches has no row before the as-of"
    assert coverage(made).unrecorded(["leads"]) is None
    assert not_on_record(made, "touches") == "the table touches has no row before the as-of"
