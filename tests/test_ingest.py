"""From exports to a store: every row read is used or set aside, every fault is refused, the store is swapped in whole."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment_toolkit.config import load_config
from alignment_toolkit.errors import AlignmentError, DataRefused, PublishError, UsageError
from alignment_toolkit.ingest import IngestResult, ingest
from alignment_toolkit.mapping import mapping_from
from alignment_toolkit.store import last_event_day, open_crm
from tests.conftest import fuzzed, shared_data

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
AS_OF = datetime(2026, 10, 1)
CONTACTS = (
    "Record ID;Create Date;Original Source;Became MQL;Closed;Amount;Owner e-mail\n"
    "1;31/12/2025;PAID;05/01/2026;;1.234,50;a@b.c\n"
    "2;01/02/2026 10:00;ORGANIC;;03/04/2026;;a@b.c\n"
    "3;;PAID;;;;\n"
    ";;;;;;\n"
)
RULES = {
    "config": {"time_zone": "Europe/Berlin", "observed_from": {"leads": date(2025, 1, 1)}},
    "source": {"date_order": "dmy", "decimal": ",", "thousands": "."},
    "tables": {
        "leads": {
            "from": "contacts.csv",
            "columns": {
                "lead_id": "Record ID",
                "created_at": "create date",
                "source": {"from": "Original Source", "map": {"PAID": "paid search"}},
                "region": {"value": "EMEA"},
            },
            "set_aside": [{"when_null": "created_at", "reason": "no creation date"}],
        },
        "stage_events": {
            "from": "contacts.csv",
            "wide": {"mql": "Became MQL", "won": "Closed"},
            "columns": {"lead_id": "Record ID"},
            "set_aside": [{"when_equals": {"lead_id": "3"}, "reason": "no creation date"}],
        },
        "deals": {
            "sql": """SELECT "Record ID" AS deal_id, 'won' AS outcome, "Amount" AS amount FROM contacts WHERE "Amount" IS NOT NULL"""
        },
    },
}


def exports(tmp_path: Path, contacts: str = CONTACTS) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir(exist_ok=True)
    (folder / "contacts.csv").write_text(contacts, encoding="utf-8")
    return folder


def changed(**tables: dict) -> dict:
    return RULES | {"tables": RULES["tables"] | tables}


def made(tmp_path: Path, rules: dict = RULES, *, contacts: str = CONTACTS) -> IngestResult:
    return ingest(mapping_from(rules, name="m.toml"), source=exports(tmp_path, contacts), out=tmp_path / "store")


def contents(store: Path) -> dict[str, bytes]:
    """What a reader of the store sees."""
    return {path.name: path.read_bytes() for path in store.iterdir() if not path.name.startswith(".")}


def rows(path: Path) -> list[dict]:
    return pq.read_table(path).to_pylist()


def test_a_day_first_wide_export_becomes_a_store(tmp_path: Path) -> None:
    result = made(tmp_path)
    store = tmp_path / "store"
    assert rows(store / "leads.parquet") == [
        {"lead_id": "1", "created_at": datetime(2025, 12, 30, 23), "source": "paid search", "region": "EMEA"},
        {"lead_id": "2", "created_at": datetime(2026, 2, 1, 9), "source": "ORGANIC", "region": "EMEA"},
    ]
    assert rows(store / "stage_events.parquet") == [
        {"lead_id": "1", "stage": "mql", "entered_at": datetime(2026, 1, 4, 23), "entered_at_is_date": True},
        {"lead_id": "2", "stage": "won", "entered_at": datetime(2026, 4, 2, 22), "entered_at_is_date": True},
    ]
    assert rows(store / "deals.parquet") == [{"deal_id": "1", "outcome": "won", "amount": 1234.5}]
    assert pq.read_schema(store / "leads.parquet").field("created_at").type == pa.timestamp("us")
    assert load_config(store / "alignment.toml") == mapping_from(RULES, name="m.toml").settings
    counts = {table.table: (table.read, table.used, table.set_aside) for table in result.tables}
    assert counts == {
        "leads": (4, 2, {"no creation date": 1, "the row is blank": 1}),
        "stage_events": (
            7,
            2,
            {
                "no creation date": 2,
                "no date in the column of the stage mql": 1,
                "no date in the column of the stage won": 1,
                "the row is blank": 1,
            },
        ),
        "deals": (2, 1, {"the row is blank": 1}),
    }
    assert result.table()["set_aside"].tolist() == [2, 5, 1]
    assert open_crm(store, as_of=AS_OF).tables["leads"].count().to_pyarrow().as_py() == 2


def test_a_reason_of_loss_without_a_date_is_no_empty_cell(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "offers.csv").write_text("id,created,won,lost,why\n1,2026-01-02,,,price\n2,2026-01-03,2026-02-01,,\n")
    rules = {
        "tables": {
            "leads": {"from": "offers.csv", "columns": {"lead_id": "id", "created_at": "created", "source": {"value": "web"}}},
            "stage_events": {"from": "offers.csv", "wide": {"won": "won", "lost": "lost"}, "columns": {"lead_id": "id", "reason": "why"}},
        }
    }
    result = ingest(mapping_from(rules, name="m.toml"), source=tmp_path / "exports", out=tmp_path / "store")
    assert {table.table: table.set_aside for table in result.tables}["stage_events"] == {
        "a loss with a reason, but without a date": 1,
        "no date in the column of the stage lost": 1,
        "no date in the column of the stage won": 1,
    }


def test_the_journal_counts_rows_and_knows_files_but_no_paths(tmp_path: Path) -> None:
    made(tmp_path)
    text = (tmp_path / "store" / "ingest.json").read_text(encoding="utf-8")
    journal = json.loads(text)
    assert str(tmp_path) not in text
    assert list(journal["files"]) == ["contacts.csv"]
    assert len(journal["files"]["contacts.csv"]) == 64
    leads = journal["tables"][0]
    assert (leads["table"], leads["read"], leads["used"], leads["files"]) == ("leads", 4, 2, ["contacts.csv"])
    assert "Owner e-mail" in leads["not_taken"]
    for table in journal["tables"]:
        assert table["read"] == table["used"] + sum(table["set_aside"].values())


def test_the_same_export_gives_the_same_bytes(tmp_path: Path) -> None:
    made(tmp_path)
    first = contents(tmp_path / "store")
    made(tmp_path)
    assert contents(tmp_path / "store") == first


def test_a_refused_export_leaves_the_old_store_and_nothing_beside_it(tmp_path: Path) -> None:
    made(tmp_path)
    before = contents(tmp_path / "store")
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, RULES | {"source": {}})
    assert caught.value.exit_code == 3
    assert str(caught.value).splitlines()[:2] == [
        "the export in exports cannot be used: 3 faults.",
        "  - contacts.csv: values of created_at are not timestamps: '31/12/2025' (row 2), '01/02/2026 10:00' (row 3)."
        " An instant is ISO, such as 2026-01-31 or 2026-01-31T09:30:00+02:00."
        ' Declare date_order = "dmy" in a mapping (for a column, an input, a table or [source]) and run alignment ingest.',
    ]
    assert contents(tmp_path / "store") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "store"]


def test_a_date_against_the_declared_order(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, contacts=CONTACTS.replace("31/12/2025", "12/31/2025"))
    assert caught.value.faults == (
        "contacts.csv: values of created_at are not timestamps: '12/31/2025' (row 2)."
        " The mapping declares date_order = 'dmy', such as 31/1/2026; ISO dates also work."
        ' Declare date_order = "mdy" in a mapping (for a column, an input, a table or [source]) and run alignment ingest.',
    )


def test_a_new_store_replaces_the_old_one_whole(tmp_path: Path) -> None:
    made(tmp_path)
    fewer = RULES | {"tables": {name: RULES["tables"][name] for name in ("leads", "stage_events")}}
    made(tmp_path, fewer)
    assert sorted(contents(tmp_path / "store")) == [
        "alignment.toml",
        "ingest.json",
        "leads.parquet",
        "stage_events.parquet",
    ]


def usage(tmp_path: Path, rules: dict) -> str:
    with pytest.raises(UsageError) as caught:
        made(tmp_path, rules)
    return str(caught.value)


def test_names_that_the_export_does_not_have(tmp_path: Path) -> None:
    leads = RULES["tables"]["leads"]
    assert usage(tmp_path, changed(leads=leads | {"from": "contact.csv"})) == (
        "a file of the mapping m.toml is not in the source folder: 'contact.csv'. tables.leads is made of it. "
        "Did you mean 'contacts.csv'? Put it there, or take tables.leads out of the mapping."
    )
    several = changed(leads=leads | {"from": "contact.csv"}, deals={"from": "won.csv", "columns": {"deal_id": "id"}})
    assert usage(tmp_path, several) == (
        "2 files of the mapping m.toml are not in the source folder: 'contact.csv (tables.leads), won.csv (tables.deals)'. "
        "Put them there, or take their tables out of the mapping."
    )
    columns = leads["columns"] | {"created_at": "Created Date"}
    assert usage(tmp_path, changed(leads=leads | {"columns": columns})) == (
        "tables.leads.columns.created_at in m.toml names a column that the file does not have: 'Created Date'. Did you mean 'Create Date'?"
    )
    aside = [{"when_null": "creatd_at", "reason": "x"}]
    assert usage(tmp_path, changed(leads=leads | {"set_aside": aside})).startswith(
        "set_aside of leads in m.toml names a column that the file does not have: 'creatd_at'. Did you mean "
    )


def test_what_a_select_reads_and_the_export_does_not_have(tmp_path: Path) -> None:
    read = "SELECT id AS lead_id, made AS created_at, 'web' AS source FROM "
    assert usage(tmp_path, changed(leads={"sql": f"{read} people"})) == (
        "a file that the mapping m.toml reads is not there: 'people'. The sql of tables.leads reads it. Files of the source folder are tables "
        "named by their stems. Put people.csv into the source, or leave tables.leads out of the mapping."
    )
    told = usage(tmp_path, changed(leads={"sql": f"{read} contacts"}))
    assert told.startswith("a column that the mapping reads is not in the export: ")
    assert told.endswith("Write the name that the export has into the mapping, or export the column.")


RULE = "sql is one SELECT in DuckDB's dialect over the files of the source folder, named by their stems."


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("DROP TABLE contacts", f"the sql of the mapping m.toml is not one SELECT: 'DROP TABLE contacts'. {RULE}"),
        ("SELECT 1; SELECT 2", f"the sql of the mapping m.toml is not one SELECT: 'SELECT 1; SELECT 2'. {RULE}"),
        ("COPY contacts TO 'x.csv'", f"the sql of the mapping m.toml is not one SELECT: \"COPY contacts TO 'x.csv'\". {RULE}"),
        (
            "SELECT 1 AS deal_id, 'won' AS outcom",
            "the sql of tables.deals in m.toml selects columns that deals does not have: 'outcom'. 'outcom': Did you mean 'outcome'?",
        ),
    ],
)
def test_sql_is_one_select_of_known_columns(tmp_path: Path, sql: str, sentence: str) -> None:
    assert usage(tmp_path, changed(deals={"sql": sql})) == sentence


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", "the sql of the mapping m.toml cannot be read: 'Parser Error: "),
        (
            "SELECT nothing AS deal_id FROM contacts",
            "a column that the mapping reads is not in the export: 'nothing'. The sql of tables.deals",
        ),
        (
            "SELECT content AS deal_id FROM read_text('/etc/hostname')",
            "the sql of tables.deals in m.toml does not run: 'Permission Error: ",
        ),
        ("SELECT deal_id FROM read_csv('https://example.invalid/x.csv')", "the sql of tables.deals in m.toml does not run: "),
        ("SELECT getenv('HOME') AS deal_id", "the sql of tables.deals in m.toml does not run: "),
    ],
)
def test_sql_reads_nothing_but_the_source_folder(tmp_path: Path, sql: str, words: str) -> None:
    assert usage(tmp_path, changed(deals={"sql": sql})).startswith(words)
    assert not (tmp_path / "store").exists()


def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    rules = mapping_from(RULES, name="m.toml")
    folder = exports(tmp_path)
    with pytest.raises(
        UsageError, match=r"^the source folder is not there: 'nowhere'\. Give the folder that holds the exports with --source\.$"
    ):
        ingest(rules, source="nowhere", out=tmp_path / "store")
    with pytest.raises(UsageError, match=r"^the store would replace the exports: "):
        ingest(rules, source=folder, out=folder)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    with pytest.raises(UsageError) as caught:
        ingest(rules, source=folder, out=tmp_path / "letters")
    assert str(caught.value) == (
        f"the output folder holds something else: '{tmp_path / 'letters'}'. Only a store that ingest made (it holds ingest.json) is replaced."
        " Give an empty or new folder with --out."
    )
    assert (tmp_path / "letters" / "love.txt").read_text() == "dear"


@pytest.mark.no_cover
def test_a_disk_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("alignment_toolkit.renewal.making.shown", full)
    with pytest.raises(PublishError) as caught:
        made(tmp_path, contacts=CONTACTS.replace("PAID", "ORGANIC"))
    assert caught.value.exit_code == 8
    assert str(caught.value).endswith(
        "No space left on device. Give a folder that you may write to with --out; an older store is as it was."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "store"]


def test_a_mapping_without_a_required_table(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        made(tmp_path, {"tables": {"products": {"sql": "SELECT 'x' AS product"}}})
    assert caught.value.faults == (
        "leads is missing: the mapping m.toml has no [tables.leads]. leads (a person or account entering the funnel) is required.",
        "stage_events is missing: the mapping m.toml has no [tables.stage_events]. stage_events (a lead entering a stage) is required.",
    )


CELL = st.text(st.sampled_from(list("ab1,;\"'\n\r\t /-:.é€\u00a0")), max_size=6)
DAY = st.one_of(st.sampled_from(["2026-01-02", "02/01/2026", "", "soon", "9999-12-31", "NULL", "n/a", "-", "20260102"]), CELL)


@settings(max_examples=fuzzed(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.one_of(st.sampled_from(["L1", "l1", "L2", "", "null", "(blank)"]), CELL), DAY, CELL), max_size=5),
    st.booleans(),
    st.sampled_from([",", ";"]),
)
def test_no_table_ends_in_a_traceback_and_no_row_is_lost(tmp_path: Path, records: list, quoted: bool, delimiter: str) -> None:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if quoted else value

    lines = [delimiter.join(map(cell, record)) for record in [("id", "at", "source"), *records]]
    folder = exports(tmp_path)
    (folder / "contacts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    columns = {"lead_id": "id", "created_at": "at", "source": "source"}
    aside = [{"when_null": "lead_id", "reason": "no id"}, {"when_null": "created_at", "reason": "no date"}]
    leads = {"from": "contacts.csv", "columns": columns, "set_aside": aside}
    events = {"sql": "SELECT id AS lead_id, 'mql' AS stage, at AS entered_at FROM contacts"}
    events["set_aside"] = [aside[0], {"when_null": "entered_at", "reason": "no date"}]
    rules = {"tables": {"leads": leads, "stage_events": events}}
    try:
        result = ingest(mapping_from(rules, name="m.toml"), source=folder, out=tmp_path / "store")
    except AlignmentError as error:
        refusal = error
    else:
        refusal = None
    if refusal:
        assert refusal.exit_code in (2, 3)
        assert str(refusal).endswith((".", "?"))
        return
    for table in result.tables:
        assert table.read == table.used + sum(table.set_aside.values())
        assert table.used == pq.read_metadata(tmp_path / "store" / f"{table.table}.parquet").num_rows
    if quoted:
        assert result.tables[0].read == len(records)


# --- public data sets ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, IngestResult]:
    base = tmp_path_factory.mktemp("stores")
    return {
        name: ingest(EXAMPLES / f"{name}.toml", source=shared_data(name), out=base / name) for name in ("olist", "maven_crm", "ravenstack")
    }


def one(table, **measures) -> dict:
    return table.aggregate(**measures).to_pyarrow().to_pylist()[0]


def test_olist(stores: dict[str, IngestResult]) -> None:
    crm = open_crm(stores["olist"].out, as_of=datetime(2018, 11, 15))
    leads, events, deals = (crm.tables[name] for name in ("leads", "stage_events", "deals"))
    assert one(leads, n=leads.count(), null=leads.source.isnull().sum(), unknown=(leads.source == "unknown").sum()) == {
        "n": 8000,
        "null": 60,
        "unknown": 1099,
    }
    assert one(events, n=events.count(), won=(events.stage == "won").sum()) == {"n": 842, "won": 842}
    amounts = one(deals, n=deals.count(), total=deals.amount.sum(), known=deals.amount.count())
    assert (amounts["n"], amounts["known"], round(amounts["total"], 2)) == (842, 380, 676851.48)
    joined = leads.inner_join(events, "lead_id")
    assert one(joined, early=(joined.entered_at < joined.created_at).sum()) == {"early": 1}
    assert one(leads, known=leads.segment.count()) == {"known": 841}
    assert last_event_day(crm) == datetime(2018, 11, 14, 20, 4, 19)
    assert crm.config.time_zone == "America/Sao_Paulo"


def test_maven(stores: dict[str, IngestResult]) -> None:
    counts = {table.table: (table.read, table.used, table.set_aside) for table in stores["maven_crm"].tables}
    assert counts == {
        "leads": (8800, 8300, {"no engage date (prospecting)": 500}),
        "stage_events": (6711, 6711, {}),
        "deals": (8800, 8800, {}),
        "products": (7, 7, {}),
    }
    crm = open_crm(stores["maven_crm"].out, as_of=datetime(2018, 1, 1))
    assert crm.config.observed_since("leads") == date(2017, 3, 1)
    outcomes = crm.tables["deals"].group_by("outcome").aggregate(n=lambda table: table.count()).to_pyarrow().to_pylist()
    assert {row["outcome"]: row["n"] for row in outcomes} == {"won": 4238, "lost": 2473, "open": 2089}


def test_ravenstack(stores: dict[str, IngestResult]) -> None:
    crm = open_crm(stores["ravenstack"].out, as_of=datetime(2025, 1, 1))
    churn = crm.tables["churn_events"]
    by_origin = churn.group_by("origin").aggregate(n=churn.customer_id.nunique()).to_pyarrow().to_pylist()
    assert {row["origin"]: row["n"] for row in by_origin} == {"event": 352, "flag": 110}
    assert one(crm.tables["subscriptions"], n=crm.tables["subscriptions"].count()) == {"n": 5000}


@pytest.mark.no_cover
def test_the_day_first_variant_is_refused_until_the_order_is_declared(tmp_path: Path) -> None:
    folder = tmp_path / "variant"
    folder.mkdir()
    for path in shared_data("maven_crm").glob("*.csv"):
        if path.name != "sales_pipeline.csv":
            (folder / path.name).symlink_to(path)
    (folder / "sales_pipeline.csv").symlink_to(shared_data("maven_crm", "variant_ddmmyyyy", "sales_pipeline_ddmmyyyy.csv"))
    text = (EXAMPLES / "maven_crm.toml").read_text(encoding="utf-8")
    (tmp_path / "iso.toml").write_text(text, encoding="utf-8")
    (tmp_path / "dmy.toml").write_text(text + '\n[source]\ndate_order = "dmy"\n', encoding="utf-8")
    with pytest.raises(DataRefused) as caught:
        ingest(tmp_path / "iso.toml", source=folder, out=tmp_path / "store")
    sentence = next(fault for fault in caught.value.faults if fault.startswith("sales_pipeline.csv: values of created_at"))
    assert sentence.endswith(
        " An instant is ISO, such as 2026-01-31 or 2026-01-31T09:30:00+02:00."
        ' Declare date_order = "dmy" in a mapping (for a column, an input, a table or [source]) and run alignment ingest.'
    )
    ingest(tmp_path / "dmy.toml", source=folder, out=tmp_path / "store")
    iso = ingest(EXAMPLES / "maven_crm.toml", source=shared_data("maven_crm"), out=tmp_path / "iso").out
    for name in ("leads", "stage_events"):
        assert rows(tmp_path / "store" / f"{name}.parquet") == rows(iso / f"{name}.parquet")
