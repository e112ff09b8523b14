"""Merged records: chains, rings, time, and one row per survivor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.border.rings import rings_of
from alignment_toolkit.deals import deals as deals_of
from alignment_toolkit.journeys import leads, timeline, with_ids
from alignment_toolkit.merging import final_heir, merge_pairs, with_stand_ins
from alignment_toolkit.timelines import on_whole_days, won_rank
from tests.oracles.journeys import survivor
from tests.worlds import study

NAMES = "abcdef"


def _merge(lost: str, heir: str, at: str | None = "2026-02-01", table: str = "leads") -> dict[str, Any]:
    return {"table": table, "lost_id": lost, "survivor_id": heir, "merged_at": at}


def _surviving(*merges: dict[str, Any], names: str = "abcd") -> dict[str, str]:
    """Surviving lead -> creation day, of leads a, b, c, … created on the 10th, 9th, 8th, …"""
    made = [{"lead_id": name, "created_at": f"2026-01-{10 - place:02d}", "source": name} for place, name in enumerate(names)]
    happened = [{"lead_id": name, "stage": "mql", "entered_at": "2026-01-20"} for name in names]
    seen = study("2026Q1", as_of="2026-04-01", leads=made, stage_events=happened, merges=list(merges))
    told = leads(seen.crm).to_pandas()
    assert told["lead_id"].is_unique
    assert (told["source"] == told["lead_id"]).all()
    assert set(with_ids(seen.crm, timeline(seen.crm)).lead_id.to_pyarrow().to_pylist()) == set(told["lead_id"])
    assert timeline(seen.crm).count().to_pyarrow().as_py() == len(names)
    return dict(zip(told["lead_id"], told["created_at"].dt.strftime("%d"), strict=True))


def test_a_survivor_is_as_old_as_the_first_of_its_records() -> None:
    assert _surviving(_merge("b", "a")) == {"a": "09", "c": "08", "d": "07"}
    assert _surviving(_merge("a", "b")) == {"b": "09", "c": "08", "d": "07"}


def test_a_chain_ends_at_its_last_heir() -> None:
    assert _surviving(_merge("a", "b"), _merge("b", "c"), _merge("c", "d")) == {"d": "07"}
    assert _surviving(_merge("c", "b"), _merge("b", "a")) == {"a": "08", "d": "07"}


@pytest.mark.parametrize(
    "ring", [[("a", "b"), ("b", "a")], [("a", "b"), ("b", "c"), ("c", "a")], [("a", "a")], [("d", "b"), ("b", "a"), ("a", "b")]]
)
def test_a_ring_keeps_one_lead_and_all_events(ring: list[tuple[str, str]]) -> None:
    told = _surviving(*(_merge(lost, heir) for lost, heir in ring))
    assert "a" in told
    assert len(told) == 4 - len({name for pair in ring for name in pair} - {"a"})


def test_a_merge_counts_from_its_instant_on() -> None:
    assert "b" in _surviving(_merge("b", "a", at="2026-04-01"))
    assert "b" not in _surviving(_merge("b", "a", at="2026-03-31T23:59:59.999999"))


def test_a_merge_of_unknown_time_counts_from_the_start() -> None:
    assert "b" not in _surviving(_merge("b", "a", at=None))
    assert _surviving(_merge("b", "a", at=None), _merge("c", "a", at="2026-04-01")) == {"a": "09", "c": "08", "d": "07"}


def test_merges_of_other_tables_leave_leads_alone() -> None:
    assert set(_surviving(_merge("b", "a", table="deals"))) == set("abcd")


def test_a_lead_merged_into_one_that_is_not_there_survives_under_its_own_id() -> None:
    assert _surviving(_merge("b", "gone")) == {"a": "10", "b": "09", "c": "08", "d": "07"}


def test_the_last_known_record_of_a_chain_stands_in_for_its_end() -> None:
    assert _surviving(_merge("a", "b"), _merge("b", "gone")) == {"b": "09", "c": "08", "d": "07"}
    assert _surviving(_merge("a", "x"), _merge("x", "b"), _merge("b", "gone")) == {"b": "09", "c": "08", "d": "07"}
    assert _surviving(_merge("d", "gone"), _merge("c", "gone"), _merge("a", "d")) == {"c": "07", "b": "09"}


def test_events_of_the_absent_survivor_come_to_its_stand_in() -> None:
    made = [{"lead_id": "a", "created_at": "2026-01-01", "source": "web"}]
    happened = [{"lead_id": "gone", "stage": "won", "entered_at": "2026-01-20"}]
    seen = study("2026Q1", as_of="2026-04-01", leads=made, stage_events=happened, merges=[_merge("a", "gone")])
    told = with_ids(seen.crm, on_whole_days(seen.crm, timeline(seen.crm))).select("lead_id", "rank", "day")
    assert told.to_pyarrow().to_pylist() == [{"lead_id": "a", "rank": won_rank(seen.crm), "day": 19}]


def test_a_survivor_created_after_as_of_is_not_there_yet() -> None:
    made = [
        {"lead_id": "a", "created_at": "2026-01-01", "source": "web"},
        {"lead_id": "b", "created_at": "2026-04-01", "source": "web"},
    ]
    happened = [{"lead_id": "a", "stage": "mql", "entered_at": "2026-01-20"}]
    seen = study("2026Q1", as_of="2026-04-01", leads=made, stage_events=happened, merges=[_merge("a", "b")])
    assert leads(seen.crm).lead_id.to_pyarrow().to_pylist() == ["a"]


def test_a_deal_merged_into_one_that_is_not_there_keeps_its_money() -> None:
    made = [{"lead_id": "a", "created_at": "2026-01-01", "source": "web"}]
    happened = [{"lead_id": "a", "stage": "won", "entered_at": "2026-01-20"}]
    won = {"lead_id": "a", "outcome": "won", "closed_at": "2026-01-20"}
    deals = [won | {"deal_id": "1", "amount": 10.0}, won | {"deal_id": "2", "amount": 20.0}]
    for merge, kept in ((_merge("1", "gone", table="deals"), {"1", "2"}), (_merge("1", "2", table="deals"), {"2"})):
        seen = study("2026Q1", as_of="2026-04-01", leads=made, stage_events=happened, deals=deals, merges=[merge])
        assert set(deals_of(seen.crm).deal_id.to_pyarrow().to_pylist()) == kept


def test_a_family_of_which_nobody_is_known_stays_as_it_is() -> None:
    assert with_stand_ins({"x": "gone"}, heirs={"x": "gone"}, absent={"x", "gone"}) == {"x": "gone", "gone": "gone"}


@pytest.mark.parametrize(
    ("heirs", "found"),
    [
        ({"b": "a", "a": "b"}, [("a", "b")]),
        ({"c": "a", "a": "b", "b": "c", "d": "c"}, [("a", "b", "c")]),  # d was merged into the ring and is not of it
        ({"a": "b", "b": "a", "e": "d", "d": "e"}, [("a", "b"), ("d", "e")]),
        ({"a": "b", "b": "c"}, []),
        ({"a": "a"}, []),
    ],
)
def test_rings_are_found_each_once(heirs: dict[str, str], found: list[tuple[str, ...]]) -> None:
    assert rings_of(heirs) == found


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_the_smallest_id_of_a_ring_stands_for_it(heirs: dict[str, str]) -> None:
    for ring in rings_of(heirs):
        assert {final_heir(heirs, member) for member in ring} == {ring[0]} == {min(ring)}


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_every_known_record_counts_as_a_known_one(heirs: dict[str, str], known: set[str]) -> None:
    ends = {lost: final_heir(heirs, lost) for lost in heirs}
    told = with_stand_ins(ends, heirs=heirs, absent=set(NAMES) - known)
    for name in NAMES:
        assert told.get(name, name) == survivor(name, heirs, known)
        assert name not in known or told.get(name, name) in known


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_every_member_of_a_family_resolves_to_the_same_record(heirs: dict[str, str]) -> None:
    for lost, heir in heirs.items():
        assert final_heir(heirs, lost) == survivor(lost, heirs)
        assert final_heir(heirs, heir) == final_heir(heirs, lost)


def test_pairs_never_name_a_survivor_as_lost() -> None:
    made = [{"lead_id": name, "created_at": "2026-01-01", "source": "web"} for name in NAMES]
    merges = [_merge("a", "b"), _merge("b", "a"), _merge("c", "a"), _merge("d", "e")]
    seen = study(
        "2026Q1", as_of="2026-04-01", leads=made, stage_events=[{"lead_id": "a", "stage": "mql", "entered_at": "2026-01-02"}], merges=merges
    )
    pairs = merge_pairs(seen.crm).to_pandas()
    assert dict(zip(pairs["merged_id"], pairs["merged_into"], strict=True)) == {"b": "a", "c": "a", "d": "e"}
