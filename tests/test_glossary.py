"""The shared words: every figure has an entry, every entry is whole, every name finds its term."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import pandas as pd
import pytest

from alignment_toolkit.config import Owner
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.glossary import Term, glossary_table, is_known, label, term, terms, with_owners
from alignment_toolkit.headlines import kpis
from alignment_toolkit.study import open_study
from tests.conftest import SAMPLE

STABLE = (
    "leads", "conversion_30d", "conversion_90d", "conversion_180d", "conversion_365d", "acceptance_rate", "value_per_lead_180d", "bookings",
    "stage_conversion_90d", "time_in_stage_median", "cycle_mean", "sales_velocity", "win_rate_closed_naive", "win_rate_created_naive",
    "won_share_to_date", "attributed_bookings", "attributed_bookings.markov", "sourced_bookings", "influenced_bookings",
    "speed_to_lead_median", "sla_met_rate", "rejection_rate", "feedback_effect", "logo_churn", "gross_revenue_retention", "net_revenue_retention", "retention_365d", "early_churn_90d",
)  # fmt: skip


@cache
def _sample_kpis() -> pd.DataFrame:
    return kpis(open_study(str(SAMPLE), quarter="2026Q3"))


def test_every_figure_of_the_sample_has_an_entry_and_every_stable_name_is_a_figure() -> None:
    names = set(_sample_kpis()["kpi"])
    assert set(STABLE) <= names
    assert {name for name in names if not is_known(name)} == set()


def test_every_entry_stands_for_a_figure() -> None:
    names = set(_sample_kpis()["kpi"])
    patterns = {re.escape(name).replace(r"\{h\}", r"\d+") for name in terms()}
    assert {pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in names)} == set()


def test_every_figure_has_an_owner_and_its_glossary_unit() -> None:
    told = _sample_kpis().drop_duplicates("kpi").set_index("kpi")
    assert set(told["owner"]) <= set(get_args(Owner))
    for name, row in told.iterrows():
        unit = term(str(name)).unit
        assert row["unit"].replace("EUR", "currency") == unit, name


def test_labels_and_names_are_unique() -> None:
    labels = [entry.label.casefold() for entry in terms().values()]
    assert len(set(labels)) == len(labels)
    assert not set(labels) & {name.casefold() for name in terms()} - {"leads", "bookings"}


@pytest.mark.parametrize("entry", terms().values(), ids=lambda entry: entry.name)
def test_an_entry_is_whole(entry: Term) -> None:
    assert all(isinstance(value, str) and value.strip() == value and value for value in vars(entry).values())
    assert entry.definition.endswith(".")
    assert entry.direction in {"up", "down", "none"}
    assert entry.owner in get_args(Owner)
    assert ("{h}" in entry.label) == ("{h}" in entry.name) == ("{h}" in entry.definition)
    assert "TODO" not in "".join(vars(entry).values())


def test_what_is_better_when_less_is_said_so() -> None:
    falling = {name for name, entry in terms().items() if entry.direction == "down"}
    assert falling == {
        "time_in_stage_median", "cycle_mean", "logo_churn", "early_churn_{h}d", "speed_to_lead_median", "rejection_rate",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["conversion_90d", "conversion_7d", "conversion_3650d"])
def test_days_are_filled_in(name: str) -> None:
    days = name.split("_")[1].removesuffix("d")
    found = term(name)
    assert found.name == name
    assert found.label == f"Conversion within {days} days"
    assert "{h}" not in "".join(vars(found).values())


def test_a_label_finds_its_term() -> None:
    assert term("Acceptance by sales").name == term("ACCEPTANCE BY SALES").name == "acceptance_rate"
    assert label("acceptance_rate") == "Acceptance by sales"
    assert label("no such figure") == "no such figure"


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("acceptance_rat", "Did you mean 'acceptance_rate'?"),
        ("conversion_90", "Did you mean 'conversion_{h}d'?"),
        ("conversion_d", "Did you mean 'conversion_{h}d'?"),
    ],
)
def test_an_unknown_term_names_the_nearest(name: str, way_out: str) -> None:
    with pytest.raises(UsageError) as refused:
        term(name)
    assert str(refused.value) == f"the glossary has no such term: {name!r}. {way_out}"


def test_owners_come_from_the_glossary_and_are_null_elsewhere() -> None:
    told = with_owners(figures([figure(name, value=1, unit="x") for name in ("leads", "logo_churn", "unheard of")]))
    assert told["owner"].tolist() == ["marketing", "success", None]


def test_the_table_has_one_row_per_term() -> None:
    told = glossary_table()
    assert told["name"].tolist() == list(terms())
    assert list(told.columns) == ["name", "label", "definition", "formula", "unit", "direction", "owner"]
