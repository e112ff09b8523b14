"""Imports point one way, engines are known behind the border only, and start-up stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "alignment_toolkit"
MODULES = sorted(PACKAGE.rglob("*.py"))
METRICS = ("quality", "velocity", "churn", "attribution", "handoff", "drivers")

TIERS = (
    {"errors", "visible", "schema", "digests", "locking", "__version__"},
    {"arguments", "config", "periods", "figures", "tables", "glossary", "hashing", "stats", "wording", "shares", "followed"},
    {"border", "mapping", "store", "faults", "ingest", "samples", "merging", "caching", "recorded", "sharing", "prepared"}
    | {"recognise", "explain", "guessing", "starter", "snapshots", "renewal"},
    {"study", "coverage", "days", "quarters"},
    {"leads"},
    {"timelines"},
    {
        "journeys",
        "deals",
        "stages",
        "handovers",
        "customers",
        "touches",
        "definitions",
        "responses",
        "loads",
        "lines",
        "workhours",
        "in_play",
        "pipeline",
        "targets",
    },
    {"counts", "waits", "verdicts", "young", "baseline"},
    set(METRICS),
    {"headlines", "charts", "summary", "loop", "alignment", "health", "display", "report", "printing", "delivery", "restated"},
    {"readiness", "ahead"},
    {"meeting"},
    {"options", "stopping"},
    {"report_commands", "check_commands", "reference_commands", "figure_commands"},
    {"cli"},
    {"__main__", "__init__"},
)
KNOWS_AN_ENGINE = {"store.py", "ingest.py", "faults.py", "cli.py"}
KNOWS_AN_ENGINE_FOLDERS = {"border", "samples"}


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imported(path: Path) -> set[str]:
    """Every module that a file imports anywhere, functions and type-checking blocks included."""
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "alignment_toolkit" if node.level else str(node.module)
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "alignment_toolkit" else {module}
    return found


def _parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in _imported(path) if name.startswith("alignment_toolkit.")} - {_part(path)}


def _tier(part: str) -> int:
    return next(place for place, tier in enumerate(TIERS) if part in tier)


def test_every_part_of_the_package_has_its_place_in_the_order() -> None:
    placed = set().union(*TIERS)
    assert {_part(path) for path in MODULES} <= placed


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_one_way(path: Path) -> None:
    mine = _tier(_part(path))
    assert {part for part in _parts_imported(path) if _tier(part) > mine} == set()


@pytest.mark.parametrize("part", METRICS)
def test_metric_packages_know_neither_one_another_nor_charts_nor_report(part: str) -> None:
    forbidden = {*METRICS, "charts", "report", "display", "summary", "loop", "headlines", "cli"} - {part}
    for path in (PACKAGE / part).rglob("*.py"):
        assert _parts_imported(path) & forbidden == set(), _name(path)


def test_statistics_know_arrays_and_errors_only() -> None:
    allowed = {"numpy", "scipy", "statsmodels", "pandas", "alignment_toolkit"} | sys.stdlib_module_names
    for path in (PACKAGE / "stats").rglob("*.py"):
        assert {name.split(".")[0] for name in _imported(path)} <= allowed, _name(path)
        assert _parts_imported(path) <= {"errors"}, _name(path)


def test_an_engine_s_name_is_known_behind_the_border_only() -> None:
    for path in MODULES:
        if path.name in KNOWS_AN_ENGINE or _part(path) in KNOWS_AN_ENGINE_FOLDERS:
            continue
        roots = {name.split(".")[0] for name in _imported(path)}
        assert roots & {"duckdb", "pyspark", "sqlglot"} == set(), _name(path)
        attributes = {node.attr for node in ast.walk(_tree(path)) if isinstance(node, ast.Attribute)}
        assert attributes & {"duckdb", "pyspark", "raw_sql"} == set(), _name(path)


def test_only_the_entry_point_imports_the_command_line() -> None:
    assert [_name(path) for path in MODULES if "cli" in _parts_imported(path)] == ["__main__.py"]


COMMAND_LINE = {"cli.py", "report_commands.py", "check_commands.py", "reference_commands.py", "figure_commands.py"}
CLOCKS = {("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow"), ("date", "today"), ("time", "time"), ("time", "time_ns")}


def test_only_the_command_line_reads_a_clock() -> None:
    reading = set()
    for path in MODULES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS:
                reading.add(_name(path))
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "CURRENT_TIMESTAMP"} and _calls_ibis(node):
                reading.add(_name(path))
    assert reading == {"cli.py"}


def _calls_ibis(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "ibis"


def test_only_the_command_line_prints() -> None:
    printing = {
        _name(path)
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print" and not _to_a_stream(node)
    }
    assert printing <= COMMAND_LINE


def _to_a_stream(call: ast.Call) -> bool:
    return any(keyword.arg == "file" for keyword in call.keywords)


def _loaded_after(statement: str, *names: str) -> list[str]:
    code = f"import sys\n{statement}\nprint(*(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return done.stdout.split()


HEAVY = ("pandas", "statsmodels", "scipy.stats", "seaborn", "matplotlib", "papermill", "nbconvert", "IPython", "duckdb")


def test_importing_the_package_or_its_command_line_loads_nothing_heavy() -> None:
    assert _loaded_after("import alignment_toolkit", *HEAVY, "ibis", "numpy") == []
    assert _loaded_after("import alignment_toolkit.cli", *HEAVY, "ibis", "numpy") == []


def test_importing_the_metrics_loads_no_statistics_library_and_no_charts() -> None:
    parts = ", ".join(f"alignment_toolkit.{part}" for part in (*METRICS, "headlines", "summary", "loop", "alignment", "meeting"))
    assert _loaded_after(f"import {parts}", *HEAVY) == ["pandas"]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_functions_fit_on_a_screen() -> None:
    functions = [(path, node) for path in MODULES for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef)]
    assert {f"{_name(path)}:{node.name}" for path, node in functions if _lines_of_code(node) > 60} == set()


def _lines_of_code(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    told = ast.get_docstring(function, clean=False) or ""
    return (function.end_lineno or function.lineno) - function.lineno + 1 - len(told.splitlines())


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert {path.stem for path in MODULES} & {"utils", "util", "helpers", "common", "misc"} == set()
