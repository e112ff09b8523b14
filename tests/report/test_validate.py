"""A published report, or a copy of one, proved again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from alignment_toolkit.errors import NotReproduced, UsageError
from alignment_toolkit.report import validate_report
from alignment_toolkit.report.digest import installed
from alignment_toolkit.report.notebooks import read_notebook, write_notebook
from tests.report.test_reproduce import one_number

NOTEBOOK = "notebooks/00_executive_summary.ipynb"


@pytest.fixture
def report(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)
    return place / "reports" / "2026Q3"


def test_a_copy_anywhere_is_proved_on_data_anywhere(report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(report, tmp_path / "mail" / "attached")
    elsewhere = shutil.move(Path("store"), tmp_path / "vault")
    monkeypatch.chdir(tmp_path / "mail")
    assert list(validate_report(copy, data=str(elsewhere))) == ["00_executive_summary: 3 cells reproduced", "2026Q3 reproduced"]
    assert read_notebook(copy / NOTEBOOK) == read_notebook(report / NOTEBOOK)


def test_everything_that_differs_is_named_versions_first(report: Path) -> None:
    notebook = read_notebook(report / NOTEBOOK)
    notebook["cells"][0]["source"] = "# Another title"
    write_notebook(notebook, report / NOTEBOOK)
    (Path("store") / "leads.csv").write_text("lead_id,created_at,source\na,2026-07-01,web\n")
    manifest = json.loads((report / "manifest.json").read_text())
    manifest["packages"]["papermill"] = "1.0"
    (report / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NotReproduced) as caught:
        validate_report(report)
    assert caught.value.exit_code == 7
    assert str(caught.value).split("; ") == [
        f"the report 2026Q3 is not reproduced. package versions differ: papermill 1.0 (now {installed()['papermill']})",
        "the data are not those of the report: leads.csv",
        "00_executive_summary cell 2: the output differs in application/vnd.alignment.chart+json (leads_by_source, kpis, summary)",
        "00_executive_summary: the text of cell 1 of 4 was changed",
        f"{NOTEBOOK} was changed.",
    ]


def test_a_number_changed_in_one_form_only_is_refused_without_running(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = read_notebook(report / NOTEBOOK)
    one_number(notebook)
    write_notebook(notebook, report / NOTEBOOK)
    monkeypatch.setattr("alignment_toolkit.report.validate.reproduce", None)
    with pytest.raises(NotReproduced) as caught:
        validate_report(report)
    assert str(caught.value) == (
        "the report 2026Q3 is not reproduced. 00_executive_summary cannot be compared: cell 2 shows leads_by_source with HTML that is not made"
        f" from its JSON form; {NOTEBOOK} was changed."
    )


def test_cleared_outputs_are_refused_without_running(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = read_notebook(report / NOTEBOOK)
    for cell in notebook["cells"][1:]:
        cell |= {"outputs": [], "execution_count": None}
    write_notebook(notebook, report / NOTEBOOK)
    monkeypatch.setattr("alignment_toolkit.report.validate.reproduce", None)
    with pytest.raises(NotReproduced) as caught:
        validate_report(report)
    head = "00_executive_summary cannot be compared:"
    assert caught.value.rule is not None
    assert caught.value.rule.split("; ") == [
        *(f"{head} cell {number} has no execution count" for number in range(3)),
        f"{head} no cell has an output",
        f"{NOTEBOOK} was changed",
    ]


def test_a_missing_notebook_is_refused(report: Path) -> None:
    (report / NOTEBOOK).unlink()
    with pytest.raises(NotReproduced) as caught:
        validate_report(report)
    expected = f"the report 2026Q3 is not reproduced. 00_executive_summary cannot be compared: it is missing; {NOTEBOOK} is missing."
    assert str(caught.value) == expected


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        validate_report(tmp_path / "nowhere")
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("there is no published report: ")
    assert str(caught.value).endswith(". A report's folder holds its manifest.json.")
