"""The agreed settings of one company: `alignment.toml` -> frozen `Config`.

Configuration belongs to the data: `<store>/alignment.toml`, or the file given with `--config`; never the working directory.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from alignment_toolkit.errors import UsageError, choose, nearest, shown
from alignment_toolkit.schema import LEAD_ATTRIBUTES, TABLES

Owner = Literal["marketing", "sales", "shared", "success"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"
CONFIG_FILE = "alignment.toml"


def _plain_number(value: Any) -> Any:
    """Refuse what pydantic would quietly turn into a number: true, and a number in quotes."""
    if isinstance(value, bool | str):
        raise ValueError("give a number without quotes")
    return value


def _currency_code(value: Any) -> Any:
    """Read the code of a currency as in the tables: in capitals and without blanks."""
    code = "".join(value.split()).upper() if isinstance(value, str) else ""
    return code if len(code) == 3 else value  # anything else is refused as it was written


Number = BeforeValidator(_plain_number)
CurrencyCode = Annotated[str, BeforeValidator(_currency_code), Field(pattern=r"^[A-Z]{3}$")]
Days = Annotated[int, Number, Field(ge=0, le=3650)]
Count = Annotated[int, Number, Field(ge=1, le=1_000_000)]
Hours = Annotated[float, Number, Field(gt=0, le=8760)]
HalfLife = Annotated[float, Number, Field(gt=0, le=3650)]
Money = Annotated[float, Number, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Number, Field(ge=0, le=1)]
Score = Annotated[float, Number, Field(allow_inf_nan=False)]


class Stage(BaseModel):
    """A stage of the funnel: its label, the team that owns it, and whether a lead's journey ends there."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1)]
    owner: Owner
    terminal: bool = False


class Definition(BaseModel):
    """When a team calls a lead by a word: its score, sales' first verdict on it, or a stage it reached; exactly one of the three.

    Days count from the handover. Without `within_days` a verdict counts within the agreed days, a stage whenever it is reached.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    score_at_least: Score | None = None
    verdict: Literal["accepted", "rejected", "recycled"] | None = None
    reached: str | None = None
    within_days: Days | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Definition:
        if sum(rule is not None for rule in (self.score_at_least, self.verdict, self.reached)) != 1:
            raise ValueError("a definition is exactly one of score_at_least, verdict and reached")
        if self.score_at_least is not None and self.within_days is not None:
            raise ValueError("within_days belongs to a verdict or a stage, not to a score")
        return self


class WorkingDefinitions(BaseModel):
    """One word and what each team means by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    word: Annotated[str, Field(min_length=1)] = "qualified"
    marketing: Definition = Definition(score_at_least=60)
    sales: Definition = Definition(verdict="accepted")


