"""What nbval would pass without comparing is refused before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alignment_toolkit.display import CHART_MIME, TABLE_MIME, TEXT_MIME
from alignment_toolkit.report.notebooks import read_notebook
from alignment_toolkit.report.preflight import cleared, preflight


def notebook(*outputs: dict[str, Any], source: str = "show()", count: int | None = 1, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    cell = {"cell_type": "code", "source": source, "execution_count": count, "metadata": {"tags": list(tags)}, "outputs": list(outputs)}
    return {"cells": [{"cell_type": "markdown", "source": "# Title"}, cell]}


def shown(data: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": data}


PLAIN = shown({"text/plain": "5"})
TABLE = {"name": "t", "caption": "T", "columns": ["a"], "rows": [[1]]}
REFUSED = {
    "not executed": (notebook(PLAIN, count=None), "cell 0 was not executed"),
    "error": (notebook({"output_type": "error", "ename": "ValueError", "evalue": "no"}), "cell 0 failed with ValueError: 'no'"),
    "stderr": (notebook(PLAIN, {"output_type": "stream", "name": "stderr", "text": ["a\n", "b"]}), "cell 0 wrote to stderr: 'a\\nb'"),
    "png": (
        notebook(shown({"image/png": "", "text/plain": "x"})),
        "cell 0 shows image/png, which is never compared: show a chart with show_chart, a table with show_table",
    ),
    "bare svg": (notebook(shown({"image/svg+xml": "<svg/>"})), "cell 0 shows a picture without a description: show it with show_chart"),
    "other text": (
        notebook(shown({"image/svg+xml": "<svg/>", "text/plain": "b", CHART_MIME: {"name": "c", "description": "a"}})),
        "cell 0 shows the chart c with a text that is not its description",
    ),
    "other html": (
        notebook(shown({"text/html": "<script>", "text/plain": "", TABLE_MIME: TABLE})),
        "cell 0 shows t with HTML that is not made from its JSON form",
    ),
    "other prose": (
        notebook(shown({"text/html": "<p>b</p>", "text/plain": "a", TEXT_MIME: {"role": None, "sentences": ["a"]}})),
        "cell 0 shows prose with HTML that is not made from its JSON form",
    ),
    "ignore tag": (notebook(PLAIN, tags=("nbval-ignore-output",)), "cell 0 asks not to be compared, so nothing in it could be proved"),
    "ignore comment": (notebook(PLAIN, source="# NBVAL_SKIP\n1"), "cell 0 asks not to be compared, so nothing in it could be proved"),
    "nothing shown": (
        notebook(),
        "no cell has an output, so there is nothing to compare: its outputs were cleared, or it shows nothing",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_is_refused_in_a_sentence(case: str) -> None:
    made, fault = REFUSED[case]
    assert preflight(made) == [fault]


@pytest.mark.parametrize("source", ["", " \n"])
def test_an_empty_cell_need_not_run(source: str) -> None:
    made = notebook(PLAIN)
    made["cells"].append({"cell_type": "code", "source": source, "execution_count": None, "metadata": {}, "outputs": []})
    assert preflight(made) == []


def test_the_one_cell_notebook_passes_and_its_cleared_copy_does_not(executed: Path) -> None:
    made = read_notebook(executed)
    assert preflight(made) == []
    assert cleared(made) == []
    for cell in made["cells"][1:]:
        cell["outputs"] = []
    assert cleared(made) == ["no cell has an output"]
    made["cells"][1]["execution_count"] = None
    assert cleared(made) == ["cell 0 has no execution count", "no cell has an output"]
