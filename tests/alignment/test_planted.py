"""The misalignment planted in the sample shows in its own gap, and goes away there and only there when it is taken out."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from alignment_toolkit import alignment
from alignment_toolkit.alignment.kpis import GAPS
from alignment_toolkit.config import Definition, WorkingDefinitions
from alignment_toolkit.study import Study
from tests.conftest import SAMPLE
from tests.sample import sample_study

TRUTH = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["planted"]["misalignment"]


@cache
def planted() -> Study:
    return sample_study()


def values(made: Study) -> dict[str, float]:
    return {name: float(gap(made)["value"]) for name, gap in GAPS.items()}


@cache
def known() -> dict[str, float]:
    return values(planted())


def mended(**changes: Any) -> Study:
    """The sample with other tables, or with another definition."""
    made = planted()
    crm = replace(made.crm, tables={**made.crm.tables, **changes}, cache={}, counts={})
    return replace(made, crm=crm)


def one_definition() -> Study:
    same = Definition(verdict="accepted")
    made = mended()
    config = made.config.model_copy(update={"definitions": WorkingDefinitions(marketing=same, sales=same)})
    return replace(made, crm=replace(made.crm, config=config))


def true_sources() -> Study:
    tables, plant = planted().crm.tables, TRUTH["numbers"]["crm_source"]
    deals, leads = tables["deals"], tables["leads"]
    mine = leads.filter(leads.source == plant["source"]).select("lead_id", is_mine=leads.source)
    told = deals.left_join(mine, "lead_id")
    wrong = (told.source == plant["recorded_as"]) & told.is_mine.notnull()
    return mended(deals=told.mutate(source=wrong.ifelse(plant["source"], told.source)).select(deals.columns))


def easy_targets() -> Study:
    targets = planted().crm.tables["targets"]
    return mended(targets=targets.mutate(target=(targets.kpi == "bookings").ifelse(targets.target * 0.3, targets.target)))


@pytest.mark.parametrize(("gap", "mend"), [("gap.words", one_definition), ("gap.numbers", true_sources), ("gap.goals", easy_targets)])
def test_what_is_mended_closes_its_own_gap_and_moves_no_other(gap: str, mend: Any) -> None:
    found = values(mend())
    assert known()[gap] > 0
    assert found[gap] == 0
    assert {name: value for name, value in found.items() if name != gap} == {name: value for name, value in known().items() if name != gap}


def test_the_planted_source_is_the_only_one_that_differs() -> None:
    plant = TRUTH["numbers"]["crm_source"]
    told = alignment.source_table(replace(planted(), cohort="all"))
    apart = told[told["differs"]]
    assert apart[["source", "first_touch_source"]].to_numpy().tolist() == [[plant["recorded_as"], plant["source"]]]
    share = apart["deals"].sum() / told.loc[told["first_touch_source"] == plant["source"], "deals"].sum()
    assert share == pytest.approx(plant["share_of_deals"], abs=0.03)


def test_the_planted_claim_is_the_only_one_that_differs() -> None:
    plant = TRUTH["numbers"]["claim"]
    told = alignment.claim_table(planted())
    mine = (told["team"] == plant["team"]) & (told["kpi"] == plant["kpi"])
    assert len(told[mine]) == 4
    assert told.loc[mine, "difference_share"].to_numpy() == pytest.approx(plant["relative_difference"], abs=1e-6)
    assert told.loc[~mine, "difference_share"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_the_quarters_apart_are_the_planted_ones() -> None:
    told = alignment.target_quarters(replace(planted(), cohort="all"))
    assert told.loc[told["is_apart"], "quarter"].tolist() == TRUTH["goals"]["marketing_met_shared_missed"]
    assert told.loc[~told["shared_met"], "quarter"].tolist() == TRUTH["goals"]["bookings_target_missed"]


def test_the_default_definitions_are_those_planted() -> None:
    given = planted().config.definitions
    assert f"score >= {given.marketing.score_at_least:g}" == TRUTH["words"]["marketing"]
    assert TRUTH["words"]["sales"] == f"{given.sales.verdict} within {planted().config.acceptance_days} days of assigned_at"
