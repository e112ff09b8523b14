"""The door to the engine: what is found, what is given out, what is refused and in which words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.schema import TABLES
from alignment_toolkit.store import last_event_day, locate, open_crm, store_config

AS_OF = datetime(2026, 10, 1)
LEADS = "lead_id,created_at,source\nL1,2026-01-02,web\nL2,2026-01-03 10:00,ads\n"
EVENTS = "lead_id,stage,entered_at\nL1,mql,2026-01-05\n"


def store(folder: Path, **files: str) -> Path:
    """A folder of CSV tables; leads and stage_events are sound unless given."""
    folder.mkdir(exist_ok=True)
    for name, text in ({"leads": LEADS, "stage_events": EVENTS} | files).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def refusal(where: Path, **options: object) -> tuple[str, ...]:
    with pytest.raises(DataRefused) as caught:
        open_crm(where, as_of=AS_OF, **options)
    assert caught.value.exit_code == 3
    return caught.value.faults


def rows(table) -> list[dict]:
    return table.to_pyarrow().to_pylist()


def test_every_column_of_the_contract_is_there_in_its_canonical_type(tmp_path: Path) -> None:
    crm = open_crm(store(tmp_path), as_of=AS_OF)
    kinds = {"id": "string", "text": "string", "instant": "timestamp", "date": "date", "number": "float64", "flag": "boolean"}
    for name, table in crm.tables.items():
        assert {column: str(dtype) for column, dtype in table.schema().items()} == {
            column.name: kinds[column.kind] for column in TABLES[name].columns
        }
    assert crm.present["leads"] == {"lead_id", "created_at", "source"}
    assert crm.has("leads", "stage_events")
    assert not crm.has("deals")
    assert rows(crm.tables["leads"].order_by("lead_id").select("lead_id", "created_at", "source", "score")) == [
        {"lead_id": "L1", "created_at": datetime(2026, 1, 2), "source": "web", "score": None},
        {"lead_id": "L2", "created_at": datetime(2026, 1, 3, 10), "source": "ads", "score": None},
    ]


def test_zoneless_instants_of_csv_are_wall_clocks_of_the_configured_zone(tmp_path: Path) -> None:
    store(tmp_path, leads="lead_id,created_at,source\nL1,2026-07-02,web\nL2,2026-07-02T00:00:00Z,web\n")
    (tmp_path / "alignment.toml").write_text('time_zone = "Europe/Berlin"\n')
    crm = open_crm(tmp_path, as_of=AS_OF)
    created = [row["created_at"] for row in rows(crm.tables["leads"].order_by("lead_id"))]
    assert created == [datetime(2026, 7, 1, 22), datetime(2026, 7, 2)]


def test_stray_blanks_and_nan_go_and_aware_parquet_becomes_naive_utc(tmp_path: Path) -> None:
    at = pd.Timestamp("2026-07-02 00:00", tz="Europe/Berlin")
    leads = pd.DataFrame({"lead_id": [7.0, 8.0], "created_at": [at, at], "source": [" web ", ""], "score": [float("nan"), 5]})
    pq.write_table(pa.Table.from_pandas(leads, preserve_index=False), tmp_path / "leads.parquet")
    (tmp_path / "stage_events.csv").write_text(EVENTS)
    table = open_crm(tmp_path, as_of=AS_OF).tables["leads"].order_by("lead_id").select("lead_id", "created_at", "source", "score")
    instant = datetime(2026, 7, 1, 22)
    assert rows(table) == [
        {"lead_id": "7", "created_at": instant, "source": "web", "score": None},
        {"lead_id": "8", "created_at": instant, "source": None, "score": 5.0},
    ]


def test_a_duckdb_file_is_opened_read_only_and_can_still_cache(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE leads AS SELECT 'L1' AS lead_id, TIMESTAMP '2026-01-02' AS created_at, 'web' AS source")
        connection.execute("CREATE TABLE stage_events AS SELECT 'L1' AS lead_id, 'won' AS stage, TIMESTAMP '2026-01-03' AS entered_at")
        connection.execute("CREATE TABLE notes (x INT)")
    first, second = open_crm(path, as_of=AS_OF), open_crm(f"duckdb://{path}?read_only=True", as_of=AS_OF)
    assert rows(first.tables["leads"].select("lead_id")) == rows(second.tables["leads"].select("lead_id")) == [{"lead_id": "L1"}]
    assert first.tables["leads"].cache().count().to_pyarrow().as_py() == 1
    assert first.ignored == {"": ("notes",)}


def test_another_backend_reads_the_same_folder(tmp_path: Path) -> None:
    open_crm(store(tmp_path / "csv"), as_of=AS_OF)
    folder = tmp_path / "parquet"
    folder.mkdir()
    for name, table in open_crm(tmp_path / "csv", as_of=AS_OF).tables.items():
        pq.write_table(table.to_pyarrow(), folder / f"{name}.parquet")
    crm = open_crm(folder, as_of=AS_OF, backend=ibis.duckdb.connect())
    assert crm.tables["leads"].count().to_pyarrow().as_py() == 2
    assert refusal(tmp_path / "csv", backend=ibis.duckdb.connect())[0] == (
        "leads.csv: this engine reads Parquet only. Make a Parquet store with alignment ingest."
    )


def test_an_address_comes_from_the_environment_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_ADDRESS", raising=False)
    with pytest.raises(UsageError) as unset:
        open_crm("env:CRM_ADDRESS", as_of=AS_OF)
    assert str(unset.value) == (
        "the environment variable of the store is not set: 'CRM_ADDRESS'. Set CRM_ADDRESS to the address of the engine."
    )
    monkeypatch.setenv("CRM_ADDRESS", "nonsense://user:secret@host/crm")
    with pytest.raises(UsageError) as failed:
        open_crm("env:CRM_ADDRESS", as_of=AS_OF)
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert str(failed.value).startswith("cannot connect to env:CRM_ADDRESS (")
    with pytest.raises(UsageError) as typed:
        open_crm("nonsense://user:secret@host/crm?key=secret", as_of=AS_OF)
    assert str(typed.value).startswith("cannot connect to nonsense://host/crm (")


def test_a_relative_path_is_looked_up_from_the_root_else_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(tmp_path / "store")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)
    assert locate("store") == tmp_path / "store"
    monkeypatch.setenv("ALIGNMENT_ROOT", str(inner))
    with pytest.raises(UsageError) as caught:
        locate("store")
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        f"the store is not there: 'store'. Tried: {inner / 'store'}. Give a folder of tables, a .duckdb file or env:NAME."
    )


def test_the_configuration_belongs_to_the_store(tmp_path: Path) -> None:
    assert store_config(store(tmp_path)) is None
    (tmp_path / "alignment.toml").write_text("min_n = 3\n")
    assert store_config(tmp_path) == tmp_path / "alignment.toml"
    assert open_crm(tmp_path, as_of=AS_OF).config.min_n == 3
    assert open_crm(tmp_path, as_of=AS_OF, config=Config(min_n=9)).config.min_n == 9
    assert store_config("env:ANY") is None


def test_a_file_that_is_no_store_is_a_matter_of_usage(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(LEADS)
    with pytest.raises(
        UsageError, match=r"Not a store: .*leads\.csv.\. A store is a folder or a \.duckdb file\. Give the folder that holds"
    ):
        open_crm(tmp_path / "leads.csv", as_of=AS_OF)


def test_the_last_event_ignores_plans_and_sentinels(tmp_path: Path) -> None:
    store(
        tmp_path,
        stage_events="lead_id,stage,entered_at\nL1,mql,2026-02-05 08:30\nL2,mql,9999-12-31\n",
        deals="deal_id,outcome,closed_at,close_on\nD1,open,2027-01-01,2027-06-30\nD2,won,2026-02-04,\n",
    )
    assert last_event_day(open_crm(tmp_path, as_of=AS_OF)) == datetime(2026, 2, 5, 8, 30)


def test_all_fatal_faults_of_all_tables_come_at_once(tmp_path: Path) -> None:
    store(
        tmp_path,
        leads="lead_id,created_at,source\nL1,31/01/2026,web\n,2026-02-30,ads\nL2,2026-01-03,ads\nL2,2026-01-04,ads\n",
        stage_events="lead_id,stage,entered_at\nL1,MQL,2026-01-05\nL1,mqll,2026-01-06\nL2,MQL,2026-01-07\n",
        deals='deal_id,outcome,amount,currency\nD1,Won,"1,5",USD\nD2,won,€5,CHF\nD3,won,7,EUR\n',
        owners="owner_id\nO1\n",
    )
    assert refusal(tmp_path) == (
        "leads.csv: lead_id is missing: row 3. Every row of leads has a lead_id."
        " Repair the rows, or set them aside by a rule of a mapping.",
        "leads.csv: values of created_at are not timestamps: '31/01/2026' (row 2), '2026-02-30' (row 3)."
        " An instant is ISO, such as 2026-01-31 or 2026-01-31T09:30:00+02:00."
        ' Declare date_order = "dmy" in a mapping (for a column, an input, a table or [source]) and run alignment ingest.',
        "leads.csv: keys stand more than once: 'L2' (rows 4 and 5). lead_id is unique."
        " Remove the copies, or aggregate them with sql in a mapping.",
        "stage_events.csv: stages are not among the configured ones: 'MQL' (2 rows), 'mqll' (1 row)."
        " Configured are: lead, mql, sal, sql, opportunity, won, lost. Did you mean 'mql'?"
        " Translate them with a map in a mapping, or add them to the stages of the configuration.",
        "deals.csv: values of outcome are not among the agreed ones: 'Won' (1 row). Agreed are: open, won, lost."
        " Did you mean 'won'? Translate them with a map in a mapping.",
        "deals.csv: values of amount are not numbers: '1,5' (row 2), '€5' (row 3). A number is finite and written like 1234.50."
        ' Declare decimal = "," and symbol = "€" in a mapping (for a column, an input, a table or [source]) and run alignment ingest.',
        "owners.csv: the required column is missing: team. It has: owner_id."
        " Rename the columns, or say in a mapping which column is which and run alignment ingest.",
        "deals.csv: currencies have no rate: 'CHF' (1 row), 'USD' (1 row)."
        " Amounts are in EUR, the reporting currency, or their currency has a rate in exchange_rates."
        " Add the table exchange_rates, or set reporting_currency in the configuration (Salesforce's rates are to its corporate currency).",
    )


def test_words_that_are_numbers_or_flags_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    at = pa.array([datetime(2026, 1, 5), datetime(2026, 1, 6)], pa.timestamp("us"))
    made = store(tmp_path / "numbers")
    (made / "stage_events.csv").unlink()
    pq.write_table(
        pa.table({"lead_id": ["L1", "L2"], "stage": pa.array([1, 2], pa.int64()), "entered_at": at}), made / "stage_events.parquet"
    )
    (said,) = refusal(made)
    assert said.startswith(
        "stage_events.parquet: stages are not among the configured ones: '1' (1 row), '2' (1 row). Configured are: lead, "
    )
    (made / "alignment.toml").write_text(
        'stages = [{ name = "1", owner = "marketing" }, { name = "2", owner = "sales" },'
        ' { name = "won", owner = "sales", terminal = true }, { name = "lost", owner = "sales", terminal = true }]\n'
    )
    assert sorted(row["stage"] for row in rows(open_crm(made, as_of=AS_OF).tables["stage_events"])) == ["1", "2"]
    flags = store(tmp_path / "flags")
    pq.write_table(pa.table({"deal_id": ["D1", "D2"], "outcome": [True, False]}), flags / "deals.parquet")
    (said,) = refusal(flags)
    assert said.startswith("deals.parquet: values of outcome are not among the agreed ones: 'false' (1 row), 'true' (1 row). Agreed are: ")
    days = store(tmp_path / "days", deals="deal_id,outcome\nD1,open\n")
    pq.write_table(
        pa.table({"touch_id": ["T1"], "lead_id": ["L1"], "occurred_at": at[:1], "side": pa.array([1.5]), "channel": ["x"]}),
        days / "touches.parquet",
    )
    assert refusal(days)[0].startswith("touches.parquet: values of side are not among the agreed ones: '1.5' (1 row).")


def test_examples_are_five_and_the_number_of_the_rest_is_told(tmp_path: Path) -> None:
    bad = "".join(f"L{i},soon {i},web\n" for i in range(9))
    (fault,) = refusal(store(tmp_path, leads="lead_id,created_at,source\n" + bad))
    assert "'soon 0' (row 2), 'soon 1' (row 3), 'soon 2' (row 4), 'soon 3' (row 5), 'soon 4' (row 6) and 4 more." in fault


def test_missing_and_empty_required_tables(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("lead_id,created_at,source\n")
    assert refusal(tmp_path) == (
        "stage_events is missing: no stage_events.parquet or stage_events.csv is there."
        " stage_events (a lead entering a stage) is required. Tables found: leads."
        " Add the file, or make the store from an export with a mapping: alignment ingest --mapping FILE --source DIR --out DIR.",
        "leads.csv: the table is empty. leads (a person or account entering the funnel) needs at least one row."
        " Export it again without a filter.",
    )


def test_two_files_for_one_table(tmp_path: Path) -> None:
    store(tmp_path)
    pq.write_table(pa.table({"lead_id": ["L1"]}), tmp_path / "leads.parquet")
    assert refusal(tmp_path) == (
        "leads.csv and leads.parquet: two files hold the same table. A store has one file for leads. Remove one of them.",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            LEADS.encode(),
            "the file is not a Parquet file. A file has to be what its ending says. If it is CSV text, let its name end in .csv.",
        ),
        (b"", "the file is empty. A file has to be what its ending says. Write it again."),
        (b"PAR1half", "the file is cut off. A file has to be what its ending says. Write it again."),
    ],
)
def test_a_parquet_file_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "leads.parquet").write_bytes(content)
    (tmp_path / "stage_events.csv").write_text(EVENTS)
    assert refusal(tmp_path) == (f"leads.parquet: {words}",)


def test_a_database_without_a_required_table(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE leads AS SELECT 'L1' AS lead_id, TIMESTAMP '2026-01-01' AS created_at, 'web' AS source")
    assert refusal(path) == (
        "stage_events is missing: no table stage_events is there. stage_events (a lead entering a stage) is required. Tables found: leads."
        " Add the table, or make the store from an export with a mapping: alignment ingest --mapping FILE --source DIR --out DIR.",
    )


def test_a_damaged_duckdb_file(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    path.write_bytes(b"not a database" * 1000)
    (fault,) = refusal(path)
    assert fault.startswith("crm.duckdb: the file is not a DuckDB database that can be read. ")


def test_duplicates_of_a_key_of_several_columns_in_parquet_name_rows(tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None)
    pq.write_table(
        pa.table({"lead_id": ["L1"] * 3, "stage": ["mql", "sal", "mql"], "entered_at": [at] * 3}), tmp_path / "stage_events.parquet"
    )
    (tmp_path / "leads.csv").write_text(LEADS)
    assert refusal(tmp_path) == (
        "stage_events.parquet: keys stand more than once: 'L1, mql, 2026-01-05 00:00:00' (rows 1 and 3)."
        " lead_id, stage and entered_at are unique together. Remove the copies, or aggregate them with sql in a mapping.",
    )


def test_unknown_files_and_columns_are_listed_and_ignored(tmp_path: Path) -> None:
    store(tmp_path, leads="lead_id,created_at,source,email\nL1,2026-01-02,web,a@b.c\n")
    (tmp_path / "readme.txt").write_text("hello")
    crm = open_crm(tmp_path, as_of=AS_OF)
    assert crm.ignored == {"": ("readme.txt",), "leads": ("email",)}
    assert "email" not in crm.tables["leads"].columns


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Europe/Berlin", "Pacific/Auckland"])
def test_a_plain_date_is_a_day_of_the_stores_own_zone(zone: str) -> None:
    from alignment_toolkit.config import Config
    from alignment_toolkit.periods import local_day
    from tests.worlds import crm

    made = crm(
        as_of="2027-01-01",
        config=Config(time_zone=zone),
        leads=[{"lead_id": "a", "created_at": "2026-05-05"}],
        stage_events=[{"lead_id": "a", "stage": "mql", "entered_at": "2026-05-06"}],
        subscriptions=[{"customer_id": "a", "started_on": "2026-09-30", "mrr": 1.0}],
    )
    assert local_day(last_event_day(made), zone).isoformat() == "2026-09-30"
