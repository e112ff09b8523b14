"""The meeting pack of the sample's bad quarter, of a quiet one and of a month; and of a company with next to nothing on record."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from alignment_toolkit import meeting
from alignment_toolkit.config import Config
from alignment_toolkit.drivers import bookings_change
from alignment_toolkit.meeting import Pack
from alignment_toolkit.meeting.moved import moved
from alignment_toolkit.study import Study
from alignment_toolkit.tables import table_payload
from tests.conftest import SAMPLE
from tests.sample import sample_study
from tests.worlds import study

PARTS = ("agenda", "decisions", "wins", "joint_wins", "of_sales", "of_marketing")
PLANTED = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["planted"]


@cache
def bad_study() -> Study:
    return sample_study()


@cache
def bad() -> Pack:
    return meeting.pack(bad_study())


@cache
def quiet() -> Pack:
    return meeting.pack(replace(bad_study(), quarter=bad_study().quarter.shift(-1)))  # seen from the same day: journeys are made once


def text(pack: Pack) -> str:
    return json.dumps([*pack.in_short(), *(table_payload(getattr(pack, part), name="part") for part in PARTS)])


def test_the_bad_quarter_names_the_two_planted_causes_with_their_owners() -> None:
    agenda = bad().agenda
    causes = {cause["owner"]: cause for cause in PLANTED["bad_quarter"]["causes"]}
    for at, (owner, figure) in enumerate([("sales", "driver won_share"), ("marketing", "driver opportunities_per_lead")]):
        assert agenda.loc[at, ["owner", "figure"]].tolist() == [owner, figure]
        assert f"most of all in {causes[owner]['segment']}" in agenda["item"].iloc[at]
    assert agenda["certainty"].iloc[0] == "more than chance explains: −1,006,018 EUR to −480,914 EUR"
    assert agenda["item"].iloc[-1] == "Bookings reached 34 % of the target."
    assert agenda["certainty"].iloc[-1] == "counted"
    assert bad().in_short() == [
        "2026Q3, compared with 2026Q2.",
        f"4 items to talk about, first: {agenda['item'].iloc[0]} (sales)",
        "12 decisions owed: 6 by marketing and sales, 2 by marketing, 3 by sales, 1 by customer success.",
    ]


def test_each_team_is_told_of_the_other_s_cause_and_of_the_planted_drift_and_slow_region() -> None:
    of_sales, of_marketing = bad().of_sales["note"].tolist(), bad().of_marketing["note"].tolist()
    assert of_sales[0] == bad().agenda["item"].iloc[0]
    assert of_marketing[0] == bad().agenda["item"].iloc[1]
    assert of_sales[1:] == [
        "First touch in time: 74.9 % against 80.0 % promised.",
        "Of the leads of Nordics 15 % were touched in time, of all 75 %.",
    ]
    assert of_marketing[1:] == [
        "The mix of personas has moved since the quarter before: Operations from 18 % to 37 %, Finance from 32 % to 11 %."
    ]


def test_a_quiet_quarter_says_nothing() -> None:
    pack = quiet()
    assert pack.agenda.empty
    assert pack.of_marketing.empty
    assert pack.in_short()[:2] == [
        "2026Q2, compared with 2026Q1.",
        "Nothing got worse by more than chance explains and by enough to matter, and no target was missed: the agenda is empty.",
    ]
    assert pack.nothing("agenda") == ["There is nothing to discuss."]
    assert pack.nothing("wins") == []
    assert set(pack.wins["certainty"]) == {"counted"}  # targets met and wins shared: nothing that moved


@pytest.mark.parametrize(
    ("decision", "decides", "since", "why"),
    [
        ("Agree on one definition of 'qualified'.", "marketing and sales", "2026Q1 or earlier", "disagree on 195 (51.6 %, 95 % interval"),
        ("Agree where a deal takes its source from.", "marketing and sales", "2026Q2", "18 of 188 deals carry another source"),
        ("Agree which bookings count.", "marketing and sales", "2025Q4", "Marketing reported 520,468 for 2026Q3, on record are 464,704."),
        ("Agree on targets of the teams that lead to the shared one.", "marketing and sales", "2025Q4", "2 of 4 quarters"),
        ("Answer what sales rejects, or say why not.", "marketing", "2026Q1 or earlier", "371 of 377 rejections"),
        ("Set the target of leads.", "marketing", "2026Q4", "None is recorded for 2026Q4."),
        ("Set the target of bookings.", "marketing and sales", "2026Q4", "None is recorded for 2026Q4."),
        ("Agree who touches every lead within 24 hours, or on other hours.", "sales", "2026Q1 or earlier", "171 of 680 leads due"),
        ("Decide which stalled leads are called and which are closed.", "sales", "2026Q2 or earlier", "of expected wins at risk."),
        ("Agree on one record of churn.", "customer success", "not known", "Churn flag against churn event: 137 of 334."),
    ],
)
def test_decisions_say_who_decides_since_when_and_why(decision: str, decides: str, since: str, why: str) -> None:
    row = bad().decisions.set_index("decision").loc[decision]
    assert (row["decides"], row["since"]) == (decides, since)
    assert why in row["why"]


def test_who_decides_follows_what_the_company_has_agreed() -> None:
    made = bad_study()
    config = made.config.model_copy(update={"glossary": {"gap.words": {"accountable": "the board"}, "gap.handoff": {"owner": "shared"}}})
    told = meeting.decisions(replace(made, crm=replace(made.crm, config=config))).set_index("decision")["decides"]
    assert told["Agree on one definition of 'qualified'."] == "the board"
    assert told["Agree who touches every lead within 24 hours, or on other hours."] == "marketing and sales"


def test_a_month_is_told_against_the_month_before_with_the_targets_of_its_quarter() -> None:
    made = bad_study().of_month("2026-09").for_leaders()
    changes = moved(made)
    agenda, wins = meeting.agenda(made, changes), meeting.wins(made, changes)
    assert agenda["item"].iloc[-1] == "2026Q3: Bookings reached 34 % of the target."
    assert "Conversion within 90 days fell by 0.6 points since the month before." in agenda["item"].tolist()
    assert wins["win"].tolist() == [
        "Leads reached 104 % of the target of 2026Q3.",
        "Both teams had touched 14 of the 14 deals won in 2026-09, 155,425 of 155,425 EUR: the credit is theirs together.",
    ]
    assert bookings_change(made)["after"] == pytest.approx(155_424.63)


def test_no_part_shows_a_single_record_and_every_item_has_an_owner_and_a_page() -> None:
    for pack in (bad(), quiet()):
        assert set(pack.agenda["owner"]) | set(pack.wins["owner"]) <= {"marketing", "sales", "both teams", "success"}
        assert (pack.decisions["decides"] != "").all()
        assert all(
            getattr(pack, part)["page"].str.endswith(".html").all() for part in PARTS if part != "joint_wins" and len(getattr(pack, part))
        )
        assert pack.joint_wins["wins"].iloc[1:].ge(1).all()
        assert max(len(pack.of_sales), len(pack.of_marketing)) <= 6


LEADS = [
    {"lead_id": f"l{at}", "created_at": f"2026-0{1 + at % 6}-05T08:00:00", "source": ("web", "ads")[at % 2], "region": "north"}
    for at in range(30)
]
EVENTS = [{"lead_id": lead["lead_id"], "stage": "lead", "entered_at": lead["created_at"]} for lead in LEADS]


def world(*, backwards: bool = False, **tables: list[dict[str, Any]]) -> Study:
    rows = {"leads": LEADS, "stage_events": EVENTS, **tables}
    held = {name: list(reversed(part)) if backwards else part for name, part in rows.items()}
    return study("2026Q2", cohort="4q", as_of="2026-07-01", config=Config(min_cell=1), **held)


def test_with_next_to_nothing_on_record_it_says_what_cannot_be_told() -> None:
    pack = meeting.pack(world())
    assert [len(getattr(pack, part)) for part in PARTS] == [0, 2, 0, 0, 0, 0]
    assert pack.in_short()[1] == "The change of bookings cannot be looked at: no deals table."
    told = pack.decisions.set_index("decision")
    assert told.loc["Set the target of leads.", ["decides", "why", "since"]].tolist() == [
        "marketing",
        "None is recorded for 2026Q3.",
        "2025Q3 or earlier",
    ]


def test_two_runs_give_the_same_bytes_whatever_the_order_of_the_records() -> None:
    deals = [
        {"deal_id": f"d{at}", "lead_id": f"l{at}", "created_at": "2026-03-01", "closed_at": f"2026-0{4 + at % 3}-02", "outcome": "won", "amount": 90.0}
        for at in range(8)
    ]  # fmt: skip
    targets = [{"quarter": "2026Q2", "kpi": "bookings", "target": 700.0, "owner": "shared"}]
    first, second = (text(meeting.pack(world(backwards=way, deals=deals, targets=targets))) for way in (False, True))
    assert first == second
    assert "Bookings reached 103 % of the target." in first
