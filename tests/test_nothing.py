"""Words that stand for nothing: in which columns, of which inputs, and what a mapping may say about them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from alignment_toolkit.border.hints import CONFLICT, settings_for
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.ingest import ingest
from alignment_toolkit.store import open_crm

AS_OF = datetime(2026, 10, 1)
WORDS = ("null", "NULL", "N/A", "n/a", "#N/A", "(blank)", "--", "-", "none", "nil", "NaN", "NaT", "000000000000000AAA", "000000000000000")
ZERO_UUID = "00000000-0000-0000-0000-000000000000"


def store(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rows(crm: object, table: str) -> list[dict]:
    return crm.tables[table].to_pyarrow().to_pylist()  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_keys_accounts_types_and_dates_of_a_store_are_empty_and_labels_stay(tmp_path: Path, ending: str) -> None:
    lines = "".join(f"L{i},2026-07-01,{word},NA,{word},{word}\n" for i, word in enumerate((*WORDS, ZERO_UUID)))
    folder = store(
        tmp_path / "store",
        leads="lead_id,created_at,source,region,account_id,owner_id\n" + lines,
        stage_events="lead_id,stage,entered_at\nL0,won,2026-08-01\n",
        deals="deal_id,lead_id,outcome,amount,deal_type,closed_at,close_on\nD1,N/A,won,#N/A,null,NA,(blank)\n",
    )
    if ending == "parquet":
        import duckdb

        for path in folder.glob("*.csv"):
            kept = f"COPY (SELECT * FROM read_csv('{path}', all_varchar = true)) TO '{path.with_suffix('.parquet')}' (FORMAT parquet)"
            duckdb.sql(kept)
            path.unlink()
    crm = open_crm(folder, as_of=AS_OF)
    leads = sorted(rows(crm, "leads"), key=lambda row: int(row["lead_id"][1:]))
    assert [(row["account_id"], row["owner_id"]) for row in leads] == [(None, None)] * (len(WORDS) + 1)
    assert [row["source"] for row in leads] == [*WORDS, ZERO_UUID]  # a label is what it says; check counts the placeholders
    assert {row["region"] for row in leads} == {"NA"}
    (deal,) = rows(crm, "deals")
    assert [deal[name] for name in ("lead_id", "amount", "deal_type", "closed_at", "close_on")] == [None] * 5


def test_a_required_value_that_is_a_word_for_nothing_is_missing(tmp_path: Path) -> None:
    folder = store(
        tmp_path / "store",
        leads="lead_id,created_at,source\nL1,null,web\nNULL,2026-07-01,web\n",
        stage_events="lead_id,stage,entered_at\nL1,n/a,2026-08-01\n",
    )
    with pytest.raises(DataRefused) as caught:
        open_crm(folder, as_of=AS_OF)
    assert [fault.split(". ")[0] for fault in caught.value.faults] == [
        "leads.csv: lead_id is missing: 'NULL' (row 3)",
        "leads.csv: created_at is missing: 'null' (row 2)",
        "stage_events.csv: stage is missing: 'n/a' (row 2)",
    ]


def test_a_mapping_shows_the_word_as_written_and_leaves_out_rows_set_aside(tmp_path: Path) -> None:
    source = store(
        tmp_path / "source",
        l="id,made,from,test\n1,2026-07-01,web,\nnull,2026-07-01,web,\n,2026-07-01,web,\n N/A ,2026-07-01,web,yes\n",
        e="id,stage,at\n1,mql,2026-07-02\n",
    )
    (tmp_path / "own.toml").write_text(
        """
        [tables.leads]
        from = "l.csv"
        columns = { lead_id = "id", created_at = "made", source = "from" }
        set_aside = [{ when_equals = { test = "yes" }, reason = "test" }]
        [tables.stage_events]
        from = "e.csv"
        columns = { lead_id = "id", stage = "stage", entered_at = "at" }
        """,
        encoding="utf-8",
    )
    with pytest.raises(DataRefused) as caught:
        ingest(tmp_path / "own.toml", source=source, out=tmp_path / "store")
    assert caught.value.faults == (
        "l.csv: lead_id is missing: 'null' (row 3), row 4. Every row of leads has a lead_id."
        " Repair the rows, or set them aside by a rule of a mapping.",
    )


def test_a_mapping_may_name_other_words_and_list_one_as_a_label(tmp_path: Path) -> None:
    source = store(
        tmp_path / "in",
        Lead="Id,Status,CreatedDate,LeadSource,OwnerId,Lead Owner,IsConverted\n00Q1,None,2026-07-01,tbd,tbd,null,false\n00Q2,None,2026-07-02,Web,-,Ann,false\n",
        LeadHistory="LeadId,Field,NewValue,CreatedDate\n00Q1,Status,None,2026-07-03\n",
        Opportunity="Id,AccountId,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n0061,tbd,Prospecting,1,2026-12-01,2026-07-10,false,false\n",
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('extends = "salesforce"\n[words.lead_status]\n"None" = "mql"\n[source]\nnull_words = ["tbd"]\n', encoding="utf-8")
    ingest(mapping, source=source, out=tmp_path / "stated")
    crm = open_crm(tmp_path / "stated", as_of=AS_OF)
    assert [row["owner_id"] for row in rows(crm, "leads")][1] == "-"
    assert {row["source"] for row in rows(crm, "leads")} == {"tbd", "Web"}
    assert rows(crm, "deals")[0]["account_id"] is None
    mapping.write_text('extends = "salesforce"\n[words.lead_status]\n"None" = "mql"\n', encoding="utf-8")
    ingest(mapping, source=source, out=tmp_path / "usual")
    crm = open_crm(tmp_path / "usual", as_of=AS_OF)
    assert sorted((row["lead_id"], row["stage"]) for row in rows(crm, "stage_events")) == [
        ("00Q1", "mql"),
        ("00Q2", "mql"),  # its status never changed, so it is that of its creation
    ]
    first, second = sorted(rows(crm, "leads"), key=lambda row: row["lead_id"])
    assert first["owner_id"] == "tbd"
    assert second["owner_id"].startswith("p-")  # the owner's id is "-", so the pseudonym of the name stands in


@pytest.mark.parametrize(
    ("kind", "values", "settings"),
    [
        ("date", ["20260701"], 'date_order = "ymd"'),
        ("instant", ["1783896400"], 'epoch = "s"'),
        ("instant", ["1783896400000"], 'epoch = "ms"'),
        ("date", ["46204"], "excel_dates = 1900 (or 1904)"),
        ("date", ["Jul 1, 2026"], 'month_names = "en"'),
        ("date", ["01/07/2026", "31/07/2026"], 'date_order = "dmy"'),
        ("date", ["07/31/26"], 'date_order = "mdy" and two_digit_years_from = 1970 (or another first year)'),
        ("date", ["soon"], None),
        ("number", ["(1,234.50)"], 'accounting = true and thousands = ","'),
        ("number", ["1.234,50 €"], 'symbol = "€" and decimal = "," and thousands = "."'),
        ("date", ["31/1/2026", "1/31/2026"], CONFLICT),
        ("date", ["20260701", "31/1/2026"], CONFLICT),
        ("instant", ["1783896400", "46204"], CONFLICT),
        ("number", ["1,234.50", "5,5"], CONFLICT),
        ("number", ["1'234.5", "1'234,5"], CONFLICT),
        ("number", ["1,234", "5,5"], 'decimal = ","'),
        ("number", ["€5", "$5"], 'symbol = ["€", "$"]'),
        ("number", ["1'234.50"], """thousands = "'\""""),
        ("number", ["EUR 5"], 'symbol = "EUR"'),
        ("number", ["many"], None),
    ],
)
def test_a_refused_value_names_the_setting_that_reads_it(kind: str, values: list[str], settings: str | None) -> None:
    assert settings_for(kind, values) == settings


