"""Names of notebooks and pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.report import notebooks
from alignment_toolkit.report.notebooks import page_name, page_title, read_notebook, report_notebooks, select


@pytest.mark.parametrize(
    ("stem", "page"),
    [
        ("00_executive_summary", "index.html"),
        ("01_lead_quality", "lead-quality.html"),
        ("03_churn", "churn.html"),
        ("04_data_health", "data-health.html"),
        ("appendix", "appendix.html"),
    ],
)
def test_a_page_is_named_after_its_notebook(stem: str, page: str) -> None:
    assert page_name(stem) == page


def test_report_notebooks_are_the_numbered_ones_in_order(tmp_path: Path) -> None:
    for name in ("02_b.ipynb", "01_a.ipynb", "scratch.ipynb", "03_c.py"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in report_notebooks(tmp_path)] == ["01_a.ipynb", "02_b.ipynb"]


@pytest.mark.parametrize("name", ["01_lead_quality", "lead_quality", "01_lead_quality.ipynb"])
def test_a_notebook_is_found_by_any_of_its_names(name: str) -> None:
    paths = [Path("00_executive_summary.ipynb"), Path("01_lead_quality.ipynb")]
    assert select(paths, [name]) == [paths[1]]
    assert select(paths, None) == paths


def test_packaged_notebooks_come_before_those_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "alignment_toolkit" / "report" / "notebooks.py"
    monkeypatch.setattr(notebooks, "__file__", str(module))
    with pytest.raises(UsageError) as caught:
        notebooks.find_notebooks()
    assert str(caught.value) == (
        "no report notebooks were found. They lie in the installed package or in notebooks/ beside it. Install again."
    )
    for folder in (tmp_path / "notebooks", tmp_path / "alignment_toolkit" / "notebooks"):
        folder.mkdir(parents=True)
        (folder / "00_executive_summary.ipynb").write_text("{}")
        assert notebooks.find_notebooks() == folder


@pytest.mark.parametrize("text", ["{", "[]", '{"nbformat": 3, "cells": []}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.ipynb").write_text(text)
    with pytest.raises(UsageError, match=r"^the file is no notebook( of format 4)?: 'one\.ipynb'\."):
        read_notebook(tmp_path / "one.ipynb")


def test_a_title_is_the_first_heading() -> None:
    cells = [{"cell_type": "markdown", "source": ["text\n", "# The `one` *title* #\n"]}, {"cell_type": "markdown", "source": "# Other"}]
    assert page_title({"cells": cells}, default="none") == "The one title"
    assert page_title({"cells": []}, default="none") == "none"
