"""Which periods do the records cover? Decided here once, for figures, comparisons, targets, agendas and sentences.

A period is covered when neither the gap from its start to the first record nor the gap from the last record to its end exceeds seven days
or four times the mean spacing of the days with records, whichever is longer: for each table of events that a figure reads, and for all of
them together. A table with records on fewer than three days is not judged. A period that is not over is in progress, not partial. It does
not find a hole in the middle of the records: the data health page shows rows by week.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from alignment_toolkit.border.times import FIRST_YEAR, LAST_YEAR
from alignment_toolkit.periods import local_day, midnight, standard_offset
from alignment_toolkit.schema import TABLES
from alignment_toolkit.sharing import shared
from alignment_toolkit.store import EVENT_COLUMNS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from alignment_toolkit.periods import Period
    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study

LEAST_GAP, SPACINGS, FEWEST_DAYS = 7, 4, 3
TOGETHER = "records"  # all tables of events at once, under the word that sentences use for them
SERVED_UNTIL = {"subscriptions": "ended_on"}  # the first day that is not served any more
DEALS = ("deals", "deal_events")
OPTIONAL = ("deals", "touches", "feedback", "subscriptions")
READS: dict[str, tuple[str, ...]] = {
    "leads": ("leads",),
    "conversion_*": ("leads", "stage_events"),
    "won_share_to_date": ("leads", "stage_events"),
    "acceptance_rate": ("leads", "stage_events", "feedback"),
    "value_per_lead_*": ("leads", "stage_events", *DEALS),
    "bookings": DEALS,
    "bookings_to_date": DEALS,
    "win_rate_*": DEALS,
    "stage_conversion_*": ("leads", "stage_events"),
    "time_in_stage_*": ("leads", "stage_events"),
    "cycle_mean": ("leads", "stage_events"),
    "sales_velocity": DEALS,
    "stalled_value": ("leads", "stage_events", *DEALS),
    "logo_churn": ("subscriptions",),
    "*_revenue_retention": ("subscriptions",),
    "retention_*": ("subscriptions",),
    "early_churn_*": ("subscriptions",),
    "attributed_bookings*": (*DEALS, "touches"),
    "sourced_bookings": (*DEALS, "touches"),
    "influenced_bookings": (*DEALS, "touches"),
    "assignment_delay_median": ("leads", "stage_events"),
    "speed_to_lead_median": ("leads", "stage_events", "touches"),
    "sla_met_rate": ("leads", "stage_events", "touches"),
    "rejection_rate": ("leads", "stage_events", "feedback"),
    "feedback_effect": ("leads", "stage_events", "feedback"),
    "gap.words": ("leads", "stage_events", "feedback"),
    "gap.numbers": (*DEALS, "touches"),
    "gap.handoff": ("leads", "stage_events", "touches"),
    "gap.feedback": ("leads", "stage_events", "feedback"),
    "gap.credit": (*DEALS, "touches"),
    "gap.goals": ("leads", *DEALS),
    "bookings_change": ("leads", *DEALS),
    "driver": ("leads", *DEALS),
    "leads_needed_*": ("leads", *DEALS),
}
"""The tables of events that each headline figure reads of its own quarter; that nobody acted is a finding, not a gap in `actions`."""

OVER_WINDOW = (
    "conversion_*", "won_share_to_date", "acceptance_rate", "rejection_rate", "value_per_lead_*", "win_rate_*", "stage_conversion_*",
    "time_in_stage_*", "cycle_mean", "retention_*", "early_churn_*", "feedback_effect",
)  # fmt: skip
"""Estimates over the study's window: they use all its records, even if none falls in the report quarter."""


@cache
def tables_of(kpi: str) -> tuple[str, ...]:
    """The tables of events that a figure reads; none for a name that is not published."""
    return next((tables for pattern, tables in READS.items() if fnmatchcase(kpi, pattern)), ())


@cache
def is_over_window(kpi: str) -> bool:
    """Whether a figure is an estimate over the study's window, and not a count of the report quarter."""
    return any(fnmatchcase(kpi, pattern) for pattern in OVER_WINDOW)


class Recorded(NamedTuple):
    """When the records of one table begin and end: local days, and on how many different days something is recorded."""

    first: date
    last: date
    days: int

    @property
    def longest_gap(self) -> float:
        """Days without records that are nothing unusual."""
        return max(LEAST_GAP, SPACINGS * (self.last - self.first).days / (self.days - 1)) if self.days > 1 else LEAST_GAP


