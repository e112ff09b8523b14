"""nbval can fail: every kind of change is found in one run over changed copies, and what it would pass silently is refused."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alignment_toolkit.display import CHART_MIME, TABLE_MIME
from alignment_toolkit.errors import KernelDied, NotReproduced, RunTimeout
from alignment_toolkit.report.notebooks import read_notebook, write_notebook
from alignment_toolkit.report.reproduce import Difference, refuse, reproduce

NAMES = "(leads_by_source, kpis, summary)"


def outputs(notebook: dict) -> list[dict]:
    return notebook["cells"][-1]["outputs"]


def one_number(notebook: dict) -> None:
    data = next(output["data"] for output in outputs(notebook) if TABLE_MIME in output["data"])
    data[TABLE_MIME]["rows"][0][1] += 1


def one_path(notebook: dict) -> None:
    data = next(output["data"] for output in outputs(notebook) if CHART_MIME in output["data"])
    text = "".join(data["image/svg+xml"])
    assert "M 0 " in text
    data["image/svg+xml"] = text.replace("M 0 ", "M 1 ", 1)


def one_sentence(notebook: dict) -> None:
    outputs(notebook)[-1]["data"]["text/plain"] = "6 leads came in 2026Q3."


def one_cell_cleared(notebook: dict) -> None:
    notebook["cells"][-1]["outputs"] = []


def nothing(notebook: dict) -> None:
    pass


CHANGES: dict[str, tuple[Callable[[dict], None], str]] = {
    "a_number": (one_number, f"the output differs in application/vnd.alignment.table+json {NAMES}"),
    "b_path": (one_path, f"the output differs in image/svg+xml {NAMES}"),
    "c_sentence": (one_sentence, f"the output differs in text/plain {NAMES}"),
    "d_cleared": (one_cell_cleared, "the outputs differ"),
}


def test_each_change_is_found_in_its_cell_and_only_there(executed: Path) -> None:
    paths = []
    for name, (change, _) in {"0_same": (nothing, ""), **CHANGES}.items():
        path = Path(shutil.copy(executed, executed.parent / f"{name}.ipynb"))
        notebook = read_notebook(path)
        change(notebook)
        write_notebook(notebook, path)
        paths.append(path)
    found = reproduce(paths, cell_timeout=60, root=executed.parent)
    assert found == [Difference(name, 2, what) for name, (_, what) in CHANGES.items()]


def test_changed_data_and_random_numbers_are_found(executed: Path) -> None:
    (executed.parent / "store" / "leads.csv").write_text("lead_id,created_at,source\na,2026-07-01,web\n")
    random = read_notebook(executed)
    random["cells"][-1] |= {"source": "import random\nrandom.random()", "outputs": [_result("0.5")]}
    write_notebook(random, executed.parent / "random.ipynb")
    found = reproduce([executed, executed.parent / "random.ipynb"], cell_timeout=60, root=executed.parent)
    assert [(difference.notebook, difference.cell) for difference in found] == [("00_executive_summary", 2), ("random", 2)]
    assert found[1].what == "the output differs in text/plain"


def test_a_second_execution_that_hangs_or_dies_is_no_pass(executed: Path) -> None:
    for name, source in {"hangs": "import threading\nthreading.Event().wait()", "dies": "import os\nos._exit(1)"}.items():
        notebook = read_notebook(executed)
        notebook["cells"][-1] |= {"source": source, "outputs": []}
        notebook["cells"].append(notebook["cells"][-1] | {"source": "1", "id": "last"})
        write_notebook(notebook, executed.parent / f"{name}.ipynb")
    found = reproduce([executed.parent / "hangs.ipynb", executed.parent / "dies.ipynb"], cell_timeout=3, root=executed.parent)
    assert {(difference.notebook, difference.cell) for difference in found} == {("hangs", 2), ("hangs", 3), ("dies", 2), ("dies", 3)}
    assert {difference.what for difference in found if difference.notebook == "hangs"} == {"took longer than allowed"}


def test_a_pytest_configuration_around_it_plays_no_part(executed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (executed.parent / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (executed.parent / "conftest.py").write_text("raise RuntimeError\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    assert reproduce([executed], cell_timeout=60, root=executed.parent) == []


def test_a_kernel_that_finds_its_port_taken_is_followed_by_another(executed: Path, tmp_path: Path) -> None:
    """The first kernel exits at once, as it does when its port is in use; no cell has run."""
    environment = _kernel_that_fails(tmp_path, times=1)
    assert reproduce([executed], cell_timeout=60, root=executed.parent, environment=environment) == []
    assert (tmp_path / "starts").read_text() == "12"


def test_a_kernel_that_never_starts_is_reported_as_such(executed: Path, tmp_path: Path) -> None:
    found = reproduce([executed], cell_timeout=60, root=executed.parent, environment=_kernel_that_fails(tmp_path, times=9))
    assert (tmp_path / "starts").read_text() == "12"
    assert {difference.what.partition(" (")[0] for difference in found} == {"the kernel did not start"}
    with pytest.raises(KernelDied, match="the kernel did not start"):
        refuse(found)


def _kernel_that_fails(folder: Path, *, times: int) -> dict[str, str]:
    """A kernel specification whose first starts end at once, as with a port in use; it notes each start in `starts`."""
    (folder / "kernel.py").write_text(f"""
