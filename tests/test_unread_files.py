"""Files that cannot be read, at a source: never an absent table, never a smaller store; what nobody needs is listed and blocks nothing."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from alignment_toolkit.border.duck import connect, load_parquet
from alignment_toolkit.border.matching import match_source
from alignment_toolkit.border.sentences import BadFile
from alignment_toolkit.border.shelf import shelf_of
from alignment_toolkit.border.unread import Reader, file_faults
from alignment_toolkit.cli import app
from alignment_toolkit.errors import AlignmentError, DataRefused, UsageError
from alignment_toolkit.ingest import IngestResult, ingest
from alignment_toolkit.mapping import load_mapping, shipped
from alignment_toolkit.recognise import paired
from alignment_toolkit.starter import write_starter
from tests.conftest import fuzzed

LEAD = "Lead ID,Lead Status,Create Date,Lead Source,Converted,Converted Date,Converted Opportunity ID\n" + "".join(
    f"00Q{n},{'Qualified' if n < 3 else 'Open'},2026-07-0{n},{source},{'true' if n < 3 else 'false'},{f'2026-07-1{n}' if n < 3 else ''},"
    f"{f'006{n}' if n < 3 else ''}\n"
    for n, source in ((1, "Web"), (2, "Fair"), (3, "Web"))
)
OPPORTUNITY = (
    "Opportunity ID,Stage,Close Date,Amount,Created Date,Closed,Won\n"
    "0061,Closed Won,2026-08-01,5000,2026-07-11,true,true\n"
    "0062,Closed Lost,2026-08-02,700,2026-07-12,true,false\n"
)
HISTORY = "Opportunity ID,Stage Name,CreatedDate\n0061,Prospecting,2026-07-11T09:00:00Z\n0061,Closed Won,2026-08-01T09:00:00Z\n"
TWICE = OPPORTUNITY.replace("Created Date", "Stage", 1)
FOOTER = '\n\nOpportunities of Q3\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\nConfidential Information - Do Not Distribute\n'


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def export(folder: Path, **files: str | bytes | None) -> Path:
    """An export of Salesforce; `name__ext` is a file `name.ext`, None leaves one out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"Lead__csv": LEAD, "Opportunity__csv": OPPORTUNITY, **files}.items():
        path = folder / name.replace("__", ".")
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def made(source: Path, out: Path, mapping: str | Path | None = "salesforce", **asked: object) -> IngestResult:
    return ingest(mapping, source=source, out=out, **asked)  # type: ignore[arg-type]


def n_rows(store: Path) -> dict[str, int]:
    return {path.stem: pq.read_metadata(path).num_rows for path in sorted(store.glob("*.parquet"))}


