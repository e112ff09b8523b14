"""A program that renews a store over and over in forked children and has each of them killed (-9) at another moment.

Run by `test_killing.py`. The parent imports everything but never opens an engine, so that forking it is safe and cheap.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import ibis  # noqa: F401 - what the children need is imported once
import pyarrow.parquet  # noqa: F401
import sqlglot.optimizer  # noqa: F401

from alignment_toolkit.digests import digest_of, file_digest
from alignment_toolkit.snapshots.layout import files_of
from tests.renewal.conftest import renew

CHANGES = {"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


def watch(store: Path, act: Callable[[], None]) -> None:
    """Act before each change that this process makes below a store."""
    busy = False

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal busy
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if busy or not (event in CHANGES or writes) or not any(isinstance(arg, str | Path) and str(store) in str(arg) for arg in args):
            return
        busy = True
        try:
            act()
        finally:
            busy = False

    sys.addaudithook(hook)


def seen(store: Path) -> str | None:
    """The digest of what a reader of the store sees; None where there is no table."""
    files = files_of(store) if store.is_dir() else {}
    tables = {name: file_digest(path) for name, path in files.items() if path.suffix == ".parquet" or name == "alignment.toml"}
    return digest_of(tables) if tables else None


def in_child(run: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            run()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def states(place: Path, source: Path) -> list[str | None]:
    """What a reader sees at every step of one renewal that is not disturbed: a process killed there leaves the disk just so."""
    shown = place / "shown.json"

    def run() -> None:
        found: list[str | None] = []
        watch(place / "store", lambda: found.append(seen(place / "store")))
        renew(place, source)
        found.append(seen(place / "store"))
        shown.write_text(json.dumps(found))

    assert in_child(run) == 0
    return json.loads(shown.read_text())


def killed_at(place: Path, source: Path, step: int) -> int:
    """Renew, killed before the change of this number."""

    def run() -> None:
        left = step

        def count() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        watch(place / "store", count)
        renew(place, source)

    return in_child(run)


def killed_after(place: Path, source: Path, seconds: float) -> int:
    """Renew, killed after a time."""

    def run() -> None:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        renew(place, source)

    return in_child(run)


def main(base: Path, first: Path | None, second: Path, points: int, seed: int) -> None:
    """Print what a reader saw before, at every step, and after each kill and the renewal that followed it."""
    before = base / "before"
    before.mkdir()
    if first is not None:
        assert in_child(lambda: renew(before, first) and None) == 0
    told: dict[str, object] = {"before": seen(before / "store")}

    def fresh(name: str) -> Path:
        return Path(shutil.copytree(before, base / name, symlinks=True))

    told["steps"] = states(fresh("steps"), second)
    n, draw, kills = len(told["steps"]) - 1, random.Random(seed), []  # type: ignore[arg-type]
    for point in range(points):
        place = fresh(f"kill {point}")
        step = point * n // points if point % 3 else None
        code = killed_at(place, second, step) if step is not None else killed_after(place, second, draw.uniform(0, 1.2))
        left = seen(place / "store")
        again = in_child(lambda place=place: renew(place, second) and None) if point % 6 == 0 else None
        rest = [path.name for path in (place / "store" / ".snapshots").glob(".*")] if again == 0 else []
        kills.append({"step": step, "code": code, "left": left, "again": again, "after": seen(place / "store"), "rest": rest})
        shutil.rmtree(place)
    sys.stdout.write(json.dumps(told | {"kills": kills}))


if __name__ == "__main__":
    base, first, second, points, seed = sys.argv[1:]
    main(Path(base), Path(first) if first else None, Path(second), int(points), int(seed))
