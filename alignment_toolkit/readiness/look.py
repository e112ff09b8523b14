"""Every check in turn; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alignment_toolkit.config import Config
from alignment_toolkit.errors import AlignmentError
from alignment_toolkit.faults import END_OF_TIME
from alignment_toolkit.periods import local_day
from alignment_toolkit.readiness.findings import FAILED, OK, UNKNOWN, Finding, failed
from alignment_toolkit.readiness.packages import package_findings
from alignment_toolkit.readiness.reports import report_findings
from alignment_toolkit.readiness.room import room_findings
from alignment_toolkit.readiness.source import source_findings
from alignment_toolkit.store import Crm, last_event_day, open_crm
from alignment_toolkit.study import settings_for

MAX_AGE = 31  # days: a source that is exported once a month is fresh


@dataclass(frozen=True)
class Place:
    """What is looked at.

    Attributes:
        data: The store as typed.
        out: The reports folder.
        config: Configuration file; empty: the store's own.
        source: Sources to fit the mapping on; empty: those of the last ingest.
        mapping: Mappings; empty: those of the last ingest.
        lock: Lock file of the packages; None: that of the project where there is one.
        max_age: Days since the newest record that are too many.
    """

    data: str
    out: Path = Path("reports")
    config: str = ""
    source: tuple[str, ...] = ()
    mapping: tuple[str, ...] = ()
    lock: Path | None = None
    max_age: int = MAX_AGE


def looked_at(place: Place, *, now: datetime, environment: Mapping[str, str]) -> list[Finding]:
    """Look at everything a run needs, without running or publishing anything.

    Args:
        place: What to look at.
        now: Wall time.
        environment: Environment variables, for the addresses of messages.

    Returns:
        At least one finding per check, in the order data, source, packages, room, reports, messages.
    """
    opened: list[Crm] = []
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "data": lambda: _data(place, now, opened),
        "source": lambda: source_findings(place.data, opened[0] if opened else None, source=place.source, mapping=place.mapping),
        "packages": lambda: package_findings(place.lock, place.out),
        "room": lambda: room_findings(place.out),
        "reports": lambda: report_findings(place.out, opened[0] if opened else None),
        "messages": lambda: _messages(environment),
    }
    return [finding for check, look in checks.items() for finding in _guarded(check, look)]


def _guarded(check: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except AlignmentError as error:
        return [failed(check, error)]
    except OSError as error:
        return [Finding(check, FAILED, f"it could not be looked at: {error.strerror or error}", exit_code=8)]


def _data(place: Place, now: datetime, opened: list[Crm]) -> Iterator[Finding]:
    settings: Config = settings_for(place.data, place.config)
    crm = open_crm(place.data, as_of=END_OF_TIME, config=settings)
    opened.append(crm)
    last = last_event_day(crm)
    newest = local_day(last, settings.time_zone)
    age = max((local_day(now.astimezone(UTC).replace(tzinfo=None), settings.time_zone) - newest).days, 0)
    told = f"the newest record is of {newest}, {age:,} day{'s' if age != 1 else ''} ago"
    if age <= place.max_age:
        yield Finding("data", OK, told)
        return
    way_out = "Ingest a newer export, or say how old it may be with --max-age DAYS"
    yield Finding("data", FAILED, f"{told}, more than {place.max_age:,}", way_out, exit_code=3)


def _messages(environment: Mapping[str, str]) -> Iterator[Finding]:
    from alignment_toolkit.delivery import PEOPLE, people

    if not environment.get(PEOPLE):
        yield Finding("messages", UNKNOWN, f"{PEOPLE} is not set: nobody is told of a run")
        return
    people(environment)
    yield Finding("messages", OK, f"the addresses in {PEOPLE} can be understood; none was written to")
