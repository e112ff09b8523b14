"""What ends a notebook is told in our own exceptions, whatever papermill marks in its file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from alignment_toolkit.errors import AlignmentError, CellFailed, DataRefused, KernelDied, RunTimeout
from alignment_toolkit.report.execute import execute
from alignment_toolkit.report.notebooks import read_notebook
from tests.report.conftest import write_variant

REFUSE = "from alignment_toolkit.errors import DataRefused\nraise DataRefused('the data cannot be used', faults=['leads: empty'])"
ENDS = {
    "dead": ("import os\nos.kill(os.getpid(), 9)", 60, KernelDied, 6, "the kernel of one died. It was killed or ran out of memory."),
    "slow": ("import threading\nthreading.Event().wait()", 1, RunTimeout, 5, "a cell of one took longer than 1 seconds."),
    "wrong": ("1 / 0", 60, CellFailed, 4, "cell 1 of one failed with ZeroDivisionError. division by zero."),
    "refused": (REFUSE, 60, DataRefused, 3, "cell 1 of one failed with DataRefused. the data cannot be used. - leads: empty."),
}


@pytest.mark.parametrize("end", ENDS)
def test_each_end_has_its_exit_code_and_leaves_the_notebook(tmp_path: Path, end: str) -> None:
    source, cell_timeout, kind, code, sentence = ENDS[end]
    path = write_variant(tmp_path, source=source, name="one")
    output = tmp_path / "out" / "one.ipynb"
    output.parent.mkdir()
    with pytest.raises(AlignmentError) as caught:
        execute(path, output=output, values={}, cell_timeout=cell_timeout)
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    assert str(caught.value) == f"{sentence} The notebook as far as it came: one.ipynb."
    assert output.is_file()


def test_an_executed_notebook_keeps_no_path_no_time_and_no_random_id(executed: Path) -> None:
    notebook = read_notebook(executed)
    assert "papermill" not in notebook["metadata"]
    assert [cell["id"] for cell in notebook["cells"]] == ["cell-0", "cell-1", "cell-2", "cell-3"]
    assert {key for cell in notebook["cells"] for key in cell["metadata"]} == {"tags"}


def test_values_are_injected_after_the_parameters_as_typed(executed: Path) -> None:
    cell = read_notebook(executed)["cells"][2]
    assert cell["metadata"]["tags"] == ["injected-parameters"]
    assert "".join(cell["source"]).splitlines()[1:] == ['quarter = "2026Q3"', 'data = "store"', 'as_of = "2026-10-01"', 'cohort = "4q"']


STARTS_LATE = """
import sys
import json
import sys
from pathlib import Path
tries = Path({tries!r})
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
if len(tries.read_text()) <= {failing}:
    sys.exit(1)
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


@pytest.mark.parametrize("failing", [1, 2])
def test_a_kernel_that_does_not_start_is_asked_for_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    spec, tries = tmp_path / "kernels" / "python3", tmp_path / "tries"
    spec.mkdir(parents=True)
    starter = STARTS_LATE.format(tries=str(tries), failing=failing)
    (spec / "kernel.json").write_text(json.dumps({"argv": [sys.executable, "-c", starter, "-f", "{connection_file}"], "display_name": "P"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    path = write_variant(tmp_path, source="1 + 1", name="one")
    output = tmp_path / "out.ipynb"
    if failing == 1:
        execute(path, output=output, values={}, cell_timeout=60)
    else:
        with pytest.raises(KernelDied, match="the kernel of out did not start"):
            execute(path, output=output, values={}, cell_timeout=60)
    assert tries.read_text() == "xx"
