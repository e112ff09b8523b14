"""Parameters are read without a notebook library and refused before a kernel starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.report.notebooks import find_notebooks, report_notebooks
from alignment_toolkit.report.parameters import Parameter, check_parameters, parse_assignments, parse_value, read_parameters, with_data
from tests.report.conftest import NOTEBOOKS

ONE = NOTEBOOKS / "00_executive_summary.ipynb"


def written(folder: Path, *sources: str) -> Path:
    cells = [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source, "outputs": []} for source in sources]
    path = folder / "one.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


def test_name_type_default_and_help_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, 'a: str = "x # y"  # first: why\n\nb: int | None = None\nc: list[str] = ["é", "z"]  # third')
    assert list(read_parameters(path).values()) == [
        Parameter("a", "str", "x # y", "first: why"),
        Parameter("b", "int | None", None),
        Parameter("c", "list[str]", ["é", "z"], "third"),
    ]


@pytest.mark.parametrize(
    "path",
    [ONE, *report_notebooks(find_notebooks() if any(NOTEBOOKS.parents[2].glob("notebooks/*.ipynb")) else NOTEBOOKS)],
    ids=lambda path: path.stem,
)
def test_papermill_reads_the_same(path: Path) -> None:
    import papermill

    theirs = papermill.inspect_notebook(str(path))
    ours = read_parameters(path)
    assert list(ours) == list(theirs)
    for name, parameter in ours.items():
        assert parameter.type == theirs[name]["inferred_type_name"]
        assert parameter.help == theirs[name]["help"]


@pytest.mark.parametrize("source", ["a = 1", "a: int", "a: int = 1 + b", "import os", "a: int = (", "def f(): pass"])
def test_a_line_that_is_no_parameter_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_parameters(written(tmp_path, source))
    assert str(caught.value).startswith("the parameters of one.ipynb cannot be read: ")
    assert str(caught.value).endswith("Each line of the parameters cell is `name: type = default  # help` with a plain value.")


def test_two_parameters_cells_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_parameters(written(tmp_path, "a: int = 1", "b: int = 2"))
    expected = "the notebook has two parameters cells: 'one.ipynb'. A notebook has one cell with the tag 'parameters'."
    assert str(caught.value) == expected


VALUES = [
    ("str", "2024_01", "2024_01"),
    ("str", "true", "true"),
    ("int", "7", 7),
    ("float", "7", 7),
    ("float", "0.5", 0.5),
    ("bool", "True", True),
    ("int | None", "none", None),
    ("list[str]", '["a"]', ["a"]),
    ("dict", '{"a": 1}', {"a": 1}),
]


@pytest.mark.parametrize(("kind", "text", "expected"), VALUES)
def test_text_is_read_in_the_parameters_type(kind: str, text: str, expected: object) -> None:
    assert parse_value(text, parameter=Parameter("p", kind, None)) == expected


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "seven"), ("int", "0.5"), ("int", "true"), ("int", "none"), ("bool", "1"), ("list", "a"), ("float", "true")]
)
def test_a_wrong_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_value(text, parameter=Parameter("top", kind, None, "rows shown"))
    assert str(caught.value).startswith("the parameter top has the wrong type: ")
    assert str(caught.value).endswith(f"It is {kind}: rows shown.")


def test_each_notebook_gets_what_it_declares() -> None:
    given = {"quarter": "2026Q3", "data": "store", "as_of": "2026-10-01", "cohort": "4q", "config": "a.toml", "top": "3"}
    assert check_parameters([ONE], given) == {"00_executive_summary": given | {"top": 3}}


def test_a_notebook_that_would_ignore_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_parameters([written(tmp_path, 'quarter: str = "2026Q3"')], {})
    assert str(caught.value) == "the notebook one cannot be in a report: 'data, as_of'. It must take data, quarter and as_of."


def test_assignments_are_text_and_the_last_counts() -> None:
    assert parse_assignments(["top=3", "note=a=b", "top=4"]) == {"top": "4", "note": "a=b"}


@pytest.mark.parametrize("assignment", ["top", "=3", "a b=1", ""])
def test_what_is_no_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_assignments([assignment])
    assert str(caught.value) == f"the parameter cannot be read: {assignment!r}. A parameter is given as NAME=VALUE, such as -p top=10."


def test_only_injected_values_are_replaced() -> None:
    def notebook(source: str) -> dict:
        return {"cells": [{"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": source}]}

    made = with_data(notebook('# Parameters\ndata = "store"\ntop = 3'), values={"data": "/elsewhere", "config": "x"})
    assert made == notebook("data = '/elsewhere'\ntop = 3")
