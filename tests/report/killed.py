"""A program that publishes a report over and over in forked children and has each of them killed (-9) at another moment.

Run by `test_killing.py`. Everything of a run is real but what the workers do: a stand-in speaks for them and leaves a notebook and a page that
were made before, so that hundreds of runs take seconds. The parent never opens an engine or a thread, so that forking it is safe.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError
from alignment_toolkit.glossary import label  # noqa: F401 - what the children need is imported once
from alignment_toolkit.report import catalogue, crew, pieces, run  # noqa: F401
from alignment_toolkit.report.manifest import damage, read_manifest
from tests.renewal.killed import in_child, watch

NOTEBOOKS = Path(__file__).parent / "one_cell"
MADE = "made"
EVENTS = 12  # staged, the beginning and the end of five steps of the workers, published
STAND_IN = """
import json, shutil, sys
made, job = sys.argv[1], json.loads(sys.stdin.readline())
(task,) = job["tasks"]
say = lambda step, verdict, **more: print(json.dumps({"step": step, "notebook": "00_executive_summary", "verdict": verdict, **more}), flush=True)
for step in ("executed", "preflight", "reproduced", "rendered", "checked"):
    say(step, "running")
    try:
        if step == "executed":
            shutil.copy(made + "/notebook.ipynb", task["output"])
        if step == "rendered":
            shutil.copy(made + "/page.html", task["page"])
    except OSError as error:
        parts = {"what": step + " could not write", "value": error.strerror, "rule": None, "way_out": None}
        say(step, "failed", error={"kind": "PublishError", **parts})
        break
    say(step, "ok")
say("end", "ok")
"""


def stand_in_for_workers(made: Path) -> None:
    """From here on this process, a child, has a stand-in do what its workers would; its code is not read anew."""
    run.code_digest = lambda *_, **__: "the same code"  # type: ignore[assignment]
    popen = crew.subprocess.Popen
    command = [sys.executable, "-I", "-S", "-c", STAND_IN, str(made)]
    crew.subprocess.Popen = lambda _, **kwargs: popen(command, **kwargs)  # type: ignore[misc,assignment]


def publish(place: Path, *, day: int = 9, **asked: Any) -> run.RunResult:
    """A run of the one-cell notebook in a place that holds `store` and `reports`, on a day."""
    os.chdir(place)
    stand_in_for_workers(place / MADE)
    now = datetime(2026, 10, 2, 8, 30, tzinfo=UTC) + timedelta(days=day)
    given = {"data": "store", "quarter": "2026Q3", "as_of": "2026-10-01", "out": "reports", "clock": lambda: now, "folder": NOTEBOOKS}
    return run.run_report(**{**given, "keep": 1, "workers": 1, **asked})


def seen(reports: Path) -> str | None:
    """What a reader of the reports folder finds, None when nothing is published, a complaint when it is not whole."""
    shown, catalogue = reports / "2026Q3", reports / "index.html"
    if catalogue.is_file() and not catalogue.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        return "the catalogue is not whole"
    if not shown.is_symlink():
        return "something is in the place of the link" if shown.exists() else None
    manifest = read_manifest(shown)
    if manifest is None or (faults := damage(manifest, shown)):
        return "no manifest" if manifest is None else "; ".join(faults)
    there = {path.relative_to(shown).as_posix() for path in shown.rglob("*") if path.is_file()} - {"manifest.json"}
    return manifest["key"] if there == set(manifest["files"]) else f"besides: {sorted(there ^ set(manifest['files']))}"


def change_data(place: Path) -> None:
    """One lead more: what is published from now on is another report."""
    with (place / "store" / "leads.csv").open("a", encoding="utf-8") as leads:
        leads.write("f,2026-07-06,web\n")


def states(place: Path) -> list[str | None]:
    """What a reader sees before each change of one undisturbed run, and at its end: a process killed there leaves the disk just so."""
    told = place / "states.json"

    def undisturbed() -> None:
        found: list[str | None] = []
        watch(place / "reports", lambda: found.append(seen(place / "reports")))
        publish(place)
        found.append(seen(place / "reports"))
        told.write_text(json.dumps(found))

    assert in_child(undisturbed) == 0
    return json.loads(told.read_text())


def killed_at(place: Path, step: int) -> int:
    """Run, killed before the change of this number."""

    def mortal() -> None:
        left = step

        def count() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        watch(place / "reports", count)
        publish(place)

    return in_child(mortal)


def killed_at_event(place: Path, number: int) -> int:
    """Run, killed when the journal tells this event: the beginning or the end of a step of the pipeline."""

    def mortal() -> None:
        told: list[object] = []

        def log(event: object) -> None:
            told.append(event)
            if len(told) > number:
                os.kill(os.getpid(), signal.SIGKILL)

        publish(place, log=log)

    return in_child(mortal)


def killed_after(place: Path, seconds: float) -> int:
    """Run, killed after a time."""

    def mortal() -> None:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        publish(place)

    return in_child(mortal)


def outcome(run_it: Callable[[], run.RunResult]) -> Callable[[], None]:
    """A child that leaves with the code of the error it met."""

    def child() -> None:
        try:
            run_it()
        except AlignmentError as error:
            os._exit(error.exit_code)

    return child


def main(base: Path, first: str, points: int, seed: int) -> None:
    """Print what a reader saw before, at every step, and after each kill and the run that followed it."""
    before = base / "place"
    catalogue.rebuild(base)  # its template is compiled once, for all children
    if first == "first":
        shutil.rmtree(before / "reports")
    else:
        change_data(before)
    told: dict[str, Any] = {"before": seen(before / "reports")}

    def fresh(name: str) -> Path:
        return Path(shutil.copytree(before, base / name, symlinks=True))

    began = time.monotonic()
    told["states"] = states(fresh("states"))
    longest = time.monotonic() - began
    n, draw, kills = len(told["states"]) - 1, random.Random(seed), []
    for point in range(points):
        place = fresh(f"kill {point}")
        step, event = (point, None) if point < n else (None, point - n if point < n + EVENTS else None)
        code = killed_at(place, step) if step is not None else killed_at_event(place, event) if event is not None else None
        code = killed_after(place, draw.uniform(0, longest)) if code is None else code
        left = seen(place / "reports")
        again = in_child(outcome(lambda place=place: publish(place, day=11))) if point % 8 == 5 else None  # type: ignore[misc]
        rest = sorted(path.name for path in (place / "reports").glob(".staging/*")) if again == 0 else []
        kills.append(
            {"step": step, "event": event, "code": code, "left": left, "again": again, "after": seen(place / "reports"), "rest": rest}
        )
        shutil.rmtree(place)
    sys.stdout.write(json.dumps(told | {"kills": kills}))


if __name__ == "__main__":
    base, first, points, seed = sys.argv[1:]
    main(Path(base), first, int(points), int(seed))