import pathlib, runpy, sys
count = pathlib.Path({str(folder / "starts")!r})
started = len(count.read_text()) + 1 if count.exists() else 1
with count.open("a") as file:
    file.write(str(started))
if started <= {times}:
    sys.exit(1)
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
""")
    spec = folder / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, str(folder / "kernel.py"), "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))
    return {"JUPYTER_PATH": str(folder)}


def test_no_result_is_no_pass(executed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alignment_toolkit.report.reproduce._nbval", lambda *args, **kwargs: (3, "INTERNAL\nerror"))
    found = reproduce([executed], cell_timeout=60)
    assert [str(difference) for difference in found] == ["00_executive_summary: nbval gave no result: INTERNAL error"]


def test_fewer_tests_than_cells_are_no_pass(executed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_test(paths, *, junit, **kwargs):
        junit.write_text(f'<testsuite><testcase file="{executed.name}" name="Cell 0"/></testsuite>')
        return 0, ""

    monkeypatch.setattr("alignment_toolkit.report.reproduce._nbval", one_test)
    assert [str(difference) for difference in reproduce([executed], cell_timeout=60)] == [
        "00_executive_summary: 1 of 3 code cells were compared"
    ]


def test_an_exit_code_alone_is_no_pass(executed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_pass(paths, *, junit, **kwargs):
        cases = "".join(f'<testcase file="{executed.name}" name="Cell {at}"/>' for at in range(3))
        junit.write_text(f"<testsuite>{cases}</testsuite>")
        return 1, ""

    monkeypatch.setattr("alignment_toolkit.report.reproduce._nbval", all_pass)
    assert [str(difference) for difference in reproduce([executed], cell_timeout=60)] == ["00_executive_summary: nbval left with code 1"]


@pytest.mark.parametrize(
    ("what", "kind", "code"),
    [("the outputs differ", NotReproduced, 7), ("took longer than allowed", RunTimeout, 5), ("the kernel died", KernelDied, 6)],
)
def test_a_difference_has_its_exit_code(what: str, kind: type, code: int) -> None:
    with pytest.raises(kind) as caught:
        refuse([Difference("one", 4, what), Difference("one", 5, "the outputs differ")])
    assert caught.value.exit_code == code
    assert str(caught.value) == f"a second execution gave other outputs. one cell 4: {what}; one cell 5: the outputs differ."


def test_no_difference_is_no_error() -> None:
    assert refuse([]) is None


def _result(text: str) -> dict:
    return json.loads(json.dumps({"output_type": "execute_result", "execution_count": 4, "metadata": {}, "data": {"text/plain": text}}))
