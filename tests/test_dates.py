"""Columns of days: found at ingest, kept with the store, counted in local calendar days, ordered by the funnel within a day."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import alignment_toolkit as at
from alignment_toolkit.border.clocks import is_date, micros
from alignment_toolkit.days import between, days_until, first_whole_day, last_whole_day, not_before
from alignment_toolkit.faults import check_store
from alignment_toolkit.ingest import ingest
from alignment_toolkit.journeys import states
from alignment_toolkit.periods import midnight
from alignment_toolkit.responses import responses
from alignment_toolkit.stages import stage_label, visits
from alignment_toolkit.store import Crm, open_crm
from alignment_toolkit.touches import touches_before_wins
from tests.mapping.exports import folder as export_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia")
AS_OF = datetime(2026, 10, 1)
MAPPING = """
[config]
time_zone = "{zone}"
[tables.leads]
from = "leads.csv"
columns = {{ lead_id = "id", created_at = "created", source = {{ value = "web" }} }}
[tables.stage_events]
from = "stages.csv"
columns = {{ lead_id = "id", stage = "stage", entered_at = "at" }}
"""


def made(folder: Path, mapping: str, **files: str) -> Path:
    """The store of a mapping over CSV files given by stem."""
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for stem, text in files.items():
        (source / f"{stem}.csv").write_text(text.strip() + "\n")
    (folder / "mapping.toml").write_text(mapping)
    ingest(folder / "mapping.toml", source=source, out=folder / "store")
    return folder / "store"


def opened(store: Path, as_of: datetime = AS_OF) -> Crm:
    return open_crm(store, as_of=as_of)


def read(store: Path, sql: str) -> list[tuple[object, ...]]:
    """Rows of a SELECT whose tables are files of the store."""
    return duckdb.sql(sql.format(store=store)).fetchall()


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_calendar_days_in_every_zone_across_every_change_of_the_clocks(tmp_path: Path, zone: str) -> None:
    starts = [date(2026, 3, 1) + timedelta(days=11 * n) for n in range(22)]  # spring and autumn changes lie between the two days of some
    leads = "id,created\n" + "\n".join(f"L{n},{day}" for n, day in enumerate(starts))
    wins = "id,stage,at\n" + "\n".join(f"L{n},won,{day + timedelta(days=30 + n % 2)}" for n, day in enumerate(starts))
    store = made(tmp_path, MAPPING.format(zone=zone), leads=leads, stages=wins)
    crm = opened(store, datetime(2027, 3, 1))
    ended = states(crm).filter(lambda row: row.next == "won").select("number", "ends").to_pandas()
    assert sorted(ended["ends"]) == [30] * 11 + [31] * 11
    local = {at.replace(tzinfo=None) for (at,) in read(store, "SELECT created_at FROM '{store}/leads.parquet'")}
    assert local == {midnight(day, zone) for day in starts}
    assert set(check_store(store).faults["fault"]) == {"advances that skipped at least one stage"}


def test_a_day_begins_and_ends_where_the_zone_says(tmp_path: Path) -> None:
    leads = "id,created\nA,2026-03-29\nB,2026-10-25"  # 23 and 25 hours long in Berlin
    store = made(tmp_path, MAPPING.format(zone="Europe/Berlin"), leads=leads, stages="id,stage,at\nA,won,2026-03-29\nB,won,2026-10-25")
    crm = opened(store, datetime(2027, 1, 1))
    seen = crm.tables["leads"].inner_join(crm.tables["stage_events"], "lead_id").order_by("lead_id").to_pandas()
    assert [value.to_pydatetime() for value in seen["created_at"].dt.floor("s")] == [
        datetime(2026, 3, 28, 23),
        datetime(2026, 10, 24, 22),
    ]
    assert [value.to_pydatetime() for value in seen["entered_at"].dt.floor("s")] == [
        datetime(2026, 3, 29, 21, 59, 59),
        datetime(2026, 10, 25, 22, 59, 59),
    ]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Crm:
    """Leads with a time of day, closes that are days, touches of either kind, in New York."""
    mapping = """
