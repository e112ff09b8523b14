"""The files beside the pages."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from alignment_toolkit.display import TABLE_MIME, TEXT_MIME
from alignment_toolkit.errors import CellFailed, UsageError
from alignment_toolkit.report.extract import csv_text, harmless, summary_of, tables_of, write_tables
from tests.report.test_preflight import notebook, shown


def table(name: str, *rows: list) -> dict:
    return {"name": name, "caption": name, "columns": ["source", "n"], "rows": list(rows)}


def showing(*payloads: dict) -> dict:
    return notebook(*(shown({TABLE_MIME: payload}) for payload in payloads))


def saying(*sentences: str, role: str | None = None) -> dict:
    return notebook(shown({TEXT_MIME: {"role": role, "sentences": list(sentences)}}))


def test_each_table_is_found_once() -> None:
    found = tables_of({"a": showing(table("one", ["x", 1])), "b": showing(table("one", ["x", 1]), table("two"))})
    assert list(found) == ["one", "two"]


def test_one_name_for_two_tables_is_refused() -> None:
    with pytest.raises(CellFailed) as caught:
        tables_of({"a": showing(table("one", ["x", 1])), "b": showing(table("one", ["x", 2]))})
    assert str(caught.value) == (
        "cell 0 of b shows another table under a name that is taken: 'one'. A table's name is the name of its file, so it stands for one"
        " table in a report."
    )


def test_a_name_that_leaves_its_folder_is_refused() -> None:
    with pytest.raises(UsageError):
        tables_of({"a": showing(table("../../kpis"))})


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "  =1", "\n=1", "＝1", "＋1", "－1", "＠a"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("value", [-1, -0.5, None, True, "web", "a=b", ""])
def test_what_it_would_not_run_stays(value: object) -> None:
    assert harmless(value) == value


def test_csv_reads_back() -> None:
    made = csv_text(table("one", ['a,"b"\nc', 1.5], ["=x", None]))
    assert list(csv.reader(StringIO(made))) == [["source", "n"], ['a,"b"\nc', "1.5"], ["'=x", ""]]


def test_kpis_are_strict_json(tmp_path: Path) -> None:
    write_tables({"kpis": table("kpis", ["é", None])}, into=tmp_path)
    assert json.loads((tmp_path / "kpis.json").read_text(encoding="utf-8")) == [{"source": "é", "n": None}]
    assert (tmp_path / "kpis.csv").read_bytes() == (tmp_path / "tables" / "kpis.csv").read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_tables({"kpis": table("kpis", ["é", float("nan")])}, into=tmp_path)


def test_a_summary_is_made_of_its_own_sentences() -> None:
    books = {"a": saying("First."), "b": saying("Second.", "Third.", role="summary")}
    assert summary_of(books, heading="Head") == "Head\nSecond.\nThird.\n"
    assert summary_of({"a": books["a"]}, heading="Head") == "Head\nFirst.\n"
    assert summary_of({}, heading="Head") == "Head\n"


@pytest.mark.parametrize("length", [100, 298, 299, 300, 599, 5000])
def test_a_summary_has_whole_sentences_under_600_characters(length: int) -> None:
    made = summary_of({"a": saying(*(["x" * length + "."] * 9), role="summary")}, heading="h" * 500)
    assert len(made) < 600
    assert {len(line) for line in made.splitlines()[1:]} <= {length + 1}
