"""Is there room for a report, and may it be written?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alignment_toolkit.errors import PublishError
from alignment_toolkit.readiness.findings import FAILED, OK, Finding
from alignment_toolkit.report.publish import VERSIONS

LEAST = 250_000_000  # bytes: what a run writes besides its report, kernels and counts of two passes
TIMES = 5  # a run holds its staging beside the old versions


def room_findings(out: Path, *, least: int = LEAST) -> Iterator[Finding]:
    """Whether the disk of the reports folder takes another report, and whether the folder takes a file.

    Args:
        out: The reports folder, which may not be there yet.
        least: Bytes that must be free whatever the reports' size.
    """
    place = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    free, needed = shutil.disk_usage(place).free, max(least, TIMES * _largest(out))
    told = f"{_megabytes(free)} free for {out}"
    if free < needed:
        way_out = "Make room, or name another folder with --out"
        yield Finding("room", FAILED, f"{told}, a run needs {_megabytes(needed)}", way_out, PublishError.exit_code)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        way_out = "Check the permissions, or name another folder with --out"
        yield Finding("room", FAILED, f"the reports folder {out} cannot be written: {error.strerror}", way_out, PublishError.exit_code)
    else:
        if free >= needed:
            yield Finding("room", OK, told)


def _largest(out: Path) -> int:
    """Bytes of the largest report that is kept."""
    versions = [path for path in (out / VERSIONS).glob("*") if path.is_dir()]
    return max((sum(file.stat().st_size for file in version.rglob("*") if file.is_file()) for version in versions), default=0)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
