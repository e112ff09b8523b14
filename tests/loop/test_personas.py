"""Personas: the planted drift is found and no other; pairs alike by construction are not told apart where chance allows."""

from __future__ import annotations

from functools import cache

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.loop import apart_sentences, drift_sentences, persona_drift, persona_mix, told_apart
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study
from tests.sample import sample_study
from tests.worlds import study


@cache
def sample(quarter: str) -> Study:
    return sample_study(quarter)


def test_the_planted_drift_is_found_and_named() -> None:
    drift, mix = persona_drift(sample("2026Q3")), persona_mix(sample("2026Q3"))
    assert drift.has_moved
    told = mix.set_index("persona")["change_share"]
    assert (told.idxmax(), told.idxmin()) == ("Operations", "Finance")
    assert told["Operations"] == pytest.approx(0.20, abs=0.04)
    said = drift_sentences(drift, mix)[0]
    assert said.startswith("The mix of personas has moved since the last review (population stability index 0.38")
    assert ": Operations from 18 % to 37 %, Finance from 32 % to 11 %." in said


@pytest.mark.parametrize("quarter", ["2026Q2", "2026Q1", "2025Q4"])
def test_an_unplanted_one_is_not(quarter: str) -> None:
    drift, mix = persona_drift(sample(quarter)), persona_mix(sample(quarter))
    assert not drift.has_moved
    assert drift_sentences(drift, mix)[0].startswith("The mix of personas has not moved by more than chance explains")


def test_the_last_review_may_lie_further_back() -> None:
    assert persona_drift(sample("2026Q3"), since=Quarter(2025, 3)).has_moved
    assert not persona_drift(sample("2026Q2"), since=Quarter(2025, 3)).has_moved


LEADS = [{"lead_id": f"{at}", "created_at": f"2026-0{1 + 3 * (at % 2)}-10", "persona": persona} for at, persona in enumerate("aabbbb")]


def test_the_mix_by_hand() -> None:
    given = [*LEADS, {"lead_id": "x", "created_at": "2026-04-11"}]
    told = persona_mix(study("2026Q2", cohort="4q", as_of="2026-07-01", config=Config(), leads=given, stage_events=[]))
    rows = told[["persona", "leads", "leads_share", "leads_before", "before_share"]].head(2).to_numpy().tolist()
    assert rows == [["b", 2, pytest.approx(2 / 3), 2, pytest.approx(2 / 3)], ["a", 1, pytest.approx(1 / 3), 1, pytest.approx(1 / 3)]]
    assert told["persona"].iloc[-1] == "(missing)"
    assert told["change_share"].head(2).tolist() == pytest.approx([0, 0])


def test_without_personas_it_says_so() -> None:
    bare = [{"lead_id": "x", "created_at": "2026-04-11"}]
    made = study("2026Q2", cohort="4q", as_of="2026-07-01", config=Config(), leads=bare, stage_events=[])
    said = drift_sentences(persona_drift(made), persona_mix(made))
    assert said == ["Whether the mix of personas has moved is not known: the records do not cover both quarters."]
    assert apart_sentences(told_apart(made)) == ["Too few leads to say whether personas can be told apart."]


def test_a_persona_that_converts_half_as_well_is_told_apart() -> None:
    told = told_apart(sample("2026Q2")).set_index(["persona", "other"])["told_apart"]
    assert told[("Founder", "IT")] == "yes"
    assert told[("Finance", "Operations")] == "no"  # the same by construction
    assert "Finance and Operations" in apart_sentences(told_apart(sample("2026Q2")))[0]
