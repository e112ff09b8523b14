"""Old versions and failed runs go, as far as nobody can still be reading or inspecting them.

Of each quarter the newest versions are kept, the shown one always; of its failed runs and of its previews the newest. Nothing goes that was
replaced less than a day ago, nor what a link in the reports folder points to, nor what this module did not name. Asked under the lock, so
that no run is alive. A version leaves `.versions` whole, by one rename, before its files are deleted: a crash in between leaves a folder in
`.staging` that the next run deletes.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from alignment_toolkit.report.manifest import read_manifest
from alignment_toolkit.report.publish import STAGING, VERSIONS

KEPT = 3
GRACE = timedelta(days=1)
_RUN = re.compile(r"(?P<kind>(?:preview-)?\d{4}Q[1-4]|all-quarters)-(?P<at>\d{8}T\d{6})-\d+")
_GOING = "going-"


class _Dated(NamedTuple):
    at: datetime
    path: Path


def prune(out: Path, *, now: datetime, keep: int = KEPT) -> list[Path]:
    """Remove what is no longer wanted from a reports folder.

    Args:
        out: The reports folder, whose lock is held.
        now: Wall time.
        keep: Versions of each quarter that stay, the shown one included.

    Returns:
        What was removed. What cannot be removed stays where it is: a run never fails for it.
    """
    for rest in (out / STAGING).glob(f"{_GOING}*"):
        shutil.rmtree(rest, ignore_errors=True)
    going = [*_old_versions(out, now=now, keep=keep), *_old_runs(out, now=now)]
    return [path for path in going if _removed(path, out)]


def _old_versions(out: Path, *, now: datetime, keep: int) -> Iterator[Path]:
    shown = _pointed_at(out)
    for versions in _versions(out).values():
        newest_first = sorted(versions, reverse=True)
        replaced_at = [None, *(version.at for version in newest_first[:-1])]
        kept = sum(version.path.resolve() in shown for version in newest_first)
        for version, replaced in zip(newest_first, replaced_at, strict=True):
            if version.path.resolve() in shown:
                continue
            if kept < keep or replaced is None or now - replaced < GRACE:
                kept += 1
                continue
            yield version.path


def _versions(out: Path) -> dict[str, list[_Dated]]:
    """The versions by quarter with the time each was published; folders that are no version are left out."""
    found = defaultdict(list)
    for path in (out / VERSIONS).glob("????Q?-*"):
        manifest = read_manifest(path)
        if manifest and manifest.get("steps") and path.name.startswith(f"{manifest['quarter']}-"):
            found[manifest["quarter"]].append(_Dated(_instant(manifest["steps"][-1]["end"]), path))
    return found


def _old_runs(out: Path, *, now: datetime) -> Iterator[Path]:
    runs = defaultdict(list)
    for path in (out / STAGING).glob("*"):
        if (named := _RUN.fullmatch(path.name)) and path.is_dir() and not path.is_symlink():
            runs[named["kind"]].append(_Dated(datetime.strptime(named["at"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC), path))
    for started in runs.values():
        yield from (run.path for run in sorted(started)[:-1] if now - run.at >= GRACE)


def _pointed_at(out: Path) -> set[Path]:
    """Where the links of the reports folder lead, whoever made them."""
    return {path.resolve() for path in out.iterdir() if path.is_symlink()}


def _removed(path: Path, out: Path) -> bool:
    going = out / STAGING / f"{_GOING}{path.name}"
    try:
        path.replace(going)
        shutil.rmtree(going)
    except OSError:
        return False
    return True


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
