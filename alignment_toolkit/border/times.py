"""Dates and instants that cannot be right: before creation, the wrong way round, sentinels, bursts of back-dated imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alignment_toolkit.border.clocks import local_clock, micros, span
from alignment_toolkit.border.odd import Odd
from alignment_toolkit.schema import TABLES, key_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

FIRST_YEAR, LAST_YEAR = 1971, 2099
BURST_LEADS, BURST_TIMES = 30, 5
_PAIRS = (
    ("leads", "created_at", "assigned_at"),
    ("deals", "created_at", "closed_at"),
    ("subscriptions", "started_on", "ended_on"),
    ("campaigns", "started_on", "ended_on"),
)


def wrong_times(crm: Crm) -> Iterator[Odd]:
    """Every kind of impossible time."""
    yield from _before_creation(crm)
    yield from _negative_durations(crm)
    yield from _sentinels(crm)
    yield from _bursts(crm)


def _before_creation(crm: Crm) -> Iterator[Odd]:
    events, leads = crm.tables["stage_events"], crm.tables["leads"].select("lead_id", "created_at")
    joined = events.inner_join(leads, "lead_id")
    early = joined.filter(_is_before(joined.entered_at, joined.created_at, crm))
    ended = early.stage.isin(["won", "lost"])
    rule = "Nothing happens to a lead before it is created"
    way_out = "Repair the dates; until then the event counts as of the day of creation"
    yield Odd("stage_events", "won or lost before creation", early.filter(ended).select(id="lead_id"), events, rule, way_out)
    yield Odd("stage_events", "stage entered before creation", early.filter(~ended).select(id="lead_id"), events, rule, way_out)


def _negative_durations(crm: Crm) -> Iterator[Odd]:
    for name, start, end in _PAIRS:
        if {start, end} <= crm.present.get(name, frozenset()):
            rows = crm.tables[name]
            rule, way_out = f"{end} is not before {start}", "Repair the dates; until then the duration counts as zero"
            fault = f"negative duration: {end} before {start}"
            yield Odd(name, fault, _id(name, rows, crm), rows, rule, way_out, where=_is_before(rows[end], rows[start], crm))


def _is_before(one: ir.Value, other: ir.Value, crm: Crm) -> ir.BooleanValue:
    """Whether an instant or date is before another; a date without a time of day is not before anything of its own day."""
    if not crm.has_dates or not one.type().is_timestamp():
        return one < other
    return span(micros(other), micros(one), crm.clock) < 0


def _sentinels(crm: Crm) -> Iterator[Odd]:
    for name, rows in crm.tables.items():
        for column in TABLES[name].columns:
            if column.kind in ("instant", "date") and column.name in crm.present.get(name, ()):
                wrong = ~rows[column.name].year().between(FIRST_YEAR, LAST_YEAR)
                rule = f"A date lies in the years {FIRST_YEAR} to {LAST_YEAR}; 9999-12-31 or 1970-01-01 stand for none"
                way_out = "Leave the date empty where there is none; until then a far date counts as not yet"
                yield Odd(name, f"sentinel date in {column.name}", _id(name, rows, crm), rows, rule, way_out, where=wrong)


def _bursts(crm: Crm) -> Iterator[Odd]:
    leads = crm.tables["leads"].mutate(day=local_clock(crm.tables["leads"].created_at, crm.clock).date())
    days = leads.group_by("day").aggregate(n=leads.count())
    usual = days.aggregate(usual=days.n.median())
    marked = days.cross_join(usual)
    burst = marked.filter((marked.n >= BURST_LEADS) & (marked.n >= BURST_TIMES * marked.usual))
    rule = f"A day has fewer than {BURST_TIMES} times as many leads as the median day; examples are the days"
    way_out = "Find out whether an import set the creation date; if so, give the leads their true date"
    rows = leads.inner_join(burst.select("day"), "day")
    yield Odd("leads", "created in a burst, perhaps a back-dated import", rows.select(id=rows.day.cast("string")), leads, rule, way_out)


def _id(name: str, rows: ir.Table, crm: Crm) -> ir.Value:
    """What a row is found by: the first column of its key."""
    key = key_of(TABLES[name], tuple(crm.present.get(name, TABLES[name].column_names))) or TABLES[name].column_names[:1]
    return rows[key[0]].cast("string")