@dataclass(frozen=True)
class Coverage:
    """What of a period the records cover, by table of events and for all of them together (`TOGETHER`).

    Attributes:
        period: The quarter or month.
        begins: Table -> its first day, where the beginning of the period is missing.
        ends: Table -> its last day, where the end of the period is missing.
        unseen: Optional tables that have rows, but none before `as_of`.
    """

    period: Period
    begins: dict[str, date]
    ends: dict[str, date]
    unseen: frozenset[str] = frozenset()

    def unrecorded(self, tables: Iterable[str] = (), *, since: date | None = None) -> str | None:
        """Why nothing is known of the period: all records, or one of these tables, begin after it or end before it. None: something is.

        Args:
            tables: Tables of events.
            since: First day that counts, for estimates that look back further than the period; None: the first day of the period.
        """
        for name in (TOGETHER, *tables):
            if name in self.begins and self.begins[name] >= self.period.end_on:
                return f"{_subject(name, 'begin')} on {self.begins[name]}, after {self.period.label}"
            if name in self.ends and self.ends[name] < (since or self.period.first_on):
                return self._ended(name)
            if name in self.unseen:
                return f"the table {name} has no row before the as-of"
        return None

    def partial(self, tables: Iterable[str] = (), *, since: date | None = None) -> str | None:
        """Which days of the period are missing from all records, or from these tables. None: it is covered, or nothing is known of it."""
        names = [name for name in (TOGETHER, *tables) if name in self.begins or name in self.ends]
        if not names or self.unrecorded(tables, since=since):
            return None
        return " and ".join(self._missing(names[0]))

    def reason(self, tables: Iterable[str] = ()) -> str | None:
        """Why figures of these tables cannot be compared with those of another period; None where they can."""
        return self.unrecorded(tables) or self.partial(tables)

    def _missing(self, name: str) -> list[str]:
        """The days that one table lacks, as clauses."""
        period, told = self.period, []
        if name in self.begins:
            days = (self.begins[name] - period.first_on).days
            told.append(f"{_subject(name, 'begin')} on {self.begins[name]}, so the first {days} days of {period.label} are missing")
        if name in self.ends and self.ends[name] < period.first_on:
            told.append(self._ended(name))
        elif name in self.ends:
            days = (period.end_on - self.ends[name]).days - 1
            told.append(f"{_subject(name, 'end')} on {self.ends[name]}, so the last {days} days of {period.label} are missing")
        return told

    def _ended(self, name: str) -> str:
        return f"{_subject(name, 'end')} on {self.ends[name]}, before {self.period.label}"


def _subject(name: str, verb: str) -> str:
    return f"the records {verb}" if name == TOGETHER else f"the table {name} {verb}s"


def coverage(study: Study, period: Period | None = None) -> Coverage:
    """What the records at hand cover of a period.

    Args:
        study: Its `as_of` is the last instant that counts; for a look back at an earlier quarter that of the data at hand.
        period: A quarter or month; None: the study's own.
    """
    own, crm = period or study.quarter, study.crm.at_hand
    found = recorded_days(crm)
    if midnight(own.end_on, crm.config.time_zone) > crm.as_of:  # in progress
        return Coverage(own, {}, {})
    judged = {name: days for name, days in found.items() if days.days >= FEWEST_DAYS}
    begins = {name: days.first for name, days in judged.items() if (days.first - own.first_on).days > days.longest_gap}
    if TOGETHER in found and found[TOGETHER].first >= own.end_on:
        begins[TOGETHER] = found[TOGETHER].first
    last_on = own.end_on - timedelta(days=1)
    ends = {name: days.last for name, days in judged.items() if (last_on - days.last).days > days.longest_gap}
    return Coverage(own, begins, ends, frozenset(name for name in OPTIONAL if crm.has(name) and name not in found))


def coverage_sentences(study: Study, tables: Iterable[str] = ()) -> list[str]:
    """What is missing from the report period, and from the one before it, where something is; each line says what follows.

    Args:
        study: The report period.
        tables: Tables of events that are read beside those of headline figures.
    """
    read = [name for name in EVENT_COLUMNS if name in {*tables, *chain.from_iterable(READS.values())}]
    now, before = coverage(study), coverage(study, study.quarter.shift(-1))
    noun, label = study.quarter.noun, study.quarter.label
    if reason := now.unrecorded():
        return [f"Nothing of {label} is on record: {reason}. Its figures are left out."]
    if reason := now.partial():
        return [f"{label} is not covered: {reason}. Its figures stand as recorded and are compared with no {noun} and no target."]
    said = [_uncovered(study, now, name) for name in read if now.reason([name])]
    if reason := before.reason():
        return [*said, f"Nothing is compared with the {noun} before: {reason}."]
    late = [name for name in read if before.reason([name]) and not now.reason([name])]
    return [*said, *(f"Figures of {name} are not compared with the {noun} before: {before.reason([name])}." for name in late)]


