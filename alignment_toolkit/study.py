"""What a report looks at: one company's records, one quarter, one cohort rule."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from alignment_toolkit.config import Config, load_config
from alignment_toolkit.coverage import coverage_sentences, missing_tables
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.periods import Period, Quarter, in_utc, last_full_quarter, local_day, midnight, parse_as_of, wall_clock
from alignment_toolkit.recorded import enters_every_stage, full_quarters, goes_beyond, has_dates, late_as_of, refuse_unrecorded
from alignment_toolkit.store import Crm, last_event_day, open_crm, store_config

if TYPE_CHECKING:
    from alignment_toolkit.followed import Rule

Cohort = Literal["4q", "1q", "all"]


@dataclass(frozen=True)
class Study:
    """The subject of every metric.

    Attributes:
        crm: The records, with configuration and as-of.
        quarter: The report quarter, or the month that a meeting is about (`of_month`): wherever a quarter is spoken of, the month is meant.
        cohort: `4q` pools the four quarters (twelve months) that end with it, `1q` takes it alone, `all` takes all history.
        is_for_leaders: Whether groups of fewer than `min_cell` leads are counted as "(other)".
    """

    crm: Crm
    quarter: Period
    cohort: Cohort = "4q"
    is_for_leaders: bool = False

    def for_leaders(self) -> Study:
        """The same study as the leaders' page shows it: no group of fewer than `min_cell` leads by itself."""
        return replace(self, is_for_leaders=True)

    @property
    def config(self) -> Config:
        """The company's settings."""
        return self.crm.config

    @property
    def as_of(self) -> datetime:
        """Exclusive naive UTC instant."""
        return self.crm.as_of

    def unanswered(self, questions: Mapping[str, str]) -> list[str]:
        """What a page cannot answer: the days that the records lack, and for each missing table the question it would have answered.

        Args:
            questions: What a page asks, by the table that answers it.
        """
        missing = {table: question for table, question in questions.items() if not self.crm.has(table)}
        untold = [f"Without the table {table} this page cannot say {question}." for table, question in missing.items()]
        return [*coverage_sentences(self, questions), *untold]

    def of_month(self, label: str) -> Study:
        """The same study of one month of its quarter, compared with the month before; as-of and cohort rule stay.

        Args:
            label: Such as `2026-09`.

        Raises:
            UsageError: When it is no month of the quarter, or starts at the as-of or later.
        """
        month = self.in_quarter().month(label)
        refuse_unseen(month, self.as_of, self.config.time_zone)
        return replace(self, quarter=month)

    def in_quarter(self) -> Quarter:
        """The fiscal quarter that the report quarter is, or that its month lies in: targets are promised for quarters."""
        return Quarter.containing(self.quarter.first_on, start_month=self.config.fiscal_year_start_month)

    def instant(self, quarter: Period) -> datetime:
        """First instant of a quarter, naive UTC."""
        return midnight(quarter.first_on, self.config.time_zone)

    @property
    def starts_at(self) -> datetime:
        """First instant of the report quarter."""
        return self.instant(self.quarter)

    @property
    def ends_at(self) -> datetime:
        """First instant after the report quarter, or `as_of` when that comes first."""
        return min(self.instant(self.quarter.shift(1)), self.as_of)

    @property
    def window_opens_at(self) -> datetime | None:
        """First instant of the window that conversions are estimated in; None: all history."""
        first = {"4q": self.quarter.last_year()[0], "1q": self.quarter, "all": None}[self.cohort]
        return None if first is None else self.instant(first)

    @property
    def first_day(self) -> date:
        """First local day of the window that conversions are estimated in; `date.min` for all history."""
        return date.min if self.window_opens_at is None else local_day(self.window_opens_at, self.config.time_zone)

    @property
    def created_before(self) -> datetime:
        """Leads created at or after this instant are left out: the end of the report quarter, `as_of` for all history."""
        return self.as_of if self.cohort == "all" else self.ends_at

    def followed_rule(self, unit: str = "lead", *, clock: str = "day", in_window: bool = True, by: str = "all") -> Rule:
        """How many units must be followed at every age before a figure is published.

        Args:
            unit: What a unit is called, in the singular; visits are those to the stages.
            clock: What an age is counted in, in the singular.
            in_window: Whether the units are those of the study's window, so that another cohort rule would look at others.
            by: What the units are sliced by; all history adds nothing to a creation quarter.
        """
        from alignment_toolkit.followed import Rule

        is_part = in_window and self.cohort != "all" and by != "cohort_quarter"
        return Rule(
            self.config.min_n,
            unit,
            clock,
            all_may_have=lambda: is_part and self._leaves_records_out,
            nothing_on_record=lambda: self._nothing_on_record(unit),
        )

    def _nothing_on_record(self, unit: str) -> str:
        """That a stage without a visit in the window was never entered, or that no deal is dated; empty where neither is known."""
        if unit == "visit" and self._sees_every_stage:
            return "no visit to this stage is on record"
        if unit == "deal" and self.crm.has("deals") and not has_dates(self.crm, "deals", "created_at"):
            return "no deal with a creation date is on record"
        return ""

    @cached_property
    def _leaves_records_out(self) -> bool:
        """Whether something is recorded outside the window, for another cohort rule to look at."""
        opens_at = self.window_opens_at
        return opens_at is not None and goes_beyond(self.crm, opens_at, self.created_before)

    @cached_property
    def _sees_every_stage(self) -> bool:
        """Whether every stage that was ever entered was entered in the window, too."""
        return enters_every_stage(self.crm, self.window_opens_at, self.created_before)

    @property
    def question(self) -> tuple[object, ...]:
        """What counts depend on beside the records and the query; its `repr` says all of it."""
        return self.config, self.as_of, self.crm.known_until, self.quarter, self.cohort

    @property
    def outcomes_are_young(self) -> bool:
        """Whether the quarter before looks back on a time whose outcomes were not recorded, so that any rise would be an artefact."""
        recorded = self.config.outcome_observed_from
        return recorded is not None and self.previous().quarter.last_year()[0].first_on < recorded

    def previous(self) -> Study:
        """The same study one quarter earlier, as many local days and hours from its quarter's end, on today's data."""
        zone = self.config.time_zone
        lag: timedelta = wall_clock(self.as_of, zone) - datetime.combine(self.quarter.end_on, time())
        as_of = in_utc(datetime.combine(self.quarter.first_on, time()) + lag, zone)
        return replace(
            self, quarter=self.quarter.shift(-1), crm=replace(self.crm, as_of=as_of, known_until=self.crm.known_until or self.as_of)
        )