[config]
time_zone = "America/New_York"
[tables.leads]
from = "leads.csv"
columns = { lead_id = "id", created_at = "created", source = { value = "web" }, assigned_at = "assigned" }
[tables.stage_events]
from = "leads.csv"
wide = { sql = "sql", opportunity = "opportunity", won = "won", lost = "lost" }
columns = { lead_id = "id" }
[tables.deals]
from = "deals.csv"
columns = { deal_id = "id", lead_id = "lead", created_at = "created", closed_at = "closed", outcome = "outcome", amount = "amount" }
[tables.touches]
from = "touches.csv"
columns = { touch_id = "id", lead_id = "lead", occurred_at = "at", side = "side", channel = "channel" }
"""
    leads = """
id,created,assigned,sql,opportunity,won,lost
A,2026-08-03 15:00:00,2026-08-03,2026-08-03,2026-08-03 17:30:00,2026-08-03,
B,2026-08-03 09:00:00,2026-08-04,2026-08-04,2026-08-05 10:00:00,2026-08-06,2026-08-06
C,2026-08-03 23:30:00,2026-08-04,2026-08-05,2026-08-05 08:00:00,,2026-08-09
"""
    deals = """
id,lead,created,closed,outcome,amount
D1,A,2026-08-03 16:00:00,2026-08-03,won,5000
D2,B,2026-08-03 16:00:00,2026-08-06,won,700
"""
    touches = """
