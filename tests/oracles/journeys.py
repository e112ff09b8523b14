"""A slow, plain-Python reading of the definitions, from rows of leads and stage events: what the engine's counts are compared with.

Written from the definitions alone, one lead and one day at a time, with whole microseconds and no table library.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY_US = 24 * 60 * 60 * 1_000_000
EPOCH = datetime(1970, 1, 1)
OPEN, LOST, WON = "open", "lost", "won"


def micros(moment: datetime | str) -> int:
    """Microseconds since 1970 of a naive UTC instant."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (at - EPOCH) // timedelta(microseconds=1)


def local_midnight(day: date, zone: str) -> int:
    """Microseconds of the first instant of a local day."""
    at = datetime.combine(day, time(), ZoneInfo(zone))
    return round(at.timestamp() * 1_000_000)


def survivor(lead: str, merges: Mapping[str, str], known: Collection[str] | None = None) -> str:
    """Where a chain of merges ends; a ring ends at the smallest of its ids. When that one is not known, the known record nearest to it."""
    end = _path(lead, merges)[-1]
    if known is None or end in known:
        return end
    family = [other for other in {*merges, lead} if _path(other, merges)[-1] == end and other in known]
    nearest = sorted((_path(other, merges).index(end), other) for other in family)
    return nearest[0][1] if nearest else end


def _path(lead: str, merges: Mapping[str, str]) -> list[str]:
    """The records from one to the end of its chain; in a ring the round stops at its smallest id."""
    path = [lead]
    while path[-1] in merges:
        following = merges[path[-1]]
        if following in path:
            least = min(path[path.index(following) :])
            return path if path[-1] == least else [*path, least]
        path.append(following)
    return path


@dataclass(frozen=True)
class Lead:
    """One lead after merges: creation, and its visible stage events as (instant, stage), in time order."""

    lead_id: str
    created: int
    attributes: Mapping[str, Any]
    events: tuple[tuple[int, str], ...] = ()

    def last_index(self, as_of: int) -> int:
        """The last whole day before an exclusive as-of; below zero: not yet at risk."""
        return (as_of - self.created) // DAY_US - 1

    def index(self, instant: int) -> int:
        """Day index of an instant; before creation: 0."""
        return max(0, instant - self.created) // DAY_US

    def state(self, index: int) -> str:
        """Outcome state once every event up to and with this day index has happened; -1: at creation."""
        past = [(at, stage) for at, stage in self.events if self.index(at) <= index]
        if any(stage == WON for _, stage in past):
            return WON
        losses = [at for at, stage in past if stage == LOST]
        if losses and not any(at > max(losses) and stage not in (WON, LOST) for at, stage in past):
            return LOST
        return OPEN

    def first_win(self) -> int | None:
        """Instant of the first visible win."""
        return min((at for at, stage in self.events if stage == WON), default=None)


@dataclass(frozen=True)
class World:
    """What can be seen of a company at an as-of: leads after merges."""

    leads: tuple[Lead, ...]
    as_of: int


def world(
    *, leads: Iterable[Mapping[str, Any]], stage_events: Iterable[Mapping[str, Any]], as_of: str, merges: Iterable[Mapping[str, Any]] = ()
) -> World:
    """Rows as leads: merged records resolved, nothing at or after the as-of seen."""
    until = micros(as_of)
    gone = {row["lost_id"]: row["survivor_id"] for row in merges if row["table"] == "leads" and micros(row["merged_at"]) < until}
    known = {row["lead_id"] for row in leads if micros(row["created_at"]) < until}
    events: dict[str, list[tuple[int, str]]] = {}
    for row in stage_events:
        if micros(row["entered_at"]) < until:
            events.setdefault(survivor(row["lead_id"], gone, known), []).append((micros(row["entered_at"]), row["stage"]))
    created: dict[str, list[int]] = {}
    seen = [row for row in leads if micros(row["created_at"]) < until]
    for row in seen:
        created.setdefault(survivor(row["lead_id"], gone, known), []).append(micros(row["created_at"]))
    kept = [row for row in seen if survivor(row["lead_id"], gone, known) == row["lead_id"]]
    return World(tuple(_lead(row, created, events) for row in kept), until)


def _lead(row: Mapping[str, Any], created: Mapping[str, list[int]], events: Mapping[str, list[tuple[int, str]]]) -> Lead:
    """A surviving record: created when the first of the records merged into it was, its own attributes, the events of all."""
    lead_id = row["lead_id"]
    return Lead(lead_id, min(created[lead_id]), row, tuple(sorted(events.get(lead_id, []))))