def test_an_override_of_a_shipped_mapping_gives_settings_only(tmp_path: Path) -> None:
    source = store(
        tmp_path / "in",
        Lead="Id,Status,CreatedDate,LeadSource,IsConverted,ConvertedOpportunityId\n00Q1,Open,01.07.26,Web,true,0061\n",
        Opportunity="Id,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n0061,Closed Won,(1.234,50 €),46235,20260710,true,true\n",
    )
    text = (source / "Opportunity.csv").read_text().replace("(1.234,50 €)", '"(1.234,50 €)"')
    (source / "Opportunity.csv").write_text(text, encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'extends = "salesforce"\n[inputs.lead]\ndate_order = "dmy"\ntwo_digit_years_from = 1970\n'
        '[inputs.opportunity]\ndate_order = "ymd"\n'
        '[inputs.opportunity.columns]\namount = { decimal = ",", thousands = ".", symbol = "€", accounting = true }\n'
        "close_on = { excel_dates = 1900 }\nclose_at = { excel_dates = 1900 }\n",
        encoding="utf-8",
    )
    ingest(mapping, source=source, out=tmp_path / "store")
    (deal,) = rows(open_crm(tmp_path / "store", as_of=AS_OF), "deals")
    assert (deal["amount"], deal["created_at"].date(), deal["closed_at"].date()) == (-1234.5, date(2026, 7, 10), date(2026, 8, 1))
    assert rows(open_crm(tmp_path / "store", as_of=AS_OF), "leads")[0]["created_at"].date() == date(2026, 7, 1)
