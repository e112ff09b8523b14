"""Headers and labels of every script: what is one and what is not, with the same answer in Python and in the engine."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest

from alignment_toolkit.border.layers import words_select
from alignment_toolkit.border.matching import by_folded, first_found, folded, rivals
from alignment_toolkit.border.spelling import label_key
from alignment_toolkit.errors import UsageError
from alignment_toolkit.ingest import ingest
from alignment_toolkit.store import open_crm

ONE = (
    ("Abschluß", "ABSCHLUẞ"),
    ("Abschluß", "ABSCHLUSS"),
    ("Κερδισμένος", "ΚΕΡΔΙΣΜΈΝΟΣ"),
    ("Kazanıldı", "KAZANILDI"),
    ("Kazanıldı", "kazanıldı\u00a0"),
    ("İmzalandı", "imzalandı"),
    ("Gagné", unicodedata.normalize("NFD", "GAGNÉ")),
    ("Won", "\uff37\uff4f\uff4e"),
    ("Closed Won", "closed\u00a0 won"),
    ("受注", "受注\u3000"),
)


@pytest.mark.parametrize(("listed", "found"), ONE)
def test_labels_that_are_one(listed: str, found: str) -> None:
    assert label_key(listed) == label_key(found)


def test_labels_that_are_not_one() -> None:
    assert len({label_key(label) for label in ("Выиграно", "Проиграно", "Won", "Lost", "Gagne", "Gagné", "受注", "失注")}) == 8


def store(folder: Path, **tables: str) -> Path:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_every_spelling_of_a_label_is_read_by_words_and_by_a_map(tmp_path: Path) -> None:
    labels = list(dict.fromkeys(listed for listed, _ in ONE))
    deals = "".join(f"006{i},00{i},{found},5,2026-08-01,2026-07-10\n" for i, (_, found) in enumerate(ONE))
    leads = "".join(f"00Q{i},Open,2026-07-01,Web,false,006{i}\n" for i in range(len(ONE)))
    source = store(
        tmp_path / "salesforce",
        Lead="Id,Status,CreatedDate,LeadSource,IsConverted,ConvertedOpportunityId\n" + leads,
        Opportunity="Id,AccountId,StageName,Amount,CloseDate,CreatedDate\n" + deals,
    )
    words = "".join(f'"{label}" = "won"\n' for label in labels)
    (tmp_path / "words.toml").write_text(f'extends = "salesforce"\n[words.opportunity_stage]\n{words}', encoding="utf-8")
    ingest(tmp_path / "words.toml", source=source, out=tmp_path / "by words")
    own = store(
        tmp_path / "own",
        leads="id,made\nL1,2026-07-01\n",
        stages="id,stage,at\nL1,won,2026-08-01\n",
        deals="deal,status\n" + "".join(f"D{i},{found}\n" for i, (_, found) in enumerate(ONE)),
    )
    (tmp_path / "own.toml").write_text(
        '[tables.leads]\nfrom = "leads.csv"\ncolumns = { lead_id = "id", created_at = "made", source = { value = "web" } }\n'
        '[tables.stage_events]\nfrom = "stages.csv"\ncolumns = { lead_id = "id", stage = "stage", entered_at = "at" }\n'
        '[tables.deals]\nfrom = "deals.csv"\ncolumns = { deal_id = "deal", outcome = { from = "status", map = {'
        + ", ".join(f'"{label}" = "won"' for label in labels)
        + " } } }\n",
        encoding="utf-8",
    )
    ingest(tmp_path / "own.toml", source=own, out=tmp_path / "by map")
    for name in ("by words", "by map"):
        crm = open_crm(tmp_path / name, as_of=datetime(2026, 10, 1))
        assert crm.tables["deals"].to_pandas()["outcome"].tolist() == ["won"] * len(ONE)


def test_of_labels_that_are_one_the_last_counts_once() -> None:
    import duckdb

    rows = duckdb.sql(words_select({"Closed Won": "won", "closed won": "lost", "Abschluß": "won", "ABSCHLUSS": "open"})).fetchall()
    assert sorted(rows) == [("abschluss", "open"), ("abschluß", "open"), ("closed won", "lost")]


def test_a_stage_in_another_unicode_form_is_the_configured_one(tmp_path: Path) -> None:
    folder = store(
        tmp_path / "store",
        leads="lead_id,created_at,source\nL1,2026-07-01,web\n",
        stage_events=f"lead_id,stage,entered_at\nL1,{unicodedata.normalize('NFD', 'qualifié')},2026-07-02\nL1,\uff57\uff4f\uff4e,2026-08-01\n",
    )
    stages = "".join(f'{{ name = "{name}", owner = "sales" }},' for name in ("lead", "qualifié"))
    ends = "".join(f'{{ name = "{name}", owner = "sales", terminal = true }},' for name in ("won", "lost"))
    (folder / "alignment.toml").write_text(f"stages = [{stages}{ends}]\n", encoding="utf-8")
    events = open_crm(folder, as_of=datetime(2026, 10, 1)).tables["stage_events"].to_pandas()
    assert sorted(events["stage"]) == ["qualifié", "won"]


def test_headers_of_every_script_are_themselves() -> None:
    headers = ["ペルソナ", "会社名", "Источник", "Große", "📞", "📧", "(%)", "राज्य", "Create Date", "№"]
    assert len({folded(header) for header in headers}) == len(headers)
    there = by_folded(headers)
    for wanted, found in {"ﾍﾟﾙｿﾅ": "ペルソナ", "ИСТОЧНИК": "Источник", "grosse": "Große", "📧": "📧", "create_date": "Create Date"}.items():
        assert first_found(there, [wanted]) == (found,)
    assert first_found(there, ["☎", "Персона"]) == ()


def test_headers_that_differ_only_in_marks_are_told_apart_or_refused(tmp_path: Path) -> None:
    there = by_folded(["Amount (EUR)", "Amount EUR", "amount"])
    assert first_found(there, ["Amount EUR"]) == ("Amount EUR",)
    assert first_found(there, ["AMOUNT"]) == ("amount",)
    assert rivals(there, ["amount_eur"]) == ("Amount (EUR)", "Amount EUR")
    source = store(
        tmp_path / "in",
        Lead="Id,Status,CreatedDate,LeadSource\n00Q1,Open,2026-07-01,Web\n",
        Opportunity="Id,StageName,Amount (EUR),Amount EUR,CloseDate,CreatedDate\n0061,Closed Won,5,6,2026-08-01,2026-07-10\n",
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('extends = "salesforce"\n[inputs.opportunity.columns]\namount = "amount_eur"\n', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        ingest(mapping, source=source, out=tmp_path / "store")
    assert str(caught.value) == (
        "several headers fit inputs.opportunity.columns.amount of the mapping mapping.toml equally well: 'Amount (EUR), Amount EUR'."
        " Headers that differ only in capitals, blanks or marks are told apart by their exact spelling."
        " Write the right one into the mapping, spelled as in the file."
    )