class BusinessHours(BaseModel):
    """The days and hours that the clock of the handoff counts, in the reporting zone.

    Attributes:
        days: Working days: mon, tue, wed, thu, fri, sat, sun.
        begins: First minute of work, such as "09:00".
        ends: First minute after it, such as "17:00"; "24:00" is midnight.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    begins: Annotated[str, Field(pattern=CLOCK)] = "09:00"
    ends: Annotated[str, Field(pattern=CLOCK)] = "17:00"

    @model_validator(mode="after")
    def _a_working_day_has_hours(self) -> BusinessHours:
        if len(set(self.days)) != len(self.days):
            raise ValueError("business_hours: a day stands twice")
        if self.begins_at >= self.ends_at:
            raise ValueError(f"business_hours: work ends after it begins, not at {self.ends} after {self.begins}")
        return self

    @property
    def begins_at(self) -> int:
        """Seconds from midnight to the first minute of work."""
        return _seconds(self.begins)

    @property
    def ends_at(self) -> int:
        """Seconds from midnight to the first minute after it."""
        return _seconds(self.ends)


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


DEAL_TYPES = ("new", "expansion", "renewal")
DEFAULT_STAGES = (
    Stage(name="lead", owner="marketing"),
    Stage(name="mql", owner="marketing"),
    Stage(name="sal", owner="sales"),
    Stage(name="sql", owner="sales"),
    Stage(name="opportunity", owner="sales"),
    Stage(name="won", owner="sales", terminal=True),
    Stage(name="lost", owner="sales", terminal=True),
)


class Config(BaseModel):
    """The settings of one company; every field has a default, so a store needs no file.

    Attributes:
        time_zone: IANA zone in which days and quarters begin and zoneless instants are read.
        fiscal_year_start_month: 1-12; a fiscal year is named after the calendar year in which it ends.
        reporting_currency: Currency of every amount shown.
        stages: The funnel in order; exactly the terminal stages `won` and `lost` end it.
        horizons_days: Horizons of the conversion figures, in days.
        min_n: With fewer units, or fewer followed at some age up to the horizon, an estimate is null; the reason begins "not enough data".
        min_cell: Groups smaller than this are merged into "(other)" on leaders' pages.
        stale_days: Open and silent for longer counts as lost in the sensitivity line.
        acceptance_days: Agreed days from handover to sales' verdict.
        sla_hours: Agreed hours from handover to the first human sales touch.
        business_hours: Working days and hours; where given, the clock of the handoff counts only those. None: all hours.
        gap_days: An absence longer than this is a churn.
        deal_type: Kinds of deals that bookings and every figure of deals count: one or several.
        other_deal_types: Kinds of deals that are known besides new, expansion and renewal, and that bookings do not count.
        gross_margin: Share of revenue in [0, 1] for lifetime value; None: revenue is shown.
        cost_to_work: Cost of working one lead, reporting currency; None: no score threshold is given.
        observed_from: Per table, the day before which records are missing (late entry).
        outcome_observed_from: The day before which outcomes were not recorded; earlier cohorts are left out.
        losses_recorded: Whether losses are recorded at all. False: win rates of closed deals, figures of losses and time in stage are null;
            conversion, advancing and value stay, since a lost unit merely remains followed without a win.
        segmentation: The attribute of leads by which the change of bookings is split.
        half_life_days: By time decay a touch weighs half as much when it is so many days older.
        attribution_model: The model behind `attributed_bookings`; the others stand beside it.
        definitions: A word both teams use, and each team's working definition of it.
        definition_reasons: Reasons of rejection that say the two teams mean different things; capitals do not matter.
        channel_sources: Per channel of a touch the source that deals begun there carry; others are matched by their names.
        marketing_credit: Bookings that marketing claims: all it touched (`influenced`) or those it touched first (`sourced`).
        sales_credit: The same for sales.
        glossary: Per term of the glossary, what was agreed otherwise: owner, definition, responsible, accountable, consulted, informed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    time_zone: str = "UTC"
    fiscal_year_start_month: Annotated[Count, Field(le=12)] = 1
    reporting_currency: CurrencyCode = "EUR"
    stages: tuple[Stage, ...] = DEFAULT_STAGES
    horizons_days: tuple[Days, ...] = (30, 90, 180, 365)
    min_n: Count = 20
    min_cell: Count = 5
    stale_days: Annotated[Days, Field(ge=1)] = 90
    acceptance_days: Days = 5
    sla_hours: Hours = 24
    business_hours: BusinessHours | None = None
    gap_days: Days = 30
    deal_type: tuple[str, ...] = ("new",)
    other_deal_types: tuple[str, ...] = ()
    gross_margin: Share | None = None
    cost_to_work: Money | None = None
    observed_from: dict[str, date] = {}
    outcome_observed_from: date | None = None
    losses_recorded: bool = True
    segmentation: str = "source"
    half_life_days: HalfLife = 14
    attribution_model: Literal["first", "last", "linear", "u", "w", "decay", "markov"] = "markov"
    definitions: WorkingDefinitions = WorkingDefinitions()
    definition_reasons: tuple[str, ...] = ("Not our definition",)
    channel_sources: dict[str, str] = {}
    marketing_credit: Literal["influenced", "sourced"] = "influenced"
    sales_credit: Literal["influenced", "sourced"] = "influenced"
    glossary: dict[str, dict[str, str]] = {}

    @field_validator("observed_from", mode="before")
    @classmethod
    def _one_day_for_all(cls, value: Any) -> Any:
        return {"*": value} if isinstance(value, date | str) else value

    @field_validator("deal_type", mode="before")
    @classmethod
    def _one_kind(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone. {nearest(value, sorted(available_timezones()))[:200]}")
        return value

    @field_validator("glossary")
    @classmethod
    def _terms_that_are_there(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        from alignment_toolkit.glossary import refuse_unknown

        refuse_unknown(value)
        return value

    @field_validator("horizons_days")
    @classmethod
    def _some_horizon(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value:
            raise ValueError("at least one horizon is needed")
        if len(set(value)) != len(value):
            raise ValueError("a horizon stands twice")
        return value

    @field_validator("segmentation")
    @classmethod
    def _attribute_of_leads(cls, value: str) -> str:
        if value not in LEAD_ATTRIBUTES:
            raise ValueError(f"{value!r} is no attribute of leads. {choose(value, LEAD_ATTRIBUTES)}")
        return value

    @field_validator("deal_type")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(kind.strip() for kind in value):
            raise ValueError("name the deal types that bookings count, such as 'new'")
        return value

    @field_validator("observed_from")
    @classmethod
    def _tables_that_exist(cls, value: dict[str, date]) -> dict[str, date]:
        for name in value:
            if name not in (*TABLES, "*"):
                raise ValueError(f"{name!r} is no table. {nearest(name, TABLES)}")
        return value

    @model_validator(mode="after")
    def _stages_make_a_funnel(self) -> Config:
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError("stages: a name stands twice")
        if {stage.name for stage in self.stages if stage.terminal} != {"won", "lost"}:
            raise ValueError("stages: exactly 'won' and 'lost' are terminal")
        if len(names) < 3:
            raise ValueError("stages: at least one stage comes before won and lost")
        return self

    @model_validator(mode="after")
    def _definitions_name_stages(self) -> Config:
        for team in (self.definitions.marketing, self.definitions.sales):
            if team.reached is not None and team.reached not in self.stage_names:
                raise ValueError(f"definitions: {team.reached!r} is no stage. {nearest(team.reached, self.stage_names)}")
        return self

    @property
    def open_stages(self) -> tuple[Stage, ...]:
        """The stages before the terminal ones, in order."""
        return tuple(stage for stage in self.stages if not stage.terminal)

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Every stage label in order, terminal ones last."""
        return (*(stage.name for stage in self.open_stages), "won", "lost")

    @property
    def deal_types(self) -> tuple[str, ...]:
        """Every kind of deal that is known; another one is refused, since nothing says whether bookings count it."""
        return tuple(dict.fromkeys((*DEAL_TYPES, *self.deal_type, *self.other_deal_types)))

    @property
    def handover_stage(self) -> str | None:
        """The first stage that sales owns, None when sales owns no open stage."""
        return next((stage.name for stage in self.open_stages if stage.owner == "sales"), None)

    @property
    def qualified_stage(self) -> str | None:
        """The stage before the handover, in which a lead is marketing's and ready for sales; None when there is none."""
        names = [stage.name for stage in self.open_stages]
        place = names.index(self.handover_stage) if self.handover_stage else 0
        return names[place - 1] if place else None

    def observed_since(self, *tables: str) -> date | None:
        """The latest day before which records of any of these tables are missing, None when history is whole."""
        days = [self.observed_from[name] for name in (*tables, "*") if name in self.observed_from]
        return max(days, default=None)


def with_deal_types(values: dict[str, Any], kinds: Iterable[str]) -> dict[str, Any]:
    """The settings, which know these kinds of deals too."""
    known = sorted({*values.get("other_deal_types", ()), *kinds})
    return values | {"other_deal_types": known} if known else values


def load_config(path: Path | None) -> Config:
    """The configuration of a file, or the defaults when `path` is None.

    Raises:
        UsageError: When the file is not there, is no TOML, or holds a setting that is unknown or breaks a rule.
    """
    if path is None:
        return Config()
    if not path.is_file():
        raise UsageError("the configuration file is not there", value=path, way_out="Check the path given with --config")
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration {path.name} is no valid TOML", value=str(error)) from error
    return config_from(values, origin=path.name)


def config_from(values: dict[str, Any], *, origin: str) -> Config:
    """The configuration of parsed TOML values.

    Args:
        values: Setting -> value.
        origin: Name of the file, for the error sentence.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"the configuration {origin} cannot be used", rule="; ".join(map(_fault, error.errors()))) from error


def _fault(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "file"
    if error["type"] == "extra_forbidden":
        return f"unknown setting {place!r}. {nearest(str(error['loc'][-1]), Config.model_fields)}"
    rule = (
        error["msg"].removeprefix("Value error, ").replace("valid tuple", "list").replace("valid dictionary or instance of Stage", "table")
    )
    return f"{place}: {rule} (given: {shown(error['input'])})"
