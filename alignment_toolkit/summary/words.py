"""Sentences generated from the figures: the uncertain ones are worded as uncertain, the missing ones say what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from alignment_toolkit.counts.volumes import leads_left_out
from alignment_toolkit.coverage import coverage_sentences
from alignment_toolkit.figures import NOT_ENOUGH
from alignment_toolkit.glossary import is_known, label, term
from alignment_toolkit.periods import wall_clock
from alignment_toolkit.recorded import late_as_of
from alignment_toolkit.study import Study
from alignment_toolkit.summary.change import Change
from alignment_toolkit.wording import amount, counted_words, interval_in_brackets, interval_words, people, signed
from alignment_toolkit.young import left_out

NOTHING_BOOKED = "Nothing was booked in the quarter, nor in the one before."


def in_one_minute(study: Study, kpis: pd.DataFrame, *, change: Change) -> list[str]:
    """Which days are missing, then three to five sentences: are the leads good, how fast do they move, do they stay, what changed.

    Args:
        study: For the quarter's name and the settings.
        kpis: Figure frame of `headlines.kpis`.
        change: Change of the 90-day conversion (`conversion_change`).
    """
    whole = kpis[kpis["slice"] == "all"].drop_duplicates("kpi").set_index("kpi")
    unclaimed = ", and no change in conversion or bookings is claimed."
    quality = _quality(whole, change) if not study.outcomes_are_young else left_out(study) + unclaimed
    tellers: list[Callable[[pd.DataFrame], str]] = [lambda frame: _volume(frame, study), lambda _: quality, _money, _pace, _customers]
    return [*coverage_sentences(study), *(sentence for tell in tellers if (sentence := tell(whole)))]


def _volume(whole: pd.DataFrame, study: Study) -> str:
    row = whole.loc["leads"]
    if pd.isna(row["value"]):
        return f"How many leads came in is not known: {row['reason']}."
    when = "In all history" if study.cohort == "all" else f"In {study.quarter.label}"
    before = "" if pd.isna(row["previous"]) or study.cohort == "all" else f"; the quarter before it was {row['previous']:,.0f}"
    return f"{when} {counted_words(float(row['value']), 'lead')} came in{before}."


def _quality(whole: pd.DataFrame, change: Change) -> str:
    row = whole.loc["conversion_90d"] if "conversion_90d" in whole.index else None
    if row is None or pd.isna(row["value"]):
        reason = NOT_ENOUGH if row is None else row["reason"]
        return f"How many leads are won within 90 days is not known: {reason}."
    head = f"Of 100 leads {_of_100(row['value'])} are won within 90 days{interval_in_brackets(row)}"
    return f"{head}." if change.reason else f"{head}; {_moved(change)}."


def _moved(change: Change) -> str:
    if change.value is None or change.lower is None or change.upper is None:
        return "whether that is a change cannot be told"
    step, low, high = (signed(100 * part, 1) for part in (change.value, change.lower, change.upper))
    points = f"{step} points since the quarter before ({low} to {high})"
    return f"{points}, more than chance explains" if change.is_clear else f"{points}, which may be chance"


def _money(whole: pd.DataFrame) -> str:
    row = whole.loc["bookings"]
    if pd.isna(row["value"]):
        return f"Bookings cannot be shown: {row['reason']}."
    if pd.isna(row["previous"]):
        return f"Bookings were {amount(row['value'], row['unit'])}."
    step = row["value"] - row["previous"]
    if not step:
        return f"Bookings were {amount(row['value'], row['unit'])}, as in the quarter before." if row["value"] else NOTHING_BOOKED
    share = f" ({100 * abs(step) / row['previous']:.0f} %)" if row["previous"] else ""
    word = "more" if step > 0 else "less"
    change = whole.loc["bookings_change"] if "bookings_change" in whole.index else None
    chance = ", which may be chance" if change is not None and change["lower"] <= 0 <= change["upper"] else ""
    moved = f"{amount(abs(step), row['unit'])}{share} {word} than the quarter before{chance}"
    return f"Bookings were {amount(row['value'], row['unit'])}, {moved}."


def _pace(whole: pd.DataFrame) -> str:
    row = whole.loc["cycle_mean"] if "cycle_mean" in whole.index else None
    if row is None or pd.isna(row["value"]):
        return ""
    return f"A lead that is won takes {amount(row['value'], 'days')} on average{interval_in_brackets(row)}."


def _customers(whole: pd.DataFrame) -> str:
    row = whole.loc["logo_churn"] if "logo_churn" in whole.index else None
    if row is None or pd.isna(row["value"]):
        return ""
    limits = interval_words(row)
    left = f"{amount(row['value'], 'share')} of customers left during the quarter{f' ({limits})' if limits else ''}."
    return f"{left}{_revenue(whole['value'])}"


def _revenue(values: pd.Series) -> str:
    """How much of the recurring revenue at the start stayed, and what it came to with growth: gross and net retention."""
    gross, net = (values.get(f"{kind}_revenue_retention") for kind in ("gross", "net"))
    if gross is None or pd.isna(gross):
        return ""
    grown = "" if net is None or pd.isna(net) else f"; with growth it came to {_of_100(net)}"
    return f" Of each 100 of recurring revenue at the start, {_of_100(gross)} stayed{grown}."


def _of_100(share: float) -> str:
    """A share as so many of 100, with one decimal where it has one."""
    return f"{100 * share:.1f}".removesuffix(".0")


def what_to_do(kpis: pd.DataFrame) -> list[str]:
    """The figures that missed their target, each with its owner: what the next meeting starts with."""
    whole = kpis[(kpis["slice"] == "all") & kpis["target"].notna() & kpis["value"].notna()]
    unjudged = kpis[(kpis["kpi"] == "target_attainment") & kpis["value"].isna() & (kpis["reason"] != NOT_ENOUGH)]  # by 0 nothing is divided
    attained = unjudged.set_index("segment")["reason"]
    judged = whole[~whole["kpi"].isin(attained.index)]
    apart = [f"{label(kpi)} is not compared with its target: {attained[kpi]}." for kpi in whole["kpi"] if kpi in attained.index]
    missed = [row for _, row in judged.iterrows() if _is_short(row, row["value"])]
    if missed or apart:
        return [*(_missed(row) for row in missed), *apart]
    return ["No figure with a target missed it."] if len(whole) else ["No targets are recorded for this quarter."]


def _is_short(row: pd.Series, value: float) -> bool:
    """Whether a value of this figure misses its target: above it where less is better, else below it."""
    less_is_better = is_known(row["kpi"]) and term(row["kpi"]).direction == "down"
    return bool(value > row["target"] if less_is_better else value < row["target"])


def _missed(row: pd.Series) -> str:
    told = pd.notna(row["lower"]) and pd.notna(row["upper"])
    chance = ", a gap that may be chance" if told and not (_is_short(row, row["lower"]) and _is_short(row, row["upper"])) else ""
    against = f"{amount(row['value'], row['unit'])} against a target of {amount(row['target'], row['unit'])}"
    return f"{label(row['kpi'])} is {against}{chance}: {people(row['owner'], nobody='no owner yet')} to speak to it."


def provenance(study: Study) -> pd.DataFrame:
    """How the figures were made: what the quarter, the as-of and the cohort rule are, and which tables are there."""
    window, zone = study.window_opens_at, study.config.time_zone
    rows = {
        "quarter": study.quarter.label,
        "as of (exclusive)": wall_clock(study.as_of, zone).isoformat(sep=" "),
        "cohort rule": study.cohort,
        "window opens": wall_clock(window, zone).isoformat(sep=" ") if window else "all history",
        "time zone": zone,
        "deals counted as bookings": ", ".join(study.config.deal_type),
        "currency": study.config.reporting_currency,
        "outcomes recorded from": str(study.config.outcome_observed_from or "the beginning"),
        "leads left out for that": f"{leads_left_out(study):,}",
        "records from": ", ".join(f"{table} {day}" for table, day in study.config.observed_from.items()) or "the beginning",
        "tables": ", ".join(sorted(study.crm.tables)),
    }
    if study.crm.notes:
        rows["assumed while reading"] = "; ".join(study.crm.notes)
    if doubt := late_as_of(study.crm):
        rows["doubt about the as-of"] = doubt
    return pd.DataFrame({"setting": list(rows), "value": list(rows.values())})
