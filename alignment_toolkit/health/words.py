"""Data health in sentences, each computed from the figures it speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from alignment_toolkit.arguments import ROWS, checked
from alignment_toolkit.study import Study
from alignment_toolkit.wording import amount, counted_words, percent, records, verb

QUESTIONS = {
    "deals": "whether wins and deals agree, and how sure bookings are",
    "deal_events": "whether deals were rewritten after the fact",
    "touches": "which leads anybody has spoken to",
    "feedback": "whether verdicts meet the leads they are about",
    "subscriptions": "how sure the figures of churn are",
    "churn_events": "whether records of churn contradict each other",
}


def unanswered(study: Study) -> list[str]:
    """One sentence per optional table that is missing: the question it would have answered."""
    return study.unanswered(QUESTIONS)


def in_short(bounds: pd.DataFrame, findings: pd.DataFrame) -> list[str]:
    """How many findings there are, which headline figure they leave most open, and that bounds are no intervals.

    Args:
        bounds: As `bounds_table` makes it.
        findings: As `findings` makes it.
    """
    told = [_found(len(findings), bounds)]
    known = with_width(bounds)
    if len(known) and known["width"].max() > 0:
        row = known.loc[known["width"].idxmax()]
        told.append(f"Most is left open of {row['figure']}: {_between(row)}; it hangs most on {row['widest_gap']} ({row['owner']}).")
    return [
        *told,
        "A bound says how far mistakes in the records may reach, an interval how far chance may: they do not contain each other.",
    ]


def with_width(bounds: pd.DataFrame) -> pd.DataFrame:
    """The figures that have bounds, with `width`: from lowest to highest over the figure, null where the figure is 0."""
    known = bounds[bounds["lowest"].notna()]
    return known.assign(width=(known["highest"] - known["lowest"]).abs() / known["value"].abs().where(known["value"] != 0))


def _found(kinds: int, bounds: pd.DataFrame) -> str:
    n, of = int((bounds["gaps"] > 0).sum()), int(bounds["lowest"].notna().sum())
    none = f"none of the {of} headline figures open" if of > 1 else "no headline figure open"
    left = f"{n} of {counted_words(of, 'headline figure')} open to some degree" if n else none
    if not kinds:
        return f"No gap was found in the records{f'; what they lack leaves {left}' if n else ''}."
    found = (
        "One kind of gap was found in the records; it leaves"
        if kinds == 1
        else f"{kinds} kinds of gaps were found in the records; they leave"
    )
    return f"{found} {left}."


def _between(row: Any) -> str:
    lowest, highest = (amount(row[name], row["unit"]) for name in ("lowest", "highest"))
    return f"{amount(row['value'], row['unit'])} as recorded, {lowest} to {highest} with every gap resolved one way or the other"


@checked(at_most=ROWS)
def bound_sentences(bounds: pd.DataFrame, *, at_most: int = 5) -> list[str]:
    """The figures left most open in words, and those that nothing leaves open.

    Args:
        bounds: As `bounds_table` makes it.
        at_most: Figures told in a sentence of their own.
    """
    known = with_width(bounds).sort_values("width", ascending=False, kind="stable")
    open_ = known[known["gaps"] > 0].head(at_most)
    told = [f"{row['figure']}: {_between(row)}; the most by {row['widest_gap']}." for _, row in open_.iterrows()]
    sure = known.loc[known["gaps"] == 0, "figure"].tolist()
    return told + ([f"No gap in the records moves {_listed(sure)}."] if sure else [])


def arrival_sentences(arrivals: pd.DataFrame) -> list[str]:
    """How many rows arrived and were used, which tables are old, which begin late or hold what is not visible yet."""
    read, used, aside = (int(arrivals[name].sum()) for name in ("read", "used", "set_aside"))
    rows = f"{counted_words(read, 'row')} of {counted_words(len(arrivals), 'table')} {verb(read, 'was', 'were')} read"
    told = [f"{rows}, {used:,} used and {aside:,} set aside."]
    events = arrivals[arrivals["table"].isin(["leads", "stage_events", "deals", "deal_events", "touches", "feedback"])]
    dated, old = events["days_old"].notna(), events[events["days_old"] > 7]
    told += [f"The newest row of {row['table']} is {counted_words(row['days_old'], 'day')} older than the as-of." for row in records(old)]
    told += [f"No row of {name} has a visible date, so its freshness is not known." for name in events.loc[~dated, "table"]]
    if dated.any() and old.empty:
        told.append(f"Every {'' if dated.all() else 'other '}table of events reaches into the last week before the as-of.")
    later = arrivals[arrivals["after_as_of"] > 0]
    return told + [_not_visible(row["table"], row["after_as_of"]) for row in records(later)]


def _not_visible(table: str, n: int) -> str:
    return f"{counted_words(n, 'row')} of {table} {verb(n, 'lies', 'lie')} after the as-of and {verb(n, 'is', 'are')} not visible."


def match_sentences(rates: pd.DataFrame) -> list[str]:
    """Where records that should meet do not; that all do, where that is so."""
    missed = rates[(rates["expected"] == "every one") & (rates["matched"] < rates["of"])]
    told = [f"{_count(row)} of the {row.of:,} {row.records} are not met in {row.met_in}." for row in missed.itertuples()]
    return told or ["Wherever a record names another, the other one is there."]


def _count(row: Any) -> str:
    return f"{row.of - row.matched:,}"


def heaping_sentences(frame: pd.DataFrame) -> list[str]:
    """Whether closing days heap on period ends, with the share, its limits and what chance would give."""
    return [_heap(row) for row in frame.itertuples()]


def _heap(row: Any) -> str:
    days = "Closing days of closed deals" if row.kind == "closed" else "Expected closes of open deals"
    if row.reason is not None:
        return f"{days} at the end of a {row.period}: {row.reason} ({row.of:,} deals)."
    share = (
        f"{percent(row.share, 1)} ({percent(row.lower_share, 1)} to {percent(row.upper_share, 1)}) lie on the last day of a {row.period}"
    )
    verdict = "more than chance explains" if row.p < 0.01 else "no more than chance explains"
    return f"{days}: {share}, {percent(row.chance_share, 1)} of all days do; {verdict}."


@checked(at_most=ROWS)
def what_to_do(contributions: pd.DataFrame, findings: pd.DataFrame, *, at_most: int = 6) -> list[str]:
    """What to mend first, by team: the gap that moves most figures, then every other that moves one.

    Args:
        contributions: As `contributions` makes it.
        findings: As `findings` makes it.
        at_most: Sentences.
    """
    if contributions.empty and findings.empty:
        return ["Nothing in the records asks for mending."]
    told = []
    moved = contributions.groupby(["owner", "what", "fix"], sort=False).agg(figures=("kpi", "nunique"), n=("n", "max")).reset_index()
    for row in moved.sort_values("figures", ascending=False, kind="stable").head(at_most).to_dict("records"):
        figures = "one headline figure" if row["figures"] == 1 else f"{row['figures']} headline figures"
        told.append(f"{row['owner'].capitalize()}: {_lower(row['fix'])} ({row['n']:,} {row['what']}; {figures}).")
    return told or ["No gap moves a headline figure; the table of findings below says what else they touch."]


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
