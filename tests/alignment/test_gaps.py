"""The six gaps by hand on a company of nine leads, and null with a reason where a table is missing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from alignment_toolkit import alignment
from alignment_toolkit.alignment import definitions, words
from alignment_toolkit.alignment.kpis import GAPS
from alignment_toolkit.config import Config, Definition, WorkingDefinitions
from alignment_toolkit.figures import figures
from alignment_toolkit.handoff import sla
from alignment_toolkit.quality import acceptance
from alignment_toolkit.study import Study
from tests.worlds import study

DAY = "2026-01-10"


def lead(name: str, score: float | None, *, handed: str = DAY) -> dict[str, Any]:
    return {"lead_id": name, "created_at": "2026-01-02", "source": "web", "score": score, "assigned_at": handed, "campaign_id": "C1"}


def verdict(name: str, at: str, said: str, reason: str | None = None) -> dict[str, Any]:
    return {"lead_id": name, "given_at": at, "verdict": said, "reason": reason}


def touch(name: str, at: str, *, side: str = "marketing", channel: str = "paid_social") -> dict[str, Any]:
    return {"touch_id": f"{name} {at}", "lead_id": name, "occurred_at": at, "side": side, "channel": channel}


def deal(name: str, source: str | None, amount: float) -> dict[str, Any]:
    closing = {"created_at": "2026-01-15", "closed_at": "2026-02-01", "outcome": "won", "amount": amount}
    return {"deal_id": f"d{name}", "lead_id": name, "source": source} | closing


TABLES: dict[str, list[dict[str, Any]]] = {
    "leads": [
        lead("both", 80),
        lead("edge", 60),
        lead("rejected", 80),
        lead("late", 80),
        lead("theirs", 30),
        lead("neither", 59.5),
        lead("unscored", None),
        lead("silent", 80),
        lead("new", 80, handed="2026-03-30"),
    ],
    "feedback": [
        verdict("both", "2026-01-12", "accepted"),
        verdict("edge", "2026-01-15 23:59", "accepted"),  # day 5 still
        verdict("rejected", "2026-01-13", "rejected", "not our definition "),
        verdict("late", "2026-01-16", "accepted"),  # day 6
        verdict("theirs", "2026-01-11", "accepted"),
        verdict("neither", "2026-01-13", "rejected", "unknown"),
        verdict("unscored", "2026-01-11", "accepted"),
    ],
    "stage_events": [{"lead_id": "rejected", "stage": "won", "entered_at": "2026-02-01"}],
    "touches": [
        touch("both", "2026-01-03"),
        touch("both", "2026-01-10 03:00", side="sales", channel="call"),
        touch("rejected", "2026-01-04", channel="Paid-Social"),
        touch("theirs", "2026-01-05", side="sales", channel="call"),
    ],
    "deals": [deal("both", "Paid social", 100), deal("rejected", "Outbound", 200), deal("theirs", "Outbound", 400), deal("silent", None, 300)],
    "churn_events": [{"customer_id": day, "churned_on": day, "origin": "event"} for day in ("2025-10-02", "2026-03-30")],  # covers both quarters
    "actions": [{"campaign_id": "C1", "acted_at": "2026-01-13 00:00", "action": "a"}],
    "targets": [
        {"quarter": "2026Q1", "kpi": "leads", "target": 9, "owner": "marketing"},
        {"quarter": "2026Q1", "kpi": "bookings", "target": 2000, "owner": "shared"},
        {"quarter": "2025Q4", "kpi": "leads", "target": 1, "owner": "marketing"},
        {"quarter": "2025Q4", "kpi": "bookings", "target": 10, "owner": "shared"},
        {"quarter": "2025Q3", "kpi": "leads", "target": 1, "owner": "marketing"},
    ],
    "claims": [
        {"team": "marketing", "quarter": "2026Q1", "kpi": "bookings", "value": 1100},
        {"team": "sales", "quarter": "2026Q1", "kpi": "calls", "value": 5},
    ],
}  # fmt: skip


def company(*, without: tuple[str, ...] = (), **settings: Any) -> Study:
    config = Config(**({"min_n": 1} | settings))
    tables = {name: rows for name, rows in TABLES.items() if name not in without}
    return study("2026Q1", cohort="4q", as_of="2026-04-01", config=config, **tables)


def gaps(made: Study) -> dict[str, dict[str, Any]]:
    return {name: gap(made) for name, gap in GAPS.items()}


@cache
def whole() -> Study:
    return company()


@pytest.mark.no_cover
def test_the_six_gaps_by_hand() -> None:
    made = whole()
    told = {name: (row["n"], row["events"], row["value"]) for name, row in gaps(made).items()}
    assert list(told) == list(GAPS)
    assert told["gap.words"] == (6, 3, 0.5)  # rejected, late and theirs; unscored and silent are left out
    assert told["gap.numbers"] == (2, 1, 0.5)  # theirs began with a call, silent has no source
    assert told["gap.feedback"] == (8, 2, 0.25)  # late and silent; new is not due
    assert told["gap.handoff"] == (9, 8, pytest.approx(1 - sla(made)["value"].iloc[0]))
    assert told["gap.credit"] == (4, 2, pytest.approx(400 / 1000))  # both by both, silent by neither
    assert told["gap.goals"] == (2, 1, 1)  # 2026Q1; in 2025Q4 both were missed


def test_the_words_table_and_what_it_leaves_out() -> None:
    found = alignment.word_agreement(whole())
    assert found.table.tolist() == [[2, 2], [1, 1]]
    assert (found.unknown, found.unjudged) == (1, 1)
    assert alignment.rejected_then_won(whole()) == (1, 2)
    assert alignment.reasons_of_definition(whole()) == (1, 2)


def test_kappa_is_null_below_min_n_on_either_side_of_the_threshold() -> None:
    enough = definitions.agreement(np.array([[12.0, 8.0], [5.0, 15.0]]), min_n=20)
    assert enough.reason is None
    assert enough.kappa.value == pytest.approx(0.35)
    for table in ([[12.0, 7.0], [50.0, 15.0]], [[50.0, 15.0], [12.0, 7.0]]):
        found = definitions.agreement(np.array(table), min_n=20)
        assert np.isnan(found.kappa).all()
    assert found.reason == "sales judged 65 leads that marketing's rule takes and 19 that it leaves; 20 of each are needed"
    few = definitions.words_gap(company(min_n=3))
    assert (few["value"], few["lower"], few["upper"]) == (None, None, None)
    assert few["reason"] == "sales judged 4 leads that marketing's rule takes and 2 that it leaves; 3 of each are needed"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("mine", "theirs", "table"),
    [
        ({"score_at_least": 81}, {"verdict": "accepted"}, [[0, 0], [3, 3]]),
        ({"score_at_least": 60}, {"verdict": "accepted", "within_days": 6}, [[3, 1], [1, 1]]),
        ({"reached": "won"}, {"verdict": "rejected"}, [[1, 0], [1, 5]]),
        ({"reached": "sal", "within_days": 21}, {"verdict": "rejected"}, [[0, 0], [2, 5]]),
        ({"reached": "sal", "within_days": 22}, {"verdict": "rejected"}, [[1, 0], [1, 5]]),
    ],
)
def test_definitions_are_configured(mine: dict[str, Any], theirs: dict[str, Any], table: list[list[int]]) -> None:
    given = WorkingDefinitions(word="good", marketing=Definition(**mine), sales=Definition(**theirs))
    assert alignment.word_agreement(company(definitions=given)).table.tolist() == table


@pytest.mark.no_cover
def test_each_team_s_rule_of_credit_is_configured() -> None:
    first = alignment.claimed_bookings(company(marketing_credit="sourced", sales_credit="sourced")).set_index("claimed_by")
    assert first["bookings"].to_dict() == {"both": 0, "marketing only": 300, "sales only": 400, "neither": 300}
    touched = alignment.claimed_bookings(whole()).set_index("claimed_by")
    assert touched["bookings"].to_dict() == {"both": 100, "marketing only": 200, "sales only": 400, "neither": 300}


def test_channels_stand_for_sources_by_name_or_as_configured() -> None:
    made = company(channel_sources={"call": "Outbound"})
    told = alignment.source_table(made)
    assert [tuple(row) for row in told.itertuples(index=False)] == [
        ("Outbound", "Paid social", 1, True),
        ("Outbound", "Outbound", 1, False),
        ("Paid social", "Paid social", 1, False),
    ]
    assert GAPS["gap.numbers"](made)["value"] == pytest.approx(1 / 3)


def test_claims_stand_beside_the_records() -> None:
    told = alignment.claim_table(whole())
    assert told["difference_share"].tolist() == [pytest.approx(0.1), pytest.approx(np.nan, nan_ok=True)]
    assert told["reason"].tolist() == [None, "no figure of this name is published"]
    assert words.claim_sentences(told) == ["Marketing reported 1,100 for bookings in 2026Q1, 10.0 % more than the 1,000 on record."]


def test_promises_and_answers_by_hand() -> None:
    kept = alignment.promise_table(whole()).set_index("promise")
    assert kept.loc["workable leads", "kept"] == 7  # of nine, two were rejected
    assert kept.loc["worked at all", "kept"] == pytest.approx(1 / 9)
    assert kept.loc["attempts per lead", "kept"] == pytest.approx(1 / 8)
    assert kept.loc["first touch in time", "reason"] == "no target is recorded for it"
    told = alignment.verdict_table(whole()).set_index("part")["value"]
    assert told["verdict within the agreed days"] == 0.75
    assert told["median days to a verdict"] == 3
    assert told["rejections with a usable reason"] == 0.5  # "unknown" is none
    assert told["rejections answered with an action"] == 0  # the action came at the same instant, not after it


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("table", "silenced"),
    [
        ("feedback", {"gap.words": "no feedback table", "gap.feedback": "no feedback table"}),
        ("touches", dict.fromkeys(("gap.numbers", "gap.handoff", "gap.credit"), "no touches table")),
        ("deals", {"gap.numbers": "no deals table", "gap.credit": "no deals table"}
         | {"gap.goals": "no quarter has both a target of one team and a shared one, for leads or bookings"}),
        ("targets", {"gap.goals": "no targets table"}),
        ("actions", {}),
        ("claims", {}),
    ],
)  # fmt: skip
def test_without_a_table_its_gaps_are_null_and_the_others_the_same(table: str, silenced: dict[str, str]) -> None:
    known, made = gaps(whole()), company(without=(table,))
    found = gaps(made)
    assert {name: row["reason"] for name, row in found.items() if row["value"] is None} == silenced
    assert {name: row["value"] for name, row in found.items() if name not in silenced} == {
        name: row["value"] for name, row in known.items() if name not in silenced
    }
    assert sum(f"the table {table} " in sentence for sentence in words.unanswered(made)) == 1
    told = alignment.alignment_sentences(figures(found.values()))
    assert sum("cannot be told" in sentence for sentence in told) == len(silenced)


@pytest.mark.parametrize("table", ["feedback", "touches", "deals", "actions", "targets", "claims"])
def test_without_a_table_the_page_s_tables_say_so(table: str) -> None:
    made = company(without=(table,))
    shown: dict[str, Any] = {
        "feedback": lambda: [
            alignment.called_table(made).empty,
            (alignment.verdict_table(made)["reason"] == "no feedback table").all(),
            alignment.verdict_table(made)["part"].tolist() == alignment.verdict_table(whole())["part"].tolist(),
            alignment.verdict_table(made)["unit"].tolist() == ["share", "days", "share", "share"],
            alignment.verdict_table(made)[["value", "n", "events"]].isna().all(axis=None),
            alignment.promise_table(made)["n"].isna().tolist() == [True, True, False, False, False],
        ],
        "touches": lambda: [alignment.claimed_bookings(made).empty, alignment.source_table(made).empty],
        "deals": lambda: [alignment.claimed_bookings(made).empty, alignment.claim_table(made)["recorded"].isna().all()],
        "actions": lambda: ["no actions table" in set(alignment.verdict_table(made)["reason"])],
        "targets": lambda: [alignment.target_quarters(made).empty, alignment.team_targets(made).empty],
        "claims": lambda: [alignment.claim_table(made).empty],
    }
    assert all(shown[table]())


def test_a_definition_is_one_rule() -> None:
    with pytest.raises(ValueError, match="a definition is exactly one of score_at_least, verdict and reached"):
        Definition(score_at_least=1, verdict="accepted")
    with pytest.raises(ValueError, match="definitions: 'sall' is no stage"):
        Config(definitions=WorkingDefinitions(marketing=Definition(reached="sall")))


def test_the_table_for_people_has_an_owner_and_a_page_for_each_gap() -> None:
    made = whole()
    told = alignment.gap_table(alignment.gap_kpis(made), made)
    assert len(told) == 6
    assert told["owner"].tolist() == ["shared", "shared", "sales", "sales", "shared", "shared"]
    assert told["page"].str.endswith(".html").all()
    assert "index" not in " ".join(told["gap"]).casefold()


def test_where_only_rejections_are_written_down_what_sales_accepts_is_not_known() -> None:
    told = TABLES | {"feedback": [row for row in TABLES["feedback"] if row["verdict"] == "rejected"]}
    by_stage = WorkingDefinitions(sales=Definition(reached="sal"))
    mine, staged = (
        study("2026Q1", cohort="4q", as_of="2026-04-01", config=Config(min_n=1, **settings), **told)
        for settings in ({}, {"definitions": by_stage})
    )
    assert definitions.words_gap(mine)["reason"] == "no lead is on record as accepted"
    assert alignment.called_table(mine)[["leads", "won_share"]].fillna(0).to_numpy().sum() == 0
    assert definitions.words_gap(staged)["reason"] is None
    rate = acceptance(mine).iloc[0]
    assert (np.isnan(rate["value"]), rate["reason"]) == (True, "no lead is on record as accepted")
    assert acceptance(mine, by="source").empty
    assert acceptance(whole())["value"].iloc[0] > 0


@pytest.mark.parametrize(
    ("without", "promises", "answers"),
    [
        ((), [], []),
        (("touches",), ["Whether sales keeps its promises cannot be told: no touches table."], []),
        (
            ("feedback",),
            ["Whether marketing keeps its promises cannot be told: no feedback table."],
            ["Whether either team answers cannot be told: no feedback table."],
        ),
        (("actions",), [], ["Whether marketing answers cannot be told: no actions table."]),
        (
            ("feedback", "touches"),
            ["Whether either team keeps its promises cannot be told: no feedback table and no touches table."],
            ["Whether either team answers cannot be told: no feedback table."],
        ),
    ],
)
def test_a_section_begins_with_the_table_that_would_answer_it(without: tuple[str, ...], promises: list[str], answers: list[str]) -> None:
    made = company(without=without)
    assert words.promise_sentences(made) == promises
    assert words.verdict_sentences(made) == answers


def test_without_a_table_a_sentence_names_it_instead_of_finding_nothing() -> None:
    made = company(without=("feedback", "touches", "targets", "claims"))
    assert words.word_sentences(made) == ["Whether both teams mean the same leads cannot be told: no feedback table."]
    assert words.called_sentences(alignment.called_table(made)) == []
    assert words.source_sentences(made, alignment.source_table(made)) == [
        "Whether deals carry the source of their first touch cannot be told: no touches table."
    ]
    assert words.claim_sentences(alignment.claim_table(made), study=made) == [
        "Whether what the teams report agrees with the records cannot be told: no claims table."
    ]
    assert words.credit_sentences(made)[1:] == ["Which bookings each team claims cannot be told: no touches table."]
    assert words.goal_sentences(alignment.target_quarters(made), study=made) == [
        "Whether one team reaches its target while the shared one is missed cannot be told: no targets table."
    ]
    assert words.other_target_sentences(alignment.other_targets(made), study=made) == [
        "Whether other figures reached their targets cannot be told: no targets table."
    ]
    assert words.why_no_targets(made) == "no targets table"
    assert words.why_no_targets(whole()) is None
