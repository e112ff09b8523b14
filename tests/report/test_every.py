"""A series of quarters: oldest first, none stops the rest, what is published is passed over, one set of workers for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignment_toolkit.errors import Busy, CellFailed, DataRefused, KernelDied, PublishError, UsageError
from alignment_toolkit.locking import locked
from alignment_toolkit.report.every import QuarterRun, refuse_failed, refuse_single, run_every, series
from alignment_toolkit.report.run import NOTHING_TO_DO, PUBLISHED, RunResult
from tests.report.conftest import INSTANT, run_in, write_variant


def ended(quarter: str) -> RunResult:
    if quarter in FAILING:
        raise FAILING[quarter]
    return RunResult(NOTHING_TO_DO if quarter == "2026Q1" else PUBLISHED, Path(quarter), (), {})


FAILING = {"2025Q4": CellFailed("cell 2 failed", rule="odd"), "2026Q2": DataRefused("no leads", faults=["one", "two"])}


def test_one_failing_quarter_does_not_stop_the_rest() -> None:
    told: list[str] = []
    done = run_every(["2025Q4", "2026Q1", "2026Q2", "2026Q3"], ended, tell=told.append)
    assert told == [
        "2025Q4 failed (exit 4): cell 2 failed. odd.",
        "2026Q1 nothing to do",
        "2026Q2 failed (exit 3): no leads.",
        "2026Q3 published",
    ]
    assert [run.is_published for run in done] == [False, False, False, True]
    with pytest.raises(CellFailed) as caught:
        refuse_failed(done)
    assert str(caught.value) == (
        "2 of 4 quarters were not published: '2025Q4 (exit 4), 2026Q2 (exit 3)'."
        " What each of them says stands above; the last good reports are as they were."
    )


def test_what_cannot_be_asked_for_stops_at_once() -> None:
    def refused(quarter: str) -> RunResult:
        raise UsageError("the parameter is unknown", value=quarter)

    with pytest.raises(UsageError) as caught:
        run_every(["2026Q2", "2026Q3"], refused, tell=lambda sentence: None)
    assert str(caught.value) == "the parameter is unknown: '2026Q2'."


def test_when_all_ended_well_nothing_is_raised() -> None:
    assert refuse_failed([QuarterRun("2026Q3", ended("2026Q3"))]) is None
    assert refuse_failed([]) is None


@pytest.mark.parametrize(
    ("asked", "given", "value"),
    [
        ({"quarter": "2026Q3", "as_of": "", "notebook": None}, (), "--all-quarters --quarter"),
        ({"quarter": "", "as_of": "2026-10-01", "notebook": ["x"]}, (), "--all-quarters --as-of --notebook"),
        ({"quarter": "", "as_of": "", "notebook": None}, ("as_of", "top"), "--all-quarters --as-of"),
    ],
)
def test_what_belongs_to_one_quarter_is_refused(asked: dict, given: tuple, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_single(asked, given)
    assert str(caught.value) == (
        f"the options do not go together: {value!r}. A series runs every full quarter of the data as of its own end, with every notebook."
        " Leave out --all-quarters, or what belongs to one quarter."
    )
    refuse_single({"quarter": "", "as_of": "", "notebook": None}, ("top",))


def test_quarters_share_their_workers_until_one_fails(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = place / "reports"
    monkeypatch.chdir(place)
    failing = write_variant(place / "failing", source="raise ValueError('odd')").parent
    started = []
    with series(out, wait=0, clock=lambda: INSTANT) as crew:
        monkeypatch.setattr(crew, "_started", lambda begin=crew._started: started.append(1) or begin())

        def run(quarter: str) -> RunResult:
            asked = {"folder": failing} if quarter == "2026Q1" else {}
            return run_in(place, monkeypatch, quarter=quarter, as_of="2026-10-01", crew=crew, **asked)

        done = run_every(["2025Q4", "2026Q1", "2026Q3"], run, tell=lambda sentence: None)
        with pytest.raises(Busy), locked(out):
            pass
        assert (len(started), crew._process) == (1, None)  # the next one would get new workers
    assert [str(entry).split(":")[0] for entry in done] == ["2025Q4 published", "2026Q1 failed (exit 4)", "2026Q3 nothing to do"]
    assert sorted(path.name for path in out.glob("2*")) == ["2025Q4", "2026Q3"]
    assert [path.name[:6] for path in (out / ".staging").iterdir()] == ["2026Q1"]  # the workers' folder is gone


def test_workers_that_end_without_a_word_leave_their_log_and_the_next_quarter_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with series(place / "reports", wait=0, clock=lambda: INSTANT) as crew:
        home = crew.home
        crew.get_ready()
        process = crew._process
        assert process is not None
        process.kill()
        process.wait()
        with pytest.raises(KernelDied) as caught:
            run_in(place, monkeypatch, crew=crew, force=True)
        assert crew._process is None
    assert f"a worker process ended before its work was done. What it said is in {home / 'workers.log'}." in str(caught.value)
    assert (home / "workers.log").is_file()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(PublishError), series(tmp_path / "reports", wait=0, clock=lambda: INSTANT):
        pass
