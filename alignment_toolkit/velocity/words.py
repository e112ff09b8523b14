"""What the figures of funnel velocity say, in sentences: generated from the numbers, uncertain ones worded as uncertain.

Every function takes a frame of this package and returns sentences; what could not be answered is said with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from alignment_toolkit import glossary
from alignment_toolkit.figures import ALL, NOT_ENOUGH
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, named, percent, records
from alignment_toolkit.young import left_out_sentences

CLEAR = 0.05
UNIT = re.compile(r" (days?|points)$")
LITTLE_OFF = 0.25  # a stage further than this from balance fills up or drains


def money(amount: float) -> str:
    """An amount in whole units with thousands separators."""
    return f"{amount:,.0f}"


def days_words(days: float) -> str:
    """A number of days, with one digit where it is not whole."""
    shown = f"{days:,.0f}" if float(days).is_integer() else f"{days:,.1f}"
    return f"{shown} day" if shown == "1" else f"{shown} days"


def with_limits(row: dict[str, Any], value: str, lower: str, upper: str, say: Callable[[float], str]) -> str:
    """A figure with its 95 % interval in brackets, left out where there is none; a unit stands once, after the figure."""
    if pd.isna(row[lower]) or pd.isna(row[upper]):
        return say(row[value])
    low, high = (UNIT.sub("", say(row[limit])) for limit in (lower, upper))
    return f"{say(row[value])} ({low} to {high})"


def history_sentences(study: Study) -> list[str]:
    """That records begin late, where they do: every time below then rests on late entry."""
    day, young = study.config.observed_since("leads", "stage_events"), left_out_sentences(study)
    if day is None:
        return young
    rule = "what started earlier comes under observation at the age it had that day, so that early ends do not count"
    return [f"Records begin on {day}: {rule}.", *young]


def headline_sentences(kpis: pd.DataFrame) -> list[str]:
    """The four headline figures of everybody, each beside the quarter before."""
    return [_headline(row) for row in records(kpis[kpis["slice"] == "all"])]


def _headline(row: dict[str, Any]) -> str:
    label = glossary.label(str(row["kpi"]))
    if pd.isna(row["value"]):
        return f"{label} cannot be told: {row['reason']}."
    ways: dict[str, Callable[[float], str]] = {"share": lambda share: percent(share, 1), "days": days_words}
    say = ways.get(str(row["unit"]), money)
    unit = f" {row['unit']}" if say is money else ""
    before = "" if pd.isna(row["previous"]) else f"; a quarter earlier {say(row['previous'])}"
    return f"{label}: {with_limits(row, 'value', 'lower', 'upper', say)}{unit}{before}."


def conversion_sentences(frame: pd.DataFrame) -> list[str]:
    """From which stage the fewest move on, and whether silent leads would change that."""
    known = frame.dropna(subset=["conversion_rate"])
    stages = known[known["stage"] != ALL]
    if stages.empty:
        return ["No stage has been watched long enough to tell how many move on."]
    worst, best = (records(stages.loc[[getattr(stages["conversion_rate"], pick)()]])[0] for pick in ("idxmin", "idxmax"))
    told = [_moves_on("Fewest", worst)] + ([_moves_on("Most", best)] if len(stages) > 1 else [])
    moved = (stages["stale_lost_rate"] - stages["conversion_rate"]).abs().max()
    return [*told, f"Counting silent leads as lost moves no stage by more than {moved * 100:.1f} points."]


def _moves_on(which: str, row: dict[str, Any]) -> str:
    return f"{which} move on from {named(row['stage'])}: {with_limits(row, 'conversion_rate', 'lower_rate', 'upper_rate', percent)}."


def time_sentences(frame: pd.DataFrame) -> list[str]:
    """Where leads stay longest, what the naive mean says, and which stages cannot be told."""
    stages = frame[frame["stage"] != ALL]
    known = stages.dropna(subset=["median_days"])
    told = [f"{named(row['stage'])}: {row['reason']}." for row in records(stages[stages["median_days"].isna()])]
    if known.empty:
        return told
    slowest = records(known.loc[[known["median_days"].idxmax()]])[0]
    middle = with_limits(slowest, "median_days", "lower_days", "upper_days", days_words)
    most = "" if pd.isna(slowest["p90_days"]) else f", nine in ten within {days_words(slowest['p90_days'])}"
    naive = (
        f"The naive mean of finished visits there is {days_words(slowest['naive_mean_days'])}; it leaves out those who are still waiting."
    )
    stale = known["stale_lost_median_days"] - known["median_days"]
    silent = (
        f"Counting silent leads as lost moves no median by more than {days_words(float(stale.abs().max()))}." if stale.notna().any() else ""
    )
    return [f"Leads stay longest in {named(slowest['stage'])}: half of them leave within {middle}{most}.", naive, silent, *told]


def advance_sentences(frame: pd.DataFrame) -> list[str]:
    """How long those who move on take, stage by stage."""
    known = frame[(frame["stage"] != ALL) & frame["median_days"].notna()]
    if known.empty:
        return ["In no stage did enough leads move on to tell how long they take."]
    return [
        f"Among those who advance from {named(row['stage'])} within {days_words(row['horizon_days'])}, half do so within "
        f"{with_limits(row, 'median_days', 'lower_days', 'upper_days', days_words)}."
        for row in records(known)
    ]


def cycle_sentences(frame: pd.DataFrame, *, start: str = "creation") -> list[str]:
    """The mean cycle of everybody, its horizon, the naive one, the fastest and the slowest segment."""
    whole = records(frame)[0]
    if pd.isna(whole["mean_days"]):
        return [f"The cycle from {start} cannot be told: {whole['reason']}."]
    among = f"among those who win within {days_words(whole['horizon_days'])} of {start}"
    told = [f"The mean cycle from {start} to won is {with_limits(whole, 'mean_days', 'lower_days', 'upper_days', days_words)}, {among}."]
    told += [f"The naive mean of the won is {days_words(whole['naive_mean_days'])}."]
    parts = frame.iloc[1:].dropna(subset=["mean_days"])
    if len(parts) > 1:
        fast, slow = (records(parts.loc[[getattr(parts["mean_days"], pick)()]])[0] for pick in ("idxmin", "idxmax"))
        told += [f"Fastest is {named(fast['segment'])}, {_cycle(fast)}; slowest {named(slow['segment'])}, {_cycle(slow)}."]
    unknown = len(frame.iloc[1:]) - len(parts)
    return told + ([f"Segments whose cycle cannot be told: {unknown}."] if unknown else [])


def _cycle(row: dict[str, Any]) -> str:
    return with_limits(row, "mean_days", "lower_days", "upper_days", days_words)


def velocity_sentences(frame: pd.DataFrame, *, currency: str) -> list[str]:
    """Sales velocity with its three factors, the bookings beside it and the naive formula."""
    whole = records(frame)[0]
    if pd.isna(whole["velocity"]):
        return [f"How much money the open opportunities turn into per day cannot be answered: {whole['reason']}."]
    factors = (
        f"{whole['mean_open']:,.1f} open opportunities younger than {days_words(whole['horizon_days'])}, each worth "
        f"{money(whole['value_per_opportunity'])} {currency}, open for {days_words(whole['mean_days_open'])} on average"
    )
    told = [f"Open opportunities turn into {with_limits(whole, 'velocity', 'lower', 'upper', money)} {currency} a day: {factors}."]
    if pd.notna(whole["lower"]) and not whole["lower"] <= whole["bookings_per_day"] <= whole["upper"]:
        which = "less" if whole["bookings_per_day"] < whole["lower"] else "more"
        more = f"clearly {which} than that: the quarter was not like the window that value and pace are estimated in"
    else:
        more = "which the interval allows for"
    told += [f"Bookings of the quarter were {money(whole['bookings_per_day'])} {currency} a day, {more}."]
    naive = whole["classic_naive"]
    return told + ([] if pd.isna(naive) else [f"The classic formula (naive) says {money(naive)} {currency} a day."])


def bottleneck_sentences(frame: pd.DataFrame, *, currency: str) -> list[str]:
    """Where leads and expected money wait, where they are lost, and which stages are out of balance."""
    total = frame["lead_days"].sum()
    if not total:
        passed = frame["visits"].sum() > 0
        return ["Every lead left its stage on the day it entered it." if passed else "No lead was in a stage during the quarter."]
    worst = records(frame.loc[[frame["lead_days"].idxmax()]])[0]
    share = percent(worst["lead_days"] / total)
    waiting = f"{counted_words(worst['waiting'], 'lead')} at the quarter's end"
    told = [f"Leads wait most in {named(worst['stage'])}: {share} of all lead-days, {waiting}."]
    if frame["value_waiting"].notna().any():
        rich = records(frame.loc[[frame["value_waiting"].idxmax()]])[0]
        told += [f"Most money waits in {named(rich['stage'])}: {money(rich['value_waiting'])} {currency} expected."]
    else:
        told += ["How much money waits cannot be told: it needs deals and enough leads."]
    known = frame.dropna(subset=["losses_per_100_lead_days"])
    if len(known):
        lossy = records(known.loc[[known["losses_per_100_lead_days"].idxmax()]])[0]
        hazard = with_limits(lossy, "losses_per_100_lead_days", "lower", "upper", lambda rate: f"{rate:.2f}")
        told += [f"Losses come fastest in {named(lossy['stage'])}: {hazard} per hundred lead-days."]
    return [*told, *_balance(frame)]


def _balance(frame: pd.DataFrame) -> list[str]:
    known = frame.dropna(subset=["little_ratio"])
    off = known[(known["little_ratio"] - 1).abs() > LITTLE_OFF]
    if known.empty:
        return []
    if off.empty:
        return [f"Arrivals and stays account for the leads in each stage to within {percent(LITTLE_OFF)} (Little's law)."]
    said = ", ".join(f"{named(row['stage'])} {row['little_ratio']:.2f}" for row in records(off))
    return [
        f"Out of balance by Little's law (number in the stage over arrivals × days): {said}; arrivals or stays changed during the quarter."
    ]


def change_sentences(test: pd.DataFrame, effects: pd.DataFrame) -> list[str]:
    """Whether leads win faster or slower than in the four quarters before, and by how much."""
    row = records(test)[0]
    if pd.isna(row["p_value"]):
        return [f"Whether winning changed against the four quarters before is not known: {row['reason'] or NOT_ENOUGH}."]
    clear = row["p_value"] < CLEAR
    verdict = "differs from" if clear else "cannot be told apart from"
    p = "p below 0.001" if row["p_value"] < 0.001 else f"p {row['p_value']:.3f}"
    told = [
        f"Up to day {row['days']} of their age the win hazard of this quarter's leads {verdict} that of the four quarters before ({p})."
    ]
    return [*told, *(_effect(effect) for effect in records(effects))]


def _effect(row: dict[str, Any]) -> str:
    share = row["measure"] == "won_share"
    name = "Share won" if share else "Mean cycle"
    if pd.isna(row["difference"]):
        return f"{name}: {row['reason']}."
    say = points if share else signed_days
    unsure = pd.isna(row["lower"]) or row["lower"] <= 0 <= row["upper"]
    now, before = (percent(row[at]) if share else days_words(row[at]) for at in ("now", "before"))
    change = with_limits(row, "difference", "lower", "upper", say)
    return f"{name} by day {row['horizon_days']}: {now} against {before}, a difference of {change}" + (
        ", which may be chance." if unsure else "."
    )


def points(difference: float) -> str:
    """A difference of shares in percentage points with its sign."""
    return f"{difference * 100:+.1f} points"


def signed_days(difference: float) -> str:
    """A difference in days with its sign."""
    return f"{difference:+.1f} days"


def path_sentences(frame: pd.DataFrame) -> list[str]:
    """How many advances skip a stage, how many visits are returns, and how many stamps were left out."""
    sums = frame.drop(columns=["stage", "skipped_share"]).sum()
    if not sums["visits"]:
        return ["No visit to a stage was recorded."]
    advanced = f"{sums['skipped']:,.0f} of {sums['advanced']:,.0f} advances skipped a stage"
    back = f"{sums['back']:,.0f} of {sums['visits']:,.0f} visits ended by moving back"
    return [f"{advanced}; {back}.", f"{sums['backfilled']:,.0f} back-filled stamps are left out of times and conversions."]
