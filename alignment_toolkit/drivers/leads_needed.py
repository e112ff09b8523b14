"""How many leads does the next target take? Asked of the first quarter that new leads can still reach.

Unit: the lead, like those of the year before `as_of`. A quarter can still be reached when it ends late enough for half of the wins that a
lead of today brings within a year. It does not say where so many leads would come from, nor that they would be as good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.deal_days import day_number_of
from alignment_toolkit.coverage import without_creation
from alignment_toolkit.drivers.forecast import (
    FEWEST_PAST,
    SEED,
    TOO_LITTLE,
    booked_between,
    day_counts,
    days_in,
    first_day,
    not_followed,
    past_quarters,
)
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.periods import Period
from alignment_toolkit.stats import leads_needed as model
from alignment_toolkit.stats.forecast import GROUPS, WINDOW, Deals
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised_bookings
from alignment_toolkit.wording import counted_words

KPI = "leads_needed_80"
CHANCES = (0.5, 0.8, 0.9)
HEADLINE = 0.8
DRAWS = 1000
FARTHEST = 4  # quarters: wins that come later than a year are not in the yield of a year
REACHED = 0.5
BEYOND = 20  # times the usual leads: nobody plans with more
NO_DEALS = "no deals table"
COLUMNS = ("quarter", "target", "days", "chance_share", "leads", "usual_leads", "times_usual", "usual_chance_share", "reason")


@dataclass(frozen=True)
class Plan:
    """What the first quarter that new leads can reach takes.

    Attributes:
        quarter: That quarter; None when there is none.
        target: Its target of bookings, reporting currency; null without one.
        days: Days from `as_of` to its end.
        usual: Leads that would come in these days at the pace of the year before.
        needed: Leads needed, one per simulation; empty with `reason`.
        reason: Why there are none.
    """

    quarter: Period | None
    target: float
    days: int
    usual: float
    needed: Array
    reason: str | None

    def at(self, chance: float) -> float:
        """The leads that meet the target with a chance; infinity beyond what is worth saying, null without simulations."""
        if not len(self.needed):
            return np.nan
        told = float(np.ceil(np.quantile(self.needed, chance, method="higher")))
        return told if told <= BEYOND * self.usual else np.inf


def leads_needed(study: Study) -> pd.DataFrame:
    """The leads that the target of the first quarter new leads can still reach takes, by the chance of meeting it.

    Args:
        study: Seen at its `as_of`.

    Returns:
        One row per chance (50, 80, 90 %): quarter, target (reporting currency), days (from `as_of` to the quarter's end), chance_share,
        leads (to come in these days; null with reason), usual_leads (that come at the pace of the year before), times_usual (leads over
        them), usual_chance_share (of meeting the target with the usual leads), reason.
    """
    plan = plan_of(study)
    chance = float((plan.needed <= plan.usual).mean()) if len(plan.needed) else np.nan
    rows = []
    for level in CHANCES:
        leads = plan.at(level)
        told = leads if np.isfinite(leads) else np.nan
        times = told / plan.usual if plan.usual else np.nan
        named = plan.quarter.label if plan.quarter else None
        why = plan.reason or (None if np.isfinite(leads) else _beyond(level))
        rows.append((named, plan.target, plan.days, level, told, plan.usual, times, chance, why))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"leads": float})


def leads_needed_kpis(study: Study) -> pd.DataFrame:
    """`leads_needed_80` as a figure.

    Returns:
        Figure frame of one row by slice `quarter`, whose segment names the quarter: the leads that must come from `as_of` to its end for an
        80 % chance of its target; n: leads that come in that time at the pace of the year before. Null with the reason, as a whole where
        there is no such quarter.
    """
    plan = plan_of(study)
    leads = plan.at(HEADLINE)
    reason = plan.reason or _beyond(HEADLINE)
    counts = {"n": round(plan.usual)} if plan.usual else {}
    named = {"slice_": "quarter", "segment": plan.quarter.label} if plan.quarter else {}
    return figures([figure(KPI, value=leads, unit="leads", reason=reason, **named, **counts)])  # type: ignore[arg-type]


def leads_needed_sentences(frame: pd.DataFrame, *, currency: str) -> list[str]:
    """What the next target takes, in words.

    Args:
        frame: As `leads_needed` makes it.
        currency: Reporting currency.
    """
    row = frame[frame["chance_share"] == HEADLINE].iloc[0]
    if pd.isna(row["leads"]):
        return [f"How many leads the next target takes cannot be said: {row['reason']}."]
    chance = f"a chance of {100 * HEADLINE:.0f} % to meet the target of {row['target']:,.0f} {currency} in {row['quarter']}"
    if not row["leads"]:
        return [f"No new lead is needed for {chance}."]
    said = f"For {chance}, {counted_words(row['leads'], 'lead', 'has|have')} to come in the {row['days']:,} days to its end"
    usual = f"at the pace of the year before {row['usual_leads']:,.0f} come, with a chance of {100 * row['usual_chance_share']:.0f} %"
    return [f"{said}; {usual}.", f"{row['quarter']} is the first quarter that leads created from now on can still reach."]


def plan_of(study: Study) -> Plan:
    """The plan, or why there is none."""
    if not study.crm.has("deals"):
        return _no_plan(NO_DEALS)
    deals, leads, now = day_counts(study), yield_of(study), day_number_of(study)
    quarter = next(_reachable(study, deals, leads, now), None)
    if quarter is None:
        return _no_plan(without_creation(study.crm) or TOO_LITTLE)
    starts, ends = first_day(study, quarter), first_day(study, quarter) + days_in(study, quarter)
    target, usual = promised_bookings(study.crm, quarter), float(leads.per_day[0]) * (ends - now)
    if np.isnan(target):
        why = f"no target of bookings is recorded for {quarter.label}, the first quarter that new leads can still reach"
        return Plan(quarter, target, ends - now, usual, np.empty(0), why)
    asked = model.Quarter(now, starts, ends, target - booked_between(deals, starts, min(now, ends)))
    past = [span for span in past_quarters(study, deals, quarter) if span[1] <= now]
    missing = not_followed(study, deals, now, ends - now) or (None if len(past) >= FEWEST_PAST else TOO_LITTLE)
    needed = np.empty(0) if missing else model.leads_needed(deals, leads, asked, past=past, draws=DRAWS, seed=SEED)
    return Plan(quarter, target, ends - now, usual, needed, missing or (None if len(needed) else TOO_LITTLE))


def yield_of(study: Study) -> model.Yield:
    """How leads turn into deals, from the year before `as_of`."""
    counts, now = counted("lead_yields", study), day_number_of(study)
    born, made = counts[counts["what"] == "lead"], counts[counts["what"] == "deal"]
    by_group = np.bincount(born["group"].astype(int), weights=born["n"], minlength=GROUPS)
    since = min(WINDOW, max(now - born["first_day"].min(), 1)) if len(born) else 1
    per_day = np.append(by_group.sum(), by_group.sum() - by_group) / since
    aged = made[made["age"].notna()]
    ages = np.bincount(aged["age"].astype(int), weights=aged["n"], minlength=WINDOW + 2)[: WINDOW + 1]
    return model.Yield(per_day, ratio(np.cumsum(ages), np.array(float(made["n"].sum())), empty=0.0))


def _reachable(study: Study, deals: Deals, leads: model.Yield, now: int) -> Iterator[Period]:
    """The quarters from that of `as_of` on that a lead of today can reach, earliest first."""
    for ahead in range(FARTHEST + 1):
        quarter = study.quarter.shift(ahead)
        days = first_day(study, quarter) + days_in(study, quarter) - now
        if 0 < days <= WINDOW and model.reached_share(deals, leads, now=now, days=days) >= REACHED:
            yield quarter


def _no_plan(reason: str) -> Plan:
    return Plan(None, np.nan, 0, 0.0, np.empty(0), reason)


def _beyond(chance: float) -> str:
    return f"more than {BEYOND} times the usual leads would be needed for a chance of {100 * chance:.0f} %"
