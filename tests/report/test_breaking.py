"""Promises 1, 5 and 7 where things go wrong: after each run the report before is there or the new one, whole, and the sentence is right."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alignment_toolkit import cli
from alignment_toolkit.errors import PublishError, RunTimeout
from tests.conftest import ROOT
from tests.report.broken import disk
from tests.report.conftest import run_in, write_variant
from tests.report.killed import MADE, seen
from tests.report.test_forkserver import until

pytestmark = pytest.mark.slow
NO_DISK = "no tmpfs can be mounted (not root)"
AS_IT_WAS = "the last published report is as it was."


def prepared(place: Path) -> Path:
    """The place with what a stand-in for the workers leaves."""
    shown = place / "reports" / "2026Q3"
    (place / MADE).mkdir()
    shutil.copy(shown / "notebooks" / "00_executive_summary.ipynb", place / MADE / "notebook.ipynb")
    shutil.copy(shown / "index.html", place / MADE / "page.html")
    return place


@pytest.fixture(scope="module")
def told(_published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """How every run of `broken.py` ended; its folder in messages is `…`."""
    base = tmp_path_factory.mktemp("broken")
    prepared(Path(shutil.copytree(_published, base / "place", symlinks=True)))
    words = [sys.executable, "-m", "tests.report.broken", str(base)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(re.sub(re.escape(str(base)) + r"/[^/]+/", "…/", done.stdout))


@pytest.mark.parametrize(("kind", "fits"), [("pages", 40), ("files", 16)])
def test_a_full_disk_at_any_point(told: dict[str, Any], kind: str, fits: int) -> None:
    runs = told[kind]
    if None in runs:
        pytest.skip(NO_DISK)
    assert {run["code"] for run in runs} == {0, 8}
    for run in runs:
        listed = "The reports that it lists are published and whole; run again when it can be written." in run["said"]
        assert run["left"] == (told["after"] if listed or run["code"] == 0 else told["before"]), run
        assert run["code"] == 0 or "'No space left on device'" in run["said"], run
        assert run["code"] == 0 or listed or AS_IT_WAS in run["said"] or run["said"].startswith("the staging folder …"), run
        assert (run["again"]["code"], run["again"]["left"]) == (0, told["after"]), run
    assert runs[0]["code"] == 8
    assert [run["code"] for run in runs if run["free"] > fits] == [0] * sum(run["free"] > fits for run in runs)


def test_a_limit_on_the_size_of_files(told: dict[str, Any]) -> None:
    for run in told["small"]:
        assert (run["code"], run["left"]) == (8, told["before"]), run
        assert run["said"].startswith("executed could not write: 'File too large'. The partial notebook is …/reports/.staging/2026Q3-"), run
        assert run["said"].endswith(AS_IT_WAS), run


def test_a_disk_that_can_only_be_read(told: dict[str, Any]) -> None:
    run = told["read-only"]
    if run is None:
        pytest.skip(NO_DISK)
    way_out = "Check the permissions, or name another folder with --out."
    assert run["said"] == f"the reports folder …/reports cannot be written: 'Read-only file system'. {way_out}"
    assert (run["code"], run["left"]) == (8, told["before"])


def test_something_in_the_way(told: dict[str, Any]) -> None:
    runs = {run["where"]: run for run in told["in the way"]}
    assert {run["code"] for run in runs.values()} == {8}
    assert all(run["is kept"] for run in runs.values())
    assert {where: run["left"] for where, run in runs.items()} == {
        ".staging": told["before"],
        ".lock": told["before"],
        "index.html": told["after"],  # nothing but the catalogue could not be written, and it is said
    }
    assert runs["index.html"]["said"] == (
        "the catalogue …/reports/index.html cannot be written: 'Is a directory'. The reports that it lists are published and whole; run again"
        " when it can be written."
    )
    way_out = "Check the permissions, or name another folder with --out."
    assert runs[".lock"]["said"] == f"the reports folder …/reports cannot be written: 'Is a directory'. {way_out}"


def test_two_and_ten_at_once(told: dict[str, Any]) -> None:
    two, ten = told["two"], told["ten"]
    assert sorted(two["codes"]) in ([0, 75], [0, 0])  # the second may come when the first has done
    assert set(two["said"]) <= {"another run is writing to …/reports. Try again later, or wait for it with --wait SECONDS."}
    assert (ten["codes"], ten["said"]) == ([0] * 10, [])
    assert two["left"] == ten["left"] == told["after"]
    assert two["versions"] == ten["versions"] == 2  # the one before and one new: the others found nothing to do


def test_a_clock_that_jumps(told: dict[str, Any]) -> None:
    assert len(told["clocks"]) == 4
    for name, run in told["clocks"].items():
        assert (run["code"], run["left"]) == (0, told["after"]), name
        assert run["again"]["code"] == 0, name
        assert run["again"]["left"] not in (told["before"], told["after"]), name
        assert re.fullmatch("[0-9a-f]{64}", run["again"]["left"]), name


def test_a_full_disk_under_real_kernels(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with disk(place, "size=1m") as mounted:
        if not mounted:
            pytest.skip(NO_DISK)
        before = seen(place / "reports")
        room = os.statvfs(place / "reports")
        (place / "reports" / "filler").write_bytes(bytes((room.f_bavail - 8) * room.f_frsize))
        with pytest.raises(PublishError) as caught:
            run_in(place, monkeypatch, force=True)
        assert seen(place / "reports") == before is not None
    assert "No space left on device" in str(caught.value)
    assert str(caught.value).endswith(AS_IT_WAS)


def test_a_cell_that_hangs_in_the_proof(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = seen(place / "reports")
    source = (
        "import os, threading\nfrom alignment_toolkit.store import locate\nmark = locate(data) / 'mark'\n"
        "threading.Event().wait() if mark.exists() else mark.touch()\ntop"
    )
    notebooks = write_variant(place / "notebooks", source=source).parent
    with pytest.raises(RunTimeout) as caught:
        run_in(place, monkeypatch, folder=notebooks, cell_timeout=3)
    partial = next((place / "reports" / ".staging").iterdir()) / "notebooks" / "00_executive_summary.ipynb"
    assert str(caught.value) == (
        "a second execution gave other outputs. 00_executive_summary cell 2: took longer than allowed. The partial notebook is"
        f" {partial}; {AS_IT_WAS}"
    )
    assert seen(place / "reports") == before is not None


HALF = {
    "leads.parquet": (b"PAR1", "leads.parquet: the file is cut off."),
    "leads.csv": (
        b"lead_id,created_at,source\na,2026-07-01,web\nb,2026-0",
        "leads.csv: rows do not have as many fields as the header: '2 fields' (row 3).",
    ),
}


@pytest.mark.parametrize("name", HALF)
def test_a_half_written_extract_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = seen(place / "reports")
    content, sentence = HALF[name]
    (place / "store" / "leads.csv").unlink()
    (place / "store" / name).write_bytes(content)
    (place / "store" / "stage_events.csv").write_text("lead_id,stage,entered_at\na,mql,2026-07-02\n")
    monkeypatch.chdir(place)
    monkeypatch.delenv("ALIGNMENT_ROOT", raising=False)
    code = cli.exit_code(lambda: cli.app(["report", "--data", "store", "--quarter", "2026Q3", "--as-of", "2026-10-01", "--out", "reports"]))
    assert (code, sentence in capsys.readouterr().err) == (3, True)
    assert seen(place / "reports") == before is not None


_STOPPED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from alignment_toolkit import cli
from alignment_toolkit.report import run_report
asked = {"data": "store", "quarter": "2026Q3", "as_of": "2026-10-01", "out": "reports", "folder": Path(sys.argv[1])}
cli.app = lambda: run_report(**asked, clock=lambda: datetime.now(UTC), force=True)
cli.main()
"""


def test_a_run_that_is_asked_to_stop_takes_everything_with_it(place: Path) -> None:
    before = seen(place / "reports")
    os.mkfifo(place / "store" / "gate")
    source = "from alignment_toolkit.store import locate\n(locate(data) / 'gate').read_text()"
    notebooks = write_variant(place / "notebooks", source=source).parent
    child = subprocess.Popen(
        [sys.executable, "-c", _STOPPED, str(notebooks)], cwd=place, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    with (place / "store" / "gate").open("w"):  # opens when the kernel has come to read it
        child.send_signal(signal.SIGTERM)
        said = child.communicate()[1].decode()
        assert until(lambda: not any(_works_in(process, place) for process in Path("/proc").glob("[0-9]*")))
    assert (child.returncode, said) == (143, "alignment: stopped\n")
    assert seen(place / "reports") == before is not None


def _works_in(process: Path, place: Path) -> bool:
    try:
        return (process / "cwd").resolve().is_relative_to(place) and process.name != str(os.getpid())
    except OSError:
        return False
