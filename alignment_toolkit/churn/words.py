"""Churn in sentences, each computed from the figures it speaks of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from alignment_toolkit.churn.recorded import starts_recorded_until, why_unknown
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, percent

NAMES = {
    "logo_churn": "Logo churn of the quarter",
    "gross_revenue_retention": "Gross revenue retention of the quarter",
    "net_revenue_retention": "Net revenue retention of the quarter",
    "retention_365d": "Customers still there after a year",
    "early_churn_90d": "Customers gone within 90 days",
}
QUESTIONS = {
    "subscriptions": "whether customers stay",
    "churn_events": "whether other records of churn agree with the subscriptions",
    "campaign_costs": "how soon a customer pays back what winning one cost",
}


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    return study.unanswered(QUESTIONS)


def headline_sentences(figures: pd.DataFrame) -> list[str]:
    """The headline figures of all customers in words, with their limits, their base and the quarter before.

    Args:
        figures: As `churn_kpis` makes them.
    """
    whole = figures[figures["slice"] == "all"]
    return [_headline(row) for row in whole.itertuples() if row.kpi in NAMES]


def _headline(row: Any) -> str:
    name = NAMES[row.kpi]
    if pd.isna(row.value):
        return f"{name}: not known ({row.reason})."
    customers = counted_words(row.n, "customer")
    base = f"of the revenue of {customers}" if "revenue" in row.kpi else f"of {customers}"
    base += ", growth included" if row.kpi == "net_revenue_retention" else ""
    limits = "" if pd.isna(row.lower) else f", between {percent(row.lower, 1)} and {percent(row.upper, 1)}"
    before = "" if pd.isna(row.previous) else f"; {percent(row.previous, 1)} one quarter earlier"
    return f"{name}: {percent(row.value, 1)} {base}{limits}{before}."


def what_to_do(*, early: pd.DataFrame, bridge: pd.DataFrame, records: pd.DataFrame, study: Study | None = None) -> list[str]:
    """What the figures ask of whom.

    Args:
        early: As `early_churn` makes it.
        bridge: As `mrr_bridge` makes it.
        records: As `churned_by_source_of_truth` makes it.
        study: Names what is missing from the records, on which no advice may rest.
    """
    if because := why_unknown(study):
        return [f"What to do cannot be said: {because}."]
    until = starts_recorded_until(study)
    told = [*_bad_fit(early), *(_half_a_balance(until) if until else _shrinking(bridge)), *_conflicts(records)]
    return told or ["Nothing in these figures asks for action this quarter."]


def _half_a_balance(until: date) -> list[str]:
    return [f"Whether more recurring revenue was lost than won cannot be told: new customers are on record only up to {until}."]


def _bad_fit(early: pd.DataFrame) -> list[str]:
    worse = early.loc[early["differs"] == "more", "segment"].tolist()
    better = early.loc[early["differs"] == "less", "segment"].tolist()
    told = (
        [f"Marketing, with sales: review what {', '.join(worse)} promises and to whom; its customers leave early more often."]
        if worse
        else []
    )
    return told + ([f"Marketing: {', '.join(better)} brings customers who stay; see whether more of them can be had."] if better else [])


def _shrinking(bridge: pd.DataFrame) -> list[str]:
    if bridge.empty:
        return []
    last = bridge.iloc[-1]
    lost, won = -(last["contraction"] + last["churn"]), last["new"] + last["expansion"] + last["reactivation"]
    return (
        ["Customer success: more recurring revenue was lost than won in the quarter; begin with the churn in the bridge."]
        if lost > won
        else []
    )


def _conflicts(records: pd.DataFrame) -> list[str]:
    conflicts = records[(records["kind"] == "conflict") & (records["n"] > 0)]
    if conflicts.empty:
        return []
    worst = conflicts.sort_values("n", ascending=False, kind="stable").iloc[0]
    differ = f"{worst['record']} and {worst['other']} disagree on {counted_words(worst['n'], 'customer')}"
    return [f"Both teams: agree on one record of churn; {differ}."]
