"""Which records are responsible: states as of the as-of, compared by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis

from alignment_toolkit.periods import Quarter
from alignment_toolkit.restated.reach import reach_of
from alignment_toolkit.restated.records import Records
from alignment_toolkit.study import Study
from tests.worlds import crm as world

AS_OF = "2026-10-01"
LEADS = [
    {"lead_id": "A", "created_at": "2026-07-02", "source": "web"},
    {"lead_id": "B", "created_at": "2026-04-02", "source": "web"},
    {"lead_id": "C", "created_at": "2026-08-02", "source": "fair"},
]
EVENTS = [{"lead_id": "A", "stage": "mql", "entered_at": "2026-07-05"}, {"lead_id": "B", "stage": "won", "entered_at": "2026-08-05"}]
DEALS = [
    {"deal_id": "D1", "lead_id": "B", "created_at": "2026-05-01", "closed_at": "2026-08-05", "outcome": "won", "amount": 100.0},
    {"deal_id": "D2", "lead_id": "A", "created_at": "2026-07-09", "outcome": "open", "amount": 50.0},
    {"deal_id": "D3", "lead_id": "C", "created_at": "2026-08-09", "closed_at": "2026-06-30", "outcome": "won", "amount": 7.0},
]


def changed(rows: list[dict[str, Any]], key: str, id_: str, **values: Any) -> list[dict[str, Any]]:
    return [row | values if row[key] == id_ else row for row in rows]


def responsible(kpi: str, *, limit: int = 20, **after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    engine = ibis.duckdb.connect()
    before = {"leads": LEADS, "stage_events": EVENTS, "deals": DEALS}
    studies = []
    for prefix, tables in (("was", before), ("now", before | after)):
        held = world(as_of=AS_OF, **tables)
        moved = {name: engine.create_table(f"{prefix}_{name}", table.to_pyarrow()) for name, table in held.tables.items()}
        studies.append(Study(replace(held, tables=moved, cache={}, counts={}), Quarter.parse("2026Q3"), "4q"))
    return Records(*studies).responsible([kpi], limit=limit).to_dict("records")


def row(kpi: str, record: str, n: int, new: int, changed: int, gone: int, ids: str) -> dict[str, Any]:
    return {"kpi": kpi, "record": record, "n": n, "new": new, "changed": changed, "gone": gone, "ids": ids}


def test_leads_of_the_quarter_alone_move_the_number_of_leads() -> None:
    after = [*LEADS[1:], {"lead_id": "E", "created_at": "2026-09-30 23:59", "source": "ads"}, {"lead_id": "F", "created_at": "2026-10-01"}]
    assert responsible("leads", leads=after) == [row("leads", "lead", 2, 1, 0, 1, "A, E")]
    assert responsible("leads", leads=changed(LEADS, "lead_id", "B", source="ads")) == []
    assert responsible("leads", leads=changed(LEADS, "lead_id", "B", created_at="2026-07-01")) == [row("leads", "lead", 1, 0, 1, 0, "B")]


def test_a_deal_won_in_the_quarter_before_or_after_moves_bookings() -> None:
    assert responsible("bookings", deals=changed(DEALS, "deal_id", "D1", amount=90.0)) == [row("bookings", "deal", 1, 0, 1, 0, "D1")]
    assert responsible("bookings", deals=DEALS[1:]) == [row("bookings", "deal", 1, 0, 0, 1, "D1")]
    late = changed(DEALS, "deal_id", "D1", closed_at="2026-06-30")  # no longer won in the quarter, but it was
    assert responsible("bookings", deals=late) == [row("bookings", "deal", 1, 0, 1, 0, "D1")]
    assert responsible("bookings", deals=changed(DEALS, "deal_id", "D2", amount=60.0)) == []
    assert responsible("bookings", deals=changed(DEALS, "deal_id", "D3", amount=60.0)) == []


def test_what_came_after_the_as_of_moves_nothing() -> None:
    closed_since = changed(DEALS, "deal_id", "D2", outcome="won", closed_at="2026-10-05")
    assert responsible("bookings_to_date", deals=closed_since) == []
    assert responsible("a_figure_of_tomorrow", stage_events=[*EVENTS, {"lead_id": "C", "stage": "won", "entered_at": "2026-10-02"}]) == []


def test_a_lead_whose_stages_changed_moves_conversions() -> None:
    after = [*EVENTS, {"lead_id": "C", "stage": "mql", "entered_at": "2026-08-09"}]
    assert responsible("conversion_90d", stage_events=after) == [row("conversion_90d", "lead", 1, 0, 1, 0, "C")]
    assert responsible("bookings", stage_events=after) == []


def test_a_table_that_came_is_new_as_a_whole_and_ids_are_cut_with_their_number() -> None:
    paid = [{"customer_id": f"K{n}", "started_on": "2026-01-01", "mrr": 10.0} for n in range(5)]
    assert responsible("logo_churn", subscriptions=paid, limit=3) == [row("logo_churn", "customer", 5, 5, 0, 0, "K0, K1, K2 …")]


def test_a_lead_without_attributes_that_changed_is_not_named() -> None:
    assert reach_of("conversion_180d").aspects == ("leads", "stages")
    assert responsible("conversion_180d") == []