id,lead,at,side,channel
T1,A,2026-08-03 09:00:00,marketing,event
T2,A,2026-08-03 21:15:00,sales,call
T3,B,2026-08-07 00:00:01,marketing,mail
T4,B,2026-08-06 23:59:58,sales,call
T5,C,2026-08-09 18:00:00,sales,call
"""
    folder = tmp_path_factory.mktemp("mixed")
    return opened(made(folder, mapping, leads=leads, deals=deals, touches=touches))


def test_granularity_is_kept_per_row_where_several_columns_feed_one(mixed: Crm) -> None:
    events = mixed.tables["stage_events"]
    flagged = events.mutate(day=is_date(micros(events.entered_at))).group_by("stage", "day").agg(n=lambda row: row.count())
    assert sorted(map(tuple, flagged.to_pandas().to_numpy().tolist())) == [
        ("lost", True, 2),
        ("opportunity", False, 3),
        ("sql", True, 3),
        ("won", True, 2),
    ]
    assert mixed.present["stage_events"] == {"lead_id", "stage", "entered_at"}
    assert not mixed.ignored


def test_events_of_one_day_come_in_the_order_of_the_funnel(mixed: Crm) -> None:
    stays = visits(mixed)
    own = stays.mutate(stage=stage_label(mixed, stays["rank"]), next=stage_label(mixed, stays.next_rank))
    days = own.mutate(days=days_until(mixed, own.entered_at, own.left_at))
    leads = mixed.tables["leads"].select("lead_id")
    from alignment_toolkit.leads import with_ids

    told = with_ids(mixed, days).inner_join(leads, "lead_id").select("lead_id", "stage", "next", "days", "is_backfilled").to_pandas()
    assert sorted(map(tuple, told.to_numpy().tolist())) == [
        ("A", "lead", "sql", 0, False),
        ("A", "opportunity", "won", 0, False),
        ("A", "sql", "opportunity", 0, False),
        ("B", "lead", "sql", 1, False),
        ("B", "opportunity", "won", 1, False),
        ("B", "sql", "opportunity", 1, False),
        ("C", "lead", "sql", 2, False),
        ("C", "opportunity", "lost", 4, False),
        ("C", "sql", "opportunity", 0, False),
    ]


def test_a_win_of_the_creation_s_day_is_a_win_on_day_0_and_no_fault(mixed: Crm) -> None:
    from alignment_toolkit.leads import with_ids

    ended = with_ids(mixed, states(mixed).filter(lambda row: row.state == "open")).select("lead_id", "next", "ends").to_pandas()
    assert sorted(map(tuple, ended.to_numpy().tolist())) == [("A", "won", 0), ("B", "won", 3), ("C", "lost", 6)]
    faults = check_store(mixed.where).faults
    assert not faults["fault"].str.contains("before|negative|back-filled").any()


def test_a_touch_on_the_day_of_a_close_precedes_it_and_one_after_it_does_not(mixed: Crm) -> None:
    study = at.open_study(mixed.where, quarter="2026Q3")
    told = touches_before_wins(study, unit="lead").select("deal_id", "channel", "position").to_pandas()
    assert sorted(map(tuple, told.to_numpy().tolist())) == [("D1", "call", 2), ("D1", "event", 1), ("D2", "call", 1)]


def test_the_first_touch_on_the_day_of_a_handover_follows_it(mixed: Crm) -> None:
    answered = responses(mixed)
    waited = answered.mutate(days=days_until(mixed, answered.handed_at, answered.touched_at), closed=answered.closed_at.notnull())
    assert sorted(map(tuple, waited.select("days", "closed").to_pandas().to_numpy().tolist())) == [(0, False), (2, False), (5, False)]


def test_between_two_instants_days_stay_floored_24_hours_beside_dates(mixed: Crm) -> None:
    import ibis

    def value(moment: datetime) -> ibis.expr.types.TimestampScalar:
        return ibis.literal(moment, type="timestamp")

    late, early, day = datetime(2026, 8, 3, 19), datetime(2026, 8, 4, 18, 59), datetime(2026, 8, 4, 4, 0, 0, 1)  # the 4th in New York
    engine = ibis.duckdb.connect()
    told = {
        "instants": days_until(mixed, value(late), value(early)),
        "a date": days_until(mixed, value(late), value(day)),
        "backwards": between(mixed, value(day), value(late)),
        "same day": not_before(mixed, value(day), value(datetime(2026, 8, 5, 3, 59))),
        "last": last_whole_day(mixed, value(day), datetime(2026, 8, 6, 4)),
        "first": first_whole_day(mixed, value(day), datetime(2026, 8, 7, 4)),
    }
    found = {name: engine.execute(expression) for name, expression in told.items()}
    assert found == {"instants": 0, "a date": 1, "backwards": -86_400_000_000, "same day": True, "last": 1, "first": 3}


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        (("2026-07-01", "2026-07-02"), [True, True]),
        (("2026-07-01 00:00:00", "2026-07-02"), [True, True]),
        (("2026-07-01", "2026-07-02 00:00:01"), None),
        (("2026-07-01",), [True]),
        (("2026-07-01T04:00:00Z", "2026-12-01T05:00:00Z"), [True, True]),  # midnight in New York, by the clocks of summer and winter
        (("2026-07-01T05:00:00Z", "2026-12-01T05:00:00Z"), None),
    ],
)
def test_a_column_is_of_days_when_every_row_is_a_local_midnight(tmp_path: Path, values: tuple[str, ...], flags: list[bool] | None) -> None:
    leads = "id,created\n" + "\n".join(f"L{n},{value}" for n, value in enumerate(values))
    store = made(tmp_path, MAPPING.format(zone="America/New_York"), leads=leads, stages="id,stage,at\nL0,won,2026-12-24 18:00:00")
    columns = [name for name, *_ in read(store, "DESCRIBE SELECT * FROM '{store}/leads.parquet'")]
    assert ("created_at_is_date" in columns) is (flags is not None)
    if flags:
        assert [flag for (flag,) in read(store, "SELECT created_at_is_date FROM '{store}/leads.parquet'")] == flags
    assert opened(store).has_dates is (flags is not None)


@pytest.mark.parametrize(("said", "has_dates", "days"), [("date", True, 1), ("instant", False, 0)])
def test_a_mapping_may_say_which_it_is(tmp_path: Path, said: str, has_dates: bool, days: int) -> None:
    mapping = MAPPING.format(zone="Europe/Berlin").replace(
        'created_at = "created"', f'created_at = {{ from = "created", granularity = "{said}" }}'
    )
    mapping = mapping.replace('entered_at = "at"', f'entered_at = {{ from = "at", granularity = "{said}" }}')
    at_night = {"date": ("2026-07-01 23:00:00", "2026-07-02 01:00:00"), "instant": ("2026-07-01", "2026-07-01")}[said]
    store = made(tmp_path, mapping, leads=f"id,created\nA,{at_night[0]}", stages=f"id,stage,at\nA,won,{at_night[1]}")
    crm = opened(store)
    assert crm.has_dates is has_dates
    assert states(crm).select("ends").to_pandas()["ends"].tolist() == [days]


@pytest.mark.parametrize("level", ["column", "table", "source"])
def test_declared_instants_keep_no_flag_and_are_not_told_as_days(tmp_path: Path, level: str) -> None:
    said = 'granularity = "instant"'
    mapping = MAPPING.format(zone="Europe/Berlin")
    if level == "column":
        mapping = mapping.replace('created_at = "created"', f'created_at = {{ from = "created", {said} }}')
    elif level == "table":
        mapping = mapping.replace("[tables.leads]\n", f"[tables.leads]\n{said}\n")
    else:
        mapping = f"[source]\n{said}\n{mapping}"
    stages = "id,stage,at\nA,won,2026-07-02 10:00:00"
    store = made(tmp_path, mapping, leads="id,created\nA,2026-07-01 00:00:00\nB,2026-07-02", stages=stages)
    assert not any(name.endswith("_is_date") for name, *_ in read(store, "DESCRIBE SELECT * FROM '{store}/leads.parquet'"))
    assert not any("date-only" in note for note in json.loads((store / "ingest.json").read_text())["notes"])
    assert opened(store).has_dates is False
    (tmp_path / "source" / "leads.csv").write_text("id,created\nC,2026-07-03\n")
    ingest(tmp_path / "mapping.toml", source=tmp_path / "source", out=store, merge="upsert")
    assert opened(store).has_dates is False  # a newer extract changes nothing about it


def test_a_column_of_days_without_a_value_has_no_flag(tmp_path: Path) -> None:
    scored = 'created_at = "created", score_at = { from = "scored", granularity = "date" }'
    mapping = MAPPING.format(zone="Europe/Berlin").replace('created_at = "created"', scored)
    stages = "id,stage,at\nA,won,2026-07-02 10:00:00"
    store = made(tmp_path, mapping, leads="id,created,scored\nA,2026-07-01 09:00:00,\n", stages=stages)
    assert "score_at_is_date" not in {name for name, *_ in read(store, "DESCRIBE SELECT * FROM '{store}/leads.parquet'")}


def test_an_instant_that_bears_the_mark_by_chance_stays_an_instant(tmp_path: Path) -> None:
    source = export_of(
        tmp_path / "source",
        Lead="""
            Id,Status,CreatedDate,LeadSource,MQL_Date__c
            00Q1,Open,2026-07-01T09:00:00.000001Z,Web,2026-07-02T09:00:00Z
            00Q2,Open,2026-07-01T09:00:00.000002Z,Web,2026-07-02T09:00:00Z
            """,
    )
    ingest("salesforce", source=source, out=tmp_path / "store")
    assert read(tmp_path / "store", "SELECT * FROM (SELECT lead_id, created_at FROM '{store}/leads.parquet') ORDER BY 1") == [
        ("00Q1", datetime(2026, 7, 1, 9)),
        ("00Q2", datetime(2026, 7, 1, 9, 0, 0, 2)),
    ]
    assert "created_at_is_date" not in {name for name, *_ in read(tmp_path / "store", "DESCRIBE SELECT * FROM '{store}/leads.parquet'")}


@pytest.mark.parametrize("kind", ["text", "DATE", "TIMESTAMP", "TIMESTAMPTZ"])
def test_a_day_is_the_same_whatever_type_a_source_gives_it(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    typed = {"text": "VARCHAR", "TIMESTAMPTZ": "TIMESTAMPTZ"}.get(kind, kind)
    for name, columns in {"leads": ("id", "created"), "stages": ("id", "stage", "at")}.items():
        rows = {"leads": "('A', '2026-06-30'), ('B', '2026-07-01')", "stages": "('A', 'won', '2026-07-30'), ('B', 'won', '2026-08-01')"}[
            name
        ]
        *plain, day = columns
        con = duckdb.connect()
        con.execute("SET TimeZone = 'America/New_York'")
        names = ", ".join(f'"{name}"' for name in columns)
        selected = f"""SELECT {", ".join(plain)}, CAST("{day}" AS {typed}) AS "{day}" FROM (VALUES {rows}) AS t({names})"""
        con.execute(f"COPY ({selected}) TO '{source}/{name}.parquet' (FORMAT PARQUET)")
    (tmp_path / "mapping.toml").write_text(MAPPING.format(zone="America/New_York").replace(".csv", ".parquet"))
    ingest(tmp_path / "mapping.toml", source=source, out=tmp_path / "store")
    stored = read(tmp_path / "store", "SELECT lead_id, created_at FROM '{store}/leads.parquet' ORDER BY 1")
    assert stored == [("A", datetime(2026, 6, 30, 4)), ("B", datetime(2026, 7, 1, 4))]
    assert sorted(states(opened(tmp_path / "store")).to_pandas()["ends"]) == [30, 31]


def test_a_store_that_ingest_did_not_make_gets_the_same_granularity(tmp_path: Path) -> None:
    (tmp_path / "alignment.toml").write_text('time_zone = "Europe/Berlin"\n')
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\nA,2026-03-28,web\n")
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES ('A', 'won', TIMESTAMP '2026-03-29 22:00:00')) AS t(lead_id, stage, entered_at))"
        f" TO '{tmp_path}/stage_events.parquet' (FORMAT PARQUET)"
    )
    crm = opened(tmp_path)  # an instant in the Parquet file of a store is UTC: the 30th in Berlin
    assert states(crm).to_pandas()["ends"].tolist() == [2]
    assert check_store(tmp_path).notes == ("Date-only columns, counted in calendar days: leads.created_at, stage_events.entered_at",)
    spans = check_store(tmp_path).rows.set_index("table")
    assert spans.loc["stage_events", "first_at"] == "2026-03-30"


def test_dates_survive_an_upsert_and_a_renewal_without_a_word_of_change(tmp_path: Path) -> None:
    mapping = MAPPING.format(zone="Europe/Berlin")
    stages = "id,stage,at\nA,won,2026-07-01"
    store = made(tmp_path, mapping, leads="id,created\nA,2026-06-01", stages=stages)
    (tmp_path / "source" / "leads.csv").write_text("id,created\nB,2026-06-02 10:00:00\n")
    done = ingest(tmp_path / "mapping.toml", source=tmp_path / "source", out=store, merge="upsert")
    assert read(store, "SELECT lead_id, created_at_is_date FROM '{store}/leads.parquet' ORDER BY 1") == [("A", True), ("B", False)]
    [change] = [change for change in done.changes if change.table == "leads"]
    assert (change.new, change.changed, change.gone, change.columns) == (1, 0, 0, ())
    again = ingest(tmp_path / "mapping.toml", source=tmp_path / "source", out=store, merge="upsert", force=True)
    assert not any(change.is_any for change in again.changes)


def test_a_select_that_puts_days_and_instants_into_one_column_keeps_them_apart(tmp_path: Path) -> None:
    mapping = """
