"""Every fault of the design's data page, planted one by one in a company of four leads: found, counted, worded, owned and bounded.

By hand: of the four leads one is won (on day 41, by 1,000 in the quarter) and one is lost, so conversion within 90 days is 1/4.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.faults import check_store
from alignment_toolkit.health import arrivals, bounds_of, findings
from alignment_toolkit.health.deal_bounds import deal_rows, velocity_bounds
from alignment_toolkit.health.gaps import gaps, kind_of, kinds
from alignment_toolkit.study import open_study
from alignment_toolkit.velocity.sales_velocity import velocity_factors
from tests.health.families import bounds_for
from tests.health.tiny import EVENTS, LEADS, SETTINGS, SOUND, WON, deal, event, lead, spell, study

MERGE = {"table": "leads", "merged_at": "2026-03-01"}
RATES = [{"currency": "USD", "valid_on": "2026-06-01", "rate_to_reporting": 0.5}]
FLAGS = [
    {"customer_id": "A", "origin": "flag"},
    {"customer_id": "B", "origin": "flag"},
    {"customer_id": "B", "origin": "event", "churned_on": "2026-02-01"},
]
SPELLS = [spell("A"), spell("B", ended_on="2026-02-01"), spell("C"), spell("D")]

# name: (tables planted, finding, n, of, owner, {figure: (lowest, value, highest)})
PLANTED: dict[str, tuple[dict[str, Any], str, int, int, str, dict[str, tuple[float, float, float]]]] = {
    "orphan events": (
        {"stage_events": [*EVENTS, event(9, "mql", "2026-02-01")]},
        "lead_id is not in leads", 1, 8, "data team",
        {"leads": (4, 4, 5), "conversion_90d": (1 / 5, 1 / 4, 1 / 4)},
    ),
    "orphan deals": (
        {"deals": [deal(1), deal(2, lead_id="L9")]},
        "lead_id is not in leads", 1, 2, "sales operations",
        {"conversion_90d": (1 / 4, 1 / 4, 2 / 4), "bookings": (2000, 2000, 2000)},
    ),
    "orphan feedback": (
        {"feedback": [{"lead_id": "L9", "given_at": "2026-02-03", "verdict": "accepted"}, {"lead_id": "L1", "given_at": "2026-02-03", "verdict": "rejected"}]},
        "lead_id is not in leads", 1, 2, "data team",
        {"acceptance_rate": (0, 0, 1)},
    ),
    "a deal closed before its creation": (
        {"deals": [deal(1), deal(2, lead_id=None, created_at="2026-03-01", closed_at="2026-02-01", amount=500.0)]},
        "negative duration: closed_at before created_at", 1, 2, "sales operations",
        {"bookings": (1000, 1500, 1500)},
    ),
    "a subscription that ends before its start": (
        {"subscriptions": [*SPELLS, spell("E", started_on="2025-05-02", ended_on="2025-05-01")]},
        "negative duration: ended_on before started_on", 1, 5, "customer success",
        {"logo_churn": (1 / 5, 1 / 4, 2 / 5)},
    ),
    "a sentinel date": (
        {"subscriptions": [*SPELLS[:3], spell("D", ended_on="2150-01-01")]},
        "sentinel date in ended_on", 1, 4, "customer success",
        {"logo_churn": (1 / 4, 1 / 4, 2 / 4)},
    ),
    "lost before creation": (
        {"stage_events": [*WON, event(2, "lost", "2025-12-30")]},
        "won or lost before creation", 1, 6, "sales operations",
        {"conversion_90d": (1 / 4, 1 / 4, 1 / 3)},
    ),
    "won before creation": (
        {"stage_events": [event(1, "won", "2025-12-30"), event(2, "lost", "2026-01-22")]},
        "won or lost before creation", 1, 2, "sales operations",
        {"conversion_30d": (0, 1 / 4, 1 / 4)},
    ),
    "a won lead without a deal": (
        {"deals": [deal(1, lead_id=None)]},
        "won leads without a deal", 1, 1, "sales operations",
        {"conversion_90d": (0, 1 / 4, 1 / 4), "bookings": (1000, 1000, 2000)},
    ),
    "a won deal whose lead is not won": (
        {"deals": [deal(1), deal(2, lead_id="L3", amount=700.0)]},
        "won deals whose lead is not won", 1, 2, "sales operations",
        {"conversion_90d": (1 / 4, 1 / 4, 2 / 4), "conversion_30d": (0, 0, 0), "bookings": (1000, 1700, 1700)},
    ),
    "a back-dated import": (
        {"leads": [*LEADS, *(lead(1, lead_id=f"B{n}", created_at="2026-02-15") for n in range(30))]},
        "created in a burst, perhaps a back-dated import", 30, 34, "marketing operations",
        {"conversion_90d": (1 / 34, 1 / 34, 1 / 4)},
    ),
    "contradictory records of churn": (
        {"subscriptions": SPELLS, "churn_events": FLAGS},
        "churn flag against churn event", 1, 2, "customer success",
        {"logo_churn": (1 / 4, 1 / 4, 2 / 4), "net_revenue_retention": (2 / 4, 3 / 4, 3 / 4)},
    ),
    "a placeholder word": (
        {"leads": [lead(1, source="Select"), *LEADS[1:]]},
        "placeholder word in source", 1, 4, "marketing operations",
        {"conversion_90d": (1 / 4, 1 / 4, 1 / 4)},
    ),
    "an unknown amount": (
        {"deals": [deal(1), deal(2, lead_id=None, amount=None)]},
        "won deals without an amount", 1, 2, "sales operations",
        {"bookings": (1000, 1000, 2000)},
    ),
    "an amount without a currency": (
        {"deals": [deal(1), deal(2, lead_id=None, currency=None, amount=100.0), deal(3, lead_id=None, currency="USD")], "exchange_rates": RATES},
        "amounts without a currency", 1, 3, "sales operations",
        {"bookings": (1550, 1600, 1600)},
    ),
    "an old rate": (
        {"deals": [deal(1, currency="USD")], "exchange_rates": [RATES[0] | {"valid_on": "2026-01-01"}]},
        "the last rate is older than a quarter (USD)", 1, 1, "data team",
        {"bookings": (500, 500, 500)},
    ),
    "a rate that comes later": (
        {"deals": [deal(1, currency="USD")], "exchange_rates": [RATES[0] | {"valid_on": "2030-01-01"}]},
        "valued at a later rate (USD)", 1, 1, "data team",
        {"bookings": (500, 500, 500)},
    ),
    "a history that ends otherwise": (
        {"deals": [deal(1)], "deal_events": [{"deal_id": "D1", "changed_at": "2026-02-11", "outcome": "won", "amount": 900.0}]},
        "history ends otherwise than last seen", 1, 1, "data team",
        {"bookings": (900, 900, 1000)},
    ),
    "a skipped stage": (
        {"stage_events": [row for row in EVENTS if row["stage"] != "sql"]},
        "advances that skipped at least one stage", 1, 6, "sales operations",
        {"stage_conversion_90d": (5 / 8, 5 / 8, 6 / 9)},
    ),
    "a back-filled stamp": (
        {"stage_events": [row | {"entered_at": "2026-02-03"} if row["stage"] == "sal" else row for row in EVENTS]},
        "back-filled stamps", 1, 7, "sales operations",
        {"stage_conversion_90d": (5 / 8, 5 / 8, 6 / 9)},
    ),
    "a move back": (
        {"stage_events": [*EVENTS, event(1, "mql", "2026-02-03T12:00"), event(1, "sql", "2026-02-03T18:00")]},
        "moves back to an earlier stage", 1, 11, "sales operations",
        {"stage_conversion_90d": (7 / 11, 7 / 11, 6 / 9)},
    ),
    "a lead re-opened": (
        {"stage_events": [*EVENTS, event(2, "mql", "2026-03-01")]},
        "lost leads re-opened", 1, 1, "sales operations",
        {"conversion_90d": (1 / 4, 1 / 4, 1 / 4)},
    ),
    "a win lost again": (
        {"stage_events": [*EVENTS, event(1, "lost", "2026-03-01")]},
        "wins lost again", 1, 1, "sales operations",
        {"conversion_90d": (0, 1 / 4, 1 / 4)},
    ),
    "a record merged away": (
        {"leads": [*LEADS, lead(5)], "merges": [MERGE | {"lost_id": "L5", "survivor_id": "L4"}]},
        "records merged away", 1, 1, "marketing operations",
        {"leads": (4, 4, 5), "conversion_90d": (1 / 5, 1 / 4, 1 / 4)},
    ),
    "a survivor that is not there": (
        {"merges": [MERGE | {"lost_id": "L3", "survivor_id": "L8"}]},
        "survivor is not in leads", 1, 1, "data team",
        {"leads": (4, 4, 4)},
    ),
    "rows that stand twice": (
        {"feedback": [{"lead_id": "L1", "given_at": "2026-02-03", "verdict": "accepted"}] * 2},
        "exact copies of another row", 1, 2, "data team",
        {"acceptance_rate": (1, 1, 1)},
    ),
    "touches that begin late": (
        {"touches": [{"touch_id": "T1", "lead_id": "L1", "occurred_at": "2026-03-15", "side": "sales", "channel": "call"}]},
        "touches begin later than leads", 4, 4, "data team",
        {"leads": (4, 4, 4)},
    ),
    "deals that begin late": (
        {"deals": [deal(1), deal(2, lead_id=None, created_at="2026-03-10", closed_at="2026-03-12")][1:]},
        "deals begin later than leads", 4, 4, "data team",
        {"leads": (4, 4, 4)},
    ),
    "deals without a creation date": (
        {"deals": [deal(1), deal(2, lead_id=None, created_at=None)]},
        "deals without a creation date", 1, 2, "sales operations",
        {"bookings": (2000, 2000, 2000), "win_rate_created_naive": (1, 1, 1)},
    ),
    "an export of closed deals": (
        {"deals": [deal(1), deal(2, lead_id=None, outcome="lost")]},
        "no deal is open: perhaps the export holds closed deals only", 2, 2, "data team",
        {"bookings": (1000, 1000, 1000)},
    ),
}  # fmt: skip


@pytest.mark.no_cover
@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_is_found_counted_worded_owned_and_bounded(name: str) -> None:
    tables, finding, n, of, owner, expected = PLANTED[name]
    made = study(**tables)
    bounds = bounds_for(made, expected)
    (row,) = [row for row in findings(made, bounds).to_dict("records") if row["finding"] == finding]
    assert (row["n"], row["of"], row["owner"], row["share"]) == (n, of, owner, pytest.approx(n / of))
    assert all(len(row[part]) > 5 for part in ("touches", "rule", "way_out"))
    assert kind_of(row["table"], finding) is not kinds()[-1], "it has words of its own"
    for kpi, (lowest, value, highest) in expected.items():
        found = bounds[kpi]
        assert (found.lowest, found.value, found.highest) == (pytest.approx(lowest), pytest.approx(value), pytest.approx(highest)), kpi


def test_sound_records_leave_nothing_open() -> None:
    made = study()
    bounds = bounds_of(made)
    assert findings(made, bounds).empty
    assert {name for name, bound in bounds.items() if bound.lowest < bound.value or bound.highest > bound.value} == set()


def test_outcomes_that_were_not_recorded_are_counted_and_never_bounded() -> None:
    made = study(config=Config(min_n=1, horizons_days=(30, 90), outcome_observed_from="2026-01-02"))
    bounds = bounds_for(made, ["conversion_90d"])
    (row,) = findings(made, bounds).to_dict("records")
    assert (row["finding"], row["n"], row["owner"]) == ("leads created before outcomes were recorded", 1, "data team")
    assert bounds["conversion_90d"].value == bounds["conversion_90d"].highest == 0


def test_a_finding_names_the_figures_that_it_moves() -> None:
    made = study(deals=[deal(1, lead_id=None)])
    row = findings(made, bounds_for(made, ["leads", "conversion_90d", "bookings"])).iloc[0]
    told = "Won to date (naive), Conversion within 90 days, Value per lead within 180 days, Bookings, Bookings to date"
    assert row["touches"] == told


def test_rows_set_aside_are_counted_either_way(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(
        "lead_id,created_at,source\n" + "".join(f"{row['lead_id']},{row['created_at']},web\n" for row in LEADS)
    )
    (tmp_path / "stage_events.csv").write_text(
        "lead_id,stage,entered_at\n" + "".join(f"{row['lead_id']},{row['stage']},{row['entered_at']}\n" for row in EVENTS)
    )
    (tmp_path / "alignment.toml").write_text("min_n = 1\nhorizons_days = [90]\n")
    aside = {"no e-mail": 2, "the row is blank": 3, "the row belongs to the footer of a report": 2}
    journal = {"tables": [{"table": "leads", "read": 11, "used": 4, "set_aside": aside, "files": []}]}
    (tmp_path / "ingest.json").write_text(json.dumps(journal))
    made = open_study(str(tmp_path), quarter="2026Q1", as_of="2026-07-01", cohort="all")
    row = arrivals(made).iloc[0]
    assert (row["table"], row["read"], row["used"], row["set_aside"]) == ("leads", 11, 4, 7)
    bounds = bounds_for(made, ["leads", "conversion_90d"])
    (found,) = findings(made, bounds).to_dict("records")
    assert (found["finding"], found["n"], found["of"]) == ("rows set aside by the ingest", 2, 11)
    assert [(bounds[kpi].lowest, bounds[kpi].highest) for kpi in ("leads", "conversion_90d")] == [
        (4, 6),
        (pytest.approx(1 / 6), pytest.approx(3 / 6)),
    ]


@pytest.mark.parametrize(
    ("deals", "settings"),
    [
        ([deal(1), deal(2, lead_id=None, outcome="lost"), deal(3, lead_id=None, outcome="open", closed_at=None)], SETTINGS),
        ([deal(1), deal(2, lead_id=None)], SETTINGS),  # a list of orders has no lost deal
        ([deal(1), deal(2, lead_id=None, outcome="lost")], SETTINGS.model_copy(update={"min_n": 3})),
        ([deal(1), deal(2, lead_id=None, outcome="lost")], SETTINGS.model_copy(update={"losses_recorded": False})),
    ],
)
def test_no_open_deal_is_odd_only_where_some_are_lost(deals: list[dict[str, Any]], settings: Config) -> None:
    assert "no deal is open: perhaps the export holds closed deals only" not in set(
        findings(study(deals=deals, config=settings), {})["finding"]
    )


def test_deals_that_are_created_when_they_close_cannot_begin_before_the_first_win() -> None:
    orders = [deal(1, created_at="2026-03-15", closed_at="2026-03-15"), deal(2, created_at="2026-04-02", closed_at="2026-04-02")]
    assert not set(findings(study(deals=orders), {})["finding"]) & {"deals begin later than leads"}
    row = findings(study(deals=[orders[0] | {"closed_at": "2026-03-20"}]), {}).set_index("finding").loc["deals begin later than leads"]
    assert row["rule"] == "Leads are recorded from 2026-01-01, deals from 2026-03-15; 4 leads came before"


FATAL = {
    "a table that is missing": ({"stage_events": None}, "stage_events is missing"),
    "a column that is missing": ({"leads": "lead_id,source\nL1,web\n"}, "the required column is missing: created_at"),
    "a key that is null": ({"leads": "lead_id,created_at,source\n,2026-01-01,web\n"}, "lead_id is missing: row 2"),
    "a key that stands twice": ({"leads": "lead_id,created_at,source\nL1,2026-01-01,web\nL1,2026-01-02,web\n"}, "L1"),
    "an instant that cannot be read": (
        {"leads": "lead_id,created_at,source\nL1,soon,web\n"},
        "values of created_at are not timestamps: 'soon'",
    ),
    "an unknown stage": ({"stage_events": "lead_id,stage,entered_at\nL1,mqll,2026-01-02\n"}, "stages are not among the configured ones"),
    "a currency without a rate": ({"deals": "deal_id,outcome,amount,currency\nD1,open,5,XXX\n"}, "XXX"),
    "an empty table": ({"leads": "lead_id,created_at,source\n"}, "the table is empty"),
}
FILES = {"leads": "lead_id,created_at,source\nL1,2026-01-01,web\n", "stage_events": "lead_id,stage,entered_at\nL1,mql,2026-01-02\n"}


@pytest.mark.parametrize("name", FATAL)
def test_a_fatal_fault_refuses_the_data_with_a_way_out(name: str, tmp_path: Path) -> None:
    files, told = FATAL[name]
    for table, text in (FILES | files).items():
        if text is not None:
            (tmp_path / f"{table}.csv").write_text(text)
    with pytest.raises(DataRefused) as caught:
        check_store(tmp_path)
    assert "cannot be used: 1 fault" in str(caught.value)
    assert told in "\n".join(caught.value.faults)


def test_a_file_that_is_not_what_its_ending_says_is_refused(tmp_path: Path) -> None:
    for table, text in FILES.items():
        (tmp_path / f"{table}.csv").write_text(text)
    (tmp_path / "deals.parquet").write_text("no parquet")
    with pytest.raises(DataRefused, match="1 fault") as caught:
        check_store(tmp_path)
    assert "deals.parquet" in caught.value.faults[0]


def test_every_gap_has_words_and_a_team() -> None:
    named = {gap for kind in kinds() for gap in kind.bounds}
    assert named <= set(gaps())
    for gap in gaps().values():
        assert all(len(part) > 8 for part in (gap.what, gap.assumed, gap.fix)), gap.name
        assert gap.owner in {"marketing operations", "sales operations", "customer success", "data team"}
    assert {"leads", "stage_events"} <= set(SOUND)
    assert SETTINGS.min_n == 1


def test_a_deal_lost_without_a_day_may_have_been_lost_at_its_last_event() -> None:
    deals = [deal(1), deal(2, outcome="lost", closed_at=None), deal(3, outcome="lost", closed_at=None, created_at="2026-02-03")]
    changes = [{"deal_id": "D2", "changed_at": "2026-02-21", "stage": "proposal"}]
    bound = velocity_bounds(sound := study(deals=deals, deal_events=changes), deal_rows(sound))["sales_velocity"]
    dated = [deals[0], deals[1] | {"closed_at": "2026-02-21"}, deals[2] | {"closed_at": "2026-02-03"}]
    then, until = study(deals=dated), int(velocity_factors(sound)["horizon_days"].iloc[0])
    assert bound.value == pytest.approx(velocity_factors(sound)["velocity"].iloc[0])
    assert bound.lowest == bound.value
    assert bound.highest == pytest.approx(velocity_factors(then, horizon=until)["velocity"].iloc[0])
    assert [(part.gap, part.n) for part in bound.parts if part.n] == [("lost_undated", 2)]
