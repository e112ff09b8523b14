"""What feeds the effect: campaigns by month, and the first action after a rejection, by hand; on the sample, null and why."""

from __future__ import annotations

from typing import Any

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.handoff import answered_campaigns, feedback_effect
from alignment_toolkit.handoff.feedback import month_name, month_number
from alignment_toolkit.handoff.words import feedback_sentences
from alignment_toolkit.study import Study
from tests.sample import sample_study
from tests.worlds import study

LEADS = [
    {"lead_id": "a", "created_at": "2026-01-05", "campaign_id": "c"},
    {"lead_id": "b", "created_at": "2026-01-06", "campaign_id": "c"},
    {"lead_id": "d", "created_at": "2026-02-06", "campaign_id": "c"},
    {"lead_id": "young", "created_at": "2026-03-10", "campaign_id": "c"},  # not matured
    {"lead_id": "none", "created_at": "2026-01-06"},
]
EVENTS = [
    {"lead_id": "a", "stage": "opportunity", "entered_at": "2026-02-04"},  # day 30
    {"lead_id": "b", "stage": "opportunity", "entered_at": "2026-02-06"},  # day 31
    {"lead_id": "d", "stage": "won", "entered_at": "2026-02-10"},  # opportunity was skipped
    {"lead_id": "a", "stage": "lost", "entered_at": "2026-01-20"},
]
FEEDBACK = [
    {"lead_id": "a", "given_at": "2026-01-20", "verdict": "rejected"},
    {"lead_id": "a", "given_at": "2026-03-20", "verdict": "accepted"},  # not the first verdict
    {"lead_id": "d", "given_at": "2026-02-20", "verdict": "accepted"},
]
ACTIONS = [
    {"campaign_id": "c", "acted_at": "2026-01-10", "action": "before any rejection"},
    {"campaign_id": "c", "acted_at": "2026-02-15", "action": "the first answer"},
    {"campaign_id": "c", "acted_at": "2026-03-15", "action": "another"},
    {"campaign_id": "x", "acted_at": "2026-03-15", "action": "nothing was rejected"},
]


def company(**tables: Any) -> Study:
    given = {"leads": LEADS, "stage_events": EVENTS, "feedback": FEEDBACK, "actions": ACTIONS} | tables
    return study("2026Q1", cohort="4q", as_of="2026-04-01", config=Config(), **{name: rows for name, rows in given.items() if rows})


def test_campaigns_by_month_by_hand() -> None:
    told = counted("campaign_months", company())
    rows = [tuple(row) for row in told[["campaign_id", "month", "n", "events", "judged", "accepted"]].itertuples(index=False)]
    assert rows == [("c", "2026-01", 2, 1, 1, 0), ("c", "2026-02", 1, 1, 1, 1)]


def test_the_first_action_after_a_rejection_is_the_answer() -> None:
    told = counted("first_answers", company())
    assert told[["campaign_id", "month", "n"]].to_numpy().tolist() == [["c", "2026-02", 1]]
    assert answered_campaigns(company())[["campaign", "acted"]].to_numpy().tolist() == [["c", "2026-02"]]


@pytest.mark.parametrize("table", ["feedback", "actions"])
def test_a_missing_table_is_the_reason(table: str) -> None:
    made = company(**{table: []})
    effect = feedback_effect(made)
    assert effect["reason"].tolist() == [f"no {table} table"]
    assert feedback_sentences(effect, answered_campaigns(made), study=made) == [
        f"Whether marketing answers rejections, and whether that helps, cannot be told: no {table} table."
    ]


def test_with_few_campaigns_it_cannot_be_told() -> None:
    made = sample_study()
    effect, answered = feedback_effect(made), answered_campaigns(made)
    assert effect["value"].isna().all()
    assert effect["reason"].iloc[0].startswith("cannot be told from regression to the mean: 6 treated and ")
    told = answered.set_index("campaign")
    assert told.loc["C03", "after_share"] > 3 * told.loc["C03", "before_share"]  # the planted one
    assert feedback_sentences(effect, answered)[0] == "Marketing answered rejections of 6 campaigns."


def test_months_are_numbers_and_back() -> None:
    assert [month_name(month_number(label)) for label in ("2025-12", "2026-01")] == ["2025-12", "2026-01"]
    assert month_number("2026-01") - month_number("2025-12") == 1
