"""The shared words: every figure has an entry, every entry is whole, every name finds its term."""

from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from alignment_toolkit.config import Owner, config_from
from alignment_toolkit.display import TABLE_MIME
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.glossary import BY_FACTOR, NOBODY, Term, digest, glossary_table, is_known, label, owner_of, term, terms, with_owners
from tests.conftest import ROOT
from tests.sample import sample_kpis

STABLE = (
    "leads", "conversion_30d", "conversion_90d", "conversion_180d", "conversion_365d", "acceptance_rate", "value_per_lead_180d", "bookings",
    "stage_conversion_90d", "time_in_stage_median", "cycle_mean", "sales_velocity", "stalled_value", "win_rate_closed_naive", "win_rate_created_naive",
    "won_share_to_date", "attributed_bookings", "attributed_bookings.markov", "sourced_bookings", "influenced_bookings",
    "assignment_delay_median", "speed_to_lead_median", "sla_met_rate", "rejection_rate", "feedback_effect", "logo_churn", "gross_revenue_retention", "net_revenue_retention", "retention_365d", "early_churn_90d",
    "bookings_change", "driver", "leads_needed_80", "gap.words", "gap.numbers", "gap.handoff", "gap.feedback", "gap.credit", "gap.goals",
)  # fmt: skip


@pytest.mark.no_cover
def test_every_figure_of_the_sample_has_an_entry_and_every_stable_name_is_a_figure() -> None:
    names = set(sample_kpis()["kpi"])
    assert set(STABLE) <= names
    assert {name for name in names if not is_known(name)} == set()


WORDS = {"rejections_answered", "decision_owed", "joint_win"}  # of the meeting pack: what they count stands in its tables


def test_every_entry_stands_for_a_figure() -> None:
    told = sample_kpis()
    names = {*told["kpi"], *told.loc[told["slice"] == BY_FACTOR, "segment"], *WORDS}
    patterns = {re.escape(name).replace(r"\{h\}", r"\d+") for name in terms()}
    assert {pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in names)} == set()


def test_every_figure_has_an_owner_and_its_glossary_unit() -> None:
    told = sample_kpis().drop_duplicates("kpi").set_index("kpi")
    assert set(told["owner"]) <= set(get_args(Owner))
    factors = sample_kpis()[lambda frame: frame["slice"] == BY_FACTOR].set_index("segment")["owner"]
    assert set(factors.drop("exchange_rates")) <= set(get_args(Owner))
    assert factors["exchange_rates"] is None
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
    assert entry.owner in {*get_args(Owner), NOBODY}
    assert ("{h}" in entry.label) == ("{h}" in entry.name) == ("{h}" in entry.definition)
    assert "TODO" not in "".join(vars(entry).values())


def test_what_is_better_when_less_is_said_so() -> None:
    falling = {name for name, entry in terms().items() if entry.direction == "down"}
    assert falling == {
        "time_in_stage_median", "cycle_mean", "logo_churn", "early_churn_{h}d", "assignment_delay_median", "speed_to_lead_median", "rejection_rate", "stalled_value",
        "gap.words", "gap.numbers", "gap.handoff", "gap.feedback", "gap.credit", "gap.goals",
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
    assert list(told.columns) == [
        "name",
        "label",
        "definition",
        "formula",
        "unit",
        "direction",
        "owner",
        "responsible",
        "accountable",
        "consulted",
        "informed",
    ]


def test_roles_follow_from_the_owner_unless_the_entry_says_otherwise() -> None:
    plain, own = term("won_share"), term("opportunities_per_lead")
    assert (plain.responsible, plain.accountable, plain.consulted, plain.informed) == ("sales", "sales", "marketing", "success")
    assert (own.owner, own.responsible, own.accountable) == ("marketing", "marketing and sales", "marketing")


AGREED = {"won_share": {"owner": "shared"}, "conversion_{h}d": {"owner": "sales", "informed": "the board"}}


def test_a_company_may_agree_otherwise() -> None:
    told = glossary_table(agreed=AGREED).set_index("name")
    assert told.loc["won_share", ["owner", "responsible", "informed"]].tolist() == ["shared", "marketing and sales", "everybody"]
    assert told.loc["conversion_{h}d", ["owner", "responsible", "informed"]].tolist() == ["sales", "sales", "the board"]
    assert owner_of("conversion_90d", agreed=AGREED) == "sales"
    assert with_owners(figures([figure("conversion_90d", value=1, unit="share")]), agreed=AGREED)["owner"].tolist() == ["sales"]
    assert digest(AGREED) != digest({}) == digest({})


@pytest.mark.parametrize(
    ("agreed", "sentence"),
    [
        ({"won_shar": {"owner": "sales"}}, "the glossary has no term 'won_shar'. Did you mean 'won_share'?"),
        ({"won_share": {"owner": "sale"}}, "'sale' is no owner. Did you mean 'sales'?"),
        (
            {"won_share": {"label": "x"}},
            "'label' of won_share cannot be set: labels, formulas and units are the same everywhere. "
            "Known: owner, definition, responsible, accountable, consulted, informed",
        ),
    ],
)
def test_what_cannot_be_agreed_is_refused(agreed: dict[str, dict[str, str]], sentence: str) -> None:
    with pytest.raises(UsageError) as refused:
        config_from({"glossary": agreed}, origin="alignment.toml")
    assert sentence in str(refused.value)


def test_no_committed_page_uses_a_word_that_the_glossary_lacks() -> None:
    used = set()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                table = output.get("data", {}).get(TABLE_MIME, {"columns": [], "rows": []})
                places = [at for at, column in enumerate(table["columns"]) if column in {"kpi", "factor"}]
                used |= {row[at] for row in table["rows"] for at in places}
    assert len(used) > 20
    assert {name for name in used if not is_known(name)} == set()