UNREADABLE = {
    "a repeated header": {"Opportunity__csv": TWICE},
    "a spreadsheet": {"Opportunity__csv": None, "Opportunity__xlsx": workbook()},
    "a spreadsheet of another name of the input": {"Opportunity__csv": None, "Opportunities__xlsx": workbook()},
    "a spreadsheet called .csv": {"Opportunity__csv": workbook()},
    "an old spreadsheet": {"Opportunity__csv": None, "Opportunity__xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)},
    "a web page called .xls": {"Opportunity__csv": None, "Opportunity__xls": b"<html><table><tr><td>Id</td></tr></table></html>"},
    "a web page": {"Opportunity__csv": b"<!DOCTYPE html><html>Log in</html>"},
    "gz": {"Opportunity__csv": None, "Opportunity__csv.gz": gzip.compress(OPPORTUNITY.encode())},
    "JSON": {"Opportunity__csv": b'[{"Id": "0061"}]'},
    "an empty file": {"Opportunity__csv": b""},
    "only a header": {"Opportunity__csv": OPPORTUNITY.splitlines()[0]},
    "another separator": {"Opportunity__csv": OPPORTUNITY.replace(",", "^")},
    "blanks between columns": {"Opportunity__csv": OPPORTUNITY.replace(" ", "").replace(",", " ")},
    "a zero byte": {"Opportunity__csv": OPPORTUNITY.replace("700", "7\x000")},
    "another encoding": {"Opportunity__csv": OPPORTUNITY.replace("Closed Lost", "Закрыто").encode("cp1251")},
    "half a character": {"Opportunity__csv": OPPORTUNITY.encode() + "0063,Zoë".encode()[:-1]},
    "a Parquet file cut off": {"Opportunity__csv": None, "Opportunity__parquet": b"PAR1" + bytes(40)},
    "a damaged Parquet file": {"Opportunity__csv": None, "Opportunity__parquet": b"PAR1" + bytes(40) + b"PAR1"},
    "a report without a telling name": {"Opportunity__csv": None, "report17__csv": TWICE},
    "a spreadsheet without a telling name": {"Opportunity__csv": None, "report17__xlsx": workbook()},
}


SEEN_IN_ROWS = ("a zero byte", "another encoding", "half a character")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("good")
    return made(export(base / "e"), base / "store").out


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_is_a_fault_and_never_an_absent_table(tmp_path: Path, kind: str) -> None:
    source = export(tmp_path / "e", **UNREADABLE[kind])
    (name,) = (path.name for path in source.iterdir() if path.name != "Lead.csv")
    if kind in SEEN_IN_ROWS:
        with pytest.raises(DataRefused) as caught:
            made(source, tmp_path / "store")
        assert any(fault.startswith(f"{name}: ") for fault in caught.value.faults)
        return
    for mappings in ([shipped("salesforce")], []):  # named, and recognised by its headers
        pairs, _ = paired(mappings, [shelf_of(source)])
        faults, _ = file_faults([Reader(mapping, shelf, match_source(mapping, shelf.items)) for mapping, shelf in pairs])
        assert any(fault.sentence().startswith(f"{name}: ") for fault in faults)


def test_a_parquet_file_whose_inside_is_damaged_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "deals.parquet"
    pq.write_table(pa.table({"id": [f"006{n * 7919}" for n in range(5000)]}), path)
    content = bytearray(path.read_bytes())
    content[2000:6000] = bytes(byte ^ 0x5A for byte in content[2000:6000])
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        load_parquet(connect(), path, name="deals", place="deals.parquet", is_proven=False)
    assert caught.value.faults[0].sentence().startswith("deals.parquet: the Parquet file cannot be read. ")


def test_a_renewal_with_a_file_that_cannot_be_read_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = made(export(tmp_path / "e"), tmp_path / "store").out
    before = n_rows(store)
    assert before["deals"] == 2
    for merge, kind in (("upsert", "a spreadsheet"), ("upsert", "a repeated header"), ("replace", "only a header")):
        with pytest.raises(DataRefused) as caught:
            made(export(tmp_path / f"{merge} {kind}", **UNREADABLE[kind]), store, merge=merge)
        assert any(fault.startswith("Opportunity.") for fault in caught.value.faults)
        assert n_rows(store) == before


def test_a_renewal_without_a_file_is_refused_until_its_rows_are_let_go(tmp_path: Path) -> None:
    store = made(export(tmp_path / "e", OpportunityHistory__csv=HISTORY), tmp_path / "store").out
    before = n_rows(store)
    with pytest.raises(DataRefused) as caught:
        made(export(tmp_path / "e", Opportunity__csv=None), store)
    way_out = (
        " An export that lost a file does not empty a store. Export it again; to renew with the files that are there, give --merge upsert;"
        " to let its rows go, --drop-missing."
    )
    assert f"deals: the export holds none of the files behind the 2 rows of the store.{way_out}" in caught.value.faults
    assert n_rows(store) == before
    (tmp_path / "e" / "OpportunityHistory.csv").unlink()
    with pytest.raises(DataRefused) as caught:
        made(export(tmp_path / "e"), store)
    assert caught.value.faults[1:] == (
        f"opportunity_history: the export holds no rows of this input any more; the store was made of it (stage_events, deals).{way_out}",
    )
    assert n_rows(store) == before
    made(export(tmp_path / "e", Opportunity__csv=None), store, merge="upsert")
    assert n_rows(store)["deals"] == 2
    made(tmp_path / "e", store, drop_missing=True)
    assert "deals" not in n_rows(store)


def test_a_file_that_the_last_ingest_read_and_that_fits_no_more_is_a_fault(tmp_path: Path) -> None:
    store = made(export(tmp_path / "e", Opportunity__csv=None, report17__csv=OPPORTUNITY), tmp_path / "store").out
    with pytest.raises(DataRefused) as caught:
        made(export(tmp_path / "e", Opportunity__csv=None, report17__csv=OPPORTUNITY.replace("Stage", "Phase")), store, drop_missing=True)
    assert caught.value.faults[0].startswith("report17.csv: this file was read last time but no longer matches any input. ")
    assert n_rows(store)["deals"] == 2


def test_files_that_no_delimiter_splits_are_named_where_nothing_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(DataRefused) as caught:
        paired([], [shelf_of(export(tmp_path / "e", Lead__csv=LEAD.replace(",", "^"), Opportunity__csv=OPPORTUNITY.replace(",", "^")))])
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == ["Lead.csv", "Opportunity.csv"]
    assert all('Declare [source] delimiter = "^"' in fault for fault in caught.value.faults)


def test_files_that_nobody_needs_are_listed_and_block_nothing(tmp_path: Path) -> None:
    others = {
        "README__txt": "Exports of October",
        "unrelated__csv": "a,a\n1,2\n",
        "notes__xlsx": workbook(),
        "Lead__xlsx": workbook(),
        "~$Lead__xlsx": b"x",
    }
    done = made(export(tmp_path / "e", **others), tmp_path / "store")
    assert n_rows(done.out)["deals"] == 2
    assert "no table is made of README.txt" in done.notes
    for name in ("unrelated.csv", "notes.xlsx", "Lead.xlsx"):
        assert any(note.startswith(f"{name} is not read, and no table needs it: ") for note in done.notes)
    assert not any("~$" in note for note in done.notes)


def test_a_file_of_another_year_is_no_twin(tmp_path: Path) -> None:
    files = {f"Opportunity.{year}.csv": OPPORTUNITY for year in (2025, 2026)}
    source = export(tmp_path / "e", Opportunity__csv=None)
    for name, text in files.items():
        (source / name).write_text(text.replace("006", f"006{name[15]}"))
    (source / "Opportunity.2024.xlsx").write_bytes(workbook())
    (source / "Opportunity.2025.xlsx").write_bytes(workbook())  # the same year as a text: it is read there
    (tmp_path / "m.toml").write_text('extends = "salesforce"\n[inputs.opportunity]\nnames = ["Opportunity.*"]\n')
    with pytest.raises(DataRefused) as caught:
        made(source, tmp_path / "store", tmp_path / "m.toml")
    assert [fault.partition(": ")[0] for fault in caught.value.faults] == ["Opportunity.2024.xlsx"]


STRIPE = {
    "customer": "id,created,email,delinquent,livemode\ncus_1,2026-01-01,a@b.co,false,true\n",
    "price": "id,unit_amount,currency,recurring_interval,recurring_interval_count,type\nprice_1,1000,eur,month,1,recurring\n",
    "subscription_item": "id,subscription_id,plan_id,quantity,current_period_start\nsi_1,sub_1,price_1,1,2026-06-05\n",
}
PLAIN = "id,customer_id,status,start_date,trial_end,canceled_at,ended_at,livemode\nsub_1,cus_1,active,2026-01-05,,,,true\n"
VERSIONS = (
    "id,customer_id,status,start_date,trial_end,canceled_at,ended_at,livemode,_fivetran_active,_fivetran_start\n"
    "sub_1,cus_1,active,2026-01-05,,,,true,true,2026-01-05\n"
)
READ = {  # of two inputs that serve equally well one is enough
    "a spreadsheet": (
        {"subscription__csv": PLAIN, "meeting_notes__xlsx": workbook()},
        "meeting_notes.xlsx is not read, and no table needs it: ",
    ),
    "a history without rows": (
        {"subscription__csv": PLAIN, "subscription_history__csv": VERSIONS.splitlines()[0]},
        "subscription_history.csv: the file holds a header and no rows.",
    ),
    "only a history without rows beside it": (
        {"subscription__csv": PLAIN.splitlines()[0], "subscription_history__csv": VERSIONS},
        "subscription.csv: the file holds a header and no rows.",
    ),
    "a history without its flag": (
        {
            "subscription__csv": PLAIN,
            "subscription_history__csv": VERSIONS.replace("_fivetran_active", "active").replace("_start", "_begin"),
        },
        "subscription_history.csv is not read: ",
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_a_harmless_file_does_not_block_a_source_of_subscriptions(tmp_path: Path, kind: str) -> None:
    files, note = READ[kind]
    others = {f"{name}__csv": text for name, text in STRIPE.items()}
    done = made(export(tmp_path / "e", Lead__csv=None, Opportunity__csv=None, **others, **files), tmp_path / "store", "stripe")
    assert n_rows(done.out)["subscriptions"] == 1
    assert any(said.startswith(note) for said in done.notes)


def test_subscriptions_without_any_rows_are_still_refused(tmp_path: Path) -> None:
    files = {"subscription__csv": PLAIN.splitlines()[0], "subscription_history__csv": VERSIONS.splitlines()[0]}
    others = {f"{name}__csv": text for name, text in STRIPE.items()}
    with pytest.raises(DataRefused) as caught:
        made(export(tmp_path / "e", Lead__csv=None, Opportunity__csv=None, **others, **files), tmp_path / "store", "stripe")
    assert [fault.partition(".")[0] for fault in caught.value.faults] == ["subscription", "subscription_history"]


def test_the_setting_that_helps_names_the_mapping_in_use(tmp_path: Path) -> None:
    source = export(tmp_path / "e", Opportunity__csv=OPPORTUNITY.replace("Closed Lost", "Закрыто").encode("cp1251"))
    (tmp_path / "mine.toml").write_text('extends = "salesforce"\n')
    for mapping, where in (
        ("salesforce", 'in a mapping; to keep a shipped one, below a first line extends = "salesforce"'),
        (tmp_path / "mine.toml", "in mine.toml"),
    ):
        with pytest.raises(DataRefused) as caught:
            made(source, tmp_path / "store", mapping)
        assert f'declare [source] encoding = "cp1251" {where};' in caught.value.faults[0]


def test_a_file_named_like_an_input_without_its_columns_is_named(tmp_path: Path) -> None:
    done = made(export(tmp_path / "e", Campaign__csv="Campaign ID,Budget\n7,9\n"), tmp_path / "store")
    assert "Campaign.csv is not read: it is named like campaign, but has no column for name (Name, Campaign Name);" in " ".join(done.notes)


def test_what_a_mapping_names_and_only_a_spreadsheet_holds(tmp_path: Path) -> None:
    rules = (
        '[tables.leads]\nfrom = "people.csv"\ncolumns = { lead_id = "id", created_at = "made", source = "from" }\n'
        '[tables.stage_events]\nfrom = "moves.csv"\ncolumns = { lead_id = "id", stage = "to", entered_at = "at" }\n'
    )
    (tmp_path / "m.toml").write_text(rules)
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "people.csv").write_text("id,made,from\nL1,2026-07-01,web\n")
    (tmp_path / "e" / "moves.xlsx").write_bytes(workbook())
    with pytest.raises(DataRefused) as caught:
        made(tmp_path / "e", tmp_path / "store", tmp_path / "m.toml")
    assert caught.value.faults == (
        "moves.xlsx: the file is an Excel workbook, not CSV text. Tables are read from CSV and Parquet files. Save each sheet as CSV UTF-8.",
    )


@pytest.mark.parametrize(
    ("setting", "files"),
    [
        (
            'encoding = "cp1251"',
            {"Opportunity__csv": (OPPORTUNITY + "0063,Closed Won,2026-08-03,1,2026-07-13,true,true\n").encode("cp1251")},
        ),
        (
            'encoding = "utf-16-le"',
            {name: text.encode("utf-16-le") for name, text in (("Lead__csv", LEAD), ("Opportunity__csv", OPPORTUNITY))},
        ),
        ('delimiter = "^"', {"Lead__csv": LEAD.replace(",", "^"), "Opportunity__csv": OPPORTUNITY.replace(",", "^")}),
    ],
)
def test_a_shipped_mapping_takes_the_settings_from_two_lines(tmp_path: Path, setting: str, files: dict) -> None:
    (tmp_path / "override.toml").write_text(f'extends = "salesforce"\n[source]\n{setting}\n')
    done = made(export(tmp_path / "e", **files), tmp_path / "store", tmp_path / "override.toml")
    assert n_rows(done.out)["leads"] == 3
    assert n_rows(done.out)["deals"] >= 2


@pytest.mark.parametrize("setting", ['delimiter = "||"', "delimiter = '\"'", 'encoding = "cp9999"', 'encoding = "rot13"'])
def test_settings_that_cannot_be_used(tmp_path: Path, setting: str) -> None:
    (tmp_path / "m.toml").write_text(f'extends = "salesforce"\n[source]\n{setting}\n')
    with pytest.raises(UsageError) as caught:
        load_mapping(tmp_path / "m.toml")
    assert "such as" in str(caught.value) or "named as Python does" in str(caught.value)


def test_a_wrong_declared_delimiter_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('extends = "salesforce"\n[source]\ndelimiter = ";"\n')
    with pytest.raises(DataRefused) as caught:
        made(export(tmp_path / "e"), tmp_path / "store", tmp_path / "m.toml")
    assert any('Declare [source] delimiter = ","' in fault for fault in caught.value.faults)


def test_footers_are_counted_in_every_table_of_a_vendor(tmp_path: Path) -> None:
    done = made(export(tmp_path / "e", Opportunity__csv=OPPORTUNITY + FOOTER, Lead__csv=LEAD + ",,,,,,\n" * 200), tmp_path / "store")
    found = {table.table: table for table in done.tables}
    assert found["leads"].used == 3
    assert found["leads"].set_aside == {"the row is blank": 200}
    assert (found["deals"].used, found["deals"].set_aside["the row belongs to the footer of a report"]) == (2, 3)
    assert all(table.read == table.used + sum(table.set_aside.values()) for table in done.tables)


def test_explain_says_what_an_ingest_would_refuse(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        app, ["map", "--explain", "--mapping", "salesforce", "--source", str(export(tmp_path / "e", Opportunity__csv=TWICE))]
    )
    assert "Opportunity.csv: Opportunity ID" in run.stdout
    assert isinstance(run.exception, DataRefused)
    assert run.exception.faults == (
        "Opportunity.csv: column names stand more than once in the header: 'Stage'. Every column has a name of its own;"
        " capitals make no difference. Rename them.",
    )


def test_a_starter_names_what_it_could_not_read(tmp_path: Path) -> None:
    source = export(tmp_path / "e", Opportunity__csv=TWICE)
    assert "# NOT READ: Opportunity.csv: column names stand more than once in the header: 'Stage'." in write_starter(source)
    with pytest.raises(DataRefused) as caught:
        write_starter(export(tmp_path / "only", Lead__csv=None, Opportunity__csv=None, Leads__xlsx=workbook()))
    assert caught.value.faults[0].startswith("Leads.xlsx: the file is an Excel workbook")


def test_a_store_whose_table_is_a_spreadsheet_is_refused(tmp_path: Path, good: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    for path in good.glob("*.parquet"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "deals.parquet").unlink()
    (folder / "deals.xlsx").write_bytes(workbook())
    for command in (["check"], ["kpis", "--quarter", "2026Q3"]):
        run = CliRunner().invoke(app, [*command, "--data", str(folder)])
        assert isinstance(run.exception, DataRefused)
        assert "deals.xlsx: the file is an Excel workbook" in str(run.exception)


@pytest.mark.parametrize(("name", "content"), [("Lead.xlsx", workbook()), ("Lead.csv", LEAD.encode()), ("x.duckdb", b"DUCK" + bytes(5000))])
def test_a_source_that_is_a_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AlignmentError) as caught:
        made(tmp_path / name, tmp_path / "store")
    assert caught.value.exit_code == (3 if name.endswith("duckdb") else 2)
    assert ("Excel workbook" in str(caught.value)) == name.endswith("xlsx")


# --- nonsense ---------------------------------------------------------------------------------------------------------------------------

MUTATIONS = {
    "repeat": lambda names: [*names, names[0]],
    "drop": lambda names: names[1:],
    "capitals": lambda names: [name.upper() for name in names],
    "blanks": lambda names: [f"  {name} " for name in names],
    "another script": lambda names: [*names[:-1], "Выиграно"],
    "unnamed": lambda names: [*names[:-1], ""],
    "as it is": lambda names: names,
}
NOTHING = ["", "null", "N/A", "#N/A", "(blank)", "--", "None", "000000000000000"]
IDS = st.one_of(st.sampled_from(["0061", "0062", "006A0000001abcd", "006A0000001abcdAAA", " 0061 ", *NOTHING]), st.text("06aA", max_size=4))
TAILS = ["", FOOTER, ",,,,,,\n" * 5, "Grand Totals,,,5700,,,\n", "\nTotal\n", "0063,Clo"]
CODECS = ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp1251", "mac_roman"]


@settings(max_examples=fuzzed(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.tuples(IDS, st.sampled_from(["Closed Won", "Closed Lost", "Zoë", "null", ""])), max_size=4),
    st.sampled_from(sorted(MUTATIONS)),
    st.sampled_from(TAILS),
    st.sampled_from(CODECS),
    st.booleans(),
)
def test_a_mutated_export_is_read_whole_or_refused(tmp_path: Path, records: list, header: str, tail: str, codec: str, joined: bool) -> None:
    names = ",".join(MUTATIONS[header](OPPORTUNITY.splitlines()[0].split(",")))
    lines = [names, *(f'{key},"{stage}",2026-08-01,100,2026-07-11,true,{str(stage == "Closed Won").lower()}' for key, stage in records)]
    text = "\n".join([*lines, *(lines if joined else [])]) + "\n" + tail
    content = text.encode(codec, errors="replace")
    out, refusal = tmp_path / "fresh", None
    try:
        done = made(export(tmp_path / "e", Opportunity__csv=content), out)
    except AlignmentError as error:
        refusal = error
    if refusal:
        assert refusal.exit_code in (2, 3)
        assert str(refusal).endswith((".", "?"))
        return
    for table in done.tables:
        assert table.read == table.used + sum(table.set_aside.values())
        assert table.used == pq.read_metadata(out / f"{table.table}.parquet").num_rows
    assert "deals" in {table.table for table in done.tables}
