"""Quarters without a record, and an as-of long after the last one."""

from __future__ import annotations

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.errors import UsageError
from alignment_toolkit.periods import Quarter
from alignment_toolkit.recorded import late_as_of, refuse_unrecorded
from alignment_toolkit.store import event_span
from alignment_toolkit.study import open_study
from tests.conftest import SAMPLE
from tests.worlds import crm

LEADS = [{"lead_id": "a", "created_at": "2026-01-05", "source": "web"}, {"lead_id": "b", "created_at": "2026-05-05", "source": "web"}]
EVENTS = [{"lead_id": "a", "stage": "won", "entered_at": "2026-08-01"}]


def _refusal(quarter: str, *, config: Config | None = None, **tables: list[dict]) -> str | None:
    made = crm(as_of="2030-01-01", config=config, **({"leads": LEADS, "stage_events": EVENTS} | tables))
    try:
        refuse_unrecorded(made, Quarter.parse(quarter, start_month=made.config.fiscal_year_start_month))
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("quarter", ["2026Q1", "2026Q2", "2026Q3"])
def test_a_quarter_within_the_records_is_taken_even_without_one_of_its_own(quarter: str) -> None:
    assert _refusal(quarter) is None


def test_a_quarter_after_the_last_record_is_refused_with_its_day() -> None:
    assert _refusal("2026Q4") == (
        "the quarter lies after the last record: '2026Q4'. The last record is of 2026-08-01, 2026Q4 starts on 2026-10-01. "
        "Ask for a quarter from 2026Q1 to 2026Q3."
    )


def test_a_quarter_before_the_first_record_is_refused_with_its_day() -> None:
    assert _refusal("2025Q4", leads=LEADS[:1], stage_events=[EVENTS[0] | {"entered_at": "2026-02-01"}]) == (
        "the quarter lies before the first record: '2025Q4'. The first record is of 2026-01-05, 2025Q4 ends before 2026-01-01. "
        "Ask for 2026Q1."
    )


def test_days_and_quarters_are_those_of_the_company() -> None:
    """The last instant of September in Berlin belongs to the third quarter there, and to the first of a fiscal year from July."""
    tables = {
        "leads": [LEADS[0] | {"created_at": "2026-09-30T21:59:59"}],
        "stage_events": [EVENTS[0] | {"entered_at": "2026-09-30T21:59:59"}],
    }
    berlin = Config(time_zone="Europe/Berlin")
    assert _refusal("2026Q3", config=berlin, **tables) is None
    assert "The last record is of 2026-09-30" in str(_refusal("2026Q4", config=berlin, **tables))
    later = {
        name: [rows[0] | {column: "2026-09-30T22:00:00"}]
        for (name, rows), column in zip(tables.items(), ("created_at", "entered_at"), strict=True)
    }
    assert _refusal("2026Q4", config=berlin, **later) is None
    assert "The first record is of 2026-10-01" in str(_refusal("2026Q3", config=berlin, **later))
    fiscal = Config(time_zone="Europe/Berlin", fiscal_year_start_month=7)
    assert (_refusal("2027Q1", config=fiscal, **tables), str(_refusal("2027Q3", config=fiscal, **tables))[-15:]) == (
        None,
        "Ask for 2027Q1.",
    )


def test_records_of_other_tables_count_and_promises_and_sentinels_do_not() -> None:
    served = {"customer_id": "c", "started_on": "2027-02-01", "ended_on": "2031-01-01", "mrr": 10.0}
    assert _refusal("2027Q1", subscriptions=[served]) is None
    assert _refusal("2031Q1", subscriptions=[served]) is not None
    assert _refusal("2027Q1", leads=[*LEADS, LEADS[0] | {"lead_id": "z", "created_at": "2150-12-31"}]) is not None


def test_open_study_refuses_it_after_the_data_were_checked() -> None:
    with pytest.raises(UsageError, match=r"^the quarter lies after the last record: '2029Q3'"):
        open_study(str(SAMPLE), quarter="2029Q3")


@pytest.mark.parametrize(("as_of", "told"), [("2026-11-01", False), ("2026-11-01T00:00:00.000001", True)])
def test_an_as_of_a_quarter_after_the_last_record_gets_a_word(as_of: str, told: bool) -> None:
    sentence = late_as_of(crm(as_of=as_of, leads=LEADS, stage_events=EVENTS))
    assert sentence == (
        "the last record is of 2026-08-01, 92 days before the as-of: leads without news since then count as observed and open all the while; "
        "--as-of names an earlier day"
        if told
        else ""
    )


def test_records_without_a_date_have_no_span() -> None:
    made = crm(as_of="2030-01-01", leads=LEADS, stage_events=EVENTS)
    assert event_span(made, tables=["deals"]) == (None, None)
