"""Merged records: chains, rings, time, and one row per survivor."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.journeys import leads, timeline, with_ids
from alignment_toolkit.merging import final_heir, merge_pairs
from tests.oracles.journeys import survivor
from tests.worlds import study

NAMES = "abcdef"


def _merge(lost: str, heir: str, at: str = "2026-02-01", table: str = "leads") -> dict[str, Any]:
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


def test_merges_of_other_tables_leave_leads_alone() -> None:
    assert set(_surviving(_merge("b", "a", table="deals"))) == set("abcd")


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
