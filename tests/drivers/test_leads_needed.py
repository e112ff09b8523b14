"""Leads needed: the quarter that new leads can reach, the usual leads against the published forecast, reasons, and words."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit import drivers
from alignment_toolkit.config import Config
from alignment_toolkit.drivers.leads_needed import yield_of
from alignment_toolkit.study import Study, open_study
from tests.conftest import SAMPLE
from tests.worlds import study


@cache
def sample(quarter: str = "2026Q2", as_of: str = "") -> Study:
    return open_study(str(SAMPLE), quarter=quarter, as_of=as_of)


@cache
def told() -> pd.DataFrame:
    return drivers.leads_needed(sample())


def test_the_quarter_is_named_and_more_leads_make_it_surer() -> None:
    assert told()["quarter"].tolist() == ["2026Q3"] * 3
    assert told()["chance_share"].tolist() == [0.5, 0.8, 0.9]
    assert told()["leads"].is_monotonic_increasing
    assert (told()["days"] == 92).all()
    usual = told()["usual_chance_share"].iloc[0]
    within = told()["leads"] <= told()["usual_leads"]
    assert (within == (told()["chance_share"] <= usual)).all()


def test_with_the_usual_leads_the_chance_is_that_of_the_forecast() -> None:
    """Another path through the same model: the forecast of the next quarter from its first day, which knows of no leads."""
    seen = drivers.forecast(open_study(str(SAMPLE), quarter="2026Q3", as_of="2026-07-01 00:30"))
    assert seen["day"] == 0
    assert told()["usual_chance_share"].iloc[0] == pytest.approx(seen["probability"], abs=0.04)


def test_the_figure_names_the_quarter_or_why_there_is_none() -> None:
    row = drivers.leads_needed_kpis(sample()).iloc[0]
    assert (row["kpi"], row["slice"], row["segment"], row["unit"]) == ("leads_needed_80", "quarter", "2026Q3", "leads")
    assert row["value"] == told()["leads"].iloc[1]
    assert row["n"] == round(told()["usual_leads"].iloc[1])
    bare = drivers.leads_needed_kpis(sample("2026Q3")).iloc[0]
    assert np.isnan(bare["value"])
    assert bare["segment"] == "2026Q4"
    assert bare["reason"] == "no target of bookings is recorded for 2026Q4, the first quarter that new leads can still reach"


def test_late_in_a_quarter_new_leads_reach_only_the_next() -> None:
    assert drivers.leads_needed(sample("2026Q2", "2026-06-10"))["quarter"].iloc[0] == "2026Q3"


def test_what_leads_yield_by_hand() -> None:
    """Three leads and four deals: two on the lead's own day, one nine days later, one without a lead; an older lead is out of the year."""
    leads = [{"lead_id": name, "created_at": f"2026-0{month}-01", "source": "web"} for name, month in (("a", 1), ("b", 2), ("c", 3))]
    old = {"lead_id": "old", "created_at": "2025-01-01", "source": "web"}
    days = {"1": ("a", "2026-01-01 09:00"), "2": ("b", "2026-02-01 01:00"), "3": ("a", "2026-01-10"), "4": (None, "2026-03-01")}
    deals = [{"deal_id": key, "lead_id": lead, "created_at": at, "outcome": "open", "amount": 1.0} for key, (lead, at) in days.items()]
    made = study("2026Q1", as_of="2026-04-01", config=Config(min_n=1), leads=[*leads, old], deals=deals, stage_events=[])
    found = yield_of(made)
    assert found.per_day[0] == pytest.approx(3 / 90)
    assert found.per_day[1:].sum() == pytest.approx(15 * 3 / 90)
    assert found.young_share[[0, 8, 9, 365]].tolist() == [0.5, 0.5, 0.75, 0.75]
    assert drivers.leads_needed(made)["reason"].iloc[0] == "too few deals, or quarters, before the day of the forecast"
    without = study("2026Q1", as_of="2026-04-01", leads=leads, stage_events=[])
    assert drivers.leads_needed_kpis(without)["reason"].iloc[0] == "no deals table"


def test_words() -> None:
    row = {"quarter": "2026Q3", "target": 1_000_000.0, "days": 92, "chance_share": 0.8, "usual_leads": 900.0, "usual_chance_share": 0.62}
    frame = pd.DataFrame([row | {"leads": 1130.0, "reason": None}])
    assert drivers.leads_needed_sentences(frame, currency="EUR") == [
        "For a chance of 80 % to meet the target of 1,000,000 EUR in 2026Q3, 1,130 leads have to come in the 92 days to its end; at the pace"
        " of the year before 900 come, with a chance of 62 %.",
        "2026Q3 is the first quarter that leads created from now on can still reach.",
    ]
    none = frame.assign(leads=0.0)
    assert drivers.leads_needed_sentences(none, currency="EUR") == [
        "No new lead is needed for a chance of 80 % to meet the target of 1,000,000 EUR in 2026Q3."
    ]
    unknown = frame.assign(leads=np.nan, reason="no deals table")
    assert drivers.leads_needed_sentences(unknown, currency="EUR") == [
        "How many leads the next target takes cannot be said: no deals table."
    ]
