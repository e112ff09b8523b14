"""Stalled leads in sentences: where waiting costs most, when a lead has lost half its chance, and whether to believe it."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.figures import ALL
from alignment_toolkit.velocity.chances import HORIZON


def stalled_sentences(frame: pd.DataFrame, *, currency: str) -> list[str]:
    """What `velocity.stalled` says.

    Args:
        frame: As `velocity.stalled` makes it.
        currency: Reporting currency.
    """
    whole, stages = frame.iloc[0], frame.iloc[1:]
    if pd.isna(whole["stalled"]) or not whole["open"]:
        return ["Which open leads have stalled cannot be told: no stage has enough visits, or no lead is open."]
    chance = f"less than half the chance of a fresh entrant to be won within {HORIZON} days"
    said = [f"{whole['stalled']:,} of {whole['open']:,} open leads have stalled: they have {chance}."]
    worst = stages.sort_values("value_at_risk", ascending=False, kind="stable", na_position="last").iloc[0]
    if cost := value_sentence(whole, currency=currency, where=f", {worst['value_at_risk']:,.0f} of it in {worst['stage']}"):
        said.append(cost)
    when = [f"{row['stage']} {row['half_after_days']:,}" for row in stages.to_dict("records") if pd.notna(row["half_after_days"])]
    return [*said, f"Half the chance is gone after so many days in the stage: {', '.join(when)}."] if when else said


def value_sentence(row: pd.Series, *, currency: str, where: str = "") -> str:
    """What waiting has cost so far, with its limits; empty where that is nothing or not known.

    Args:
        row: A row of `velocity.stalled`.
        currency: Reporting currency.
        where: What follows before the full stop.
    """
    if pd.isna(row["value_at_risk"]) or row["value_at_risk"] <= 0:
        return ""
    limits = "" if pd.isna(row["lower"]) else f" (95 % interval {row['lower']:,.0f} to {row['upper']:,.0f})"
    return f"Waiting has put {row['value_at_risk']:,.0f} {currency}{limits} of expected wins at risk{where}."


def check_sentences(check: pd.DataFrame, *, days: int) -> list[str]:
    """How the ranking did in past quarters beside the rule.

    Args:
        check: As `velocity.stalled_check` makes it.
        days: The rule's days.
    """
    if check.empty or pd.isna(check["auc_chances"].iloc[-1]):
        return ["No past quarter tells yet how well stalled leads are found."]
    row, quarters = check.iloc[-1], int((check["quarter"] != ALL).sum())
    better = row["auc_chances"] > row["auc_rule"]
    at = f"At the ends of {quarters} past quarters the chances told leads that were not won from those that were"
    areas = f"with an AUC of {row['auc_chances']:.2f}, {days} days in a stage with {row['auc_rule']:.2f}"
    if pd.isna(row["precision_rule_share"]):
        return [f"{at} {areas}; the rule listed nobody."]
    ours, theirs = f"{100 * row['precision_chances_share']:.1f} %", f"{100 * row['precision_rule_share']:.1f} %"
    advice = "" if better else " The fixed rule did no worse here: use it."
    return [f"{at} {areas}; of lists equally long, {ours} and {theirs} were not won.{advice}"]
