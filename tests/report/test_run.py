"""Promises 1 to 5 and 7 on the one-cell notebook."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from alignment_toolkit.errors import Busy, CellFailed, NotReproduced, PublishError, UsageError
from alignment_toolkit.locking import locked
from alignment_toolkit.report.attempts import REASONS, attempts
from alignment_toolkit.report.crew import Crew
from alignment_toolkit.report.journal import STEPS
from alignment_toolkit.report.publish import new_staging
from tests.report.conftest import INSTANT, NOTEBOOKS, run_in, write_variant


def test_a_report_is_published_in_the_layout_promised(place: Path) -> None:
    quarter = place / "reports" / "2026Q3"
    assert quarter.is_symlink()
    assert str(quarter.readlink()).startswith(".versions/2026Q3-")
    assert [path.name for path in (place / "reports").glob("2026Q3*")] == ["2026Q3"]
    found = {path.relative_to(quarter).as_posix() for path in quarter.rglob("*") if path.is_file()}
    assert found == {
        "index.html", "notebooks/00_executive_summary.ipynb", "kpis.json", "kpis.csv", "tables/kpis.csv", "tables/leads_by_source.csv",
        "summary.txt", "manifest.json",
    }  # fmt: skip
    assert (place / "reports" / "index.html").is_file()
    assert list((place / "reports" / ".staging").iterdir()) == []


def test_the_files_say_what_the_notebook_showed(place: Path) -> None:
    quarter = place / "reports" / "2026Q3"
    leads, bookings = json.loads((quarter / "kpis.json").read_text())
    assert list(leads) == [
        "kpi", "slice", "segment", "value", "lower", "upper", "unit", "n", "events", "matured_share", "smallest_followed",
        "previous", "target", "owner", "reason",
    ]  # fmt: skip
    assert (leads["kpi"], leads["value"], leads["owner"]) == ("leads", 5, "marketing")
    assert (bookings["value"], bookings["reason"]) == (None, "not enough data")
    assert (quarter / "summary.txt").read_text() == "Alignment report 2026Q3, as of 2026-10-01\n5 leads came in 2026Q3.\n"
    lines = (quarter / "tables" / "leads_by_source.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["source,leads", "<script>alert(1)</script>,1", "'=SUM(A1),1", "_kept $5k - $10k,1", "web,2"]


def test_the_manifest_pins_the_report(place: Path) -> None:
    manifest = json.loads((place / "reports" / "2026Q3" / "manifest.json").read_text())
    assert manifest["parameters"] == {"quarter": "2026Q3", "data": "store", "as_of": "2026-10-01", "cohort": "4q"}
    assert manifest["data"]["rows"] == {"leads": 5}
    assert manifest["status"] == "reproduced"
    assert [step["step"] for step in manifest["steps"]] == list(STEPS)
    assert {step["verdict"] for step in manifest["steps"]} == {"ok"}
    assert {step["end"] for step in manifest["steps"]} == {INSTANT.isoformat()}
    assert manifest["packages"]["papermill"]


def test_published_notebooks_tell_nothing_of_the_machine(place: Path) -> None:
    for path in (place / "reports" / "2026Q3").rglob("*.*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert str(place.parent) not in text, path.name
            assert "papermill" not in text or path.name in {"manifest.json", "index.html"}, path.name


def test_the_same_again_is_nothing_to_do_said_out_loud(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (place / "reports" / "2026Q3").readlink()
    (place / "reports" / "index.html").unlink()
    said = []
    done = run_in(place, monkeypatch, log=said.append)
    assert done.nothing_to_do
    assert done.page == place / "reports" / "2026Q3" / "index.html"
    assert [(event.verdict, event.detail) for event in said] == [
        ("nothing to do", "2026Q3 is published from the same data, code and parameters")
    ]
    assert (place / "reports" / "2026Q3").readlink() == before
    assert (place / "reports" / "index.html").is_file()


@pytest.mark.parametrize("harm", ["page removed", "page changed", "manifest broken", "version removed"])
def test_a_broken_tree_is_not_nothing_to_do(place: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    quarter = place / "reports" / "2026Q3"
    if harm == "page removed":
        (quarter / "index.html").unlink()
    elif harm == "page changed":
        (quarter / "index.html").write_text("gone")
    elif harm == "manifest broken":
        (quarter / "manifest.json").write_text("{")
    else:
        shutil.rmtree(quarter.resolve())
    monkeypatch.setattr("alignment_toolkit.report.run.Crew.run", _stopped)
    with pytest.raises(Reached):
        run_in(place, monkeypatch)


@pytest.mark.parametrize("change", ["data", "parameter", "force", "as_of", "notebook", "version"])
def test_a_change_of_anything_runs_again(place: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    asked: dict = {}
    if change == "data":
        (place / "store" / "leads.csv").write_text("lead_id,created_at,source\na,2026-07-01,web\n")
    elif change == "parameter":
        asked = {"parameters": {"top": "3"}}
    elif change == "force":
        asked = {"force": True}
    elif change == "as_of":
        asked = {"as_of": "2026-10-02"}
    elif change == "notebook":
        write_variant(place / "notebooks", source="top")
        asked = {"folder": place / "notebooks"}
    else:
        monkeypatch.setattr("alignment_toolkit.report.run.installed", lambda: {"numpy": "0"})
    monkeypatch.setattr("alignment_toolkit.report.run.Crew.run", _stopped)
    with pytest.raises(Reached):
        run_in(place, monkeypatch, **asked)


class Reached(Exception):
    """The run went on to the workers."""


def _stopped(*args, **kwargs):
    raise Reached


FAULTS = {
    "raise ValueError('no such source')": (CellFailed, "cell 2 of 00_executive_summary failed with ValueError. no such source."),
    "import sys\nprint('a warning', file=sys.stderr)": (
        CellFailed,
        "00_executive_summary cannot be proved. cell 2 wrote to stderr: 'a warning'. Mend the notebook: what it shows must be quiet, described"
        " and comparable.",
    ),
    "import random\nrandom.random()": (
        NotReproduced,
        "a second execution gave other outputs. 00_executive_summary cell 2: the output differs in text/plain.",
    ),
}


@pytest.mark.parametrize("source", FAULTS)
def test_a_failed_run_leaves_the_last_good_report(place: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    kind, sentence = FAULTS[source]
    before = _files(place / "reports" / "2026Q3")
    notebooks = write_variant(place / "notebooks", source=source).parent
    with pytest.raises(kind) as caught:
        run_in(place, monkeypatch, folder=notebooks)
    staging = next((place / "reports" / ".staging").iterdir())
    partial = staging / "notebooks" / "00_executive_summary.ipynb"
    assert partial.is_file()
    assert str(caught.value) == f"{sentence} The partial notebook is {partial}; the last published report is as it was."
    assert _files(place / "reports" / "2026Q3") == before
    assert not (staging / "manifest.json").exists()
    assert [(attempt.exit_code, attempt.sentence) for attempt in attempts(place / "reports")] == [(kind.exit_code, str(caught.value))]
    assert REASONS[kind.exit_code] in (place / "reports" / "index.html").read_text(encoding="utf-8")


def test_data_that_change_under_the_run_are_not_published(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(place / "reports" / "2026Q3")
    source = "from alignment_toolkit.store import locate\n_ = (locate(data) / 'claims.csv').write_text('team')\ntop"
    notebooks = write_variant(place / "notebooks", source=source).parent
    with pytest.raises(NotReproduced) as caught:
        run_in(place, monkeypatch, folder=notebooks)
    assert str(caught.value) == "the data changed while the report was made: 'claims.csv'. Run again when they are at rest."
    assert _files(place / "reports" / "2026Q3") == before


def test_a_killed_run_leaves_the_last_good_report_and_holds_others_off_while_it_lives(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(place / "reports" / "2026Q3")
    os.mkfifo(place / "store" / "gate")
    source = "from alignment_toolkit.store import locate\n(locate(data) / 'gate').read_text()"
    notebooks = write_variant(place / "notebooks", source=source).parent
    child = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(notebooks)], cwd=place, env=os.environ | {"PYTHONPATH": str(NOTEBOOKS.parents[2])}
    )
    with (place / "store" / "gate").open("w"):  # opens when the kernel has come to read it
        with pytest.raises(Busy) as caught:
            run_in(place, monkeypatch)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    out = place / "reports"
    assert str(caught.value) == f"another run is writing to {out}. Try again later, or wait for it with --wait SECONDS."
    assert caught.value.exit_code == 75
    assert _files(out / "2026Q3") == before
    with locked(out):
        left = next((out / ".staging").iterdir())
    said = []
    monkeypatch.setattr("alignment_toolkit.report.run.Crew.run", _stopped)
    with pytest.raises(Reached):
        run_in(place, monkeypatch, force=True, log=said.append)
    assert said[0].detail == f"an earlier run of 2026Q3 did not end well; its partial notebooks are in {left / 'notebooks'}"


def test_what_is_refused_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(place / "reports" / "2026Q3")
    started = []
    get_ready = Crew.get_ready

    def remembered(crew: Crew) -> None:
        get_ready(crew)
        started.append(crew._process)

    monkeypatch.setattr(Crew, "get_ready", remembered)
    with pytest.raises(Reached):
        run_in(place, monkeypatch, force=True, before_kernels=_stopped)
    assert not (place / "reports" / ".staging").exists()
    assert [process.returncode for process in started] == [-signal.SIGKILL]
    assert _files(place / "reports" / "2026Q3") == before


def test_a_run_tidies_up_after_earlier_ones(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = place / "reports"
    old, last = (new_staging(out, "2026Q3", clock=lambda day=day: INSTANT - timedelta(days=day)) for day in (3, 2))
    said = []
    monkeypatch.setattr("alignment_toolkit.report.run.Crew.run", _stopped)
    with pytest.raises(Reached):
        run_in(place, monkeypatch, force=True, log=said.append)
    assert [event.detail for event in said if event.step == "notice"] == [
        f"no longer kept: {old.relative_to(out)}",
        f"an earlier run of 2026Q3 did not end well; its partial notebooks are in {last / 'notebooks'}",
    ]
    assert (old.exists(), last.exists()) == (False, True)


@pytest.mark.parametrize("data", ["crm.duckdb", "env:CRM"])
def test_the_rows_of_a_database_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    import ibis

    path = tmp_path / "crm.duckdb"
    engine = ibis.duckdb.connect(path)
    for name, n in (("Leads", 5), ("stage_events", 0), ("notes", 3)):
        engine.create_table(name, ibis.memtable({"lead_id": list("abcde")[:n]}, schema={"lead_id": "string"}))
    engine.disconnect()
    monkeypatch.setenv("CRM", f"duckdb://{path}?read_only=True")
    seen = []
    monkeypatch.setattr("alignment_toolkit.report.run._job", lambda plan, *_: seen.append(plan.known) or _stopped())
    with pytest.raises(Reached):
        run_in(tmp_path, monkeypatch, data=data)
    assert seen[0]["data"]["rows"] == {"leads": 5, "stage_events": 0}


_RUN = """
import sys
from datetime import UTC, datetime
from datetime import timedelta
from pathlib import Path
from alignment_toolkit.report import run_report
run_report(data="store", quarter="2026Q3", as_of="2026-10-01", out="reports", clock=lambda: datetime.now(UTC), folder=Path(sys.argv[1]))
"""


def test_chosen_notebooks_stay_in_staging(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(place / "reports" / "2026Q3")
    notebooks = write_variant(place / "notebooks").parent
    write_variant(place / "notebooks", name="01_lead_quality", source="top")
    done = run_in(place, monkeypatch, folder=notebooks, notebooks=["lead_quality"])
    assert done.status == "staged"
    assert [page.name for page in done.pages] == ["lead-quality.html"]
    assert done.page.parent.parent == place / "reports" / ".staging"
    assert done.page.is_file()
    assert _files(place / "reports" / "2026Q3") == before


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"parameters": {"tpo": "3"}}, "the parameter is unknown: 'tpo'. Did you mean 'top'?"),
        ({"parameters": {"top": "many"}}, "the parameter top has the wrong type: 'many'. It is int: sources shown."),
        ({"notebooks": ["exec_summary"]}, "the notebook is unknown: 'exec_summary'. Did you mean '00_executive_summary'?"),
        ({"config": "none.toml"}, "the configuration file is not there: 'none.toml'. Check the path given with --config."),
        (
            {"data": "postgres://me:secret@host/db"},
            "the address of a store cannot stand in a report. A report is read by others, and an address may hold a password. Set it as an"
            " environment variable and give env:NAME.",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    store: Path, monkeypatch: pytest.MonkeyPatch, asked: dict, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run_in(store.parent, monkeypatch, **asked)
    assert str(caught.value) == sentence
    assert not (store.parent / "reports").exists()


def test_data_that_are_not_there_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as caught:
        run_in(tmp_path, monkeypatch)
    assert str(caught.value) == f"the data are not there: 'store'. Tried: {tmp_path / 'store'}. Check the path given with --data."


def test_a_refusal_needs_no_papermill_and_no_engine(store: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom alignment_toolkit.report import run_report\n"
        "try:\n run_report(data='store', quarter='2026Q3', as_of='', out='reports', parameters={'tpo': '1'}, clock=None, folder=Path(sys.argv[1]))\n"
        "except Exception as error: print(error)\n"
        "print(sorted({'papermill', 'nbconvert', 'nbformat', 'pandas', 'ibis', 'matplotlib'} & set(sys.modules)))"
    )
    env = os.environ | {"PYTHONPATH": str(NOTEBOOKS.parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(NOTEBOOKS)], cwd=store.parent, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["the parameter is unknown: 'tpo'. Did you mean 'top'?", "[]"]


def test_an_output_folder_that_cannot_be_made_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.parent / "reports").write_text("a file")
    with pytest.raises(PublishError) as caught:
        run_in(store.parent, monkeypatch)
    out = store.parent / "reports"
    way_out = "A file is in the way: name another folder with --out."
    assert str(caught.value) == f"the reports folder {out} cannot be written: 'File exists'. {way_out}"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
