from __future__ import annotations

import pandas as pd
import pytest

from alignment_toolkit.quality.curves import conversion_curves
from alignment_toolkit.quality.slices import refusal, refused, slice_checks, value_auc
from alignment_toolkit.quality.two_slices import conversion_by_two
from tests import worlds
from tests.conftest import shared_data
from tests.quality.companies import leads_of, study_of

ONLY_WON = "known only of won leads: it says what happened, not who the lead was"


@pytest.mark.parametrize(
    ("filled", "total", "reason"),
    [
        ((5, 0, 0), (10, 10, 10), ONLY_WON),
        ((5, 0, 0), (10, 10, 0), ONLY_WON),
        ((5, 0, 0), (10, 0, 10), ONLY_WON),
        ((5, 0, 0), (10, 0, 0), None),  # there are no other leads
        ((0, 5, 0), (10, 10, 10), ONLY_WON.replace("won", "lost")),
        ((0, 0, 5), (10, 10, 10), ONLY_WON.replace("won", "open")),
        ((5, 1, 0), (10, 10, 10), None),
        ((0, 5, 5), (10, 10, 10), None),
        ((0, 0, 0), (10, 10, 10), "no lead has a value"),
    ],
)
def test_an_attribute_filled_for_one_outcome_only_is_refused(filled, total, reason):
    names = ("won", "lost", "open")
    assert refusal(filled=dict(zip(names, filled, strict=True)), total=dict(zip(names, total, strict=True))) == reason


def test_checks_count_who_is_known():
    won, lost = leads_of("a", n=10, won=10, segment="big", region="north"), leads_of("b", n=30, won=0, region="Select")
    table = slice_checks(study_of(won, lost)).set_index("attribute")
    assert table.loc["source", ["usable", "n", "values", "filled_share"]].tolist() == [True, 40, 2, 1.0]
    assert table.loc["segment", ["usable", "filled_won_share", "filled_lost_share", "reason"]].tolist() == [False, 1.0, 0.0, ONLY_WON]
    assert table.loc["persona", "reason"] == "no lead has a value"
    assert pd.isna(table.loc["segment", "filled_open_share"])
    assert "'Select' looks like a placeholder for a missing value" in table.loc["region", "warning"]


def test_refused_slices_give_the_whole_and_the_reason_instead_of_a_figure():
    study = study_of(leads_of("a", n=30, won=30, segment="big"), leads_of("b", n=30, won=0))
    assert refused(study, "segment") == ONLY_WON
    assert refused(study, "cohort_quarter") is None
    assert set(conversion_curves(study, by="segment")["segment"]) == {"(all)"}
    by_two = conversion_by_two(study, by="source", and_by="segment")
    assert by_two["reason"].tolist() == [f"segment is refused: {ONLY_WON}"]
    assert by_two["value"].isna().all()


def test_the_area_of_an_attribute_is_that_of_scikit_learn_on_its_own_shares():
    from sklearn.metrics import roc_auc_score

    table = pd.DataFrame({"won": [30, 10, 2], "lost": [10, 40, 50], "open": [0, 10, 8]}, index=["x", "y", "z"])
    rows = [(row["won"] / row.sum(), won) for _, row in table.iterrows() for won in [1] * row["won"] + [0] * (row["lost"] + row["open"])]
    score, won = zip(*rows, strict=True)
    assert value_auc(table, min_n=20) == pytest.approx(roc_auc_score(won, score))


def test_values_seen_once_tell_nothing():
    rare = pd.DataFrame({"won": [1] * 20 + [0] * 20, "lost": [0] * 20 + [1] * 20, "open": 0}, index=[str(place) for place in range(40)])
    assert value_auc(rare, min_n=1) == 1
    assert value_auc(rare, min_n=2) == 0.5
    assert value_auc(rare.assign(won=0), min_n=2) is None


def x_education(**attributes: str):
    """The leads of the course seller: no dates are known, so all are of one day and were decided on the next."""
    rows = pd.read_csv(shared_data("x_education", "Leads.csv"))
    named = {name: rows[column].where(rows[column].notna(), None) for name, column in attributes.items()}
    leads = pd.DataFrame({"lead_id": rows["Prospect ID"], "created_at": "2025-01-01", "source": rows["Lead Origin"]} | named)
    events = pd.DataFrame(
        {"lead_id": rows["Prospect ID"], "stage": rows["Converted"].map({1: "won", 0: "lost"}), "entered_at": "2025-01-02"}
    )
    return worlds.study("2025Q1", as_of="2025-04-01", leads=leads.to_dict("records"), stage_events=events.to_dict("records"))


def test_x_education_tags_and_lead_quality_are_warned_about_and_select_is_a_placeholder():
    study = x_education(persona="Tags", segment="Lead Quality", region="Specialization")
    table = slice_checks(study).set_index("attribute")
    assert table["n"].eq(9240).all()
    assert table.loc["persona", "auc"] > 0.9
    assert table.loc["persona", "warning"] == "its values nearly tell the outcome: probably filled in after contact"
    assert table.loc["segment", "warning"] == "filled for 71 % of the won leads but 34 % of the others: probably filled in after contact"
    assert table.loc["region", "warning"] == "'Select' looks like a placeholder for a missing value"
    assert pd.isna(table.loc["source", "warning"])
    assert table["usable"].drop("campaign_id").all()


def olist():
    """The marketing-qualified leads of the marketplace with what is known of the won ones."""
    leads = pd.read_csv(shared_data("olist", "olist_marketing_qualified_leads_dataset.csv"))
    deals = pd.read_csv(shared_data("olist", "olist_closed_deals_dataset.csv"))
    joined = leads.merge(deals[["mql_id", "business_segment", "lead_type"]], on="mql_id", how="left", validate="one_to_one").astype(object)
    table = joined.where(joined.notna(), None).rename(
        columns={
            "mql_id": "lead_id",
            "first_contact_date": "created_at",
            "origin": "source",
            "business_segment": "segment",
            "lead_type": "persona",
        }
    )
    events = deals.assign(stage="won").rename(columns={"mql_id": "lead_id", "won_date": "entered_at"})
    kept = table[["lead_id", "created_at", "source", "segment", "persona"]]
    return worlds.study(
        "2018Q2",
        as_of="2018-11-15",
        leads=kept.to_dict("records"),
        stage_events=events[["lead_id", "stage", "entered_at"]].to_dict("records"),
    )


def test_olist_segment_and_lead_type_are_refused_and_origin_is_not():
    table = slice_checks(olist()).set_index("attribute")
    assert table.loc[["segment", "persona"], "reason"].tolist() == [ONLY_WON, ONLY_WON]
    assert table.loc["source", ["usable", "n", "values"]].tolist() == [True, 8000, 10]
