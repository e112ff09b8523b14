"""pyproject.toml, environment.yml and the locks say the same."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("report", "test", "spark", "lowest")
CONDA_NAMES = {"duckdb": "python-duckdb", "ibis-framework": "ibis-duckdb", "matplotlib": "matplotlib-base", "tzdata": "python-tzdata"}


@cache
def _project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _requirements(extra: str = "") -> list[Requirement]:
    lines = _project()["optional-dependencies"][extra] if extra else _project()["dependencies"]  # type: ignore[index]
    return [Requirement(line) for line in lines]  # type: ignore[union-attr]


@cache
def _conda() -> dict[str, SpecifierSet]:
    """The conda packages with their bounds (the lines under `dependencies`, read without a YAML library)."""
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    begun = lines.index("dependencies:")
    entries = [line.removeprefix("  - ") for line in lines[begun + 1 :] if re.match(r"  - [^\s:]+$", line)]
    named = [re.fullmatch(r"([A-Za-z0-9_.-]+)(.*)", entry) for entry in entries]
    return {found[1]: SpecifierSet(found[2]) for found in named if found}


@cache
def _text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")


@cache
def _locked(lock: str) -> dict[str, set[tuple[str, str]]]:
    """Name -> the (version, marker) pairs that a lock pins."""
    pinned: dict[str, set[tuple[str, str]]] = {}
    for name, version, marker in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?: ; ([^\\\n]+))?", _text(lock), flags=re.M):
        pinned.setdefault(canonicalize_name(name), set()).add((version, marker.strip()))
    return pinned


def test_conda_names_what_pip_needs_with_the_same_bounds() -> None:
    wanted = {CONDA_NAMES.get(need.name, need.name): need.specifier for need in _requirements()}
    assert {name: bounds for name, bounds in _conda().items() if name not in {"python", "pip"}} == wanted


def test_conda_and_pip_ask_for_the_same_python() -> None:
    assert _conda()["python"] == SpecifierSet(_project()["requires-python"])  # type: ignore[arg-type]


def test_conda_installs_the_project_itself_without_its_dependencies() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert text.rstrip().endswith("- --no-deps --editable .")


@pytest.mark.parametrize("need", _requirements(), ids=lambda need: need.name)
@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_inside_its_bounds(lock: str, need: Requirement) -> None:
    versions = {version for version, _ in _locked(lock).get(canonicalize_name(need.name), set())}
    assert versions
    assert all(need.specifier.contains(version) for version in versions)


@pytest.mark.parametrize(("lock", "extra"), [("test", "test"), ("lowest", "test"), ("spark", "spark"), ("test", "postgres")])
def test_the_extras_are_locked_too(lock: str, extra: str) -> None:
    for need in _requirements(extra):
        versions = {version for version, _ in _locked(lock).get(canonicalize_name(need.name), set())}
        assert versions, need.name
        assert all(need.specifier.contains(version) for version in versions), need.name


def test_what_makes_the_report_is_what_is_tested() -> None:
    """Versions alone: a package may be needed on more platforms for the tests."""
    tested = {name: {version for version, _ in pins} for name, pins in _locked("test").items()}
    assert {name for name, pins in _locked("report").items() if not {version for version, _ in pins} <= tested.get(name, set())} == set()


def test_the_lowest_lock_is_really_the_lowest() -> None:
    """Direct dependencies with a lower bound are locked near it: at most the bound's own minor series."""
    for need in _requirements():
        floor = next((Version(spec.version) for spec in need.specifier if spec.operator == ">="), None)
        if floor is not None:
            lowest = min(Version(version) for version, _ in _locked("lowest")[canonicalize_name(need.name)])
            assert floor <= lowest, need.name
            assert lowest <= min(Version(version) for version, _ in _locked("report")[canonicalize_name(need.name)]), need.name


@pytest.mark.parametrize("lock", [*LOCKS, "browser"])
def test_locks_carry_hashes_and_no_index_address(lock: str) -> None:
    blocks = re.split(r"\n(?=\S)", _text(lock).strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks if "==" in block.splitlines()[0])
    assert re.search(r"https?://|--index-url|--extra-index-url|--find-links|--trusted-host|@ ", _text(lock)) is None


@pytest.mark.parametrize("lock", [*LOCKS, "browser"])
def test_every_package_is_pinned_once_per_environment(lock: str) -> None:
    environment = default_environment()
    for name, pins in _locked(lock).items():
        fitting = [version for version, marker in pins if not marker or Requirement(f"x ; {marker}").marker.evaluate(environment)]  # type: ignore[union-attr, arg-type]
        assert len(fitting) <= 1, name


def test_what_is_installed_here_is_what_the_lock_says() -> None:
    from importlib.metadata import version

    engine = {name: version(name) for name in ("duckdb", "ibis-framework", "pandas", "numpy", "statsmodels", "sqlglot")}
    matching: list[str] = []
    for lock in ("report", "lowest"):
        pinned = {name: {pin for pin, _ in _locked(lock)[name]} for name in engine}
        matching += [lock] if all(engine[name] in pinned[name] for name in engine) else []
    assert matching, "this environment was not made from a lock: run the tests with `make test`"
