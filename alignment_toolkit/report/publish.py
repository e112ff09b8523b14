"""How a report appears: whole, at once, or not at all.

A report is made in a staging folder on the same disk, moved to a version folder, and shown by replacing one symbolic link, which a
reader sees either before or after.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from alignment_toolkit.digests import file_digest
from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.manifest import MANIFEST, Manifest, damage, read_manifest

STAGING, VERSIONS = ".staging", ".versions"
PASSES = ".passes"  # kernels and counts of the execution and of the proof
SAID = "workers.log"  # what the workers said on stderr
_SCRATCH = (".ipython", PASSES, SAID)


def series_home(out: Path, *, clock: Callable[[], datetime]) -> Path:
    """Where the workers of a series of runs keep what they need; removed with the failed runs when a series was killed (`prune`)."""
    return out / STAGING / f"all-quarters-{clock():%Y%m%dT%H%M%S}-{os.getpid()}"


def new_staging(out: Path, quarter: str, *, clock: Callable[[], datetime], preview: bool = False) -> Path:
    """An empty staging folder for one run.

    Args:
        out: The reports folder.
        quarter: Label of the quarter.
        clock: For the folder's name.
        preview: Whether the run will never be published.

    Raises:
        PublishError: When it cannot be made.
    """
    name = f"{'preview-' if preview else ''}{quarter}-{clock():%Y%m%dT%H%M%S}-{os.getpid()}"
    folder = out / STAGING / name
    try:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "notebooks").mkdir(parents=True)
    except OSError as error:
        raise PublishError(
            f"the staging folder {folder} cannot be made", value=error.strerror, way_out="Check space and permissions"
        ) from error
    return folder


def left_behind(out: Path, quarter: str) -> list[Path]:
    """Staging folders of earlier runs of this quarter that failed or were killed; asked under the lock, so none of them is alive."""
    return sorted(path for path in (out / STAGING).glob(f"{quarter}-*") if path.is_dir())


def current(out: Path, quarter: str) -> Manifest | None:
    """The manifest of the published report of a quarter, None when there is none or its files are not those it was published with."""
    folder = out / quarter
    manifest = read_manifest(folder)
    return manifest if manifest and not damage(manifest, folder) else None


def publish(staging: Path, *, out: Path, quarter: str) -> Path:
    """Move a finished report to its version folder and show it.

    Args:
        staging: The finished report with its manifest.
        out: The reports folder.
        quarter: Label of the quarter.

    Returns:
        The link that readers follow.

    Raises:
        PublishError: When it cannot be written; the last published report is untouched then.
    """
    shown = out / quarter
    try:
        version = _version(staging, out, quarter)
        (out / VERSIONS).mkdir(exist_ok=True)
        staging.replace(version)
        link = out / STAGING / f"{quarter}.link"  # always the same name: what a killed run leaves, the next one takes away
        link.unlink(missing_ok=True)
        link.symlink_to(f"{VERSIONS}/{version.name}", target_is_directory=True)
        link.replace(shown)
    except OSError as error:
        in_the_way = shown.exists() and not shown.is_symlink()
        hint = (
            f"The link {shown} must be free or a link" if in_the_way else f"What was made is in {staging if staging.exists() else version}"
        )
        way_out = f"{hint}; the last published report is as it was"
        raise PublishError("the report could not be published", value=error.strerror or error, way_out=way_out) from error
    return shown


def tidy(staging: Path) -> None:
    """Remove from a finished run what is no part of the report."""
    for name in _SCRATCH:
        path = staging / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _version(staging: Path, out: Path, quarter: str) -> Path:
    name = f"{quarter}-{file_digest(staging / MANIFEST)[:12]}"
    taken = 1
    version = out / VERSIONS / name
    while version.exists():
        taken += 1
        version = out / VERSIONS / f"{name}-{taken}"
    return version
