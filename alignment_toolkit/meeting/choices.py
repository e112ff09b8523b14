"""The findings that ask for a choice, one rule each: gaps that a team can close, unanswered rejections, stalled leads, targets, claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from alignment_toolkit.alignment.goals import target_quarters
from alignment_toolkit.alignment.kpis import GAPS, PAGES
from alignment_toolkit.alignment.sources import claim_table
from alignment_toolkit.alignment.verdicts import answered_rejections
from alignment_toolkit.alignment.words import alignment_sentences
from alignment_toolkit.coverage import coverage, tables_of
from alignment_toolkit.figures import ALL, figures
from alignment_toolkit.glossary import label
from alignment_toolkit.health.choices import agreements
from alignment_toolkit.stats import wilson_interval
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.stalled import stalled
from alignment_toolkit.velocity.stalled_words import value_sentence
from alignment_toolkit.visible import visible

WORTH_DECIDING = 0.05
PROMISED = ("leads", "bookings")
QUARTERS_BACK = 4
DECIDE = {
    "gap.words": "Agree on one definition of '{word}'.",
    "gap.numbers": "Agree where a deal takes its source from.",
    "gap.handoff": "Agree who touches every lead within {hours:g} hours, or on other hours.",
    "gap.feedback": "Agree who gives a verdict within {days} days, or on other days.",
    "gap.credit": "Agree on one rule of credit.",
}


@dataclass(frozen=True)
class Choice:
    """Something to be decided.

    Attributes:
        decision: What is to be agreed; the same words in every period.
        why: The figures.
        term: Term of the glossary whose RACI says who decides.
        page: The page that shows it.
        since: Since when it is open, where the finding itself says so.
        owner: Who decides, where no term says so.
    """

    decision: str
    why: str
    term: str
    page: str
    since: str = ""
    owner: str = ""


UNTOLD = Choice("", "", "", "")
"""What cannot be told: too little is recorded to say whether there is anything to decide."""


def gap_choice(study: Study, kpi: str) -> Choice | None:
    """What a gap between the teams asks them to agree on, None where it is small or may be chance, `UNTOLD` where it is not known."""
    if kpi not in DECIDE:
        return None
    if coverage(study).reason(tables_of(kpi)):
        return UNTOLD
    found = GAPS[kpi](study)
    if found["value"] is None or found["lower"] is None:
        return UNTOLD
    if found["lower"] <= WORTH_DECIDING:
        return None
    settings = study.config
    words = {"word": visible(settings.definitions.word), "hours": settings.sla_hours, "days": settings.acceptance_days}
    return Choice(DECIDE[kpi].format(**words), alignment_sentences(figures([found]))[0], kpi, PAGES[kpi])


def unanswered_choice(study: Study) -> Choice | None:
    """Rejections that marketing answered with no action on their campaign; None where few are left, `UNTOLD` where too few are known."""
    known = study.crm.has("feedback", "actions") and not coverage(study).reason(tables_of("feedback_effect"))
    answered, n = answered_rejections(study) if known else (0, 0)
    limits = wilson_interval(n - answered, n)
    if n < study.config.min_n:
        return UNTOLD
    if limits.lower <= WORTH_DECIDING:
        return None
    between = f"{100 * limits.lower:.0f} % to {100 * limits.upper:.0f} %"
    why = f"{n - answered:,} of {n:,} rejections in the window were followed by no action on their campaign (95 % interval {between})."
    return Choice("Answer what sales rejects, or say why not.", why, "rejections_answered", "alignment.html")


def stalled_choice(study: Study) -> Choice | None:
    """Open leads that have waited away half their chance; None where they are few, `UNTOLD` where too little is known."""
    row = stalled(study).iloc[0]
    if pd.isna(row["stalled"]) or coverage(study).reason(tables_of("stalled_value")):
        return UNTOLD
    if row["stalled"] < study.config.min_n or row["stalled_share"] <= WORTH_DECIDING:
        return None
    cost = value_sentence(row, currency=study.config.reporting_currency)
    why = f"{row['stalled']:,} of {row['open']:,} open leads have less than half a fresh entrant's chance.{f' {cost}' if cost else ''}"
    return Choice("Decide which stalled leads are called and which are closed.", why, "stalled_value", "funnel-velocity.html")


def cheap_choices(study: Study) -> Iterator[Choice]:
    """The choices that say themselves since when they are open: goals, claims, targets, and what the records leave to be agreed."""
    yield from _goals(study)
    yield from _claims(study)
    yield from _targets(study)
    for row in agreements(study).to_dict("records"):
        if row["n"] > WORTH_DECIDING * row["of"]:
            why = f"{row['finding'].capitalize()}: {row['n']:,} of {row['of']:,}."
            yield Choice(f"{row['choice']}.", why, "", "data-health.html", owner=str(row["owner"]))


def _goals(study: Study) -> Iterator[Choice]:
    """Owed where the last quarter that is over parted the goals."""
    if not study.crm.has("targets"):
        return
    quarters = target_quarters(study)
    apart = quarters[quarters["is_apart"].astype(bool)]
    if apart.empty or apart["quarter"].iloc[-1] != quarters["quarter"].iloc[-1]:
        return
    last, times = apart.iloc[-1], f"{len(apart)} of {len(quarters)} quarters"
    why = f"In {last['quarter']} {last['team_met']} met its own target while the shared one was missed, as in {times} of the window."
    decision = "Agree on targets of the teams that lead to the shared one."
    yield Choice(decision, why, "gap.goals", PAGES["gap.goals"], since=str(apart["quarter"].iloc[0]))


def _claims(study: Study) -> Iterator[Choice]:
    """Owed where a team's latest report differs from the records by more than one in twenty."""
    told = claim_table(study)
    latest = told[(told["quarter"] == told["quarter"].max()) & (told["difference_share"].abs() > WORTH_DECIDING)] if len(told) else told
    for row in latest.to_dict("records"):
        same = told[(told["team"] == row["team"]) & (told["kpi"] == row["kpi"])]
        run = same["difference_share"].abs().gt(WORTH_DECIDING).cummin()
        said = f"{visible(row['team']).capitalize()} reported {row['claimed']:,.0f} for {row['quarter']}"
        since = str(same.loc[run, "quarter"].iloc[-1])
        why = f"{said}, on record are {row['recorded']:,.0f}."
        yield Choice(f"Agree which {visible(str(label(row['kpi']))).lower()} count.", why, "gap.numbers", "alignment.html", since=since)


