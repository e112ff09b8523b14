"""Journeys on one line: four accounts on paper, both ways to tell a renewal, and laws on the sample."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.errors import UsageError
from alignment_toolkit.lines import STEPS, marks
from alignment_toolkit.loop import journey_paths, journey_sentences, journey_steps
from alignment_toolkit.study import Study, open_study
from tests.conftest import SAMPLE
from tests.worlds import study

LEADS = [
    {"lead_id": "r1", "created_at": "2024-02-01", "source": "web", "account_id": "R", "assigned_at": "2024-02-05"},
    {"lead_id": "r2", "created_at": "2024-02-10", "source": "web", "account_id": "R"},
    {"lead_id": "l", "created_at": "2024-03-01", "source": "web", "assigned_at": "2024-03-11"},
    {"lead_id": "c", "created_at": "2024-01-10", "source": "web", "account_id": "C"},
    {"lead_id": "o", "created_at": "2025-01-01", "source": "web", "account_id": "O"},
]
EVENTS = [
    {"lead_id": "r1", "stage": "won", "entered_at": "2024-03-01"},
    {"lead_id": "l", "stage": "lost", "entered_at": "2024-04-01"},
    {"lead_id": "c", "stage": "won", "entered_at": "2024-02-01"},
    {"lead_id": "o", "stage": "lead", "entered_at": "2025-01-01"},
]
TOUCHES = [
    ("r1", "2024-01-31", "marketing", "ads"),  # before the lead was created: the first contact
    ("r2", "2024-02-11", "marketing", "mail"),  # the account's other lead
    ("r1", "2024-02-12", "marketing", "ads"),  # the same team again: one stop by side, another by channel
    ("r1", "2024-02-20", "sales", "call"),
    ("r1", "2024-06-01", "sales", "call"),  # after the win, on the way to the renewal
    ("r1", "2025-04-01", "sales", "call"),  # after the renewal: no part of it
    ("l", "2024-03-02", "marketing", "ads"),
    ("c", "2024-01-15", "sales", "call"),
    ("o", "2025-01-02", "marketing", "ads"),
]
DEALS = [
    {"deal_id": "1", "lead_id": "r1", "account_id": "R", "deal_type": "new", "created_at": "2024-02-20", "closed_at": "2024-03-01",
     "outcome": "won", "amount": 10.0},
    {"deal_id": "2", "account_id": "R", "deal_type": "renewal", "created_at": "2025-03-02", "closed_at": "2025-03-11",
     "outcome": "won", "amount": 10.0},
]  # fmt: skip
SPELLS = [
    {"subscription_id": "1", "customer_id": "R", "lead_id": "r1", "started_on": "2024-03-02", "mrr": 5.0},
    {"subscription_id": "2", "customer_id": "C", "lead_id": "c", "started_on": "2024-02-02", "ended_on": "2024-07-01", "mrr": 5.0},
]


def touches() -> list[dict[str, Any]]:
    return [
        {"touch_id": str(n), "lead_id": lead, "occurred_at": at, "side": side, "channel": channel}
        for n, (lead, at, side, channel) in enumerate(TOUCHES)
    ]


def company(**changes: Any) -> Study:
    tables = {"leads": LEADS, "stage_events": EVENTS, "touches": touches(), "deals": DEALS, "subscriptions": SPELLS} | changes
    kept = {name: table for name, table in tables.items() if table}
    return study("2025Q2", as_of="2025-07-01", config=Config(min_n=1, min_cell=1), **kept)


@cache
def whole() -> Study:
    return company()


def test_paths_by_team_and_by_channel() -> None:
    told = journey_paths(whole()).set_index("path")
    assert told["journeys"].sum() == 4
    assert set(told.index) == {
        "marketing → (handed over) → marketing → sales → (won) → sales → (renewed)",
        "marketing → (handed over) → (lost)",
        "sales → (won) → (left)",
        "marketing",
    }
    assert told.loc["sales → (won) → (left)", ["renewed", "left", "won", "lost", "open"]].tolist() == [0, 1, 0, 0, 0]
    assert told.loc["marketing", "open"] == 1
    channels = set(journey_paths(whole(), of="channel")["path"])
    assert "ads → (handed over) → mail → ads → call → (won) → call → (renewed)" in channels


def test_steps_by_hand() -> None:
    told = journey_steps(whole()).set_index("step")
    assert list(told.index) == list(STEPS)
    first, sales, won, renewed = (told.loc[step] for step in STEPS)
    # R is handed over after 5 days, l after 10, C goes on without a handover when sales touches it after 5; O is open
    assert (first["n"], first["went_on"], first["stopped"], first["median_days"]) == (4, 3, 0, 5)
    assert (sales["n"], sales["went_on"], sales["stopped"]) == (2, 1, 1)
    assert (won["n"], won["went_on"], won["stopped"]) == (2, 2, 0)
    assert (renewed["n"], renewed["went_on"], renewed["stopped"]) == (2, 1, 1)
    assert renewed["went_on_share"] == pytest.approx(0.5)


def test_without_renewal_deals_a_year_of_payments_is_one() -> None:
    made = company(deals=DEALS[:1])
    known = marks(made).to_pandas().set_index("unit_id")
    assert pd.to_datetime(known["renewed_at"].dropna(), unit="us").dt.date.astype(str).to_dict() == {"account R": "2025-03-02"}
    assert pd.to_datetime(known["left_at"].dropna(), unit="us").dt.date.astype(str).to_dict() == {"account C": "2024-07-01"}
    bare = company(deals=[], subscriptions=[])
    assert marks(bare).to_pandas()[["renewed_at", "left_at"]].isna().all(axis=None)
    assert set(journey_paths(bare)["renewed"]) == {0}


def test_rare_paths_are_merged_and_what_a_path_is_made_of_is_named() -> None:
    told = journey_paths(whole(), most=1)
    assert told["path"].tolist()[-1] == "(other)"
    assert told["journeys"].tolist() == [1, 3]
    with pytest.raises(UsageError) as refused:
        journey_paths(whole(), of="sides")
    assert str(refused.value) == "Unknown stop 'sides' for journey_paths. Did you mean 'side'? Choose side or channel."


def test_on_the_sample_shares_add_up_and_most_customers_renew() -> None:
    made = open_study(str(SAMPLE), quarter="2026Q3")
    steps, paths = journey_steps(made), journey_paths(made)
    assert (steps["went_on_share"] + steps["stopped_share"] + steps["still_open_share"]).to_numpy() == pytest.approx(1)
    assert steps["reason"].isna().all()
    assert steps["went_on_share"].iloc[-1] > 0.7
    assert 365 < steps["median_days"].iloc[-1] < 400  # a renewal comes a year after the first paid day
    assert paths["journeys_share"].sum() == pytest.approx(1)
    assert (paths["journeys"] == paths[["renewed", "left", "won", "lost", "open"]].sum(axis=1)).all()
    said = journey_sentences(steps, paths)
    assert said[0].startswith("Most journeys stop on the way from touched by sales to won: ")
    assert said[2].startswith("The most common path by team, of ")


def test_too_few_say_so() -> None:
    steps = journey_steps(whole()).assign(went_on_share=float("nan"))
    assert journey_sentences(steps, journey_paths(whole())) == ["Too few journeys have been observed long enough to say where they stop."]


def test_a_mark_that_no_record_shows_is_null_with_its_reason_and_one_row_leads_past_it() -> None:
    """Without handovers and touches: R is won 29 days after its first lead, C after 22, l is lost and O is open."""
    leads = [{name: value for name, value in row.items() if name != "assigned_at"} for row in LEADS]
    made = company(leads=leads, touches=[], deals=DEALS[:1], subscriptions=[row | {"lead_id": None} for row in SPELLS])
    told = journey_steps(made)
    assert told["step"].tolist() == [*STEPS[:3], "first contact to won", STEPS[3]]
    assert told["reason"].tolist() == [
        "no handover is on record",
        "no handover is on record",
        "no touches table",
        None,
        "no renewal deal and no subscription that names a lead",
    ]
    unknown = told[told["reason"].notna()]
    assert unknown["n"].fillna(-1).tolist() == [4, -1, -1, 2]
    assert unknown[["went_on", "stopped", "went_on_share", "stopped_share", "still_open_share", "median_days"]].isna().all(axis=None)
    past = told.set_index("step").loc["first contact to won"]
    assert (past["n"], past["went_on"], past["stopped"], past["median_days"]) == (4, 2, 1, 22)
    said = journey_sentences(told, journey_paths(made))
    assert said[0].startswith("Most journeys stop on the way from first contact to won: ")
    share = f"{100 * past['went_on_share']:.0f} %"
    assert said[1] == (
        f"No handover is on record; {share} of journeys went on from first contact to a win within 365 days, half of them within 22 days."
    )
    assert said[2] == "Whether customers renew cannot be told: no renewal deal and no subscription that names a lead."


def test_without_touches_the_step_leads_from_the_handover_to_the_win() -> None:
    made = company(touches=[])
    told = journey_steps(made)
    assert told["step"].tolist() == [*STEPS[:3], "handed over to won", STEPS[3]]
    assert told["reason"].tolist() == [None, "no touches table", "no touches table", None, None]
    assert told["went_on"].fillna(-1).tolist() == [2 + 1, -1, -1, 1, 1]
    assert journey_sentences(told, journey_paths(made))[2].startswith(
        "No touches table; 50 % of journeys went on from the handover to a win "
    )
    only_marketing = [row | {"side": "marketing"} for row in touches()]
    assert "no touch by sales is on record" in set(journey_steps(company(touches=only_marketing))["reason"])


def test_renewals_are_told_by_either_record_and_their_want_is_named() -> None:
    def reason(**tables: Any) -> str | None:
        return journey_steps(company(**tables))["reason"].iloc[-1]

    assert reason(subscriptions=[]) is None
    assert reason(deals=[]) is None
    assert reason(deals=[], subscriptions=[]) == "no deals table and no subscriptions table"
    assert reason(deals=DEALS[:1], subscriptions=[]) == "no renewal deal and no subscriptions table"


def test_where_nothing_stopped_no_step_is_called_the_one_where_most_do() -> None:
    steps = journey_steps(whole()).assign(stopped_share=0.0)
    assert journey_sentences(steps, journey_paths(whole()))[0] == "No journey is on record as lost, or as a customer who left."
