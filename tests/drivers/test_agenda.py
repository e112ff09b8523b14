"""The agenda names what moved and who owns it, says nothing where nothing moved; joint wins are those that both teams touched."""

from __future__ import annotations

from typing import Any

import pytest

from alignment_toolkit import drivers, meeting
from alignment_toolkit.config import Config
from tests.sample import sample_study
from tests.worlds import study


def test_the_agenda_of_the_bad_quarter() -> None:
    made = sample_study()
    found = meeting.agenda(made)
    assert found["owner"].tolist() == ["sales", "marketing", "both teams", "both teams"]
    figures = ["driver won_share", "driver opportunities_per_lead", "conversion_90d", "target_attainment bookings"]
    assert found["figure"].tolist() == figures
    assert found["item"].iloc[0] == (
        "Won share of the deals in play, from 26.0 % to 11.3 %, most of all in DACH: −743,466 EUR of bookings moved there."
    )
    assert "most of all in Webinar" in found["item"].iloc[1]
    assert found["item"].iloc[3] == "Bookings reached 34 % of the target."
    assert set(found["page"]) == {"drivers-and-targets.html", "lead-quality.html"}
    assert meeting.quiet(made, found) == []
    assert meeting.pack(made).agenda.equals(found)  # every page has the same items


LEADS = [{"lead_id": name, "created_at": "2026-01-05", "source": source} for name, source in (("a", "web"), ("b", "web"), ("c", "ads"))]
EVENTS = [{"lead_id": "a", "stage": "lead", "entered_at": "2026-01-05"}]


def test_where_nothing_moved_it_says_so() -> None:
    bare = study("2026Q2", as_of="2026-07-01", leads=LEADS, stage_events=EVENTS)
    told = meeting.agenda(bare)
    assert told.empty
    assert meeting.quiet(bare, told) == [
        "Not every figure can be compared with the quarter before, and nothing else calls for a discussion: the agenda is empty."
    ]


def touch(lead: str, side: str, at: str) -> dict[str, Any]:
    return {"touch_id": f"{lead}{side}{at}", "lead_id": lead, "side": side, "occurred_at": at, "channel": "web"}


@pytest.mark.parametrize(
    ("touches", "told"),
    [
        ([("a", "marketing", "2026-01-06"), ("a", "sales", "2026-02-01")], 1),
        ([("a", "marketing", "2026-01-06"), ("a", "sales", "2026-03-02")], 0),
        ([("a", "marketing", "2026-01-06"), ("b", "sales", "2026-02-01")], 0),
        ([("a", "sales", "2026-02-01")], 0),
    ],
)
def test_a_win_is_joint_when_both_touched_it_before(touches: list[tuple[str, str, str]], told: int) -> None:
    won = {"outcome": "won", "created_at": "2026-01-10", "closed_at": "2026-03-01", "amount": 10.0}
    deals = [{"deal_id": name, "lead_id": name, **won} for name in ("a", "b")]
    made = study(
        "2026Q1",
        as_of="2026-04-01",
        leads=LEADS,
        stage_events=EVENTS,
        deals=deals,
        touches=[touch(*each) for each in touches],
        config=Config(min_cell=1),
    )
    frame = drivers.joint_wins(made).set_index("segment")
    assert frame.loc["(all)", ["joint_wins", "joint_money", "wins", "money"]].tolist() == [told, 10 * told, 2, 20]
    assert frame.loc["web", "joint_share"] == told / 2
