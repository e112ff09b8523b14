from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.quality.concentration import concentration, top_share
from tests import worlds


def company(amounts: dict[str, float], *, bare: float = 0.0, leads_only: tuple[str, ...] = ()):
    """One lead and one won deal per source, a deal without a lead, and sources with a lead alone."""
    leads = [
        {"lead_id": f"L-{name}", "created_at": "2025-10-02", "source": name, "campaign_id": f"c-{name}"} for name in (*amounts, *leads_only)
    ]
    won = [
        {"deal_id": f"D-{name}", "lead_id": f"L-{name}", "outcome": "won", "closed_at": "2025-11-01", "amount": amount}
        for name, amount in amounts.items()
    ]
    won += [{"deal_id": "bare", "outcome": "won", "closed_at": "2025-11-01", "amount": bare}] if bare else []
    old = {"deal_id": "old", "lead_id": "L-a", "outcome": "won", "closed_at": "2025-09-30", "amount": 1e6}
    events = [{"lead_id": "L-a", "stage": "mql", "entered_at": "2025-10-03"}]
    return worlds.study("2025Q4", as_of="2026-01-01", leads=leads, stage_events=events, deals=[*won, old])


def test_the_best_tenth_and_fifth_of_ten_sources():
    amounts = {name: 100.0 * place for place, name in enumerate("abcdefghij", start=1)}
    table = concentration(company(amounts)).set_index(["slice", "best_share"])
    assert table.loc[("source", 0.1), "value"] == pytest.approx(1000 / 5500)
    assert table.loc[("source", 0.2), "value"] == pytest.approx(1900 / 5500)
    assert table["groups"].tolist() == [1, 2, 1, 2]
    assert table["n"].eq(10).all()
    assert table["events"].eq(10).all()
    assert table["even_share"].tolist() == pytest.approx([0.1, 0.2, 0.1, 0.2])
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()
    assert table["reason"].isna().all()


def test_groups_are_rounded_up_and_those_without_bookings_count():
    table = concentration(company({"a": 300.0, "b": 100.0}, leads_only=tuple("cdefghijk")), by=("source",))
    assert table["groups"].tolist() == [2, 3]
    assert table["n"].tolist() == [11, 11]
    assert table["value"].tolist() == [1.0, 1.0]


def test_deals_of_no_group_are_left_out_and_said():
    table = concentration(company({"a": 300.0, "b": 100.0}, bare=100.0), by=("source",))
    assert table["value"].tolist() == pytest.approx([0.75, 0.75])
    assert table["unnamed_share"].tolist() == pytest.approx([0.2, 0.2])


def test_without_bookings_or_deals_it_is_null_with_the_reason():
    none = concentration(company({}, leads_only=("a",)), by=("source",))
    assert none["value"].isna().all()
    assert none["reason"].eq("no bookings in the quarter").all()
    lead = {"lead_id": "L", "created_at": "2025-10-02", "source": "a"}
    bare = worlds.study(
        "2025Q4", as_of="2026-01-01", leads=[lead], stage_events=[{"lead_id": "L", "stage": "mql", "entered_at": "2025-10-03"}]
    )
    assert concentration(bare)["reason"].eq("no deals table").all()


def test_bookings_of_which_none_has_a_group_are_not_called_no_bookings():
    lead = {"lead_id": "L", "created_at": "2025-10-02", "source": "a"}
    won = {"deal_id": "D", "lead_id": "L", "outcome": "won", "closed_at": "2025-11-01", "amount": 50.0}
    events = [{"lead_id": "L", "stage": "mql", "entered_at": "2025-10-03"}]
    table = concentration(worlds.study("2025Q4", as_of="2026-01-01", leads=[lead], stage_events=events, deals=[won])).set_index("slice")
    assert table.loc["campaign_id", "reason"].eq("no booking of the quarter has a campaign").all()
    assert table.loc["campaign_id", "unnamed_share"].eq(1).all()
    assert table.loc["source", "reason"].isna().all()
    bare = concentration(company({}, leads_only=("a",), bare=100.0), by=("source",))
    assert bare["reason"].eq("no booking of the quarter has a source").all()


def test_top_share_by_hand_and_its_bounds():
    assert top_share(np.array([[1.0, 3.0, 6.0], [0.0, 0.0, 0.0]]), 1) == pytest.approx([0.6, np.nan], nan_ok=True)
    assert top_share(np.array([1.0, 3.0, 6.0]), 3) == 1


def test_order_of_the_deals_changes_nothing():
    amounts = {name: 100.0 * place for place, name in enumerate("abcdefg", start=1)}
    pd.testing.assert_frame_equal(concentration(company(amounts)), concentration(company(dict(reversed(amounts.items())))))
