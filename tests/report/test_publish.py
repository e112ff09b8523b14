"""A report appears whole or not at all."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.publish import left_behind, new_staging, publish, tidy
from tests.report.conftest import INSTANT


def staged(out: Path, text: str) -> Path:
    staging = new_staging(out, "2026Q3", clock=lambda: INSTANT)
    (staging / "manifest.json").write_text(text)
    return staging


def test_a_link_is_replaced_by_a_link(tmp_path: Path) -> None:
    seen = []
    for text in ("first", "second", "second"):
        shown = publish(staged(tmp_path, text), out=tmp_path, quarter="2026Q3")
        seen.append(shown.readlink())
        assert (shown / "manifest.json").read_text() == text
    assert len(set(seen)) == 3
    assert all(not target.is_absolute() and (tmp_path / target / "manifest.json").is_file() for target in seen)
    assert list((tmp_path / ".staging").iterdir()) == []


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "2026Q3").mkdir()
    (tmp_path / "2026Q3" / "mine.txt").write_text("kept")
    with pytest.raises(PublishError) as caught:
        publish(staged(tmp_path, "first"), out=tmp_path, quarter="2026Q3")
    assert caught.value.exit_code == 8
    assert str(caught.value) == (
        f"the report could not be published: 'Is a directory'. The link {tmp_path / '2026Q3'} must be free or a link; the last published"
        " report is as it was."
    )
    assert (tmp_path / "2026Q3" / "mine.txt").read_text() == "kept"


def test_a_full_disk_leaves_the_last_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = publish(staged(tmp_path, "first"), out=tmp_path, quarter="2026Q3")
    second = staged(tmp_path, "second")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PublishError, match=r"^the report could not be published: 'No space left on device'\."):
        publish(second, out=tmp_path, quarter="2026Q3")
    assert (shown / "manifest.json").read_text() == "first"
    assert (second / "manifest.json").read_text() == "second"


def test_staging_is_named_after_quarter_and_time_and_previews_apart(tmp_path: Path) -> None:
    run = new_staging(tmp_path, "2026Q3", clock=lambda: datetime(2026, 10, 2, 8, 30, tzinfo=UTC))
    preview = new_staging(tmp_path, "2026Q3", clock=lambda: INSTANT, preview=True)
    assert run.name == f"2026Q3-20261002T083000-{os.getpid()}"
    assert preview.name.startswith("preview-2026Q3-")
    assert left_behind(tmp_path, "2026Q3") == [run]


def test_staging_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".staging").write_text("")
    with pytest.raises(PublishError, match=r"cannot be made: 'Not a directory'\. Check space and permissions\.$"):
        new_staging(tmp_path, "2026Q3", clock=lambda: INSTANT)


def test_scratch_is_no_part_of_a_report(tmp_path: Path) -> None:
    (tmp_path / ".ipython").mkdir()
    (tmp_path / ".ipython" / "history.sqlite").write_text("")
    (tmp_path / "workers.log").write_text("")
    (tmp_path / "index.html").write_text("")
    tidy(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
