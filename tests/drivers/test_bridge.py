"""The bridge from records to figures: planted causes found, money to the cent, Maven, and what cannot be answered."""

from __future__ import annotations

import json
from functools import cache

import pandas as pd
import pytest

from alignment_toolkit import drivers
from alignment_toolkit.config import Config
from alignment_toolkit.drivers.words import bridge_sentences, change_sentences, ranked, where_sentences
from alignment_toolkit.ingest import ingest
from alignment_toolkit.samples import write_sample
from alignment_toolkit.study import Study, open_study
from tests.conftest import ROOT, SAMPLE, shared_data
from tests.sample import sample_kpis, sample_study
from tests.worlds import study

TRUTH = json.loads((SAMPLE / "truth.json").read_text())["planted"]["bad_quarter"]["causes"]


@cache
def sample(quarter: str = "2026Q3") -> Study:
    return sample_study(quarter)


def causes(made: Study) -> pd.DataFrame:
    return ranked(drivers.bookings_bridge(made)).set_index("factor")


def cents(frame: pd.DataFrame) -> int:
    return round(100 * sum(drivers.to_the_cent(frame)["contribution"]))


@pytest.mark.no_cover
@pytest.mark.parametrize("quarter", ["2024Q1", "2026Q2", "2026Q3"])
def test_parts_add_up_to_the_change_of_the_published_bookings(quarter: str) -> None:
    made = sample(quarter)
    change = drivers.bookings_change(made)
    whole = round(100 * change["after"]) - round(100 * change["before"])
    for by in ("source", "region", "campaign_id"):
        assert cents(drivers.bookings_bridge(made, by=by)) == whole
        assert cents(drivers.driver_segments(made, by=by)) == whole


@pytest.mark.no_cover
def test_the_figures_are_those_of_the_bookings_row() -> None:
    told = sample_kpis()
    whole = told[told["slice"] == "all"].set_index("kpi")
    change = drivers.bookings_change(sample())
    assert (change["after"], change["before"]) == (whole.loc["bookings", "value"], whole.loc["bookings", "previous"])
    parts = told[told["kpi"] == "driver"]
    assert round(100 * parts["value"].sum()) == round(100 * whole.loc["bookings_change", "value"])
    owners = parts.set_index("segment")["owner"]
    assert owners["opportunities_per_lead"] == "marketing"
    assert owners["won_share"] == "sales"
    assert owners["exchange_rates"] is None
    assert set(parts["slice"]) == {"factor"}


def stand_clear(made: Study) -> bool:
    """Whether the two planted factors rank first and second, three standard errors from nothing and twice any other."""
    found = causes(made)
    first = found.head(2)
    planted = {"opportunities_per_lead", "won_share"}
    far = (first["contribution"].abs() >= 3 * first["standard_error"]).all() and (first["contribution"] < 0).all()
    return set(first.index) == planted and far and first["contribution"].abs().min() >= 2 * abs(found["contribution"].iloc[2])


def test_the_planted_causes_rank_first_on_the_committed_sample() -> None:
    assert stand_clear(sample())
    found = causes(sample())
    assert {(name, found.loc[name, "owner"]) for name in found.head(2).index} == {
        (cause["factor"].replace("opportunities per lead", "opportunities_per_lead").replace("won share", "won_share"), cause["owner"])
        for cause in TRUTH
    }


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", [3, 4])
def test_they_do_on_other_seeds(seed: int, tmp_path) -> None:  # benchmarks/bridge.md: 200 seeds
    write_sample(tmp_path, seed=seed)
    assert stand_clear(open_study(str(tmp_path), quarter="2026Q3"))


def test_the_groups_that_the_causes_were_planted_in_stand_out_and_no_other_does() -> None:
    found = drivers.where_it_moved(sample())
    outstanding = found[found["stands_out"].astype(bool)]
    assert [(row.factor, row.by, row.segment) for row in outstanding.itertuples()] == [
        ("won_share", "region", TRUTH[1]["segment"]),
        ("opportunities_per_lead", "source", TRUTH[0]["segment"]),
    ]


