"""What a study looks at: window, cohort rule, the quarter before, and how a bad request is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.errors import UsageError
from alignment_toolkit.periods import Quarter, local_day, wall_clock
from alignment_toolkit.recorded import full_quarters
from alignment_toolkit.study import Study, checked_cohort, open_study, requested
from tests.conftest import SAMPLE
from tests.worlds import crm

LEADS = [{"lead_id": "a", "created_at": "2026-01-05", "source": "web"}]
EVENTS = [{"lead_id": "a", "stage": "lead", "entered_at": "2026-01-05"}]


def _study(quarter: str, as_of: str, *, cohort: str = "4q", zone: str = "UTC", start_month: int = 1) -> Study:
    config = Config(time_zone=zone, fiscal_year_start_month=start_month)
    made = crm(as_of=as_of, config=config, leads=LEADS, stage_events=EVENTS)
    return Study(made, Quarter.parse(quarter, start_month=start_month), checked_cohort(cohort))


@pytest.mark.parametrize(
    ("cohort", "opens", "created_before"),
    [
        ("4q", datetime(2025, 6, 30, 22), datetime(2026, 6, 30, 22)),
        ("1q", datetime(2026, 3, 31, 22), datetime(2026, 6, 30, 22)),
        ("all", None, datetime(2026, 8, 15)),
    ],
)
def test_the_window_and_who_belongs_to_it(cohort: str, opens: datetime | None, created_before: datetime) -> None:
    made = _study("2026Q2", "2026-08-15", cohort=cohort, zone="Europe/Berlin")
    assert (made.window_opens_at, made.created_before) == (opens, created_before)
    assert (made.starts_at, made.ends_at) == (datetime(2026, 3, 31, 22), datetime(2026, 6, 30, 22))


def test_a_quarter_that_still_runs_ends_at_as_of() -> None:
    made = _study("2026Q2", "2026-05-15T13:00:00")
    assert made.ends_at == made.created_before == datetime(2026, 5, 15, 13)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(("quarter", "start_month"), [("2026Q1", 1), ("2026Q2", 1), ("2026Q4", 1), ("2026Q1", 2), ("2026Q3", 10)])
@pytest.mark.parametrize("late", [0, 1, 45, 137])
def test_the_quarter_before_is_seen_from_as_many_local_days_after_its_end(zone: str, quarter: str, start_month: int, late: int) -> None:
    asked = Quarter.parse(quarter, start_month=start_month)
    config = Config(time_zone=zone, fiscal_year_start_month=start_month)
    seen_from = _instant(asked, late, zone)
    made = Study(crm(as_of=seen_from.isoformat(), config=config, leads=LEADS, stage_events=EVENTS), asked, "4q")
    before = made.previous()
    assert before.quarter == asked.shift(-1)
    assert local_day(before.as_of, zone) - before.quarter.end_on == timedelta(days=late)
    assert wall_clock(before.as_of, zone).time() == wall_clock(made.as_of, zone).time()
    assert before.window_opens_at == made.instant(asked.shift(-4))


def _instant(quarter: Quarter, late: int, zone: str) -> datetime:
    from alignment_toolkit.periods import midnight

    return midnight(quarter.end_on + timedelta(days=late), zone)


def test_studies_of_the_same_records_share_what_was_made_in_the_engine() -> None:
    made = _study("2026Q2", "2026-07-01")
    assert made.previous().crm.cache is made.crm.cache
    assert made.previous().crm.tables is made.crm.tables


def test_open_study_takes_the_day_after_the_quarter_as_its_as_of() -> None:
    made = open_study(str(SAMPLE), quarter="2026Q3")
    assert (made.as_of, made.cohort, made.quarter.label) == (datetime(2026, 9, 30, 22), "4q", "2026Q3")


def test_open_study_opens_a_month_of_the_quarter() -> None:
    made = open_study(str(SAMPLE), quarter="2026Q3", month="2026-08")
    assert (made.as_of, made.starts_at, made.ends_at) == (datetime(2026, 9, 30, 22), datetime(2026, 7, 31, 22), datetime(2026, 8, 31, 22))


def test_a_configuration_given_goes_before_that_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text('min_n = 7\ntime_zone = "UTC"\n', encoding="utf-8")
    monkeypatch.setenv("ALIGNMENT_ROOT", str(tmp_path))
    for given in ("mine.toml", str(tmp_path / "mine.toml")):
        assert open_study(str(SAMPLE), quarter="2026Q3", config=given).config.min_n == 7


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"quarter": "2026Q5"}, "the quarter cannot be read: '2026Q5'. A quarter is a year, Q and 1 to 4, such as 2026Q3."),
        ({"cohort": "2q"}, "the cohort is unknown: '2q'. Known: 4q, 1q, all."),
        (
            {"as_of": "2026-07-01"},
            "the as-of lies before the quarter: '2026-07-01'. The quarter 2026Q3 starts on 2026-07-01, so nothing of it would be visible. "
            "Ask for an earlier quarter or a later --as-of.",
        ),
        (
            {"as_of": "soon"},
            "the as-of cannot be read: 'soon'. "
            "An as-of is an ISO date such as 2026-10-01 (nothing on or after that day is visible) or an ISO instant.",
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_refused_in_a_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_study(str(SAMPLE), **({"quarter": "2026Q3"} | given))
    assert str(refused.value) == sentence


def test_one_visible_microsecond_of_the_quarter_is_enough() -> None:
    assert open_study(str(SAMPLE), quarter="2026Q3", as_of="2026-07-01T00:00:00.000001").as_of == datetime(2026, 6, 30, 22, 0, 0, 1)


@pytest.mark.parametrize("word", ["4Q", "", "ALL", "one"])
def test_cohort_words_are_exact(word: str) -> None:
    with pytest.raises(UsageError, match=r"^the cohort is unknown: "):
        checked_cohort(word)


def _held(days: list[str], *, last: str, start_month: int = 1) -> list[str]:
    leads = [{"lead_id": str(at), "created_at": day, "source": "web"} for at, day in enumerate(days)]
    events = [{"lead_id": "0", "stage": "mql", "entered_at": last}]
    config = Config(fiscal_year_start_month=start_month)
    return [quarter.label for quarter in full_quarters(crm(as_of="9999-01-01", config=config, leads=leads, stage_events=events))]


@pytest.mark.parametrize(
    ("days", "last", "held"),
    [
        (["2025-10-08", "2026-01-20", "2026-06-30"], "2026-06-30", ["2025Q4", "2026Q1", "2026Q2"]),  # a week into its first quarter
        (["2025-10-09", "2026-01-20", "2026-06-30"], "2026-06-30", ["2026Q1", "2026Q2"]),  # the records begin in the midst of it
        (["2025-10-01", "2026-01-20", "2026-06-29"], "2026-06-29", ["2025Q4", "2026Q1"]),  # its last day is not over
        (["1970-01-01", "2026-01-20", "2026-04-20"], "2026-06-30", ["2026Q2"]),  # a stray date, then a beginning in the midst
        (["2026-02-20"], "2026-06-30", ["2026Q2"]),  # no lead in the last full quarter, which can be asked for all the same
        (["2026-02-20"], "2026-02-20", ["2025Q4"]),
    ],
)
def test_the_full_quarters_that_the_records_hold(days: list[str], last: str, held: list[str]) -> None:
    assert _held(days, last=last) == held


def test_full_quarters_follow_the_fiscal_calendar() -> None:
    assert _held(["2025-02-01", "2025-05-02", "2025-08-02"], last="2025-10-31", start_month=2) == ["2026Q1", "2026Q2", "2026Q3"]


@pytest.mark.parametrize(
    ("cohort", "opens", "created_before"),
    [
        ("4q", datetime(2025, 8, 31, 22), datetime(2026, 8, 31, 22)),
        ("1q", datetime(2026, 7, 31, 22), datetime(2026, 8, 31, 22)),
        ("all", None, datetime(2026, 10, 5)),
    ],
)
def test_a_month_is_studied_like_a_quarter(cohort: str, opens: datetime | None, created_before: datetime) -> None:
    made = _study("2026Q3", "2026-10-05", cohort=cohort, zone="Europe/Berlin").of_month("2026-08")
    assert (made.window_opens_at, made.created_before) == (opens, created_before)
    assert (made.starts_at, made.ends_at) == (datetime(2026, 7, 31, 22), datetime(2026, 8, 31, 22))
    before = made.previous()
    assert (before.quarter.label, made.in_quarter().label) == ("2026-07", "2026Q3")
    assert local_day(made.as_of, "Europe/Berlin") - made.quarter.end_on == local_day(before.as_of, "Europe/Berlin") - before.quarter.end_on


def test_a_month_of_which_nothing_is_visible_is_refused_before_anything_is_read() -> None:
    sentence = (
        "the month lies after the as-of: '2026-09'. It starts on 2026-09-01, and nothing from 2026-09-01 on is visible. "
        "Ask for an earlier month or a later --as-of."
    )
    with pytest.raises(UsageError) as caught:
        requested(str(SAMPLE), quarter="2026Q3", as_of="2026-09-01", month="2026-09")
    assert str(caught.value) == sentence
    with pytest.raises(UsageError, match=r"^the month lies after the as-of: '2026-09'\."):
        _study("2026Q3", "2026-09-01").of_month("2026-09")
    assert _study("2026Q3", "2026-09-02").of_month("2026-09").quarter.label == "2026-09"
