"""What a user types becomes a value, never code; what an address holds is told to nobody."""

from __future__ import annotations

import ast
import json
import threading
from pathlib import Path
from typing import Any

import ibis
import nbformat
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.report.parameters import check_parameters, parse_assignments, with_data
from tests.hostile import ATTACKS
from tests.report.conftest import NOTEBOOKS, run_in, write_variant

PYTHON = {
    "end of text": '"; import os; os.abort() #',
    "end of long text": '"""\nimport os\nos.abort()\n"""',
    "end of line": "x\nimport os\nos.abort()",
    "backslash": "\\",
    "backslash and quote": '\\"; import os; os.abort() #',
    "a half escape": "\\x4",
    "other line ends": "x\u2028import os\x0bos.abort()\x85os.abort()\ros.abort()",
    "nothing": "\x00",
    "half a pair": "\ud800",
    "an f-string": "{__import__('os').abort()}",
    "a cell magic": "%%bash\nkill $$",
    "a shell": "!kill $PPID",
    **ATTACKS,
}


@pytest.mark.parametrize("kind", PYTHON)
def test_a_value_is_injected_as_a_value(kind: str) -> None:
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    value = PYTHON[kind]
    values = {"data": value, "top": {"list": [value, None, True, 1.5], value: value}}
    notebook = parameterize_notebook(load_notebook_node(str(NOTEBOOKS / "00_executive_summary.ipynb")), values)
    (cell,) = [cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert _assigned(cell.source) == values
    again = with_data(json.loads(nbformat.writes(notebook)), values={"data": value * 2})
    (cell,) = [cell for cell in again["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]
    assert _assigned(cell["source"]) == values | {"data": value * 2}


def _assigned(source: str) -> dict[str, Any]:
    """The values of a cell that holds nothing but assignments of plain values."""
    statements = ast.parse(source).body
    assert {type(statement) for statement in statements} == {ast.Assign}
    return {statement.targets[0].id: ast.literal_eval(statement.value) for statement in statements}  # type: ignore[attr-defined]


@pytest.mark.parametrize("assignment", ["top;import os=1", "top\n=1", "__import__('os')=1", "top.x=1", "top[0]=1", "%run x=1", "=1"])
def test_a_name_is_a_name(assignment: str) -> None:
    with pytest.raises(UsageError, match=r"^the parameter cannot be read: "):
        parse_assignments([assignment])


@pytest.mark.parametrize("name", ["__builtins__", "class", "exit", "get_ipython", "_oh"])
def test_only_declared_names_are_set(name: str) -> None:
    with pytest.raises(UsageError, match=r"^the parameter is unknown: "):
        check_parameters([NOTEBOOKS / "00_executive_summary.ipynb"], {name: "1"})


SECRET = "s3cret-4711"


@pytest.mark.slow
def test_an_address_is_in_no_file_no_line_and_no_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a process is shown to its owner alone, so that is where an address stands."""
    path = tmp_path / SECRET / "crm.duckdb"
    path.parent.mkdir()
    engine = ibis.duckdb.connect(path)
    engine.create_table("leads", ibis.memtable({"lead_id": ["a"]}, schema={"lead_id": "string"}))
    engine.disconnect()
    monkeypatch.setenv("CRM", f"duckdb://{path}?read_only=True")
    notebooks = write_variant(tmp_path / "notebooks", source="from alignment_toolkit.store import row_counts\nrow_counts(data)").parent
    said, seen, done = [], set(), threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            seen.update(_command_lines())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        run_in(tmp_path, monkeypatch, data="env:CRM", folder=notebooks, log=said.append)
    finally:
        done.set()
        looking.join()
    files = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 4
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    assert SECRET not in "".join(map(repr, said))
    assert any(b"alignment_toolkit.report.foreman" in line for line in seen)
    assert not [line for line in seen if SECRET.encode() in line]
    assert json.loads((tmp_path / "reports" / "2026Q3" / "manifest.json").read_text())["data"]["where"] == "env:CRM"


def _command_lines() -> set[bytes]:
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add((process / "cmdline").read_bytes())
        except OSError:
            continue
    return found