def test_a_quarter_in_which_nothing_was_planted_names_neither_cause() -> None:
    moved = causes(sample("2026Q2"))
    assert not moved.loc[["won_share", "opportunities_per_lead"], "is_clear"].any()


def test_the_sentences_of_the_sample() -> None:
    assert change_sentences(sample())[0].startswith("Bookings fell from 1,414,657 EUR in 2026Q2 to 464,704 EUR in 2026Q3: −949,953 EUR")
    told = bridge_sentences(sample())
    assert "moved in the won share of the deals in play, which went from 26.0 % to 11.3 %: sales can speak to it." in told[0]
    assert "moved in the opportunities per new lead, which went from 0.268 to 0.132: marketing can speak to it." in told[1]
    assert not any("caused" in sentence for sentence in (*told, *where_sentences(sample())))


@pytest.mark.no_cover
def test_maven_to_the_cent(tmp_path) -> None:
    source = shared_data("maven_crm")
    ingest(ROOT / "examples" / "maven_crm.toml", source=source, out=tmp_path / "maven")
    pipeline = pd.read_csv(source / "sales_pipeline.csv", parse_dates=["close_date"])
    won = pipeline[pipeline["deal_stage"] == "Won"]
    totals = won.groupby(won["close_date"].dt.to_period("Q"))["close_value"].sum()
    for quarter in ("2017Q3", "2017Q4"):
        made, period = open_study(str(tmp_path / "maven"), quarter=quarter), pd.Period(quarter, freq="Q")
        assert cents(drivers.bookings_bridge(made)) == round(100 * (totals[period] - totals[period - 1]))
        assert set(drivers.driver_segments(made)["segment"]) == {"Central", "East", "West"}


LEADS = [{"lead_id": "a", "created_at": "2026-01-05", "source": "web"}, {"lead_id": "b", "created_at": "2026-04-05", "source": "ads"}]
EVENTS = [{"lead_id": "a", "stage": "lead", "entered_at": "2026-01-05"}]
RATES = [
    {"currency": "USD", "valid_on": "2026-01-01", "rate_to_reporting": 0.5},
    {"currency": "USD", "valid_on": "2026-06-01", "rate_to_reporting": 0.8},
]


def deal(name: str, created: str, closed: str, amount: float, lead: str) -> dict[str, object]:
    dates = {"created_at": created, "closed_at": closed}
    return {"deal_id": name, "lead_id": lead, "outcome": "won", "amount": amount, "currency": "USD", **dates}


@pytest.mark.no_cover
def test_exchange_rates_are_a_factor_of_their_own() -> None:
    deals = [deal("1", "2026-02-01", "2026-03-01", 100.0, "a"), deal("2", "2026-04-06", "2026-05-01", 100.0, "b")]
    leads = [lead | {"source": "web"} for lead in LEADS]
    made = study("2026Q2", as_of="2026-07-01", leads=leads, stage_events=EVENTS, deals=deals, exchange_rates=RATES)
    bridge = drivers.bookings_bridge(made).set_index("factor")["contribution"]
    assert bridge.sum() == pytest.approx(80 - 50)
    # one lead, one deal, one win of 100 dollars in both quarters, but for the first lead, which was open at the start of the second
    assert bridge[bridge != 0].to_dict() == {"exchange_rates": 30.0}


def test_what_cannot_be_split_is_said() -> None:
    bare = study("2026Q2", as_of="2026-07-01", leads=LEADS, stage_events=EVENTS)
    assert change_sentences(bare) == ["The change of bookings cannot be split: no deals table."]
    assert drivers.bookings_bridge(bare).empty
    figures = drivers.driver_kpis(bare)
    assert figures["kpi"].tolist() == ["bookings_change", "driver", "leads_needed_80"]
    assert figures["reason"].tolist() == ["no deals table"] * 3
    late = study(
        "2026Q2", as_of="2026-07-01", leads=LEADS, stage_events=EVENTS,
        deals=[deal("2", "2026-04-06", "2026-05-01", 100.0, "b")], config=Config(observed_from={"deals": "2026-02-01"}),
    )  # fmt: skip
    assert change_sentences(late) == [
        "The change of bookings cannot be split: deals are on record from 2026-02-01 only, so the quarter before is not whole."
    ]
