"""Are the installed packages those that were locked, or else those that the newest report was made with?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from alignment_toolkit.errors import NotReproduced, UsageError
from alignment_toolkit.readiness.findings import FAILED, OK, UNKNOWN, WARNING, Finding
from alignment_toolkit.report.catalogue import published
from alignment_toolkit.report.digest import installed, version_differences
from alignment_toolkit.report.places import call_root

LOCK = Path("requirements") / "report.lock"
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?: *; *([^\\\n]+))?", re.M)
_NAMED = 5


def package_findings(lock: Path | None, out: Path) -> Iterator[Finding]:
    """What is installed against a lock file; without one, against the manifest of the newest report.

    Args:
        lock: Lock file in the style of requirements; None: the project's, where there is one.
        out: The reports folder.

    Raises:
        UsageError: When a lock file that was named cannot be read.
    """
    now = installed()
    if place := lock or _own_lock():
        yield _against_lock(place, now)
        return
    newest = published(out)[-1:]
    if not newest:
        yield Finding("packages", UNKNOWN, "there is no lock file, and no report to compare with", "Name a lock file with --lock")
        return
    told = version_differences(newest[0].manifest.get("packages", {}), now)
    if told:
        words = f"{_count(told)} not what the report of {newest[0].quarter} was made with: {_listed(told)}"
        yield Finding("packages", WARNING, words, "The next run makes its report anew and says what that restates")
        return
    yield Finding("packages", OK, f"every package is what the report of {newest[0].quarter} was made with")


def _against_lock(place: Path, now: Mapping[str, str]) -> Finding:
    try:
        pins = locked(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("the lock file cannot be read", value=place, way_out="Check the path given with --lock") from error
    wrong = [f"{name} {now.get(name, 'absent')} (locked {version})" for name, version in pins.items() if now.get(name) != version]
    if not pins:
        raise UsageError("the lock file pins nothing", value=place, rule="A line of it reads name==version")
    if not wrong:
        return Finding("packages", OK, f"every package is as {place.name} pins it: {len(pins)}")
    way_out = f"Install what is locked: pip install --require-hashes -r {place.name}"
    return Finding("packages", FAILED, f"{_count(wrong)} not as {place.name} pins them: {_listed(wrong)}", way_out, NotReproduced.exit_code)


def locked(text: str) -> dict[str, str]:
    """Name -> version of what a lock file pins for this interpreter.

    Args:
        text: Lines `name==version`, each with a marker where it is not for every environment.
    """
    from packaging.markers import Marker  # pytest, which the proof runs on, needs it

    found = _PIN.findall(text)
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version for name, version, marker in found if not marker or Marker(marker.strip()).evaluate()
    }


def _own_lock() -> Path | None:
    """The lock file of the folder that the command was called in, or of the checkout that the package lies in."""
    places = (call_root(), Path(__file__).resolve().parents[2])
    return next((path for place in places if (path := place / LOCK).is_file()), None)


def _count(told: list[str]) -> str:
    return f"{len(told)} packages are" if len(told) != 1 else "1 package is"


def _listed(told: list[str]) -> str:
    return ", ".join(told[:_NAMED]) + (f" and {len(told) - _NAMED} more" if len(told) > _NAMED else "")
