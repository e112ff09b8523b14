"""First touch in time: every standing by hand, and figures that get worse, never better, when leads are not touched."""

from __future__ import annotations

from typing import Any

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handoff import (
    handoff_kpis,
    rejection_rate,
    rejection_reasons,
    response_curve,
    sla,
    speed_to_lead,
    standings,
    top_reasons,
)
from alignment_toolkit.handoff.words import rejection_sentences, sla_sentences, slowest_sentences, unanswered
from alignment_toolkit.study import Study
from tests.worlds import study

DAY = "2026-01-10"


def lead(name: str, *, handed: str = DAY, source: str = "web") -> dict[str, Any]:
    return {"lead_id": name, "created_at": "2026-01-01", "source": source, "assigned_at": handed}


def touch(name: str, at: str, **more: Any) -> dict[str, Any]:
    return {"touch_id": f"{name} {at}", "lead_id": name, "occurred_at": at, "side": "sales", "channel": "call"} | more


def lost(name: str, at: str) -> dict[str, Any]:
    return {"lead_id": name, "stage": "lost", "entered_at": at}


LEADS = [lead(name) for name in ("quick", "edge", "late", "robot", "early", "closed", "after", "idle", "reopened")] + [
    lead("new", handed="2026-03-31 12:00")
]
TOUCHES = [
    touch("quick", "2026-01-10 05:30"),
    touch("edge", "2026-01-11 00:00"),
    touch("late", "2026-01-11 00:00:01"),
    touch("robot", "2026-01-10 00:05", is_human=False),
    touch("early", "2026-01-09 12:00"),  # before the handover
    touch("closed", "2026-01-13"),  # after it was closed
    touch("after", "2026-01-10 01:00"),
    touch("new", "2026-03-31 13:00"),
]
EVENTS = [
    lost("closed", "2026-01-12"),
    lost("after", "2026-01-10 02:00"),
    lost("reopened", "2026-01-05"),  # before the handover: it was opened again
    {"lead_id": "reopened", "stage": "sal", "entered_at": "2026-01-10"},
    lost("reopened", "2026-01-20"),
]


def company(*, leads: Any = None, touches: Any = None, events: Any = None, min_n: int = 1, as_of: str = "2026-04-01", **more: Any) -> Study:
    config = Config(min_n=min_n, sla_hours=24)
    given = {"leads": leads or LEADS, "touches": touches or TOUCHES, "stage_events": events or EVENTS} | more
    return study("2026Q1", cohort="4q", as_of=as_of, config=config, **given)


def test_every_standing_by_hand() -> None:
    row = standings(company()).iloc[0].to_dict()
    assert row == {
        "segment": "(all)",
        "leads": 10,
        "due": 9,
        "in time": 3,  # quick, edge, after
        "late": 1,  # late, by a second
        "closed untouched": 2,  # closed, reopened
        "not touched": 3,  # robot, early, idle
        "not due": 1,  # new, though it was touched: quick answers alone would be counted early
    }
    told = sla(company()).iloc[0]
    assert (told["value"], told["n"], told["events"]) == (pytest.approx(3 / 9), 9, 3)
    assert told["matured_share"] == 0.9


def test_speed_is_the_hour_by_which_half_of_all_are_touched() -> None:
    leads = [lead(name) for name in "abcd"]
    touches = [touch("a", "2026-01-10 02:59"), touch("b", "2026-01-10 07:00"), touch("c", "2026-01-12")]
    told = speed_to_lead(company(leads=leads, touches=touches, events=[lost("d", "2026-02-01")])).iloc[0]
    assert (told["value"], told["unit"], told["n"], told["events"]) == (7, "hours", 4, 3)
    fewer = speed_to_lead(company(leads=leads, touches=touches[:1], events=[lost("d", "2026-01-11")])).iloc[0]
    assert told["reason"] is None
    assert fewer["reason"] == "fewer than half within 30 days"


def test_below_min_n_there_is_no_figure() -> None:
    few = company(min_n=20)
    assert "only 9 leads were followed at age 12 hours; 20 are needed" in speed_to_lead(few)["reason"].iloc[0]
    assert sla(few)["reason"].iloc[0] == "not enough data"


