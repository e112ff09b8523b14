"""The recipes for schedules are read by what reads them, and the script that all of them call is run."""

from __future__ import annotations

import ast
import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

RECIPES = ROOT / "examples" / "schedule"
SCRIPT, CHECK = "quarterly-report", "weekly-check"
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in which `alignment` is this checkout's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "alignment").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m alignment_toolkit "$@"\n')
    (programs / "alignment").chmod(0o755)
    return tmp_path


def run(place: Path, script: str = SCRIPT, **environment: str) -> subprocess.CompletedProcess:
    given = os.environ | {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "STORE": "store", "REPORTS": "reports"}
    given.pop("ALIGNMENT_NOTIFY", None)
    return subprocess.run([RECIPES / script], cwd=place, env=given | environment, capture_output=True, text=True, check=False)


def test_the_script_leaves_with_the_code_of_what_failed(place: Path) -> None:
    done = run(place, EXPORTS="nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("alignment: the source folder is not there: 'nowhere'.")
    assert not (place / "reports").exists()


def test_the_weekly_check_leaves_with_the_code_of_what_failed_and_publishes_nothing(place: Path) -> None:
    done = run(place, CHECK, EXPORTS="exports", STORE="nowhere")
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith("data      failed      the store is not there: 'nowhere'.")
    assert [line.split()[0] for line in lines] == ["data", "source", "packages", "room", "messages"]
    assert "checks failed: 'data" in done.stderr
    assert not (place / "reports").exists()


def test_without_its_settings_the_script_does_nothing(place: Path) -> None:
    done = run(place)
    assert done.returncode != 0
    assert "EXPORTS" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["bin"]


def cron_fields(line: str) -> list[str]:
    return line.split(None, 5)[:5]


@pytest.mark.parametrize("line", [line for line in (RECIPES / "crontab").read_text().splitlines() if re.match(r"[0-9*]", line)])
def test_lines_of_the_crontab_can_be_scheduled(line: str) -> None:
    for field, (low, high) in zip(cron_fields(line), RANGES, strict=True):
        assert all(part == "*" or low <= int(part) <= high for part in field.split(","))
    command = line.split(None, 5)[5]
    assert "%" not in command  # cron ends a line there
    assert command.endswith((f"/{SCRIPT}", f"/{CHECK}"))
    assert (RECIPES / command.rpartition("/")[2]).is_file()


def test_the_first_line_of_the_crontab_runs_after_each_quarter() -> None:
    line = next(line for line in (RECIPES / "crontab").read_text().splitlines() if SCRIPT in line)
    assert cron_fields(line)[2:4] == ["2", "1,4,7,10"]
    assert "flock -n" in line


def test_every_schedule_looks_once_a_week_at_what_a_report_needs() -> None:
    (line,) = (line for line in (RECIPES / "crontab").read_text().splitlines() if line.endswith(CHECK))
    assert cron_fields(line)[2:] == ["*", "*", "1"]
    units = {kind: (RECIPES / f"alignment-check.{kind}").read_text() for kind in ("service", "timer")}
    assert re.search(rf"^ExecStart=\S+/{CHECK}$", units["service"], re.M)
    assert re.search(r"^OnCalendar=Mon \*-\*-\* \d\d:\d\d:\d\d \S+/\S+$", units["timer"], re.M)
    workflow = yaml.safe_load((RECIPES / "github-actions.yml").read_text())
    weekly = workflow[True]["schedule"][1]["cron"]
    assert weekly.split()[2:] == ["*", "*", "1"]
    assert [workflow["jobs"][job]["if"] for job in ("report", "check")] == [
        f"github.event.schedule {sign} '{weekly}'" for sign in ("!=", "==")
    ]
    assert (ROOT / workflow["jobs"]["check"]["steps"][-1]["run"]).name == CHECK


def test_the_units_of_systemd() -> None:
    service, timer = (configparser.ConfigParser(strict=False, interpolation=None) for _ in range(2))
    for unit in (service, timer):
        unit.optionxform = str  # type: ignore[assignment]
    service.read(RECIPES / "alignment-report.service")
    timer.read(RECIPES / "alignment-report.timer")
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"].endswith(SCRIPT)
    assert service["Service"]["SuccessExitStatus"] == "75"
    assert "password" not in (RECIPES / "alignment-report.service").read_text()
    assert re.fullmatch(r"\*-01,04,07,10-02 \d\d:\d\d:\d\d \S+/\S+", timer["Timer"]["OnCalendar"])
    assert timer["Timer"]["Persistent"] == "true"


def test_the_workflow() -> None:
    workflow = yaml.safe_load((RECIPES / "github-actions.yml").read_text())
    job = workflow["jobs"]["report"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert (ROOT / commands[-1]).is_file()
    locks = re.findall(r"-r (\S+)", " ".join(commands))
    assert locks
    assert all((ROOT / lock).is_file() for lock in locks)
    assert job["env"]["ALIGNMENT_NOTIFY"] == "${{ secrets.ALIGNMENT_NOTIFY }}"
    assert workflow[True]["schedule"][0]["cron"].split()[2:4] == ["2", "1,4,7,10"]  # YAML reads `on` as true


def test_the_dags() -> None:
    tree = ast.parse((RECIPES / "airflow_dag.py").read_text())
    places = next(ast.literal_eval(node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign))
    assert {"EXPORTS", "STORE", "REPORTS"} == set(places)
    tasks = {ast.literal_eval(given["bash_command"]).strip().rpartition("/")[2]: given for given in calls_of(tree, "BashOperator")}
    assert set(tasks) == {SCRIPT, CHECK}
    assert all("execution_timeout" in given for given in tasks.values())
    assert ast.literal_eval(tasks[SCRIPT]["skip_on_exit_code"]) == 75
    assert "ALIGNMENT_NOTIFY" in ast.unparse(tasks[SCRIPT]["env"])
    schedules = [ast.literal_eval(given["schedule"]).split()[2:] for given in calls_of(tree, "DAG")]
    assert schedules == [["*", "*", "1"], ["2", "1,4,7,10", "*"]]


def calls_of(tree: ast.AST, name: str) -> list[dict]:
    """Keyword arguments of every call of a name, in the order of the file."""
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name]
    return [{keyword.arg: keyword.value for keyword in call.keywords} for call in sorted(calls, key=lambda call: call.lineno)]


def test_every_recipe_is_named_in_the_guide() -> None:
    guide = (ROOT / "docs" / "scheduling.md").read_text()
    assert all(f"examples/schedule/{path.name}" in guide for path in RECIPES.iterdir())
