"""A program that publishes a report where things go wrong: disks without room, folders that refuse, ten at once, clocks that jump.

Run by `test_breaking.py`, in a process of its own because it forks. As in `killed.py` only the workers are stood in for. Disks are real: a
tmpfs of a few pages or a few files; where none can be mounted (not root), a limit on the size of files stands for it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError
from tests.report.killed import MADE, catalogue, change_data, publish, seen

PAGE = 4096
START = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)
CLOCKS = {
    "backwards": [START.replace(year=2026 - n) for n in range(40)],
    "to and fro": [START.replace(year=1999 if n % 2 else 2099) for n in range(40)],
    "at the end of time": [datetime.max.replace(tzinfo=UTC)],
    "at its beginning": [datetime(1, 1, 1, tzinfo=UTC)],
}


def attempt(place: Path, **asked: Any) -> dict[str, Any]:
    """How a run in a child ended: its code and sentence, and what a reader sees then."""
    child = started(place, **asked)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = place / f"said {child}"
    return {"code": code, "said": said.read_text() if said.exists() else "", "left": seen(place / "reports")}


def started(place: Path, *, before: Callable[[], object] = lambda: None, **asked: Any) -> int:
    """A child that runs and leaves its sentence in a file: its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        before()
        code = 0 if publish(place, **asked) else 1
    except AlignmentError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (place / f"said {os.getpid()}").write_text(str(error))
        code = error.exit_code
    finally:
        os._exit(code)


@contextmanager
def disk(place: Path, options: str) -> Iterator[bool]:
    """The reports of a place on a disk of their own; whether one could be mounted."""
    reports = place / "reports"
    kept = reports.rename(place / "kept")
    reports.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", reports], check=False, capture_output=True).returncode == 0
    try:
        if mounted:
            shutil.copytree(kept, reports, symlinks=True, dirs_exist_ok=True)
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", reports], check=True)


def without_room(fresh: Callable[[str], Path], free: int, *, inodes: bool) -> dict[str, Any] | None:
    """A run on a disk with so many free pages, or files; and another one after room was made. None where nothing can be mounted."""
    place = fresh(f"full {free} {inodes}")
    with disk(place, "size=16m") as mounted:
        if not mounted:
            return None
        reports, filler = place / "reports", place / "reports" / ".staging" / "filler"
        filler.mkdir()
        before = seen(reports)
        _fill(reports, filler, free, inodes=inodes)
        told = {"free": free, "before": before} | attempt(place)
        shutil.rmtree(filler)
        subprocess.run(["mount", "-o", "remount,nr_inodes=9999", reports], check=True)
        return told | {"again": attempt(place)}


def _fill(reports: Path, filler: Path, free: int, *, inodes: bool) -> None:
    room = os.statvfs(reports)
    if inodes:
        subprocess.run(["mount", "-o", f"remount,nr_inodes={room.f_files - room.f_ffree + free}", reports], check=True)
    else:
        with (filler / "filler").open("wb") as file:
            file.write(bytes((room.f_bavail - free) * PAGE))


def read_only(fresh: Callable[[str], Path]) -> dict[str, Any] | None:
    """A run on a disk that was mounted for reading only, as root meets it too."""
    place = fresh("read-only")
    with disk(place, "size=16m") as mounted:
        if not mounted:
            return None
        before = seen(place / "reports")
        subprocess.run(["mount", "-o", "remount,ro", place / "reports"], check=True)
        return {"before": before} | attempt(place)


def small_files(fresh: Callable[[str], Path], longest: int) -> dict[str, Any]:
    """A run that may write no file longer than this, as on a disk with a quota."""
    place = fresh(f"small {longest}")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (longest, resource.RLIM_INFINITY))

    return {"longest": longest, "before": seen(place / "reports")} | attempt(place, before=limit)


def in_the_way(fresh: Callable[[str], Path], where: str) -> dict[str, Any]:
    """A run that finds a file where a folder has to be, or a folder where a file has to be."""
    place = fresh(f"in the way {where}")
    path, before = place / "reports" / where, seen(place / "reports")
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("mine")
    else:
        path.unlink(missing_ok=True)
        path.mkdir()
    told = attempt(place)
    return {"where": where, "before": before, "is kept": path.exists()} | told


def at_once(fresh: Callable[[str], Path], n: int, *, wait: float) -> dict[str, Any]:
    """So many runs at the same moment."""
    place = fresh(f"{n} at once, waiting {wait}")
    ready, go = os.pipe()

    def together() -> None:
        os.close(go)
        os.read(ready, 1)

    children = [started(place, before=together, wait=wait) for _ in range(n)]
    os.close(ready)
    os.close(go)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    said = [path.read_text() for path in place.glob("said *")]
    return {
        "codes": codes,
        "said": said,
        "left": seen(place / "reports"),
        "versions": len(list((place / "reports" / ".versions").iterdir())),
    }


def by_clock(fresh: Callable[[str], Path], name: str) -> dict[str, Any]:
    """A run whose clock jumps, and one by a clock that goes right after it."""
    place = fresh(f"clock {name}")
    ticks = iter(CLOCKS[name])
    last = [START]

    def clock() -> datetime:
        last[0] = next(ticks, last[0])
        return last[0]

    told = attempt(place, clock=clock)
    change_data(place)
    return told | {"again": attempt(place, day=20)}


def main(base: Path) -> None:
    """Print how every run ended."""
    catalogue.rebuild(base)
    before = base / "place"
    assert (before / MADE).is_dir()
    change_data(before)

    def fresh(name: str) -> Path:
        return Path(shutil.copytree(before, base / name, symlinks=True))

    undisturbed = attempt(fresh("undisturbed"))
    told = {
        "after": undisturbed["left"],
        "before": seen(before / "reports"),
        "pages": [without_room(fresh, free, inodes=False) for free in (*range(12), *range(12, 60, 6))],
        "files": [without_room(fresh, free, inodes=True) for free in range(0, 18)],
        "read-only": read_only(fresh),
        "small": [small_files(fresh, longest) for longest in (0, 100, 5_000, 12_000)],
        "in the way": [in_the_way(fresh, where) for where in (".staging", ".lock", "index.html")],
        "two": at_once(fresh, 2, wait=0),
        "ten": at_once(fresh, 10, wait=120),
        "clocks": {name: by_clock(fresh, name) for name in CLOCKS},
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
