"""`alignment map --explain`: matched, guessed or missing, decided from headers alone, with the questions that stay open."""

from __future__ import annotations

import runpy
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.explain import explained
from alignment_toolkit.glossary import terms
from alignment_toolkit.schema import TABLES
from tests.conftest import ROOT
from tests.mapping.exports import folder
from tests.mapping.test_hubspot import LANDED
from tests.mapping.test_salesforce import API


def status(told, table: str) -> dict[str, str]:
    return dict(told.columns[told.columns["table"] == table].set_index("column")["status"])


def test_with_histories_stages_are_matched_and_without_them_guessed(tmp_path: Path) -> None:
    whole = explained(None, source=folder(tmp_path / "whole", **API))
    assert status(whole, "stage_events") == {
        "lead_id": "matched",
        "stage": "matched",
        "entered_at": "matched",
        "reason": "matched",
        "is_backfilled": "missing",
    }
    part = explained("salesforce", source=folder(tmp_path / "part", **{name: API[name] for name in ("Lead", "Opportunity")}))
    assert status(part, "stage_events")["entered_at"] == "guessed"
    assert status(part, "campaigns")["name"] == "missing"
    assert any(note.startswith("stage_events: time of won and lost from Opportunity.CloseDate") for note in part.notes)


def test_where_a_column_comes_from_names_file_and_header(tmp_path: Path) -> None:
    told = explained(None, source=folder(tmp_path / "e", **API)).columns.set_index(["table", "column"])["from"]
    assert told["leads", "created_at"] == "Lead.csv: CreatedDate"
    assert told["leads", "persona"] == "looked for Persona__c, Buyer_Persona__c, Persona, Buyer Persona"
    assert told["deals", "loss_reason"] == "Opportunity.csv: Loss_Reason__c"
    assert told["subscriptions", "mrr"] == "no mapping has it"
    assert told["touches", "side"] == "= marketing, = sales"


def test_every_canonical_column_is_listed_once(tmp_path: Path) -> None:
    told = explained(None, source=folder(tmp_path / "e", **LANDED)).columns
    listed = list(zip(told["table"], told["column"], strict=True))
    assert listed == [(name, column) for name, table in TABLES.items() for column in table.column_names]
    assert set(told["status"]) == {"matched", "guessed", "missing"} - ({"guessed"} - set(told["status"]))


def test_questions_say_what_they_lack(tmp_path: Path) -> None:
    told = explained(None, source=folder(tmp_path / "e", **{name: API[name] for name in ("Lead", "Opportunity")}))
    asked = told.questions.set_index("question")
    assert asked.loc["How many leads came in?", "answered"] == "yes"
    assert asked.loc["Do customers stay?", ["answered", "lacks"]].tolist() == [
        "no",
        "subscriptions.customer_id, subscriptions.started_on, subscriptions.ended_on, subscriptions.mrr",
    ]
    assert asked.loc["How fast do leads move, and where do they wait?", "answered"] == "on guessed columns"


def test_every_question_needs_columns_that_exist_on_a_page_that_exists() -> None:
    entries = tomllib.loads((ROOT / "alignment_toolkit" / "questions.toml").read_text(encoding="utf-8"))["questions"]
    pages = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} | {"attribution", "handoff", "alignment"}
    known = {f"{name}.{column}" for name, table in TABLES.items() for column in table.column_names}
    for entry in entries:
        assert entry["page"] in pages, entry["question"]
        assert {name for need in entry["needs"] for name in need.split("|")} <= known, entry["question"]


def test_what_cannot_be_explained() -> None:
    with pytest.raises(UsageError) as caught:
        explained(None, source=ROOT / "examples")
    assert str(caught.value).startswith("no shipped mapping fits the source: 'examples'. It holds no CSV or Parquet file and no table;")
    with pytest.raises(UsageError) as caught:
        explained(None, source=[])
    assert str(caught.value) == "nothing to explain. A mapping is explained on a source. Give a folder with --source."


def test_the_own_mapping_of_the_guide(tmp_path: Path) -> None:
    source = folder(tmp_path / "e", contacts="Id,Made,From,Became MQL\n1,2026-01-01,web,2026-01-02\n")
    (tmp_path / "m.toml").write_text(
        '[tables.leads]\nfrom = "contacts.csv"\ncolumns = { lead_id = "Id", created_at = ["Created", "Made"], source = { value = "x" }, score = "Points" }\n'
        '[tables.stage_events]\nfrom = "contacts.csv"\nwide = { mql = "Became MQL" }\ncolumns = { lead_id = "Id" }\n'
        "[tables.deals]\nsql = \"SELECT Id AS deal_id, 'won' AS outcome FROM contacts\"\n",
        encoding="utf-8",
    )
    told = explained(tmp_path / "m.toml", source=source).columns.set_index(["table", "column"])
    assert told.loc[("leads", "created_at")].tolist() == ["matched", "contacts.csv: Made"]
    assert told.loc[("leads", "source")].tolist() == ["matched", "= x"]
    assert told.loc[("leads", "score")].tolist() == ["missing", "looked for Points"]
    assert told.loc[("stage_events", "entered_at")].tolist() == ["matched", "contacts.csv: Became MQL"]
    assert told.loc[("deals", "deal_id")].tolist() == ["matched", "contacts.id"]
    assert told.loc[("deals", "outcome")].tolist() == ["matched", "= won"]


def test_the_page_of_connectors_is_what_the_mapping_files_say() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "connectors.py"))["page"]()
    assert (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8") == page, "run python docs/connectors.py"


def test_questions_name_headline_figures_of_the_glossary() -> None:
    text = files("alignment_toolkit").joinpath("questions.toml").read_text(encoding="utf-8")
    named = [name for entry in tomllib.loads(text)["questions"] for name in entry["kpis"]]
    assert len(named) > 15
    assert [name for name in named if name not in terms()] == []
