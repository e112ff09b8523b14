"""What goes from a reports folder, and what stays whatever happens."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alignment_toolkit.report.manifest import read_manifest
from alignment_toolkit.report.prune import prune
from alignment_toolkit.report.publish import left_behind, new_staging, publish, series_home

BEGUN = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def _publish(out: Path, at: datetime, *, quarter: str = "2026Q3") -> Path:
    staging = new_staging(out, quarter, clock=lambda: at)
    manifest = {"key": "", "quarter": quarter, "pages": [], "files": {}, "data": {}, "steps": [{"end": at.isoformat()}]}
    (staging / "manifest.json").write_text(json.dumps(manifest))
    return publish(staging, out=out, quarter=quarter).resolve()


def _fail(out: Path, at: datetime, **more: bool) -> Path:
    return new_staging(out, "2026Q3", clock=lambda: at, **more)


def _versions(out: Path) -> set[Path]:
    return set((out / ".versions").iterdir())


def test_the_newest_versions_of_each_quarter_stay(tmp_path: Path) -> None:
    made = [_publish(tmp_path, BEGUN + n * DAY) for n in range(5)]
    other = _publish(tmp_path, BEGUN, quarter="2026Q2")
    assert set(prune(tmp_path, now=BEGUN + 90 * DAY)) == set(made[:2])
    assert _versions(tmp_path) == {*made[2:], other}
    assert read_manifest(tmp_path / "2026Q3") is not None
    assert prune(tmp_path, now=BEGUN + 90 * DAY) == []


def test_of_killed_series_the_newest_stays_as_long_as_it_may_be_alive(tmp_path: Path) -> None:
    homes = [series_home(tmp_path, clock=lambda at=at: at) for at in (BEGUN, BEGUN + 30 * DAY)]
    for home in homes:
        home.mkdir(parents=True)
    assert prune(tmp_path, now=BEGUN + 90 * DAY) == homes[:1]


@pytest.mark.parametrize(("hours", "gone"), [(23, 0), (24, 1)])
def test_nothing_goes_within_a_day_of_being_replaced(tmp_path: Path, hours: int, gone: int) -> None:
    made = [_publish(tmp_path, BEGUN), _publish(tmp_path, BEGUN + 30 * DAY)]
    assert prune(tmp_path, now=BEGUN + 30 * DAY + timedelta(hours=hours), keep=1) == made[:gone]


def test_what_a_link_points_to_stays_and_counts(tmp_path: Path) -> None:
    made = [_publish(tmp_path, BEGUN + n * DAY) for n in range(4)]
    (tmp_path / "board-meeting").symlink_to(made[0].relative_to(tmp_path.resolve()))
    assert set(prune(tmp_path, now=BEGUN + 90 * DAY, keep=2)) == set(made[1:3])
    (tmp_path / "2026Q3").unlink()  # shown again is the first: the newest is not the one to keep at any price
    (tmp_path / "2026Q3").symlink_to(made[0].relative_to(tmp_path.resolve()))
    assert prune(tmp_path, now=BEGUN + 90 * DAY, keep=1) == []  # the newest was replaced by no later one
    assert _versions(tmp_path) == {made[0], made[3]}


def test_of_failed_runs_and_of_previews_the_newest_stays(tmp_path: Path) -> None:
    failed, previews = ([_fail(tmp_path, BEGUN + n * DAY, preview=preview) for n in range(3)] for preview in (False, True))
    assert set(prune(tmp_path, now=BEGUN + 2 * DAY)) == {*failed[:2], *previews[:2]}
    assert left_behind(tmp_path, "2026Q3") == failed[2:]
    assert previews[2].is_dir()


def test_what_no_run_made_is_left_alone(tmp_path: Path) -> None:
    for n in range(3):
        _publish(tmp_path, BEGUN + n * DAY)
    mine = [tmp_path / ".versions" / "2026Q3-mine", tmp_path / ".staging" / "notes", tmp_path / ".staging" / "2026Q3-draft"]
    for folder in mine:
        folder.mkdir()
    prune(tmp_path, now=BEGUN + 900 * DAY, keep=1)
    assert all(folder.is_dir() for folder in mine)


def test_a_crash_while_deleting_is_made_good_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _publish(tmp_path, BEGUN), _publish(tmp_path, BEGUN + DAY)
    with monkeypatch.context() as crash:
        crash.setattr(shutil, "rmtree", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prune(tmp_path, now=BEGUN + 90 * DAY, keep=1)
    assert _versions(tmp_path) == {second}  # the version left whole
    assert [path.name for path in (tmp_path / ".staging").iterdir()] == [f"going-{first.name}"]
    prune(tmp_path, now=BEGUN + 90 * DAY, keep=1)
    assert list((tmp_path / ".staging").iterdir()) == []


def test_what_cannot_be_removed_stays_and_fails_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _publish(tmp_path, BEGUN), _publish(tmp_path, BEGUN + DAY)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert prune(tmp_path, now=BEGUN + 90 * DAY, keep=1) == []
    assert _versions(tmp_path) == {first, second}


def test_a_folder_without_reports_has_nothing_to_remove(tmp_path: Path) -> None:
    assert prune(tmp_path, now=BEGUN) == []
