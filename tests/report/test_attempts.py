"""A run that ends without a report is on record beside the reports, and goes from it with the next report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alignment_toolkit.errors import CellFailed, DataRefused, NotReproduced, PublishError, UsageError
from alignment_toolkit.report.attempts import Attempt, attempted, attempts
from tests.report.conftest import INSTANT, run_in
from tests.report.test_catalogue import text_of

QUARTER = "2026Q3"


def run(out: Path, error: BaseException | None) -> None:
    with attempted(out, QUARTER, clock=lambda: INSTANT):
        if error:
            raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataRefused("bad data"), "the data were refused, exit 3"),
        (NotReproduced("it differs"), "the second execution gave other outputs, exit 7"),
        (PublishError("full"), "it could not be written, exit 8"),
        (ValueError("odd"), "the toolkit itself failed, exit 1"),
        (KeyboardInterrupt(), "it was stopped"),
    ],
)
def test_how_a_run_failed_is_on_record(tmp_path: Path, error: BaseException, said: str) -> None:
    with pytest.raises(type(error)):
        run(tmp_path, error)
    assert [str(attempt) for attempt in attempts(tmp_path)] == [f"2026Q3  no report from the run of 2026-10-02 08:30 UTC: {said}"]


def test_a_run_that_ends_well_leaves_no_record(tmp_path: Path) -> None:
    with pytest.raises(CellFailed):
        run(tmp_path, CellFailed("x"))
    run(tmp_path, None)
    assert attempts(tmp_path) == []


def test_while_it_runs_and_after_it_was_killed_only_its_beginning_is_known(tmp_path: Path) -> None:
    with attempted(tmp_path, QUARTER, clock=lambda: INSTANT):
        assert [attempt.reason for attempt in attempts(tmp_path)] == ["it began and has not ended: it was killed, or is still at work"]


@pytest.mark.parametrize("earlier", [None, CellFailed("x")])
def test_what_cannot_be_asked_for_is_no_failed_run(tmp_path: Path, earlier: CellFailed | None) -> None:
    if earlier:
        with pytest.raises(CellFailed):
            run(tmp_path, earlier)
    before = attempts(tmp_path)
    with pytest.raises(UsageError):
        run(tmp_path, UsageError("no such quarter"))
    assert attempts(tmp_path) == before


def test_a_folder_that_takes_no_record_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / ".runs").write_text("in the way")
    run(tmp_path, None)
    with pytest.raises(CellFailed):
        run(tmp_path, CellFailed("x"))


@pytest.mark.parametrize("text", ["{", "[]", '{"odd": 1}'])
def test_a_record_that_cannot_be_read_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs" / "2026Q2.json").write_text(text)
    (tmp_path / ".runs" / "2026Q3.json").write_text('{"quarter": "2026Q3", "began": "2026-10-02T08:30:00+00:00"}')
    assert attempts(tmp_path) == [Attempt("2026Q3", "2026-10-02T08:30:00+00:00")]


def test_the_catalogue_says_which_run_failed_and_keeps_the_last_good_report(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = place / "reports"
    shown = (out / QUARTER).readlink()

    def refuse() -> None:
        raise DataRefused("the data of /secret/place cannot be used: 1 fault", faults=["lead 7"])

    with pytest.raises(DataRefused):
        run_in(place, monkeypatch, force=True, before_kernels=refuse)
    with pytest.raises(DataRefused):
        run_in(place, monkeypatch, quarter="2026Q4", as_of="2027-01-01", before_kernels=refuse)
    text = text_of(out / "index.html")
    assert "2026Q4 , 2026-10-02 08:30 UTC: the data were refused (exit 3). 2026Q4 has no report yet." in text
    assert (
        "2026Q3 , 2026-10-02 08:30 UTC: the data were refused (exit 3). The last good report of 2026Q3 , of 2026-10-02 08:30 UTC, is as it was."
        in text
    )
    assert not re.search(r"secret|lead 7", (out / "index.html").read_text())
    assert (out / QUARTER).readlink() == shown
    assert run_in(place, monkeypatch).nothing_to_do
    assert "2026Q3 , 2026-10-02" not in text_of(out / "index.html")
