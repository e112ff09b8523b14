"""Counts of leads and deals: who belongs to which quarter, on both sides of every boundary."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import alignment_toolkit.counts  # noqa: F401  # registers the queries
from alignment_toolkit.config import Config
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study
from tests.worlds import study

TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
Q2, Q3 = datetime(2026, 3, 31, 22), datetime(2026, 6, 30, 22)  # in Berlin, where the clocks change on 29 March
Row = dict[str, Any]


def _study(
    leads: list[Row], events: list[Row] = (), deals: list[Row] = (), *, as_of: datetime = Q3, cohort: str = "1q", month: int = 1
) -> Study:  # type: ignore[assignment]
    config = Config(time_zone="Europe/Berlin", fiscal_year_start_month=month)
    named = [{"lead_id": str(place), "source": "web", **row} for place, row in enumerate(leads)]
    numbered = [{"deal_id": str(place), "source": "web", **row} for place, row in enumerate(deals)]
    happened = [*events, {"lead_id": "nobody", "stage": "lead", "entered_at": datetime(2020, 1, 1)}]
    made = study("2026Q2", cohort=cohort, as_of=as_of.isoformat(), config=config, leads=named, stage_events=happened, deals=numbered)
    return Study(made.crm, Quarter.parse("2026Q2", start_month=month), made.cohort)


def _n(name: str, made: Study, **choices: Any) -> dict[str, int]:
    frame = counted(name, made, **choices)
    return {str(key): int(n) for key, n in frame.groupby("segment")["n"].sum().items()}


BOUNDARIES = [(Q2 - TICK, "2026Q1"), (Q2, "2026Q2"), (Q2 + TICK, "2026Q2"), (Q3 - TICK, "2026Q2")]


@pytest.mark.parametrize(("created", "label"), BOUNDARIES)
def test_a_lead_belongs_to_the_local_quarter_it_was_created_in(created: datetime, label: str) -> None:
    made = _study([{"created_at": created}], cohort="4q")
    assert _n("leads_created", made, by="cohort_quarter") == {label: 1}
    assert _n("leads_created", made) == ({"(all)": 1} if label == "2026Q2" else {})


def test_a_fiscal_year_from_february_has_other_quarters() -> None:
    first, end = datetime(2025, 4, 30, 22), datetime(2025, 7, 31, 22)  # 2026Q2 is May to July 2025
    made = _study([{"created_at": at} for at in (first - TICK, first, end - TICK)], month=2, cohort="all", as_of=end)
    assert _n("leads_created", made, by="cohort_quarter") == {"2026Q1": 1, "2026Q2": 2}


def test_creation_quarters_far_after_the_report_quarter_keep_their_names() -> None:
    made = _study(
        [{"created_at": day} for day in ("2026-05-05", "2027-11-05", "2009-01-01", "1901-01-01")], as_of=datetime(2028, 1, 1), cohort="all"
    )
    assert _n("leads_created", made, by="cohort_quarter") == {"2026Q2": 1, "2027Q4": 1, "2009Q1": 1, "(earlier)": 1}


@pytest.mark.parametrize(("cohort", "n"), [("1q", 1), ("4q", 1), ("all", 4)])
def test_leads_count_the_report_quarter_alone_unless_all_history_is_asked_for(cohort: str, n: int) -> None:
    made = _study([{"created_at": at} for at in (Q2 - 400 * DAY, Q2 - DAY, Q2, Q3)], as_of=Q3 + 30 * DAY, cohort=cohort)
    assert _n("leads_created", made) == {"(all)": n}


@pytest.mark.parametrize(("cohort", "n"), [("1q", 1), ("4q", 2), ("all", 4)])
def test_the_naive_share_is_over_the_leads_of_the_window(cohort: str, n: int) -> None:
    made = _study([{"created_at": at} for at in (Q2 - 400 * DAY, Q2 - DAY, Q2, Q3)], as_of=Q3 + 30 * DAY, cohort=cohort)
    assert _n("lead_outcomes", made) == {"(all)": n}


def test_the_outcome_to_date_counts_the_unfinished_day_and_a_first_win_for_ever() -> None:
    happened = [
        ("0", "won", Q3 - TICK), ("1", "won", Q3), ("2", "lost", Q3 - 2 * DAY), ("3", "lost", Q3 - 3 * DAY), ("3", "sal", Q3 - DAY),
        ("4", "won", Q3 - 3 * DAY), ("4", "lost", Q3 - DAY),
    ]  # fmt: skip
    events = [{"lead_id": lead, "stage": stage, "entered_at": at} for lead, stage, at in happened]
    frame = counted("lead_outcomes", _study([{"created_at": Q2 + DAY}] * 6, events))
    assert dict(zip(frame["outcome"], frame["n"], strict=True)) == {"won": 2, "lost": 1, "open": 3}


def test_bookings_are_the_deals_closed_in_the_quarter() -> None:
    closed = [Q2 - TICK, Q2, Q3 - TICK, Q3, None]
    deals = [{"outcome": "won", "closed_at": at, "amount": 10.0**place} for place, at in enumerate(closed)]
    made = _study(
        [{"created_at": Q2 + DAY}],
        (),
        [*deals, {"outcome": "lost", "closed_at": Q2, "amount": 5.0}, {"outcome": "won", "closed_at": Q2}],
        as_of=Q3 + DAY,
    )
    frame = counted("deals_won", made)
    assert frame.iloc[0].to_dict() == {"segment": "(all)", "n": 3, "n_unpriced": 1, "amount": 11_000}
    to_date = counted("deals_won", made, to_date=True).iloc[0]
    assert (to_date["n"], to_date["amount"]) == (6, 1_111_100)


def test_undated_deals_are_counted_under_all_history_alone() -> None:
    deals = [{"outcome": "won"}, {"outcome": "open", "created_at": Q2}, {"outcome": "lost", "closed_at": Q2, "created_at": Q2 - DAY}]
    told = {cohort: counted("deal_outcomes", _study([{"created_at": Q2}], (), deals, cohort=cohort)) for cohort in ("1q", "4q", "all")}
    assert {cohort: frame["n"].sum() for cohort, frame in told.items()} == {"1q": 1, "4q": 2, "all": 3}
    assert told["all"].groupby("dated")["n"].sum().to_dict() == {False: 1, True: 2}
    made = _study([{"created_at": Q2}], (), deals, cohort="all")
    assert _n("deal_outcomes", made, by="cohort_quarter") == {"(missing)": 1, "2026Q1": 1, "2026Q2": 1}