def _uncovered(study: Study, now: Coverage, name: str) -> str:
    """What follows where one table does not cover the period."""
    if reason := now.unrecorded([name]):
        nothing = f"Nothing of {now.period.label} is on record in {name}: {reason}."
        in_window = any(name in tables for pattern, tables in READS.items() if pattern in OVER_WINDOW)
        if not in_window or now.unrecorded([name], since=study.first_day):
            return f"{nothing} Figures that need it are left out."
        noun = now.period.noun
        return f"{nothing} Figures for the {noun} are left out; estimates use the earlier records and are not compared."
    partly = f"{now.period.label} is covered only in part: {now.partial([name])}"
    return f"{partly}. Figures of {name} stand as recorded and are compared with nothing."


def not_on_record(study: Study, *tables: str) -> str | None:
    """Why nothing is known of what these tables hold for the report period: one is missing, or records none of it. None: something is."""
    missing = next((name for name in tables if not study.crm.has(name)), None)
    return f"no {missing} table" if missing else coverage(study).unrecorded(tables)


def without_creation(crm: Crm) -> str | None:
    """Why nothing that begins with the creation of a deal can be told: no deal has its date. None: some deal has."""
    if not crm.has("deals"):
        return None

    def counted() -> pa.Table:
        rows = crm.tables["deals"]
        return rows.agg(n=rows.count(), dated=rows.created_at.count()).to_pyarrow()

    (found,) = shared((crm.where, ("deals_created",)), counted).to_pylist()
    return "no deal has a creation date" if found["n"] and not found["dated"] else None


def missing_tables(study: Study) -> str:
    """Which optional tables that headline figures read are missing, in a sentence; empty where none is."""
    missing = [name for name in OPTIONAL if not study.crm.has(name)]
    return f"The store has no {' and no '.join(missing)} table: figures that need one are null and say so." if missing else ""


def recorded_days(crm: Crm) -> dict[str, Recorded]:
    """When each table of events, and all together, begin and end before `as_of`; tables without a dated row are left out."""
    key = ("recorded_days", crm.as_of)
    if key not in crm.counts:
        days = {name: _days_of(crm, name) for name in EVENT_COLUMNS if name in crm.tables}
        days[TOGETHER] = set().union(*days.values())
        rows = [(name, *Recorded(min(found), max(found), len(found))) for name, found in days.items() if found]
        import pandas as pd

        crm.counts[key] = pd.DataFrame(rows, columns=["table", *Recorded._fields])
    return {name: Recorded(*row) for name, *row in crm.counts[key].itertuples(index=False)}


def _days_of(crm: Crm, name: str) -> set[date]:
    """The local days on which a table records something."""
    columns = [*EVENT_COLUMNS[name], *filter(None, [SERVED_UNTIL.get(name)])]
    found: set[date] = set()
    for column in columns:
        key = ("days_of", name, column, crm.as_of, crm.config.time_zone)
        rows = shared((crm.where, key), lambda column=column: _by_day(crm, name, column).to_pyarrow()).to_pylist()  # type: ignore[misc]
        found |= {day for row in rows for day in _local(row, crm)}
    return found


def _by_day(crm: Crm, name: str, column: str) -> ir.Table:
    """Days of a column that are visible and possible: day, and for instants the first and last of each."""
    import ibis

    rows, zone = crm.tables[name], crm.config.time_zone
    if (name, column) == ("deals", "closed_at"):  # of an open deal it is when the deal is expected to close
        rows = rows.filter(rows.outcome != "open")
    at = rows[column]
    rows = rows.filter(at.year().between(FIRST_YEAR, LAST_YEAR))
    if TABLES[name].column(column).kind == "date":
        hidden = local_day(crm.as_of, zone) + timedelta(days=column in SERVED_UNTIL.values())
        day = rows[column] - ibis.interval(days=1) if column in SERVED_UNTIL.values() else rows[column]
        seen = rows.filter(rows[column] < ibis.literal(hidden)).select(day=day.cast("date"))
        return seen.group_by("day").agg(n=seen.count())
    seen = rows.filter(rows[column] < ibis.literal(crm.as_of, type="timestamp")).select(at=rows[column])
    day = (seen.at + ibis.interval(seconds=standard_offset(zone))).cast("date")
    return seen.group_by(day=day).agg(first=seen.at.min(), last=seen.at.max())


def _local(row: dict[str, object], crm: Crm) -> Iterable[date]:
    """The local days of a row of `_by_day`: those of its instants, since a clock change shifts them."""
    import pandas as pd

    instants = [pd.Timestamp(row[end]).to_pydatetime() for end in ("first", "last") if end in row]  # type: ignore[arg-type]
    return {local_day(instant, crm.config.time_zone) for instant in instants} or {pd.Timestamp(row["day"]).date()}  # type: ignore[arg-type]
