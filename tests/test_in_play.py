"""Which deals are in play in a quarter, and where they came from: a decision table, and a plain recount of random companies."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from alignment_toolkit.counts import counted
from alignment_toolkit.in_play import in_play, leads_of_quarter
from tests.worlds import study

BEFORE, FIRST, WITHIN, LAST, AFTER = "2025-12-31T23:59:59", "2026-01-01", "2026-02-01", "2026-03-31T23:59:59", "2026-04-01"
LEADS = [
    {"lead_id": "old", "created_at": "2025-11-01", "source": "web"},
    {"lead_id": "gone", "created_at": "2025-11-01", "source": "web"},
    {"lead_id": "eve", "created_at": "2025-12-31T12:00", "source": "web"},
    {"lead_id": "new", "created_at": FIRST, "source": "ads"},
    {"lead_id": "late", "created_at": AFTER, "source": "ads"},
]
EVENTS = [{"lead_id": "gone", "stage": "lost", "entered_at": "2025-12-01"}, {"lead_id": "new", "stage": "won", "entered_at": "2026-03-01"}]


def origins(deals: list[dict[str, Any]], *, as_of: str = "2026-04-01", **tables: Any) -> dict[str, tuple[str, bool]]:
    made = study("2026Q1", as_of=as_of, leads=LEADS, stage_events=EVENTS, deals=deals, **tables)
    frame = in_play(made).to_pandas()
    return {row.deal_id: (row.origin, row.is_won) for row in frame.itertuples()}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"created_at": BEFORE}, ("open_at_start", False)),
        ({"created_at": BEFORE, "outcome": "won", "closed_at": FIRST}, ("open_at_start", True)),
        ({"created_at": BEFORE, "outcome": "won", "closed_at": LAST}, ("open_at_start", True)),
        ({"created_at": BEFORE, "outcome": "lost", "closed_at": WITHIN}, ("open_at_start", False)),
        ({"created_at": "2025-12-01", "outcome": "won", "closed_at": BEFORE}, None),
        ({"created_at": "2025-12-01", "outcome": "lost", "closed_at": BEFORE}, None),
        ({"created_at": FIRST}, ("without_lead", False)),
        ({"created_at": LAST}, ("without_lead", False)),
        ({"created_at": FIRST, "lead_id": "new"}, ("from_leads", False)),
        ({"created_at": FIRST, "lead_id": "old"}, ("from_earlier", False)),
        ({"created_at": FIRST, "lead_id": "eve"}, ("from_earlier", False)),
        ({"created_at": FIRST, "lead_id": "gone"}, ("reopened", False)),
        ({"created_at": LAST, "lead_id": "late"}, ("without_lead", False)),
        ({"created_at": WITHIN, "outcome": "won", "closed_at": BEFORE}, None),
        ({"created_at": "2026-03-01", "outcome": "won", "closed_at": WITHIN}, ("without_lead", True)),
        ({"created_at": None}, None),
        ({"created_at": None, "outcome": "won", "closed_at": WITHIN}, ("open_at_start", True)),
        ({"created_at": None, "outcome": "won", "closed_at": BEFORE}, None),
        ({"created_at": WITHIN, "outcome": "won", "closed_at": None}, None),
    ],
)
def test_where_a_deal_came_from(row: dict[str, Any], told: tuple[str, bool] | None) -> None:
    found = origins([{"deal_id": "d", "outcome": "open", **row}, {"deal_id": "other", "outcome": "open", "created_at": AFTER}])
    assert found.get("d") == told
    assert "other" not in found


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([("2025-10-01", "open"), ("2025-11-01", "lost")], None),
        ([("2025-10-01", "open"), ("2025-11-01", "lost"), (FIRST, "open")], ("reopened", False)),
        ([("2025-10-01", "open"), ("2025-11-01", "lost"), (FIRST, "open"), (WITHIN, "won")], ("reopened", True)),
        ([("2025-10-01", "open"), ("2025-11-01", "lost"), (WITHIN, "won")], ("reopened", True)),
        ([("2025-10-01", "open"), ("2025-11-01", "lost"), (BEFORE, "open")], ("open_at_start", False)),
        ([("2025-10-01", "open"), (FIRST, "lost"), (WITHIN, "open"), (LAST, "lost")], ("open_at_start", False)),
        ([("2025-10-01", "open"), ("2025-11-01", "won"), (WITHIN, "lost")], None),
        ([("2025-10-01", "open"), ("2025-11-01", "lost"), (AFTER, "open")], None),
    ],
)
def test_what_was_re_opened_counts_once_by_its_history(history: list[tuple[str, str]], told: tuple[str, bool] | None) -> None:
    events = [{"deal_id": "d", "changed_at": at, "outcome": outcome} for at, outcome in history]
    last = history[-1]
    row = {"deal_id": "d", "created_at": "2025-10-01", "outcome": last[1], "closed_at": None if last[1] == "open" else last[0]}
    assert origins([row], as_of="2026-05-01", deal_events=events).get("d") == told


def test_the_leads_that_deals_can_come_from() -> None:
    made = study("2026Q1", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, deals=[{"deal_id": "d", "outcome": "open"}])
    frame = leads_of_quarter(made).to_pandas()
    assert sorted(zip(frame["source"], frame["is_new"], strict=True)) == [("ads", True), ("web", False), ("web", False)]


START, END = datetime(2026, 1, 1), datetime(2026, 4, 1)


def random_company(draw: random.Random) -> dict[str, list[dict[str, Any]]]:
    """A few hundred deals around a quarter, with histories of re-opening, and leads that were lost or won meanwhile."""
    leads, events, deals, changes = [], [], [], []
    for place in range(60):
        created = START + timedelta(days=draw.randint(-150, 89), hours=draw.randint(0, 23))
        leads.append({"lead_id": f"l{place}", "created_at": created, "source": draw.choice(["web", "ads", None])})
        if draw.random() < 0.5:
            stage = draw.choice(["lost", "won", "opportunity"])
            events.append({"lead_id": f"l{place}", "stage": stage, "entered_at": created + timedelta(days=draw.randint(1, 100))})
    for place in range(200):
        created = START + timedelta(days=draw.randint(-120, 100), hours=draw.randint(0, 23))
        at, outcome, closed, told = created, "open", None, [(created, "open")]
        for _ in range(draw.choice([0, 1, 1, 2, 3])):
            at += timedelta(days=draw.randint(0, 60), hours=1)
            outcome = draw.choice(["won", "lost"]) if outcome == "open" else "open"
            told.append((at, outcome))
        closed = None if outcome == "open" else at
        lead = draw.choice([None, *(f"l{number}" for number in range(60))])
        amount = draw.choice([None, float(draw.randint(1, 10**4))])
        deals.append(
            {"deal_id": f"d{place}", "lead_id": lead, "created_at": created, "closed_at": closed, "outcome": outcome, "amount": amount}
        )
        changes += [{"deal_id": f"d{place}", "changed_at": moment, "outcome": state} for moment, state in told]
    return {"leads": leads, "stage_events": events, "deals": deals, "deal_events": changes}


def recount(tables: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[str, bool, int]]:
    """Origin, won and cents of each deal in play, in plain Python (nothing is visible from the quarter's end on)."""
    leads = {row["lead_id"]: row["created_at"] for row in tables["leads"]}
    ends = {row["lead_id"]: row["entered_at"] for row in tables["stage_events"] if row["stage"] in {"won", "lost"}}
    found = {}
    for deal in tables["deals"]:
        history = sorted((row["changed_at"], row["outcome"]) for row in tables["deal_events"] if row["deal_id"] == deal["deal_id"])
        before, inside = [state for at, state in history if at < START], [(at, state) for at, state in history if START <= at < END]
        last = ([(START, before[-1])] if before else []) + inside
        if not last:
            continue
        won = bool(inside) and last[-1][1] == "won"
        born = leads.get(deal["lead_id"])
        if deal["created_at"] >= START:
            if born is None or born >= END:
                origin = "without_lead"
            elif born >= START:
                origin = "from_leads"
            else:
                whole_days = (START - born) // timedelta(days=1)
                end = ends.get(deal["lead_id"])
                closed = end is not None and (end - born) // timedelta(days=1) < whole_days
                origin = "reopened" if closed else "from_earlier"
        elif before[-1] == "open":
            origin = "open_at_start"
        elif won or any(state == "open" for _, state in inside):
            origin = "reopened"
        else:
            continue
        found[deal["deal_id"]] = (origin, won, round(100 * (deal["amount"] or 0)) if won else 0)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_random_companies_are_recounted(seed: int) -> None:
    tables = random_company(random.Random(seed))
    made = study("2026Q1", as_of="2026-04-01", **tables)
    frame = in_play(made).to_pandas()
    told = {
        row.deal_id: (row.origin, row.is_won, int(row.cents) if row.is_won and row.cents == row.cents else 0) for row in frame.itertuples()
    }
    expected = recount(tables)
    assert told == expected
    counts = counted("bookings_parts", made)
    assert counts["cents"].iloc[0] == sum(cents for *_, cents in expected.values()) == counted("deals_won", made)["amount"].iloc[0]
    assert counts["won"].iloc[0] == sum(won for _, won, _ in expected.values())
    assert {len(expected), frame["deal_id"].nunique()} == {len(frame)}
