"""The campaign sheet puts other metrics' figures side by side: each column is the one its own page shows."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from alignment_toolkit.attribution import attribution_kpis, campaign_names
from alignment_toolkit.churn import early_churn
from alignment_toolkit.errors import UsageError
from alignment_toolkit.loop import campaign_sheet, words
from alignment_toolkit.quality import acceptance, cost_and_return, ranking
from alignment_toolkit.study import Study
from tests.attribution.touched import LEADS, company
from tests.sample import sample_study


@cache
def sample() -> Study:
    return sample_study("2026Q2")


@cache
def sheet(by: str) -> pd.DataFrame:
    return campaign_sheet(sample(), by=by).set_index("segment")  # type: ignore[arg-type]


def named(frame: pd.DataFrame) -> pd.DataFrame:
    names = campaign_names(sample())
    return frame.assign(segment=frame["segment"].map(lambda label: names.get(label, label))).set_index("segment")


def is_same(one: pd.Series, other: pd.Series) -> bool:
    known = other.index.intersection(one.index)
    return len(known) > 15 and one[known].astype(float).to_numpy() == pytest.approx(other[known].astype(float).to_numpy(), nan_ok=True)


@pytest.mark.no_cover
def test_every_campaign_has_a_row() -> None:
    told = sheet("campaign")
    assert told.index.is_unique
    assert set(campaign_names(sample()).values()) <= set(told.index)


@pytest.mark.no_cover
def test_columns_are_those_of_their_own_pages() -> None:
    told = sheet("campaign")
    assert is_same(told["conversion_rate"], named(ranking(sample(), by="campaign_id"))["shrunk_rate"])
    assert is_same(told["acceptance_rate"], named(acceptance(sample(), by="campaign_id"))["value"])
    assert is_same(told["early_churn_rate"], early_churn(sample(), by="campaign_id").set_index("segment")["churned_share"])
    assert is_same(told["cost"], named(cost_and_return(sample(), by="campaign_id"))["cost"])
    figures = attribution_kpis(sample())
    mine = figures[(figures["kpi"] == "attributed_bookings") & (figures["slice"] == "campaign")].set_index("segment")["value"]
    assert is_same(told["attributed"], mine)


def test_leads_and_bookings_add_up_on_both_sheets() -> None:
    campaign, channel = sheet("campaign"), sheet("channel")
    assert campaign["leads"].sum() == channel["leads"].sum()
    assert campaign["attributed"].sum() == pytest.approx(channel["attributed"].sum())
    assert (campaign[["sourced", "influenced"]].max() <= channel["attributed"].sum()).all()
    assert (campaign["sourced"].fillna(0) <= campaign["influenced"].fillna(0)).all()


def test_the_planted_sources_stand_out() -> None:
    told = sheet("channel")
    assert "converts above the rest" in told.loc["partner", "strengths"]
    assert "converts below the rest" in told.loc["paid_social", "weaknesses"]
    assert told.loc["marketplace", "weaknesses"] == "its customers leave early more often"


def test_the_planted_reason_of_the_improved_campaign_is_its_top_reason() -> None:
    assert sheet("campaign").loc["Buyer checklist", "top_rejection_reason"] == "Wrong persona"


def test_words_name_what_differs_and_nothing_else() -> None:
    said = words.sheet_sentences(sheet("channel").reset_index(), what="channel")
    assert "marketplace: its customers leave early more often." in said
    assert not any("email" in sentence for sentence in said)
    quiet = sheet("channel").reset_index().assign(strengths="", weaknesses="")
    assert words.sheet_sentences(quiet, what="channel") == ["No channel differs from the others by more than chance explains."]


def test_what_brought_nothing_stands_below_what_did_and_reserved_rows_last() -> None:
    told = sheet("channel")
    brought = (told[["leads", "sourced", "influenced"]].fillna(0) > 0).any(axis=1)
    own = [name for name in told.index if not name.startswith("(")]
    assert list(told.index[: len(own)]) == own
    assert brought[own].is_monotonic_decreasing
    assert not brought[own].all()
    assert told.loc[brought & told.index.isin(own), "attributed"].is_monotonic_decreasing


def test_the_six_largest_differences_are_said_first() -> None:
    names = [f"c{at}" for at in range(8)]
    frame = pd.DataFrame(
        {
            "segment": names,
            "strengths": ["good", ""] * 4,
            "weaknesses": ["", "poor"] * 4,
            "times_apart": [1.1, 3, 2, 9, float("inf"), 4, 5, 1],
        }
    )
    assert words.sheet_sentences(frame, what="campaign") == [
        "c4: good.",
        "c3: poor.",
        "c6: good.",
        "c5: poor.",
        "c1: poor.",
        "c2: good.",
    ]


def test_how_far_apart_is_the_larger_rate_over_the_smaller() -> None:
    told = named(ranking(sample(), by="campaign_id"))
    flagged = told[told["different"].isin(["above the rest", "below the rest"])]
    rates = flagged[["own_rate", "rest_rate"]].astype(float)
    whole = sheet("campaign")
    assert (whole.loc[flagged.index, "times_apart"] >= rates.max(axis=1) / rates.min(axis=1) - 1e-12).all()
    assert whole.loc[whole["times_apart"].isna(), ["strengths", "weaknesses"]].eq("").all(axis=None)


def test_the_page_shows_an_interval_in_words() -> None:
    told = words.shown(sheet("channel").reset_index())
    assert "conversion_lower_rate" not in told.columns
    assert list(told.columns).index("conversion_interval") == list(told.columns).index("conversion_rate") + 1


@pytest.mark.no_cover
def test_a_company_without_costs_feedback_or_customers_has_a_sheet() -> None:
    told = campaign_sheet(company(campaigns=[]), by="campaign").set_index("segment")
    assert told.loc["c1", ["leads", "sourced"]].tolist() == [2, 1000]
    assert told["cost"].isna().all()
    assert told["top_rejection_reason"].isna().all()


def test_another_level_names_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        campaign_sheet(company(), by="chanel")  # type: ignore[arg-type]
    assert str(refused.value) == "Unknown level 'chanel' for campaign_sheet. Did you mean 'channel'? Choose campaign or channel."


def test_rows_without_a_figure_of_their_own_are_not_called_alike() -> None:
    """Leads have a campaign, and nothing says through which channel it came."""
    figures = {"conversion_rate": [0.2], "acceptance_rate": [None], "speed_to_lead_hours": [None], "early_churn_rate": [None]}
    frame = pd.DataFrame({"segment": ["(missing)"], "strengths": [""], "weaknesses": [""], "times_apart": [None]} | figures)
    assert words.sheet_sentences(frame, what="channel") == ["Channels cannot be compared: no lead has a channel."]
    for campaigns, reason in (([], "no campaigns table"), ([{"campaign_id": "c1"}], "no campaign of a lead has a channel")):
        made = company(campaigns=campaigns)
        assert words.sheet_sentences(frame, what="channel", study=made) == [f"Channels cannot be compared: {reason}."]
    bare = company(leads=[{name: value for name, value in row.items() if name != "campaign_id"} for row in LEADS])
    for what, rows in (("channel", "Channels"), ("campaign", "Campaigns")):
        assert words.sheet_sentences(frame, what=what, study=bare) == [f"{rows} cannot be compared: no lead has a campaign."]
    few = words.sheet_sentences(frame, what="campaign", study=company())
    assert few == ["Campaigns cannot be compared: too few leads and customers were followed."]
