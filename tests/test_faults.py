"""What is odd but usable: every kind planted one by one, counted, with examples; the same records without it are not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from alignment_toolkit.errors import DataRefused
from alignment_toolkit.faults import check_store, counted_faults
from alignment_toolkit.ingest import ingest
from alignment_toolkit.store import open_crm
from tests import worlds
from tests.conftest import ROOT, SAMPLE, shared_data

AS_OF = "2026-10-01"


def lead(number: int, **more: object) -> dict:
    return {"lead_id": f"L{number}", "created_at": f"2026-01-{number:02d}", "source": "web", "persona": "CFO"} | more


def event(number: int, stage: str, day: str, **more: object) -> dict:
    return {"lead_id": f"L{number}", "stage": stage, "entered_at": day} | more


SOUND = {
    "leads": [lead(1), lead(2), lead(3)],
    "stage_events": [event(1, "mql", "2026-02-01"), event(1, "sal", "2026-02-02")],
}
WON = [event(1, stage, f"2026-02-0{i}") for i, stage in enumerate(("mql", "sal", "sql", "opportunity", "won"), start=1)]


def found(**tables: list[dict]) -> dict[tuple[str, str], tuple[int, int, str]]:
    frame = counted_faults(worlds.crm(as_of=AS_OF, **(SOUND | tables)))
    assert (frame[["rule", "way_out"]].map(len) > 10).all(axis=None), "every fault comes with its rule and a way out"
    return {(row.table, row.fault): (row.n, row.of, row.examples) for row in frame.itertuples()}


def test_sound_records_have_no_fault() -> None:
    frame = counted_faults(worlds.crm(as_of=AS_OF, **SOUND))
    assert frame.empty
    assert list(frame.columns) == ["table", "fault", "n", "of", "examples", "rule", "way_out"]


PLANTED = [
    (
        {
            "deals": [
                {"deal_id": f"D{i}", "lead_id": "L1", "outcome": "open", "amount": 5.0, "created_at": "2026-02-01"} for i in (1, 2, 3)
            ],
            "merges": [
                {"table": table, "lost_id": lost, "survivor_id": heir, "merged_at": "2026-03-01"}
                for table, lost, heir in (
                    *(("deals", "D1", "D2"), ("deals", "D2", "D1"), ("deals", "D3", "D1")),
                    *(("leads", "L2", "L3"), ("leads", "L3", "L2")),
                    *(("accounts", "A1", "A2"), ("accounts", "A2", "A3"), ("accounts", "A3", "A1")),
                )
            ],
        },
        {
            ("merges", "merges that go in a ring"): (7, 8, "A1, A2, A3"),
            ("merges", "records merged away"): (8, 8, "A1, A2, A3"),
        },
    ),
    (
        {
            "stage_events": [*SOUND["stage_events"], event(8, "mql", "2026-02-01"), event(9, "mql", "2026-02-01")],
            "merges": [
                {"table": "leads", "lost_id": lost, "survivor_id": heir, "merged_at": "2026-03-01"}
                for lost, heir in (("L2", "L8"), ("L7", "L3"), ("L6", "L5"), ("L5", "L4"))
            ],
        },
        {  # L2 stands in for L8; of the family of L4 nobody is known
            ("stage_events", "lead_id is not in leads"): (1, 4, "L9"),
            ("merges", "survivor is not in leads"): (2, 4, "L4, L8"),
            ("merges", "records merged away"): (4, 4, "L2, L5, L6"),
        },
    ),
    (
        {
            "merges": [
                {"table": "leads", "lost_id": f"L{n}", "survivor_id": "L2", "merged_at": at} for n, at in ((8, None), (9, "2026-03-01"))
            ]
        },
        {("merges", "records merged away"): (2, 2, "L8, L9"), ("merges", "merges at an unknown time"): (1, 2, "L8")},
    ),
    (
        {"stage_events": [*SOUND["stage_events"], event(8, "mql", "2026-02-01"), event(9, "mql", "2026-02-01")]},
        {("stage_events", "lead_id is not in leads"): (2, 4, "L8, L9")},
    ),
    (
        {
            "products": [{"product": "GTX Pro"}],
            "deals": [{"deal_id": f"D{i}", "outcome": "lost", "product": "GTXPro" if i < 3 else "GTX Pro"} for i in range(4)],
        },
        {("deals", "product is not in products"): (3, 4, "GTXPro"), ("deals", "lost deals without a closing day"): (4, 4, "D0, D1, D2")},
    ),
    (
        {
            "campaigns": [{"campaign_id": "C1", "name": "x", "channel": "mail"}],
            "leads": [lead(1, campaign_id="C1"), lead(2, campaign_id="C2"), lead(3)],
        },
        {("leads", "campaign_id is not in campaigns"): (1, 2, "C2")},
    ),
    (
        {"stage_events": [event(1, "lost", "2025-12-31"), event(2, "mql", "2026-01-01")]},
        {
            ("stage_events", "won or lost before creation"): (1, 2, "L1"),
            ("stage_events", "stage entered before creation"): (1, 2, "L2"),
        },
    ),
    (
        {"deals": [{"deal_id": "D1", "outcome": "lost", "created_at": "2026-03-02", "closed_at": "2026-03-01"}]},
        {("deals", "negative duration: closed_at before created_at"): (1, 1, "D1")},
    ),
    (
        {"stage_events": WON, "deals": [{"deal_id": "D2", "lead_id": "L2", "outcome": "won", "amount": 5.0}]},
        {
            ("stage_events", "won leads without a deal"): (1, 1, "L1"),
            ("deals", "won deals whose lead is not won"): (1, 1, "D2"),
            ("deals", "won deals without a closing day"): (1, 1, "D2"),
        },
    ),
    (
        {
            "churn_events": [
                {"customer_id": "A1", "origin": "flag"},
                {"customer_id": "A1", "origin": "event"},
                {"customer_id": "A2", "origin": "flag"},
                {"customer_id": "A3", "origin": "event"},
            ]
        },
        {("churn_events", "churn flag against churn event"): (2, 3, "A2, A3")},
    ),
    (
        {"leads": [lead(1, source="Select"), lead(2, source="UNKNOWN"), lead(3, source=None), lead(4, persona="n/a")]},
        {
            ("leads", "placeholder word in source"): (2, 4, "Select, UNKNOWN"),
            ("leads", "source is missing"): (1, 4, "L3"),
            ("leads", "placeholder word in persona"): (1, 4, "n/a"),
        },
    ),
    (
        {"stage_events": [event(1, "mql", "2026-02-01"), event(1, "sql", "2026-02-03")]},
        {("stage_events", "advances that skipped at least one stage"): (1, 2, "L1")},
    ),
    (
        {"stage_events": [event(1, "mql", "2026-02-01"), event(1, "sal", "2026-02-01"), event(2, "mql", "2026-02-02", is_backfilled=True)]},
        {("stage_events", "back-filled stamps"): (2, 3, "L1, L2")},
    ),
    (
        {"deals": [{"deal_id": "D1", "outcome": "won"}, {"deal_id": "D2", "outcome": "open"}, {"deal_id": "D3", "outcome": "lost"}]},
        {
            ("deals", "won deals without an amount"): (1, 1, "D1"),
            ("deals", "open deals without an amount"): (1, 1, "D2"),
            ("deals", "won deals without a closing day"): (1, 1, "D1"),
            ("deals", "lost deals without a closing day"): (1, 1, "D3"),
        },
    ),
    (
        {"feedback": [{"lead_id": "L1", "given_at": "2026-02-01", "verdict": "accepted"}] * 3},
        {("feedback", "exact copies of another row"): (2, 3, "L1")},
    ),
    (
        {"merges": [{"table": "leads", "lost_id": "L3", "survivor_id": "L2", "merged_at": "2026-03-01"}], "leads": [lead(1), lead(2)]},
        {("merges", "records merged away"): (1, 1, "L3")},
    ),
    ({"deals": []}, {("deals", "the table is empty"): (0, 0, "")}),
]


@pytest.mark.no_cover
@pytest.mark.parametrize(("tables", "expected"), PLANTED, ids=[next(iter(expected))[1] for _, expected in PLANTED])
def test_each_fault_alone(tables: dict, expected: dict) -> None:
    assert found(**tables) == expected


@pytest.mark.parametrize(("files", "is_empty"), [(["leads.csv", "stages.csv"], False), (["leads.csv", "verdicts.csv"], True), ([], True)])
def test_a_table_that_no_file_of_its_own_stands_for_is_not_called_empty(tmp_path: Path, files: list[str], is_empty: bool) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\nL1,2026-01-01,web\n")
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\nL1,mql,2026-01-02\n")
    (tmp_path / "feedback.csv").write_text("lead_id,given_at,verdict\n")
    made = {"leads": (1, ["leads.csv"]), "stage_events": (1, ["stages.csv"]), "feedback": (0, files)}
    entries = [{"table": name, "read": used, "used": used, "set_aside": {}, "files": named} for name, (used, named) in made.items()]
    (tmp_path / "ingest.json").write_text(json.dumps({"tables": entries}))
    faults = check_store(tmp_path).faults
    assert ("the table is empty" in set(faults["fault"])) == is_empty


def test_an_event_of_a_merged_record_is_no_orphan() -> None:
    merges = [{"table": "leads", "lost_id": "L9", "survivor_id": "L2", "merged_at": "2026-03-01"}]
    events = [*SOUND["stage_events"], event(9, "mql", "2026-02-05")]
    assert list(found(stage_events=events, merges=merges)) == [("merges", "records merged away")]


def test_a_burst_is_many_times_the_median_day() -> None:
    ordinary = [lead(day, lead_id=f"L{day}-{i}") for day in range(1, 21) for i in range(3)]
    burst = [lead(25, lead_id=f"B{i}") for i in range(30)]
    expected = {("leads", "created in a burst, perhaps a back-dated import"): (30, 90, "2026-01-25")}
    assert found(leads=ordinary + burst, stage_events=[]) == expected | {("stage_events", "the table is empty"): (0, 0, "")}
    assert ("leads", "created in a burst, perhaps a back-dated import") not in found(leads=ordinary + burst[1:])


def test_sentinel_dates(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\nL1,2026-01-01,web\nL2,0001-01-01,web\n")
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\nL1,mql,2026-01-02\n")
    (tmp_path / "subscriptions.csv").write_text(
        "customer_id,started_on,ended_on,mrr\nA1,1970-01-01,2027-01-01,5\nA2,2026-01-01,9999-12-31,5\n"
    )
    listed = {(row.table, row.fault): (row.n, row.of, row.examples) for row in check_store(tmp_path).faults.itertuples()}
    assert listed == {
        ("leads", "sentinel date in created_at"): (1, 2, "L2"),
        ("subscriptions", "sentinel date in started_on"): (1, 2, "A1"),
        ("subscriptions", "sentinel date in ended_on"): (1, 2, "A2"),
    }


def test_ignored_files_and_columns(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source,phone\nL1,2026-01-01,web,555\n")
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\nL1,mql,2026-01-02\n")
    (tmp_path / "notes.csv").write_text("x\n")
    frame = check_store(tmp_path).faults
    listed = {(row.table, row.fault): row.examples for row in frame.itertuples()}
    assert listed == {("", "files or tables ignored"): "notes.csv", ("leads", "columns of leads ignored"): "phone"}


def test_the_health_of_a_store(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes("lead_id,created_at,source\nL1,2026-01-01,Zoë\nL2,2026-01-03,web\n".encode("cp1252"))
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\nL1,mql,2026-01-02 12:00\n")
    health = check_store(tmp_path)
    assert health.rows.to_dict("records") == [
        {
            "table": "leads",
            "rows": 2,
            "columns": "lead_id, created_at, source",
            "first_at": "2026-01-01",
            "last_at": "2026-01-03",
        },
        {
            "table": "stage_events",
            "rows": 1,
            "columns": "lead_id, stage, entered_at",
            "first_at": "2026-01-02 12:00:00",
            "last_at": "2026-01-02 12:00:00",
        },
    ]
    assert health.last_at == datetime(2026, 1, 3)
    assert health.notes == (
        "leads.csv: read as Windows-1252, since it is not UTF-8; declare encoding in a mapping to say otherwise",
        "Date-only columns, counted in calendar days: leads.created_at",
    )
    (tmp_path / "stage_events.csv").write_text("lead_id,stage,entered_at\nL1,mql,soon\n")
    with pytest.raises(DataRefused, match="values of entered_at are not timestamps: 'soon'"):
        check_store(tmp_path)


@pytest.mark.no_cover
def test_the_samples_planted_faults_are_found() -> None:
    planted = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["faults"]
    frame = check_store(SAMPLE).faults
    numbers = {(row.table, row.fault): row.n for row in frame.itertuples()}
    same = {
        "leads that skip a stage": ("stage_events", "advances that skipped at least one stage"),
        "leads with a back-filled stamp": ("stage_events", "back-filled stamps"),
        "leads with an event before creation": ("stage_events", "stage entered before creation"),
        "leads lost before creation": ("stage_events", "won or lost before creation"),
        "won leads without a deal": ("stage_events", "won leads without a deal"),
        "won deals whose lead is not won": ("deals", "won deals whose lead is not won"),
        "leads merged away": ("merges", "records merged away"),
        "unknown products in deals": ("deals", "product is not in products"),
        "orphan leads in deals": ("deals", "lead_id is not in leads"),
        "orphan leads in touches": ("touches", "lead_id is not in leads"),
        "sentinel dates in subscriptions": ("subscriptions", "sentinel date in ended_on"),
    }
    assert {name: numbers[place] for name, place in same.items()} == {name: planted[name] for name in same}
    conflicts = planted["churn event without flag"] + planted["churn flag without event"]
    assert numbers[("churn_events", "churn flag against churn event")] == conflicts
    source = pd.read_parquet(SAMPLE / "leads.parquet")["source"]  # a record merged away may repeat its survivor's word
    assert numbers[("leads", "placeholder word in source")] == source.isin(["unknown", "Select"]).sum() >= planted["source unknown"]
    assert numbers[("leads", "source is missing")] == (source.isna() | (source.str.strip() == "")).sum() >= planted["source blank"]
    assert numbers[("leads", "created in a burst, perhaps a back-dated import")] >= planted["leads in the import burst"]


@pytest.mark.no_cover
def test_maven_and_ravenstack_show_their_known_contradictions(tmp_path: Path) -> None:
    numbers = {}
    for name in ("maven_crm", "ravenstack"):
        ingest(ROOT / "examples" / f"{name}.toml", source=shared_data(name), out=tmp_path / name)
        frame = counted_faults(open_crm(tmp_path / name, as_of=datetime(2026, 1, 1)))
        numbers |= {(row.table, row.fault): (row.n, row.examples) for row in frame.itertuples()}
    assert numbers[("deals", "product is not in products")] == (1480, "GTXPro")
    assert numbers[("churn_events", "churn flag against churn event")][0] == 312


def test_a_deal_type_that_nobody_named_is_refused(tmp_path: Path) -> None:
    leads = "lead_id,created_at,source\nL1,2026-07-01T09:00:00,web\n"
    events = "lead_id,stage,entered_at\nL1,won,2026-08-01T09:00:00\n"
    deals = "deal_id,lead_id,created_at,closed_at,outcome,amount,deal_type\nD1,L1,2026-07-02,2026-08-01,won,5,New Business\nD2,L1,2026-07-02,2026-08-01,won,5,services\n"
    for name, text in (("leads", leads), ("stage_events", events), ("deals", deals)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataRefused) as caught:
        open_crm(tmp_path, as_of=datetime(2026, 10, 1))
    assert "values of deal_type are not among the agreed ones: 'New Business' (1 row), 'services' (1 row)" in str(caught.value)
    assert "name in deal_type what bookings count, and in other_deal_types what they do not" in str(caught.value)
    (tmp_path / "alignment.toml").write_text('deal_type = ["New Business"]\nother_deal_types = ["services"]\n', encoding="utf-8")
    open_crm(tmp_path, as_of=datetime(2026, 10, 1))
