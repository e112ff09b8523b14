"""Handover and sales' first verdict: decision tables, and the incidence of acceptance against the oracle."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alignment_toolkit.config import Config, Stage
from alignment_toolkit.handovers import first_verdicts, handovers, verdict_spells
from alignment_toolkit.journeys import with_ids
from alignment_toolkit.periods import Quarter, midnight, parse_as_of
from alignment_toolkit.quality import acceptance
from tests.oracles import journeys as oracle
from tests.oracles.random_worlds import random_rows
from tests.worlds import study

AS_OF = datetime(2026, 4, 1)
BEGUN = datetime(2026, 1, 5)
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
Row = dict[str, Any]


def _study(leads: list[Row], events: list[Row], feedback: list[Row], **settings: Any) -> Any:
    made = [{"created_at": BEGUN, "source": "web", **row} for row in leads]
    happened = [*events, {"lead_id": "nobody", "stage": "lead", "entered_at": BEGUN}]
    return study(
        "2026Q1", as_of=AS_OF.isoformat(), config=Config(min_n=1, **settings), leads=made, stage_events=happened, feedback=feedback
    )


def test_handover_is_the_assignment_else_the_first_entry_to_the_first_stage_of_sales() -> None:
    assigned = {"a": BEGUN + DAY, "b": None, "c": AS_OF, "d": AS_OF - TICK, "e": None, "f": None, "g": BEGUN - DAY}
    happened = [
        {"lead_id": "a", "stage": "sal", "entered_at": BEGUN},
        {"lead_id": "b", "stage": "sal", "entered_at": BEGUN + 9 * DAY},
        {"lead_id": "b", "stage": "sal", "entered_at": BEGUN + 3 * DAY},
        {"lead_id": "c", "stage": "sal", "entered_at": BEGUN + 4 * DAY},
        {"lead_id": "e", "stage": "sql", "entered_at": BEGUN + 5 * DAY},
        {"lead_id": "f", "stage": "sal", "entered_at": AS_OF},
    ]
    seen = _study([{"lead_id": name, "assigned_at": at} for name, at in assigned.items()], happened, [])
    told = handovers(seen.crm).to_pandas().set_index("lead_id")["handed_at"].to_dict()
    assert told == {"a": BEGUN + DAY, "b": BEGUN + 3 * DAY, "c": BEGUN + 4 * DAY, "d": AS_OF - TICK, "g": BEGUN - DAY}


def test_without_a_stage_of_sales_only_assignments_hand_over() -> None:
    stages = (Stage(name="lead", owner="marketing"), *(Stage(name=name, owner="sales", terminal=True) for name in ("won", "lost")))
    leads = [{"lead_id": "a", "assigned_at": BEGUN}, {"lead_id": "b", "assigned_at": None}]
    seen = _study(leads, [], [], stages=stages)
    assert handovers(seen.crm).lead_id.to_pyarrow().to_pylist() == ["a"]


def test_the_first_visible_verdict_counts_whatever_the_order_of_rows() -> None:
    given = [
        ("a", 3, "accepted"), ("a", 1, "rejected"), ("b", 2, "recycled"), ("c", 2, "rejected"), ("c", 2, "accepted"), ("d", 90, "accepted"),
    ]  # fmt: skip
    rows = [{"lead_id": lead, "given_at": BEGUN + after * DAY, "verdict": verdict} for lead, after, verdict in given]
    leads = [{"lead_id": name, "assigned_at": BEGUN} for name in "abcd"]
    for order in (rows, rows[::-1]):
        crm = _study(leads, [], order).crm
        told = with_ids(crm, first_verdicts(crm)).to_pandas().set_index("lead_id")["verdict"].to_dict()
        assert told == {"a": "rejected", "b": "recycled", "c": "accepted"}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("after", "verdict", "value"),
    [
        (5 * DAY - TICK, "accepted", 1.0),
        (5 * DAY, "accepted", 1.0),
        (6 * DAY - TICK, "accepted", 1.0),
        (6 * DAY, "accepted", 0.0),
        (-DAY, "accepted", 1.0),
        (0 * DAY, "rejected", 0.0),
        (0 * DAY, "recycled", 0.0),
    ],
)
def test_within_the_agreed_days_means_at_day_index_five_or_before(after: timedelta, verdict: str, value: float) -> None:
    leads = [{"lead_id": "a", "assigned_at": BEGUN}, {"lead_id": "not handed over", "assigned_at": None}]
    told = [{"lead_id": "a", "given_at": BEGUN + after, "verdict": verdict}]
    on_record = {"lead_id": "not handed over", "given_at": BEGUN, "verdict": "accepted"}  # acceptances are written down at all
    seen = _study(leads, [], [*told, on_record], acceptance_days=5)
    row = acceptance(seen).iloc[0]
    assert (row["value"], row["n"], row["matured_share"]) == (value, 1, 1)


def test_without_feedback_the_reason_is_said() -> None:
    seen = study("2026Q1", as_of="2026-04-01", leads=[{"lead_id": "a", "created_at": BEGUN}], stage_events=[])
    row = acceptance(seen).iloc[0]
    assert (row["kpi"], row["reason"]) == ("acceptance_rate", "no feedback table")
    assert acceptance(seen, by="source").empty


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("seed", "cohort", "as_of"), [(11, "4q", "2026-04-01"), (12, "1q", "2026-05-03"), (13, "all", "2026-02-11T10:00:00")]
)
def test_acceptance_is_that_of_a_plain_reading_of_the_definition(seed: int, cohort: str, as_of: str) -> None:
    zone, quarter = "Europe/Berlin", Quarter.parse("2026Q1")
    until = parse_as_of(as_of, zone)
    landmarks = [midnight(quarter.shift(back).first_on, zone) for back in (-3, 0, 1)]
    rows = random_rows(seed, n=60, as_of=until, landmarks=landmarks)
    seen = study("2026Q1", cohort=cohort, as_of=until.isoformat(), config=Config(time_zone=zone, min_n=1), **rows.tables())
    world = oracle.world(leads=rows.leads, stage_events=rows.stage_events, merges=rows.merges, as_of=until.isoformat())
    heirs = {row["lost_id"]: row["survivor_id"] for row in rows.merges if row["merged_at"] < until}
    known = {row["lead_id"] for row in rows.leads if row["created_at"] < until}
    verdicts: dict[str, list[tuple[int, str]]] = {}
    for row in rows.feedback:
        if row["given_at"] < until:
            verdicts.setdefault(oracle.survivor(row["lead_id"], heirs, known), []).append((oracle.micros(row["given_at"]), row["verdict"]))
    units = oracle.acceptance_units(
        world.leads,
        as_of=world.as_of,
        sales_stages=["sal"],
        verdicts=verdicts,
        opened=None if seen.window_opens_at is None else oracle.micros(seen.window_opens_at),
        handed_before=oracle.micros(seen.created_before),
    )
    told = acceptance(seen).iloc[0]
    expected = oracle.aalen_johansen(units, horizon=5)
    assert len(units) == verdict_spells(seen).count().to_pyarrow().as_py() > 30
    assert told["value"] == pytest.approx(expected.won[5], rel=1e-12)
    assert told["events"] == expected.events
    assert (round(told["matured_share"] * told["n"]), told["n"]) == oracle.matured(units, horizon=5)
