"""The one frame of headline figures: columns, targets, owners, and what it says where a table is missing."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.churn import mrr_bridge
from alignment_toolkit.counts import counted
from alignment_toolkit.figures import COLUMNS, NUMBERS, figure, figures
from alignment_toolkit.headlines import kpis, with_late_rates, with_targets
from alignment_toolkit.quality import bookings, lead_counts
from tests.sample import sample_kpis
from tests.worlds import study

LEADS = [{"lead_id": str(place), "created_at": f"2026-01-{place % 28 + 1:02d}", "source": "web"} for place in range(30)]
EVENTS = [{"lead_id": str(place), "stage": "won", "entered_at": "2026-02-20"} for place in range(10)]


@cache
def _bare() -> pd.DataFrame:
    return kpis(study("2026Q1", cohort="4q", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS))


@cache
def _sample() -> pd.DataFrame:
    return sample_kpis()


@pytest.mark.no_cover
@pytest.mark.parametrize("make", [_bare, _sample])
def test_the_columns_are_those_promised_and_a_figure_stands_once(make: Any) -> None:
    told = make()
    assert list(told.columns) == list(COLUMNS)
    assert not told.duplicated(["kpi", "slice", "segment"]).any()
    assert all(pd.api.types.is_float_dtype(told[name]) for name in NUMBERS)
    assert told.loc[told["value"].isna(), "reason"].notna().all()
    assert told.loc[told["value"].notna(), "reason"].dropna().str.contains("are missing").all()  # of a quarter covered in part
    assert (told.loc[told["slice"] == "all", "segment"] == "(all)").all()


def test_only_leads_and_stage_events_are_needed() -> None:
    whole = _bare()[lambda frame: frame["slice"] == "all"].set_index("kpi")
    assert whole.loc["leads", "value"] == 30
    assert whole.loc["won_share_to_date", "value"] == pytest.approx(1 / 3)
    for kpi, table in (
        ("bookings", "deals"),
        ("acceptance_rate", "feedback"),
        ("value_per_lead_180d", "deals"),
        ("logo_churn", "subscriptions"),
    ):
        assert pd.isna(whole.loc[kpi, "value"])
        assert table in whole.loc[kpi, "reason"]


def test_the_sample_s_target_stands_beside_the_whole_alone() -> None:
    told = _sample()
    assert told[told["target"].notna()]["slice"].unique().tolist() == ["all"]
    assert told["target"].notna().any()


@pytest.mark.parametrize(
    ("rows", "target"),
    [
        ([("2026Q1", "leads", 40.0, "marketing", None)], 40.0),
        ([("2026Q1", "leads", 40.0, "marketing", "(all)")], 40.0),
        ([("2026Q1", "leads", 40.0, "marketing", "")], 40.0),
        ([("2026Q1", "leads", 40.0, "marketing", "web")], None),
        ([("2025Q4", "leads", 40.0, "marketing", None)], None),
        ([("2026Q1", "bookings", 40.0, "sales", None)], None),
        ([("2026Q1", "leads", 40.0, "marketing", None), ("2026Q1", "leads", 50.0, "sales", None)], None),
        ([("2026Q1", "leads", 0.0, "marketing", None)], 0.0),
    ],
)
def test_the_target_is_the_one_promised_for_the_whole_in_the_report_quarter(rows: list[tuple[Any, ...]], target: float | None) -> None:
    targets = [dict(zip(("quarter", "kpi", "target", "owner", "segment"), row, strict=True)) for row in rows]
    made = study("2026Q1", cohort="4q", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, targets=targets)
    told = with_targets(lead_counts(made), made)["target"].iloc[0]
    assert (None if pd.isna(told) else told) == target


DEALS = [
    {
        "deal_id": f"D{place}",
        "created_at": "2026-01-10",
        "closed_at": "2026-02-01",
        "outcome": "won",
        "amount": 1000.0,
        "currency": currency,
    }
    for place, currency in enumerate(("EUR", "USD", None))
]
SPELLS = [
    {"subscription_id": currency, "customer_id": currency, "started_on": "2025-11-01", "mrr": 100.0, "currency": currency}
    for currency in ("EUR", "USD")
]


@pytest.mark.parametrize(("first_on", "late"), [("2026-04-05", True), ("2026-03-31", False)])
def test_money_without_an_earlier_rate_is_valued_at_the_first_and_says_so(first_on: str, late: bool) -> None:
    rates = [{"currency": "USD", "valid_on": day, "rate_to_reporting": rate} for day, rate in ((first_on, 0.8), ("2026-06-01", 0.5))]
    costs = [{"campaign_id": "c", "spent_on": "2026-02-01", "cost": 1.0, "currency": "EUR"}]
    tables = {"deals": DEALS, "subscriptions": SPELLS, "campaign_costs": costs, "exchange_rates": rates}
    company = study("2026Q1", cohort="4q", as_of="2026-04-01", leads=LEADS, stage_events=EVENTS, **tables)
    retention = figure("net_revenue_retention", value=1.0, unit="share")
    whole = with_late_rates(pd.concat([bookings(company), lead_counts(company), figures([retention])], ignore_index=True), company)
    told = whole.set_index("kpi")
    assert told.loc["bookings", "value"] == 1000 + 800 + 1000
    reason = f"USD has no rate before {first_on}, which is used"
    assert [told.loc[kpi, "reason"] == reason for kpi in ("bookings", "leads", "net_revenue_retention")] == [late, False, late]
    assert mrr_bridge(company, quarters=1)["start"].tolist() == [100 + 80]
    used = counted("late_rates", company)
    rows = [("deals", 1, True), ("subscriptions", 1, True)] if late else [("subscriptions", 1, False)]
    assert sorted(used[["table", "n", "is_headline"]].itertuples(index=False, name=None)) == rows
