"""The handoff in sentences, each computed from the figures it speaks of."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import ALL, MISSING, NOT_ENOUGH
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, percent, verb

QUESTIONS = {
    "touches": "how soon a person of sales touches a lead",
    "feedback": "what sales rejects, and why",
    "actions": "whether marketing answered what sales rejected, and whether that helped",
}


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    return study.unanswered(QUESTIONS)


def no_table(study: Study | None, *tables: str) -> str | None:
    """Which of these tables is missing, as a reason; None where all are there, or no study was given to ask."""
    return next((f"no {table} table" for table in tables if study and not study.crm.has(table)), None)


def why_unknown(study: Study) -> str | None:
    """Why nothing is known of first touches: no table, or one that begins after the quarter. None: something is.

    Args:
        study: Quarter and as-of.
    """
    return not_on_record(study, "touches")


def sla_sentences(standings: pd.DataFrame, speed: pd.DataFrame, *, hours: float) -> list[str]:
    """How the agreement was kept, in words.

    Args:
        standings: As `sla.standings` makes it for all leads.
        speed: As `sla.speed_to_lead` makes it for all leads.
        hours: Agreed hours.
    """
    row, told = standings[standings["segment"] == ALL].iloc[0], speed[speed["slice"] == "all"].iloc[0]
    if pd.isna(row["in time"]):
        return [f"Whether leads are touched in time cannot be told: {told['reason']}."]
    if not row["leads"]:
        return ["No lead was handed over in the quarter."]
    if not row["due"]:
        return ["No lead that was handed over in the quarter is due for a first touch yet."]
    said = [
        f"Of {row['due']:,} leads handed over in the quarter whose {hours:g} hours have passed, {row['in time']:,}"
        f" ({percent(row['in time'] / row['due'], 0)}) were touched by a person of sales in time, {row['late']:,} later,"
        f" {row['not touched']:,} not yet, and {row['closed untouched']:,} were closed without a touch."
    ]
    if pd.isna(told["value"]):
        return [*said, f"The median time to the first touch cannot be said: {told['reason']}."]
    return [*said, f"Half of all leads handed over are touched within {told['value']:,.0f} hours."]


def slowest_sentences(speed: pd.DataFrame, *, by: str, study: Study | None = None) -> list[str]:
    """Which segment waits longest, where its limits and those of the fastest do not overlap.

    Args:
        speed: As `sla.speed_to_lead` makes it by that attribute.
        by: The attribute.
        study: Names what is missing from the records.
    """
    if study and (because := why_unknown(study)):
        return [f"Speed is not compared by {by}: {because}."]
    told = speed[speed["value"].notna()].sort_values(["value", "segment"])
    if len(told) < 2:
        reasons = set(speed["reason"].dropna()) or {NOT_ENOUGH}
        why = "too few leads" if NOT_ENOUGH in reasons or len(reasons) > 1 else reasons.pop()
        return [f"Speed is not compared by {by}: {why}."]
    fast, slow = told.iloc[0], told.iloc[-1]
    apart = pd.notna(fast["upper"]) and pd.notna(slow["lower"]) and slow["lower"] > fast["upper"]
    if not apart:
        return [f"No {by} waits longer than another by more than chance explains."]
    return [f"Leads of {slow['segment']} wait longest: {slow['value']:,.0f} hours, against {fast['value']:,.0f} in {fast['segment']}."]


def feedback_sentences(effect: pd.DataFrame, answered: pd.DataFrame, *, study: Study | None = None) -> list[str]:
    """Whether marketing's answers went with better leads, worded as an association.

    Args:
        effect: As `feedback.feedback_effect` makes it.
        answered: As `feedback.answered_campaigns` makes it.
        study: Names what is missing from the records.
    """
    if because := no_table(study, "feedback", "actions"):
        return [f"Whether marketing answers rejections, and whether that helps, cannot be told: {because}."]
    row = effect.iloc[0]
    some = (
        f"Marketing answered rejections of {counted_words(len(answered), 'campaign')}."
        if len(answered)
        else "No answer of marketing is on record."
    )
    if pd.isna(row["value"]):
        return [some, f"Whether that goes with better leads: {row['reason']}."]
    points = f"{100 * row['value']:+.1f} points ({100 * row['lower']:+.1f} to {100 * row['upper']:+.1f})"
    clear = row["lower"] > 0 or row["upper"] < 0
    told = "more than chance explains" if clear else "which may be chance"
    return [
        some,
        f"Their leads reach opportunity within 30 days by {points} more often than those of campaigns like them, {told}. An association.",
    ]


def rejection_sentences(reasons: pd.DataFrame, *, study: Study | None = None) -> list[str]:
    """What sales rejects most, and how often it says no reason.

    Args:
        reasons: As `rejections.rejection_reasons` makes it for all leads.
        study: Names what is missing from the records.
    """
    if because := no_table(study, "feedback"):
        return [f"What sales rejects cannot be told: {because}."]
    if reasons.empty:
        return ["No rejection is on record in the window."]
    counts = reasons.groupby("reason")["leads"].sum()
    given, silent = counts.drop(MISSING, errors="ignore"), int(counts.get(MISSING, 0))
    whole = int(counts.sum())
    if given.empty:
        return [f"Sales rejected {counted_words(whole, 'lead')} and gave no reason."]
    most = sorted(given.items(), key=lambda item: (-item[1], item[0]))[0]
    without = f"; {silent:,} {verb(silent, 'carries', 'carry')} no reason" if silent else ""
    return [f"Sales rejected {counted_words(whole, 'lead')} in the window, most often for '{most[0]}' ({most[1]:,}){without}."]