def open_study(data: str, *, quarter: str, as_of: str = "", cohort: str = "4q", config: str = "", month: str = "") -> Study:
    """Open a store for one quarter: the first line of every notebook.

    Args:
        data: Folder, DuckDB file, or `env:NAME` with a connection address; a relative path is looked up from the project's root.
        quarter: Label such as `2026Q3`.
        as_of: First day (or instant) that is not visible; empty: the first day after the quarter.
        cohort: `4q`, `1q` or `all`.
        config: Configuration file; empty: the store's own `alignment.toml`.
        month: A month of the quarter such as `2026-09`, to study it instead; empty: the whole quarter.

    Raises:
        UsageError: For a path, quarter, as-of, cohort, configuration or month that cannot be used; for a quarter or month wholly before the
            first or after the last record.
        DataRefused: For data with a fatal fault.
    """
    asked = requested(data, quarter=quarter, as_of=as_of, cohort=cohort, config=config, month=month)
    crm = open_crm(data, as_of=asked.as_of, config=asked.config)
    refuse_unrecorded(crm, asked.quarter)
    study = Study(crm, asked.quarter, asked.cohort)
    if not month:
        return study
    refuse_unrecorded(crm, asked.quarter.month(month))
    return study.of_month(month)


def opened(asked: dict[str, str], *, tell: Callable[[str], object]) -> Study:
    """The study asked for; warns of what was assumed while reading, of missing tables and days, and of a suspicious as-of."""
    study = open_study(**asked)
    for sentence in (*study.crm.notes, late_as_of(study.crm), *coverage_sentences(study), missing_tables(study)):
        if sentence:
            tell(sentence)
    return study