@dataclass(frozen=True)
class Watched:
    """One unit under observation: first and last index, and its state before the first and at each index of them."""

    first: int
    last: int
    states: Mapping[int, str]
    amount: float = 0.0


def watch(
    leads: Iterable[Lead],
    *,
    as_of: int,
    opened: int | None = None,
    created_before: int | None = None,
    created_from: int | None = None,
    amounts: Mapping[str, float] | None = None,
    longest: int = 400,
) -> list[Watched]:
    """The leads that are observed, each from its first whole day after `opened` to its last whole day before `as_of`.

    A lead that was won before it came under observation was never at risk; one lost by then comes in as lost. States are worked out up to
    the index `longest` and no further.
    """
    units = []
    for lead in leads:
        if created_before is not None and lead.created >= created_before:
            continue
        if created_from is not None and lead.created < created_from:
            continue
        waited = max(0, opened - lead.created) if opened is not None else 0
        first, last = -(-waited // DAY_US), lead.last_index(as_of)
        if first > last or lead.state(first - 1) == WON:
            continue
        states = {index: lead.state(index) for index in range(first - 1, max(first, min(last, longest) + 1))}
        units.append(Watched(first, last, states, (amounts or {}).get(lead.lead_id, 0.0)))
    return units


@dataclass
class Estimate:
    """Probabilities of the states by index, money won per unit by index, and the counts behind them."""

    won: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    at_risk: list[int] = field(default_factory=list)
    events: int = 0


def aalen_johansen(units: Sequence[Watched], *, horizon: int) -> Estimate:
    """Period estimate with open -> won, open -> lost, lost -> open and lost -> won, one index at a time."""
    now = {OPEN: 1.0, LOST: 0.0, WON: 0.0}
    value, result = 0.0, Estimate()
    for index in range(horizon + 1):
        seen = [unit for unit in units if unit.first <= index <= unit.last]
        then = dict(now)
        for source in (OPEN, LOST):
            there = [unit for unit in seen if unit.states[index - 1] == source]
            for target in (OPEN, LOST, WON):
                moved = [unit for unit in there if unit.states[index] == target]
                if target == source or not moved:
                    continue
                share = now[source] * len(moved) / len(there)
                then[source] -= share
                then[target] += share
                if target == WON:
                    value += now[source] * sum(unit.amount for unit in moved) / len(there)
                    result.events += len(moved)
            if source == OPEN:
                result.at_risk.append(len(there))
        now = then
        result.won.append(now[WON])
        result.lost.append(now[LOST])
        result.open.append(now[OPEN])
        result.value.append(value)
    return result


def matured(units: Iterable[Watched], *, horizon: int) -> tuple[int, int]:
    """Units that came in open by the horizon: how many could be watched at that index, resolved or not, and how many there are."""
    entered = [unit for unit in units if unit.first <= horizon and unit.states[unit.first - 1] == OPEN]
    return sum(unit.last >= horizon for unit in entered), len(entered)


def acceptance_units(
    leads: Iterable[Lead],
    *,
    as_of: int,
    sales_stages: Sequence[str],
    verdicts: Mapping[str, Sequence[tuple[int, str]]],
    opened: int | None = None,
    handed_before: int | None = None,
) -> list[Watched]:
    """Handed-over leads from handover to sales' first verdict: accepted is the win, rejected or recycled the loss.

    Args:
        sales_stages: The first stage that sales owns (and it alone).
        verdicts: Lead -> visible (instant, verdict) pairs.
    """
    units = []
    for lead in leads:
        handover = _handover(lead, as_of, sales_stages)
        if handover is None or (handed_before is not None and handover >= handed_before):
            continue
        first_verdict = min(verdicts.get(lead.lead_id, ()), default=None)
        waited = max(0, opened - handover) if opened is not None else 0
        first, last = -(-waited // DAY_US), (as_of - handover) // DAY_US - 1
        ended = max(0, first_verdict[0] - handover) // DAY_US if first_verdict else None
        if first > last or (ended is not None and ended < first):
            continue
        outcome = {True: WON, False: LOST}[first_verdict[1] == "accepted"] if first_verdict else OPEN
        states = {index: outcome if ended is not None and index >= ended else OPEN for index in range(first - 1, last + 1)}
        units.append(Watched(first, last, states))
    return units


def _handover(lead: Lead, as_of: int, sales_stages: Sequence[str]) -> int | None:
    assigned = lead.attributes.get("assigned_at")
    if assigned is not None and micros(assigned) < as_of:
        return micros(assigned)
    return min((at for at, stage in lead.events if stage in sales_stages), default=None)