@pytest.mark.parametrize("spoilt", ["never touched", "closed untouched"])
def test_the_figures_get_worse_when_leads_are_not_touched(spoilt: str) -> None:
    leads = [lead(f"l{i}") for i in range(12)]
    touches = [touch(f"l{i}", f"2026-01-10 {i:02d}:30") for i in range(12)]
    events = [lost("l11", "2026-03-01")]
    good = company(leads=leads, touches=touches, events=events)
    rates, hours = [sla(good)["value"].iloc[0]], [speed_to_lead(good)["value"].iloc[0]]
    for gone in (1, 3, 5):
        closed = [lost(f"l{i}", "2026-01-10 00:01") for i in range(gone)] if spoilt == "closed untouched" else []
        poor = company(leads=leads, touches=touches[gone:], events=[*events, *closed])
        rates.append(sla(poor)["value"].iloc[0])
        hours.append(speed_to_lead(poor)["value"].iloc[0])
    assert rates == [1, 11 / 12, 9 / 12, 7 / 12]
    assert hours == [5, 6, 8, 10]


def test_leads_handed_over_before_touches_were_recorded_are_left_out() -> None:
    config = Config(min_n=1, observed_from={"touches": "2026-02-01"})
    told = study("2026Q1", cohort="4q", as_of="2026-04-01", config=config, leads=LEADS, touches=TOUCHES, stage_events=EVENTS)
    assert standings(told)["leads"].iloc[0] == 1


def test_the_curve_ends_where_the_counts_do() -> None:
    curve = response_curve(company()).set_index("hour")
    assert curve.loc[5, "touched_share"] == pytest.approx(3 / 10)  # after and new in their second hour, quick in its sixth
    assert curve.loc[720, "closed_share"] == pytest.approx(2 / 10)
    assert (curve["touched_share"].diff().dropna() >= 0).all()


def test_words_say_what_the_counts_say() -> None:
    made = company()
    assert sla_sentences(standings(made), speed_to_lead(made), hours=24)[0] == (
        "Of 9 leads handed over in the quarter whose 24 hours have passed, 3 (33 %) were touched by a person of sales in time, 1 later, 3 not"
        " yet, and 2 were closed without a touch."
    )
    assert slowest_sentences(speed_to_lead(made), by="region") == ["Speed is not compared by region: too few leads."]


FEEDBACK = [
    {"lead_id": "quick", "given_at": "2026-01-12", "verdict": "rejected", "reason": "Too early"},
    {"lead_id": "quick", "given_at": "2026-01-13", "verdict": "rejected", "reason": "Too early"},
    {"lead_id": "edge", "given_at": "2026-01-12", "verdict": "rejected", "reason": " "},
    {"lead_id": "late", "given_at": "2026-01-12", "verdict": "rejected"},
    {"lead_id": "robot", "given_at": "2026-01-12", "verdict": "accepted"},
    {"lead_id": "idle", "given_at": "2026-02-28", "verdict": "rejected", "reason": "No budget"},
]


def test_rejections_by_hand() -> None:
    made = company(feedback=FEEDBACK)
    told = rejection_rate(made).iloc[0]
    assert (told["value"], told["events"], told["n"]) == (pytest.approx(3 / 9), 3, 9)  # new has not been observed for a whole day
    reasons = rejection_reasons(made)
    assert reasons[["reason", "leads"]].to_numpy().tolist() == [[MISSING, 2], ["No budget", 1], ["Too early", 1]]
    assert top_reasons(reasons).to_dict() == {"(all)": "No budget"}
    assert rejection_sentences(reasons) == ["Sales rejected 4 leads in the window, most often for 'No budget' (1); 2 carry no reason."]


def test_missing_tables_are_reasons() -> None:
    bare = study("2026Q1", cohort="4q", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS)
    told = handoff_kpis(bare).set_index("kpi")["reason"].to_dict()
    assert told.pop("assignment_delay_median").startswith("not enough data: ")
    assert told == {
        "speed_to_lead_median": "no touches table",
        "sla_met_rate": "no touches table",
        "rejection_rate": "no feedback table",
        "feedback_effect": "no feedback table",
    }
    assert "Without the table touches this page cannot say how soon a person of sales touches a lead." in unanswered(bare)
    assert rejection_sentences(rejection_reasons(bare), study=bare) == ["What sales rejects cannot be told: no feedback table."]
    quiet = company(feedback=[{"lead_id": "quick", "given_at": "2026-01-12", "verdict": "accepted"}])
    assert rejection_sentences(rejection_reasons(quiet), study=quiet) == ["No rejection is on record in the window."]