@dataclass(frozen=True)
class Request:
    """What is asked for, checked without reading the records: settings, quarter, exclusive as-of (naive UTC) and cohort rule."""

    config: Config
    quarter: Quarter
    as_of: datetime
    cohort: Cohort


def requested(data: str, *, quarter: str, as_of: str = "", cohort: str = "4q", config: str = "", month: str = "") -> Request:
    """The request of `open_study`, refused in a sentence before anything is read but the configuration.

    Raises:
        UsageError: For a path, quarter, as-of, cohort, configuration or month that cannot be used.
    """
    rule_for_leads, settings = checked_cohort(cohort), settings_for(data, config)
    asked = Quarter.parse(quarter, start_month=settings.fiscal_year_start_month)
    until = parse_as_of(as_of, settings.time_zone) if as_of else midnight(asked.end_on, settings.time_zone)
    if until <= midnight(asked.first_on, settings.time_zone):
        rule = f"The quarter {asked.label} starts on {asked.first_on}, so nothing of it would be visible"
        way_out = "Ask for an earlier quarter or a later --as-of"
        raise UsageError("the as-of lies before the quarter", value=as_of, rule=rule, way_out=way_out)
    if month:
        refuse_unseen(asked.month(month), until, settings.time_zone)
    return Request(settings, asked, until, rule_for_leads)


def refuse_unseen(month: Period, until: datetime, zone: str) -> None:
    """Refuse a month of which nothing is visible yet."""
    if until <= midnight(month.first_on, zone):
        rule = f"It starts on {month.first_on}, and nothing from {wall_clock(until, zone).date()} on is visible"
        raise UsageError(
            "the month lies after the as-of", value=month.label, rule=rule, way_out="Ask for an earlier month or a later --as-of"
        )


def settings_for(data: str, config: str = "") -> Config:
    """The configuration that applies: the file given, else the store's own, else the defaults."""
    return load_config(_found(config) if config else store_config(data))


def quarter_asked(data: str, quarter: str, *, config: str = "") -> str:
    """The quarter asked for, else the last one that ends at or before the end of the day of the store's last event.

    Raises:
        UsageError: When it is none.
        DataRefused: For data with a fatal fault.
    """
    settings = settings_for(data, config)
    if quarter:
        return Quarter.parse(quarter, start_month=settings.fiscal_year_start_month).label
    latest = last_event_day(open_crm(data, as_of=datetime(9999, 12, 31), config=settings))
    return last_full_quarter(latest, settings.time_zone, start_month=settings.fiscal_year_start_month).label


def quarters_held(data: str, *, config: str = "") -> list[str]:
    """The labels of the full quarters that a store holds, oldest first, see `recorded.full_quarters`.

    Raises:
        UsageError: For a path or configuration that cannot be used.
        DataRefused: For data with a fatal fault.
    """
    crm = open_crm(data, as_of=datetime(9999, 12, 31), config=settings_for(data, config))
    return [quarter.label for quarter in full_quarters(crm)]


def as_of_asked(data: str, quarter: str, as_of: str, *, config: str = "") -> str:
    """The as-of of a report: what was asked for, else the first day after the quarter."""
    settings = settings_for(data, config)
    return as_of or Quarter.parse(quarter, start_month=settings.fiscal_year_start_month).end_on.isoformat()


def checked_cohort(cohort: str) -> Cohort:
    """The cohort rule, refused in a sentence when it is none."""
    if cohort not in get_args(Cohort):
        raise UsageError("the cohort is unknown", value=cohort, way_out=nearest(cohort, get_args(Cohort)))
    return cohort  # type: ignore[return-value]


def _found(config: str) -> Path:
    path = Path(config)
    return path if path.is_absolute() else Path(os.environ.get("ALIGNMENT_ROOT", ".")) / path
