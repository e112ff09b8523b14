"""Capacity by hand: what an owner held when each lead came, thirds of a team's leads, and rows that would be a person."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.config import Config
from alignment_toolkit.loads import loads
from alignment_toolkit.velocity import capacity, capacity_sentences, open_per_owner
from alignment_toolkit.velocity.capacity import thirds
from tests.worlds import study

OWNERS = [{"owner_id": "u1", "team": "north"}, {"owner_id": "u2", "team": "north"}, {"owner_id": "u3", "team": "south"}]


def lead(name, owner, at):
    return {"lead_id": name, "created_at": "2026-01-01", "source": "web", "owner_id": owner, "assigned_at": at}


LEADS = [
    lead("a", "u1", "2026-01-02"),
    lead("b", "u1", "2026-01-03"),  # a is still there
    lead("c", "u1", "2026-01-05"),  # a was lost on the fourth
    lead("d", "u1", "2026-01-06"),  # b is won at that instant
    lead("e", "u2", "2026-01-06"),  # another owner
    lead("f", "u3", "2026-01-06"),
    lead("g", None, "2026-01-06"),  # nobody's
    lead("h", "u4", "2026-01-06"),  # of nobody's team
]
EVENTS = [
    {"lead_id": "a", "stage": "lost", "entered_at": "2026-01-04"},
    {"lead_id": "b", "stage": "won", "entered_at": "2026-01-06"},
    {"lead_id": "c", "stage": "lost", "entered_at": "2026-01-04"},  # before it was handed over: opened again
]
TOUCHES = [
    {"touch_id": str(n), "lead_id": name, "occurred_at": at, "side": "sales", "channel": "call"}
    for n, (name, at) in enumerate([("a", "2026-01-02 01:30"), ("b", "2026-01-03 09:00"), ("d", "2026-01-06 02:00"), ("e", "2026-01-07")])
]


def company(**settings):
    config = Config(**({"min_n": 1, "min_cell": 1} | settings))
    tables = {"leads": LEADS, "stage_events": EVENTS, "touches": TOUCHES, "owners": OWNERS}
    return study("2026Q1", cohort="4q", as_of="2026-04-01", config=config, **tables)


def test_what_an_owner_held_when_each_lead_came():
    crm = company().crm
    told = loads(crm).to_pandas().sort_values(["owner_id", "load", "number"])
    assert told[["owner_id", "load"]].to_numpy().tolist() == [["u1", 0], ["u1", 1], ["u1", 1], ["u1", 1], ["u2", 0], ["u3", 0], ["u4", 0]]


def test_waits_and_loads_by_team():
    told = capacity(company())
    assert told["team"].tolist() == ["(missing)", "north", "south"]
    row = told.set_index("team").loc["north"]
    assert (row["open_leads"], row["leads"], row["touched"]) == ("0 to 4", 5, 4)  # all but c
    assert row["median_hours"] == 9
    now = open_per_owner(company()).set_index("team")
    assert now.loc["north", ["owners", "open_leads", "per_owner"]].tolist() == [2, 3, 1.5]  # c, d and e


def test_no_row_is_a_person():
    told = capacity(company(min_cell=2)).set_index("team")
    assert told.loc["south", "reason"] == "fewer than 2 owners"
    assert told.loc["south", ["median_hours", "in_time_share", "touched"]].isna().all()
    assert told.loc["north", "reason"] is None
    now = open_per_owner(company(min_cell=3))
    assert now[["owners", "open_leads", "per_owner"]].isna().all(axis=None)
    assert set(now["reason"]) == {"fewer than 3 owners"}
    for frame in (capacity(company()), open_per_owner(company())):
        assert not {"u1", "u2", "u3", "u4"} & set(frame.astype(str).to_numpy().ravel())


def test_thirds_hold_every_band_once():
    moves = pd.DataFrame({"move": "enter", "load": [0, 5, 10, 20, 1000], "n": [30, 30, 30, 5, 5]})
    assert thirds(moves) == [(0, 0), (5, 5), (10, 1000)]
    assert thirds(moves.head(1)) == [(0, 0)]


def test_without_touches_or_owners_it_says_so():
    bare = study("2026Q1", as_of="2026-04-01", leads=[lead("a", None, "2026-01-02")], stage_events=EVENTS[:1])
    assert capacity(bare).empty
    told = capacity_sentences(capacity(bare), open_per_owner(bare))
    assert told == ["What owners hold cannot be told: no lead that was handed over has an owner."]


def test_words_say_whether_it_may_be_chance():
    rows = [("0 to 9", 3.0, 2.0, 4.0), ("10 to 19", 5.0, 4.0, 9.0), ("20 or more", 12.0, 10.0, 15.0)]
    frame = pd.DataFrame(rows, columns=["open_leads", "median_hours", "lower_hours", "upper_hours"]).assign(team="sales")
    now = pd.DataFrame([{"team": "sales", "owners": 12, "open_leads": 780, "per_owner": 65.0}])
    assert capacity_sentences(frame, now) == [
        "In sales 12 owners hold 780 open leads, 65 each on average.",
        "In sales half of the leads are touched within 3 hours by owners who hold 0 to 9 others, within 12 by those who hold 20 or more:"
        " more than chance explains.",
    ]
    assert capacity_sentences(frame.head(2), now)[1].endswith("within 5 by those who hold 10 to 19: which may be chance.")
    alone = frame.assign(median_hours=[1.0, np.nan, np.nan])
    assert capacity_sentences(alone, now)[1] == (
        "Whether leads wait longer with owners who hold many cannot be told: too few leads, or too few owners."
    )