[config]
time_zone = "Europe/Berlin"
[tables.leads]
sql = "SELECT id AS lead_id, COALESCE(exactly, day) AS created_at, 'web' AS source FROM leads"
[tables.stage_events]
sql = "SELECT id AS lead_id, 'won' AS stage, CAST(day AS DATE) + 3 AS entered_at FROM leads"
"""
    store = made(tmp_path, mapping, leads="id,exactly,day\nA,,2026-10-24\nB,2026-10-24 18:00:00,2026-10-24")
    assert read(store, "SELECT lead_id, created_at_is_date FROM '{store}/leads.parquet' ORDER BY 1") == [("A", True), ("B", False)]
    assert states(opened(store, datetime(2027, 1, 1))).to_pandas()["ends"].tolist() == [3, 3]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("how", ["column", "select"])
def test_a_day_of_a_source_in_another_zone_stays_that_day(tmp_path: Path, zone: str, how: str) -> None:
    """Loaders write instants in UTC; a day beside them is the same day in every zone, an instant is converted."""
    mapping = '[source]\ntime_zone = "UTC"\n' + MAPPING.format(zone=zone)
    if how == "select":
        sql = 'SELECT id AS lead_id, stage, CAST("at" AS DATE) AS entered_at FROM stages'
        mapping = mapping.partition("[tables.stage_events]")[0] + f"[tables.stage_events]\nsql = '{sql}'\n"
    store = made(tmp_path, mapping, leads="id,created\nA,2026-06-30 23:30:00", stages="id,stage,at\nA,mql,2026-07-03\nA,won,2026-07-30")
    kept = read(store, "SELECT entered_at, entered_at_is_date FROM '{store}/stage_events.parquet' ORDER BY 1")
    assert kept == [(midnight(date(2026, 7, 3), zone), True), (midnight(date(2026, 7, 30), zone), True)]
    assert read(store, "SELECT created_at FROM '{store}/leads.parquet'") == [(datetime(2026, 6, 30, 23, 30),)]
    created = {"UTC": 30, "Europe/Berlin": 31, "America/New_York": 30, "Pacific/Apia": 31}[zone]  # day of June, July 1 where it is later
    assert states(opened(store)).to_pandas()["ends"].tolist() == [60 - created]
