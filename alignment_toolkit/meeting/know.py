"""What one team should know of the other: what moved there, what was promised and not kept, what stands out beyond noise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, get_args

import numpy as np
import pandas as pd

from alignment_toolkit.alignment.promises import promise_table
from alignment_toolkit.arguments import OneOf, checked
from alignment_toolkit.baseline import comparable
from alignment_toolkit.counts import counted
from alignment_toolkit.figures import MISSING, OTHER
from alignment_toolkit.handoff.rejections import rejection_reasons
from alignment_toolkit.handoff.sla import sla
from alignment_toolkit.meeting.agenda import COUNTED
from alignment_toolkit.meeting.moved import CLEAR, Moved, moved
from alignment_toolkit.stats.drift import population_drift
from alignment_toolkit.stats.intervals import Z
from alignment_toolkit.study import Study
from alignment_toolkit.wording import amount, named, percent

COLUMNS = ("note", "certainty", "page")
MOST_NOTES = 6
MOST_NAMES = 5
LOOP, ALIGNMENT = "closed-loop.html", "alignment.html"
Note = tuple[str, str, str]
Team = Literal["marketing", "sales"]


@checked(of=OneOf(get_args(Team), "team"))
def to_know(study: Study, changes: list[Moved] | None = None, *, of: Team) -> pd.DataFrame:
    """What the other team should know of this one.

    Args:
        study: The quarter or month.
        changes: As `moved.moved` finds them; None: they are found here.
        of: The team that is spoken of.

    Returns:
        note (a sentence), certainty, page; six at most, so that a team's sheet stays a sheet. Empty where nothing moved or stands out.
    """
    known = moved(study) if changes is None else changes
    mine = [(each.item, each.certainty, each.page) for each in known if each.owner == of]
    more = _of_sales(study) if of == "sales" else _of_marketing(study)
    return pd.DataFrame([*mine, *_promises(study, of), *more][:MOST_NOTES], columns=list(COLUMNS))


def _promises(study: Study, team: str) -> Iterator[Note]:
    """Promises with a target that were broken: estimates by more than chance, counts by any."""
    told = promise_table(study)
    for row in told[(told["team"] == team) & told["met_share"].notna()].to_dict("records"):
        top = row["kept"] if pd.isna(row["upper"]) else row["upper"]
        if top >= row["target"]:
            continue
        against = f"{amount(row['kept'], row['unit'])} against {amount(row['target'], row['unit'])} promised"
        sure = COUNTED if pd.isna(row["upper"]) else f"{CLEAR}: at most {amount(row['upper'], row['unit'])}"
        yield f"{row['promise'].capitalize()}: {against}.", sure, ALIGNMENT


def _of_sales(study: Study) -> Iterator[Note]:
    yield from _waiting(study)
    yield from _reason(study)


def _waiting(study: Study) -> Iterator[Note]:
    """Regions whose leads are touched in time less often than all, interval against interval."""
    if not study.crm.has("touches"):
        return
    whole = sla(study).iloc[0]
    parts = sla(study, by="region")
    for row in parts[parts["upper"] < whole["lower"]].sort_values(["value", "segment"]).to_dict("records"):
        told = (
            f"Of the leads of {named(row['segment'])} {100 * row['value']:.0f} % were touched in time, of all {100 * whole['value']:.0f} %."
        )
        yield told, f"{CLEAR}: {100 * row['lower']:.0f} % to {100 * row['upper']:.0f} %", LOOP


def _reason(study: Study) -> Iterator[Note]:
    """The reason that sales gives most often, where it leads the next by more than chance."""
    told = rejection_reasons(study)
    given = told[told["reason"] != MISSING].groupby("reason")["leads"].sum().sort_index().sort_values(ascending=False, kind="stable")
    if given.empty or given.sum() < study.config.min_n:
        return
    first, second = given.iloc[0], given.iloc[1] if len(given) > 1 else 0
    if first - second > Z * np.sqrt(first + second):
        said = (
            f"Sales rejects most often for '{named(given.index[0])}': {first:,} of {given.sum():,} rejections with a reason in the window."
        )
        yield said, f"{CLEAR}: the next reason has {second:,}", LOOP


def _of_marketing(study: Study) -> Iterator[Note]:
    yield from _personas(study)
    yield from _answers(study)
    yield from _begun(study)


def _personas(study: Study) -> Iterator[Note]:
    """A mix of personas that has drifted since the period before."""
    if comparable(study, "leads"):
        return
    parts = [counted("leads_created", each, by="persona").groupby("segment")["n"].sum() for each in (study, study.previous())]
    names = sorted({*parts[0].index, *parts[1].index} - {MISSING, OTHER})
    now, before = (part.reindex(names, fill_value=0).to_numpy(dtype=float) for part in parts)
    if min(now.sum(), before.sum()) < study.config.min_n:
        return
    drift = population_drift(before, now)
    if not drift.has_moved:
        return
    step = now / now.sum() - before / before.sum()
    told = [
        f"{named(names[at])} from {percent(before[at] / before.sum(), 0)} to {percent(now[at] / now.sum(), 0)}"
        for at in (step.argmax(), step.argmin())
    ]
    sure = f"{CLEAR}: stability index {drift.psi:.2f}, by chance {drift.expected:.2f}"
    yield f"The mix of personas has moved since the {study.quarter.noun} before: {', '.join(told)}.", sure, LOOP


def _answers(study: Study) -> Iterator[Note]:
    """Campaigns on which marketing first acted after a rejection, in this period."""
    if not study.crm.has("feedback", "actions"):
        return
    told = counted("first_answers", study)
    mine = told[told["month"].between(*_months(study))] if len(told) else told
    if len(mine):
        yield f"Marketing acted on what sales had rejected: {_names(mine['campaign_id'])}.", COUNTED, LOOP


def _months(study: Study) -> tuple[str, str]:
    first, last = study.quarter.first_on, study.quarter.end_on
    return f"{first:%Y-%m}", f"{date.fromordinal(last.toordinal() - 1):%Y-%m}"


def _begun(study: Study) -> Iterator[Note]:
    """Campaigns that began in the period."""
    if not study.crm.has("campaigns"):
        return
    told = study.crm.tables["campaigns"].select("campaign_id", "name", "started_on").to_pandas().dropna(subset="started_on")
    days = pd.to_datetime(told["started_on"]).dt.date
    mine = told[(days >= study.quarter.first_on) & (days < study.quarter.end_on)].sort_values(["started_on", "campaign_id"])
    if len(mine):
        yield f"Campaigns that began: {_names(mine['name'].fillna(mine['campaign_id']))}.", COUNTED, LOOP


def _names(names: pd.Series) -> str:
    shown = ", ".join(named(name) for name in names.head(MOST_NAMES))
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
