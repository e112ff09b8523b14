"""The catalogue of counts queries: registered once, run once, sorted, never shared by accident."""

from __future__ import annotations

from typing import Any

import pytest

import alignment_toolkit.counts as counts
from alignment_toolkit.counts.catalogue import CATALOGUE, counted
from alignment_toolkit.counts.tables import bucket_risk_of, moves_frame, risk_of
from tests.worlds import study

LEADS = [
    {"lead_id": name, "created_at": f"2026-01-0{day}", "source": source}
    for name, day, source in (("a", 5, "web"), ("b", 6, None), ("c", 7, "ads"))
]
EVENTS = [{"lead_id": "a", "stage": "won", "entered_at": "2026-01-06"}, {"lead_id": "c", "stage": "lost", "entered_at": "2026-01-09"}]
DEALS = [{"deal_id": "1", "lead_id": "a", "outcome": "won", "closed_at": "2026-01-06", "amount": 12.34}]


@pytest.fixture
def made() -> Any:
    return study("2026Q1", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, deals=DEALS)


def test_queries_are_registered_under_their_own_names() -> None:
    assert all(name == function.__name__ and function.__doc__ for name, function in CATALOGUE.items())
    assert {"lead_moves", "verdict_moves", "leads_created", "lead_outcomes", "deal_outcomes", "deals_won"} <= set(CATALOGUE)
    assert counts.CATALOGUE is CATALOGUE


def test_a_query_runs_once_and_its_result_cannot_be_spoilt(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = counted("leads_created", made, by="source")
    monkeypatch.setitem(CATALOGUE, "leads_created", None)
    first["n"] = -1
    assert counted("leads_created", made, by="source")["n"].tolist() == [1, 1, 1]


def test_another_choice_or_study_is_another_result(made: Any) -> None:
    assert len(counted("leads_created", made, by="source")) == 3
    assert len(counted("leads_created", made)) == 1
    assert counted("leads_created", made.previous())["n"].sum() == 0


def test_results_are_sorted_by_their_groups(made: Any) -> None:
    frame = counted("lead_moves", made, by="source")
    keys = list(frame.drop(columns=["n", "amount", "amount_sq"]).itertuples(index=False, name=None))
    assert keys == sorted(keys)


def test_the_moves_of_three_leads_by_hand(made: Any) -> None:
    frame = counted("lead_moves", made, by="source")
    told = {(row.segment, row.day, row.move): (row.n, row.amount, row.amount_sq) for row in frame.itertuples()}
    assert told == {
        ("(missing)", 0, "enter"): (1, 0, 0),
        ("(missing)", 84, "censor"): (1, 0, 0),
        ("(missing)", 84, "potential"): (1, 0, 0),
        ("ads", 0, "enter"): (1, 0, 0),
        ("ads", 2, "competing"): (1, 0, 0),
        ("ads", 83, "censor_lost"): (1, 0, 0),
        ("ads", 83, "potential"): (1, 0, 0),
        ("web", 0, "enter"): (1, 0, 0),
        ("web", 1, "event"): (1, 1234, 144),
        ("web", 85, "potential"): (1, 0, 0),
    }


def test_amounts_become_currency_and_buckets_numbers(made: Any) -> None:
    frame = moves_frame("lead_moves", made, by_bucket=True)
    assert frame["amount"].sum() == 12.34
    assert frame["bucket"].between(0, 255).all()


def test_an_unsliced_table_has_its_row_even_when_nothing_was_counted(made: Any) -> None:
    empty = made.previous()
    for labels, table in (risk_of("lead_moves", empty), bucket_risk_of("lead_moves", empty)):
        assert labels == ["(all)"]
        assert table.n.sum() == 0
    assert risk_of("lead_moves", empty, by="source")[0] == []


def test_buckets_sum_to_the_table_of_all(made: Any) -> None:
    (_, whole), (_, parts) = risk_of("lead_moves", made, by="source"), bucket_risk_of("lead_moves", made, by="source")
    assert (parts.total(axis=1).at_risk == whole.at_risk).all()
    assert parts.shape == (3, 256)