def _targets(study: Study) -> Iterator[Choice]:
    """Owed where nobody has promised leads, or bookings, for the next quarter, or for this one while it runs."""
    quarter, known = study.in_quarter(), _promised(study)
    runs = study.instant(quarter.shift(1)) > study.as_of
    for kpi in PROMISED:
        unset = [ahead for ahead in (*((0,) if runs else ()), 1) if (quarter.shift(ahead).label, kpi) not in known]
        if not unset:
            continue
        names = " and ".join(quarter.shift(ahead).label for ahead in unset)
        back = unset[0]
        while back > unset[0] - QUARTERS_BACK and (quarter.shift(back - 1).label, kpi) not in known:
            back -= 1
        since = f"{quarter.shift(back).label}{' or earlier' if back == unset[0] - QUARTERS_BACK else ''}"
        yield Choice(f"Set the target of {label(kpi).lower()}.", f"None is recorded for {names}.", kpi, "drivers-and-targets.html", since)


def _promised(study: Study) -> set[tuple[str, str]]:
    """Quarter and figure of every target for the whole company."""
    if not study.crm.has("targets"):
        return set()
    told = study.crm.tables["targets"].select("quarter", "kpi", "segment").to_pandas()
    whole = told[told["segment"].fillna("").isin(["", ALL])]
    return set(zip(whole["quarter"], whole["kpi"], strict=True))
