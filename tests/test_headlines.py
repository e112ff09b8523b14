"""The one frame of headline figures: columns, targets, owners, and what it says where a table is missing."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.figures import COLUMNS, NUMBERS
from alignment_toolkit.headlines import kpis, with_targets
from alignment_toolkit.quality import lead_counts
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
    assert told["value"].notna().to_numpy().tolist() == told["reason"].isna().to_numpy().tolist()
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
