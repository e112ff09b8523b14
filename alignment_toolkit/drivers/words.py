"""What the bridge says, in sentences: movements "in" a factor, never "caused by" it; what may be chance is said to be."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.coverage import coverage_sentences
from alignment_toolkit.drivers.attainment import NO_TARGETS, target_table
from alignment_toolkit.drivers.bridge import bookings_bridge, bookings_change, unanswerable
from alignment_toolkit.drivers.forecast import FEWEST_FORECASTS, calibration
from alignment_toolkit.drivers.where import where_it_moved
from alignment_toolkit.glossary import label, term
from alignment_toolkit.study import Study
from alignment_toolkit.wording import named, people

MOST_TOLD = 4
LEAD_SLICES = ("source", "campaign_id")  # what marketing chose: a fall of the won share there may be a matter of the leads


def money(amount: float, currency: str) -> str:
    """An amount with its sign, in whole units."""
    return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{abs(amount):,.0f} {currency}"


def change_sentences(study: Study) -> list[str]:
    """What bookings were and by how much they changed, and how the change was split; first, which days are missing."""
    if reason := unanswerable(study):
        return [f"The change of bookings cannot be split: {reason}."]
    change, currency = bookings_change(study), study.config.reporting_currency
    word = "rose" if change["change"] > 0 else "fell" if change["change"] < 0 else "stayed"
    low, high = (money(change[limit], currency) for limit in ("lower", "upper"))
    limits = "" if pd.isna(change["lower"]) else f" (95 % interval {low} to {high})"
    before = f"{change['before']:,.0f} {currency} in {study.quarter.shift(-1).label}"
    after = f"{change['after']:,.0f} {currency} in {study.quarter.label}"
    return [
        *coverage_sentences(study),
        f"Bookings {word} from {before} to {after}: {money(change['change'], currency)}{limits}.",
        f"The split is by {study.config.segmentation}; by another attribute the same change splits otherwise, and adds up just as well.",
    ]


def bridge_sentences(study: Study) -> list[str]:
    """The factors that moved by more than noise, largest first, each with its team; what is left over is said to be within chance."""
    bridge = bookings_bridge(study)
    if bridge.empty:
        return []
    clear = ranked(bridge[bridge["is_clear"].astype(bool)])
    if clear.empty:
        return ["No factor moved by more than chance explains, so no team has a movement to answer for."]
    currency = study.config.reporting_currency
    told = [_moved(row, currency) for row in clear.head(MOST_TOLD).to_dict("records")]
    rest = bridge[~bridge["is_clear"].astype(bool)]["contribution"]
    return [*told, f"The other {len(rest)} factors together moved {money(float(rest.sum()), currency)}; each of them may be chance."]


def where_sentences(study: Study) -> list[str]:
    """The groups that a movement sits in by more than their share of the deals, and what that means for who should speak to it."""
    found = where_it_moved(study)
    outstanding = found[found["stands_out"].astype(bool)] if len(found) else found
    if outstanding.empty:
        return ["No source, persona, segment or region moved beyond its share of the deals by more than noise."] if len(found) else []
    return [_stands_out(row, study.config.reporting_currency) for row in outstanding.to_dict("records")]


def ranked(bridge: pd.DataFrame) -> pd.DataFrame:
    """The factors by the size of their part, largest first; equal ones by name."""
    sized = bridge.assign(size=bridge["contribution"].abs())
    return sized.sort_values(["size", "factor"], ascending=[False, True], ignore_index=True).drop(columns="size")


def _moved(row: dict[Any, Any], currency: str) -> str:
    values = "" if pd.isna(row["before"]) else f", which went from {value_words(row, 'before')} to {value_words(row, 'after')}"
    limits = f"{money(row['lower'], currency)} to {money(row['upper'], currency)}"
    about = label(str(row["factor"])).lower()
    return f"{money(row['contribution'], currency)} ({limits}) moved in the {about}{values}: {people(row['owner'])} can speak to it."


def value_words(row: dict[Any, Any], column: str) -> str:
    """A factor's value in its own unit."""
    unit, value = term(str(row["factor"])).unit, row[column]
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if unit == "ratio" else f"{value:,.0f}"


def _stands_out(row: dict[Any, Any], currency: str) -> str:
    about = label(str(row["factor"])).lower()
    both = row["factor"] == "won_share" and row["by"] in LEAD_SLICES
    whose = " It is confined to what one source brings, so both teams should look at it." if both else ""
    holds = f"{named(row['segment'])} holds {money(row['contribution'], currency)} of the movement in the {about}"
    shares = f"{100 * row['of_movement_share']:.0f} % of it with {100 * row['of_deals_share']:.0f} % of the deals"
    return f"Split by {row['by'].removesuffix('_id')}, {holds}, {shares}.{whose}"


def target_sentences(study: Study) -> list[str]:
    """How far the quarter got towards its targets, and the chance of meeting that of bookings."""
    table = target_table(study)
    if table.empty:
        return [f"Whether targets are met cannot be told: {NO_TARGETS}."]
    return [_target(row, study) for row in table.to_dict("records")]


def _target(row: dict[Any, Any], study: Study) -> str:
    unit = f" {study.config.reporting_currency}" if row["kpi"] == "bookings" else ""
    if pd.isna(row["attained_share"]) and row["reason"]:
        return f"{label(str(row['kpi']))} is not compared with its target of {row['target']:,.0f}{unit}: {row['reason']}."
    sums = f"{row['value']:,.0f}{unit} of a target of {row['target']:,.0f}{unit}"
    head = f"{label(str(row['kpi']))}: {sums} ({100 * row['attained_share']:.0f} %)"
    if row["elapsed_share"] >= 1:
        return f"{head}; the target was {'met' if row['attained_share'] >= 1 else 'missed'}, {people(row['owner'])} to speak to it."
    if pd.isna(row["expected"]):
        return f"{head} with {100 * row['elapsed_share']:.0f} % of the quarter gone; no forecast: {row['reason']}."
    chance = (
        "" if pd.isna(row["probability_share"]) else f", and the target is met in {100 * row['probability_share']:.0f} of 100 simulations"
    )
    between = f"{row['lower_80']:,.0f} and {row['upper_80']:,.0f}{unit}"
    return (
        f"{head} with {100 * row['elapsed_share']:.0f} % of the quarter gone; it ends between {between} in 80 of 100 simulations{chance}."
    )


def forecast_sentences(past: pd.DataFrame) -> list[str]:
    """How forecasts from inside past quarters did, and whether so few of them prove anything."""
    told = calibration(past)
    if not told["n"]:
        return ["No past quarter could be forecast: too few deals, or quarters, before it."]
    base = f"{told['quarters']} quarters, three forecasts each"
    held = f"{round(told['held'] * told['n'])} of {told['n']} intervals of 80 % held what came ({base})"
    if not told["n_met"]:
        return [f"{held}. No past target can be compared."]
    score = f"The squared error of the chance of meeting the target was {told['brier']:.3f}; saying the past rate every time had"
    claim = "" if told["claim"] else f" With {told['n_met']} forecasts, fewer than {FEWEST_FORECASTS}, no calibration is claimed."
    return [f"{held}.", f"{score} {told['brier_past_rate']:.3f} (n = {told['n_met']}).{claim}"]
