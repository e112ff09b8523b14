"""Who makes a lead wait: the system that assigns it, or the person it was assigned to?

Question: how long from qualified to handed over, and how long from handed over to a first touch of a person of sales? Units: the lead
qualified, and the lead handed over, in the report quarter; so the two do not add up to one lead's wait. Leads closed while they wait count
as never handed over, or never touched; those still waiting as open. It does not answer what a shorter wait would bring.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, checked
from alignment_toolkit.config import Config
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.stats import state_probabilities
from alignment_toolkit.stats.risk import RiskTable
from alignment_toolkit.study import Study
from alignment_toolkit.waits import waits

KPI = "assignment_delay_median"
SYSTEM, PEOPLE = "qualified to handed over", "handed over to first touch"
COLUMNS = (
    "delay", "made_by", "segment", "leads", "ended", "median_hours", "lower_hours", "upper_hours", "p90_hours",
    "in_time_share", "lower_share", "upper_share", "closed_share", "reason",
)  # fmt: skip
NO_STAGE = "no stage comes before the handover, so no lead waits to be handed over"
NAMES = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}


@checked(by=LEAD_SLICES)
def assignment_delay(study: Study, *, by: str = "all") -> pd.DataFrame:
    """The delay of the system: the hours after which half of the leads qualified in the quarter have been handed over to sales.

    Args:
        study: Quarter and as-of.
        by: `all` or an attribute of leads.

    Returns:
        Figure frame of `assignment_delay_median` in whole hours of the agreement's clock with 95 % limits; n leads qualified, events handed
        over within 30 days; null where too few leads were followed, where fewer than half ever are, or where no stage comes before the
        handover.
    """
    if study.config.qualified_stage is None:
        return figures([figure(KPI, value=None, unit="hours", reason=NO_STAGE)] if by == "all" else [])
    labels, table = risk_of("assignment_moves", study, by=by, max_day=LONGEST_HOURS)
    return figures(_figure(label, table[at], study, by) for at, label in enumerate(labels))


@checked(by=LEAD_SLICES)
def delays(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Both delays side by side, from the same estimators.

    Args:
        study: Quarter and as-of.
        by: `all` or an attribute of leads.

    Returns:
        delay, made_by (system, people), segment, leads (qualified, or handed over, in the quarter), ended (by a handover or a touch within
        30 days), median_hours with lower_hours and upper_hours, p90_hours (null: not reached), in_time_share (ended within the agreed
        hours, closed competing) with lower_share and upper_share, closed_share (closed within 30 days without it), reason (of a null
        median).
    """
    parts = {PEOPLE: ("response_moves", {"within": "quarter"})} if not_on_record(study, "touches") is None else {}
    if study.config.qualified_stage is not None:
        parts = {SYSTEM: ("assignment_moves", {})} | parts
    rows = []
    for delay, (query, choices) in parts.items():
        labels, table = risk_of(query, study, by=by, max_day=LONGEST_HOURS, **choices)
        rows += [_row(delay, label, table[at], study) for at, label in enumerate(labels)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(delay: str, segment: str, table: RiskTable, study: Study) -> dict[str, Any]:
    rule = study.followed_rule(clock="hour")
    return {
        "delay": delay,
        "made_by": "system" if delay == SYSTEM else "people",
        "segment": segment,
        "leads": int(table.n),
        "ended": int(table.won_by(LONGEST_HOURS)),
        **waits(table, study.config, rule),
        "closed_share": float(state_probabilities(table).lost[-1]) if rule.holds(table, LONGEST_HOURS) else float("nan"),
    }


def _figure(segment: str, table: RiskTable, study: Study, by: str) -> dict[str, Any]:
    row = _row(SYSTEM, segment, table, study)
    limits = {"lower": row["lower_hours"], "upper": row["upper_hours"], "matured_share": float(table.matured_share(LONGEST_HOURS))}
    counts = {"n": row["leads"], "events": row["ended"], "reason": row["reason"]}
    return figure(KPI, value=row["median_hours"], unit="hours", slice_=by, segment=segment, **limits, **counts)


def clock_sentences(config: Config) -> list[str]:
    """Which hours count, where not all do."""
    hours = config.business_hours
    if hours is None:
        return []
    days = ", ".join(NAMES[day] for day in hours.days)
    return [f"Hours here are working hours: {hours.begins} to {hours.ends} on {days}, in {config.time_zone}; all other time is left out."]


def delay_sentences(frame: pd.DataFrame, *, config: Config) -> list[str]:
    """Which of the two delays is the longer one, where their limits do not overlap.

    Args:
        frame: As `delays` makes it for all leads.
        config: The settings, for the clock.
    """
    told = frame[frame["median_hours"].notna()].set_index("made_by")
    hours = "working hours" if config.business_hours else "hours"
    said = [_said(str(by), row, hours) for by, row in told.to_dict("index").items()]
    if len(told) < 2:
        return [*clock_sentences(config), *said]
    system, people = told.loc["system"], told.loc["people"]
    if people["lower_hours"] > system["upper_hours"]:
        said.append("The longer wait is for a person, not for the system.")
    elif system["lower_hours"] > people["upper_hours"]:
        said.append("The longer wait is for the system, before anyone in sales can know of the lead.")
    else:
        said.append("Neither wait is longer than the other by more than chance explains.")
    return [*clock_sentences(config), *said]


def _said(made_by: str, row: dict[Any, Any], hours: str) -> str:
    done = "handed over to sales" if made_by == "system" else "touched by a person of sales"
    unit = hours.removesuffix("s") if row["median_hours"] == 1 else hours
    leads = "qualified" if made_by == "system" else "handed over"
    most = "" if pd.isna(row["p90_hours"]) else f", nine in ten within {row['p90_hours']:,.0f}"
    limits = (
        f"{row['lower_hours']:,.0f} to {row['upper_hours']:,.0f}" if pd.notna(row["upper_hours"]) else f"{row['lower_hours']:,.0f} or more"
    )
    return f"Half of the leads {leads} in the quarter are {done} within {row['median_hours']:,.0f} {unit} ({limits}){most}."
