"""Whatever figure is published can be compared with what somebody stated of it: claims in words, targets with their intervals."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from alignment_toolkit import alignment
from alignment_toolkit.alignment import words
from alignment_toolkit.alignment.published import makers, published, study_of
from alignment_toolkit.glossary import terms
from alignment_toolkit.study import Study
from tests.sample import sample_kpis, sample_study


@cache
def figures() -> pd.DataFrame:
    frame = sample_kpis()
    return frame[(frame["slice"] == "all")].set_index("kpi")


@pytest.mark.no_cover
def test_every_headline_figure_can_be_found_and_is_the_published_one() -> None:
    """All but those that `kpis.json` has only in parts; leads needed are of a later quarter."""
    names = [name for name in figures().index if not name.startswith("target_")]
    told = published(sample_study(), [("2026Q3", name) for name in names]).set_index("kpi")
    assert sorted(told.index) == sorted(names)
    for column in ("value", "lower", "upper"):
        expected = figures().loc[names, column].astype(float)
        assert told.loc[names, column].astype(float).to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True), column
    assert told["unit"].to_dict() == figures().loc[told.index, "unit"].to_dict()


def test_every_term_has_a_maker() -> None:
    from fnmatch import fnmatchcase

    parts = {"driver", "target_attainment", "target_probability", "leads_needed_80", "leads", "bookings"}
    parts |= {"rejections_answered", "decision_owed", "joint_win"}  # words of the meeting pack, not figures
    factors = set(sample_kpis().query("slice == 'factor'")["segment"])
    named = [name.replace("{h}", "90") for name in terms() if name not in parts | factors]
    assert [name for name in named if not any(fnmatchcase(name, pattern) for pattern in makers())] == []


def with_claims(*rows: tuple[str, str, str, float]) -> Study:
    claims = pd.DataFrame(rows, columns=["team", "quarter", "kpi", "value"])
    crm = sample_study().crm
    return replace(sample_study(), crm=replace(crm, tables={**crm.tables, "claims": ibis.memtable(claims)}, counts=dict(crm.counts)))


def test_claims_of_any_figure_are_compared_and_estimates_by_their_interval() -> None:
    met = figures().loc["sla_met_rate"]
    made = with_claims(
        ("sales", "2026Q3", "sla_met_rate", 0.99),
        ("sales", "2026Q3", "acceptance_rate", float(figures().loc["acceptance_rate", "value"]) + 1e-4),
        ("sales", "2026Q3", "smiles", 3.0),
        ("sales", "2026Q2", "sla_met_rate", 0.5),
    )
    told = alignment.claim_table(made).set_index(["quarter", "kpi"])
    assert told.loc[("2026Q3", "sla_met_rate"), "recorded"] == pytest.approx(met["value"])
    assert told.loc[("2026Q2", "sla_met_rate"), "recorded"] == pytest.approx(met["previous"])
    assert told.loc[("2026Q3", "smiles"), "reason"] == "no figure of this name is published"
    said = words.claim_sentences(told.reset_index())
    between = f"95 % interval {100 * met['lower']:.1f} % to {100 * met['upper']:.1f} %"
    assert said == [f"Sales reported 99.0 % for sla_met_rate in 2026Q3, more than the {100 * met['value']:.1f} % published ({between})."]


def test_other_targets_of_the_quarter_stand_beside_their_figures() -> None:
    told = alignment.other_targets(sample_study()).set_index("kpi")
    assert list(told.index) == ["acceptance_rate", "conversion_180d", "gross_revenue_retention", "sla_met_rate"]
    for name, row in told.iterrows():
        published_row = figures().loc[str(name)]
        assert row["value"] == pytest.approx(published_row["value"])
        assert row["attained_share"] == pytest.approx(published_row["value"] / published_row["target"])
        holds = row["lower"] <= row["target"] <= row["upper"]
        assert row["standing"] == ("may be chance" if holds else "met" if row["value"] >= row["target"] else "missed")


@pytest.mark.parametrize(
    ("value", "lower", "upper", "standing", "said"),
    [
        (30.0, 25.0, 35.0, "met", "Met: Mean cycle from lead to win with 30 days of 40 days (sales)."),
        (45.0, 41.0, 50.0, "missed", "Missed: Mean cycle from lead to win with 45 days of 40 days (sales)."),
        (38.0, 30.0, 46.0, "may be chance", "Too close to tell from chance: Mean cycle from lead to win with 38 days of 40 days (sales)."),
    ],
)
def test_less_is_better_where_the_glossary_says_so(value: float, lower: float, upper: float, standing: str, said: str) -> None:
    from alignment_toolkit.alignment.published import _target
    from alignment_toolkit.glossary import label

    found = pd.Series({"value": value, "lower": lower, "upper": upper, "unit": "days", "reason": None})
    row: dict[str, Any] = {"quarter": "2026Q3", "kpi": "cycle_mean", "owner": "sales", "target": 40.0}
    told = _target(row, found)
    assert (told["standing"], told["attained_share"]) == (standing, pytest.approx(40 / value))
    assert words.other_target_sentences(pd.DataFrame([told])) == [said.replace("Mean cycle from lead to win", label("cycle_mean"))]


def test_without_targets_or_quarters_nothing_is_compared() -> None:
    assert words.other_target_sentences(alignment.other_targets(sample_study()).head(0)) == [
        "No other published figure has a target for this quarter."
    ]
    assert study_of(sample_study(), "2016Q1") is None
    told = published(sample_study(), [("2016Q1", "leads")])
    assert np.isnan(told["value"].iloc[0])
