"""Does a request look at a time that is recorded at all?

A quarter wholly before the first or after the last record is impossible: every count in it would be a 0 that nobody observed. An as-of
long after the last record is legal, since silence can be true, but what it makes of open leads deserves a word.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from alignment_toolkit.border.clocks import local_clock
from alignment_toolkit.errors import UsageError
from alignment_toolkit.periods import Month, Period, Quarter, last_full_quarter, local_day, midnight
from alignment_toolkit.store import EVENT_COLUMNS, Crm, Span, event_span, last_event_day

LATE = timedelta(days=92)  # a quarter without a single record
SLACK = timedelta(days=7)  # a quarter may begin with a holiday


def refuse_unrecorded(crm: Crm, period: Period) -> None:
    """Refuse a quarter or month in which nothing is recorded because all records lie before it, or all after it.

    Args:
        crm: The records; the leads answer for nearly every quarter, the other tables are asked only when they do not.
        period: The report quarter, or its month.

    Raises:
        UsageError: With the days of the first and the last record.
    """
    zone = crm.config.time_zone
    starts, ends = midnight(period.first_on, zone), midnight(period.end_on, zone)
    span = event_span(crm, tables=["leads"])
    if not _covers(span, starts, ends):
        span = event_span(crm)
    if span.first is None or span.last is None or _covers(span, starts, ends):
        return
    first, last = local_day(span.first, zone), local_day(span.last, zone)
    known = [_period_of(day, period, crm).label for day in (first, last)]
    way_out = f"Ask for {known[0]}" if known[0] == known[1] else f"Ask for a {period.noun} from {known[0]} to {known[1]}"
    if span.last < starts:
        rule = f"The last record is of {last}, {period.label} starts on {period.first_on}"
        raise UsageError(f"the {period.noun} lies after the last record", value=period.label, rule=rule, way_out=way_out)
    rule = f"The first record is of {first}, {period.label} ends before {period.end_on}"
    raise UsageError(f"the {period.noun} lies before the first record", value=period.label, rule=rule, way_out=way_out)


def _period_of(day: date, period: Period, crm: Crm) -> Period:
    """The quarter, or month, that a day lies in."""
    if isinstance(period, Month):
        return Month(day.year, day.month)
    return Quarter.containing(day, start_month=crm.config.fiscal_year_start_month)


def full_quarters(crm: Crm) -> list[Quarter]:
    """The quarters that the records cover from end to end, oldest first: each can have a report.

    They go back from the last full one as long as there are leads: what lies behind a quarter without any is a stray date. The first one is
    left out when its first lead came more than a week after its first day, since the records begin somewhere in it.

    Args:
        crm: The records, all of them visible.

    Raises:
        DataRefused: When there is no usable instant at all.
    """
    start = crm.config.fiscal_year_start_month
    earliest: dict[Quarter, date] = {}
    for day in sorted(_lead_days(crm), reverse=True):
        earliest[Quarter.containing(day, start_month=start)] = day
    found = [last_full_quarter(last_event_day(crm), crm.config.time_zone, start_month=start)]
    while (before := found[-1].shift(-1)) in earliest:
        found.append(before)
    first = found[-1]
    is_partial = len(found) > 1 and earliest[first] - first.first_on > SLACK
    return found[-2 if is_partial else -1 :: -1]


def _lead_days(crm: Crm) -> list[date]:
    """The local days on which leads came in."""
    days = local_clock(crm.tables["leads"].created_at, crm.clock).cast("date")
    return [day for day in days.name("day").as_table().distinct().to_pyarrow()["day"].to_pylist() if day is not None]


def late_as_of(crm: Crm) -> str:
    """A sentence when nothing is recorded in the last 92 days before `as_of`, else nothing."""
    since = crm.as_of - LATE
    newest = event_span(crm, tables=["leads"]).last
    if newest is not None and newest >= since:
        return ""
    last = event_span(crm).last
    if last is None or last >= since:
        return ""
    newest_on = local_day(last, crm.config.time_zone)
    days = (local_day(crm.as_of, crm.config.time_zone) - newest_on).days
    told = f"the last record is of {newest_on}, {days:,} days before the as-of"
    return f"{told}: leads without news since then count as observed and open all the while; --as-of names an earlier day"


def _covers(span: Span, starts: datetime, ends: datetime) -> bool:
    return span.first is not None and span.last is not None and span.first < ends and span.last >= starts


def goes_beyond(crm: Crm, since: datetime, until: datetime) -> bool:
    """Whether something visible is recorded before an instant, or from another on; the leads answer for nearly every company."""
    for tables in (["leads"], tuple(EVENT_COLUMNS)):
        span = event_span(crm, tables=tables)
        if span.first is not None and span.last is not None and (span.first < since or (until < crm.as_of and span.last >= until)):
            return True
    return False


def has_dates(crm: Crm, table: str, column: str) -> bool:
    """Whether a column of a table holds a date at all."""
    return bool(crm.tables[table][column].notnull().any().to_pyarrow().as_py())


def enters_every_stage(crm: Crm, since: datetime | None, until: datetime) -> bool:
    """Whether each open stage that was ever entered was entered between two instants, too.

    A stamp that stands together with another one of its lead does not count as an entry in between, since it may be back-filled and no
    visit.

    Args:
        crm: The records; of the first stage, the creation of a lead is an entry.
        since: First instant; None: no matter how long ago.
        until: First instant that no longer counts.
    """
    import ibis

    stages = [stage.name for stage in crm.config.open_stages]
    leads, events = crm.tables["leads"], crm.tables["stage_events"]
    created = leads.select("lead_id", stage=ibis.literal(stages[0], "string"), at=leads.created_at, alone=ibis.literal(True))
    entered = events.select("lead_id", "stage", at=events.entered_at, alone=~events.is_backfilled.fill_null(False))
    every = created.union(entered).filter(lambda rows: rows["at"] < crm.as_of)
    stamps = every.group_by("lead_id", "at").agg(stage=every.stage.max(), n=every.stage.nunique(), alone=every.alone.all())
    inside = (stamps["at"] < until) & (stamps["at"] >= since if since else True)
    proper = stamps.filter(inside & (stamps.n == 1) & stamps.alone).select("stage").distinct()
    known, seen = ({row["stage"] for row in rows.to_pyarrow().to_pylist()} for rows in (every.select("stage").distinct(), proper))
    return (known & set(stages)) <= seen
