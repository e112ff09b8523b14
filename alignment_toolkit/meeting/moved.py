"""What moved since the period before by more than chance: movements of bookings, conversion, and the gaps between the teams.

One rule for the whole pack: a change is told when its 95 % interval leaves out no change, and is large enough to spend a meeting on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from alignment_toolkit.alignment.kpis import GAPS, PAGES
from alignment_toolkit.baseline import comparable
from alignment_toolkit.drivers.agenda import movement_items
from alignment_toolkit.drivers.bridge import bookings_bridge, bookings_change, unanswerable
from alignment_toolkit.drivers.words import money
from alignment_toolkit.glossary import label, owner_of, term
from alignment_toolkit.stats import difference_interval
from alignment_toolkit.study import Study
from alignment_toolkit.summary.change import conversion_change
from alignment_toolkit.wording import SHARE, signed

WORTH_A_MEETING = 0.02  # of the bookings of the period before: a smaller movement is no item, however sure
CLEAR = "more than chance explains"
CONVERSION = "conversion_90d"


@dataclass(frozen=True)
class Moved:
    """A change that is more than noise.

    Attributes:
        item: What moved, as a sentence.
        certainty: How sure that is, with the interval.
        owner: Owner as in the glossary: a team, `shared`, or None.
        figure: Name in `kpis.json`, with the segment after it where there is one.
        page: The page that shows it.
        is_good: Whether it is good news.
    """

    item: str
    certainty: str
    owner: str | None
    figure: str
    page: str
    is_good: bool


def moved(study: Study) -> list[Moved]:
    """Everything that moved beyond noise: bookings by the size of the movement, then conversion, then the gaps in their order.

    Args:
        study: The quarter or month, compared with the one before.
    """
    return [*_bookings(study), *_conversion(study), *_gaps(study)]


def _bookings(study: Study) -> list[Moved]:
    """The clear movements of the bridge that somebody owns and that are worth a meeting."""
    if unanswerable(study):
        return []
    change, currency = bookings_change(study), study.config.reporting_currency
    least = WORTH_A_MEETING * (change["before"] or change["after"])
    bridge = bookings_bridge(study).set_index("factor")
    told = []
    for row in movement_items(study):
        factor = row["figure"].removeprefix("driver ")
        part = bridge.loc[factor]
        neither = part["contribution"] > 0 and term(factor).direction == "none"  # more deals to work on are no success
        if abs(part["contribution"]) < least or row["owner"] is None or neither:
            continue
        sure = f"{CLEAR}: {money(part['lower'], currency)} to {money(part['upper'], currency)}"
        told.append(Moved(row["item"], sure, row["owner"], row["figure"], row["page"], bool(part["contribution"] > 0)))
    return told


def _conversion(study: Study) -> list[Moved]:
    if study.outcomes_are_young:
        return []
    change = conversion_change(study)
    if not change.is_clear or change.value is None:
        return []
    low, high = (signed(100 * float(limit or 0), 1) for limit in (change.lower, change.upper))
    word = "rose" if change.value > 0 else "fell"
    item = f"Conversion within 90 days {word} by {abs(100 * change.value):.1f} points since the {study.quarter.noun} before."
    owner = owner_of(CONVERSION, agreed=study.config.glossary)
    return [Moved(item, f"{CLEAR}: {low} to {high} points", owner, CONVERSION, "lead-quality.html", change.value > 0)]


def _gaps(study: Study) -> list[Moved]:
    before = study.previous()
    told = []
    for kpi, gap in GAPS.items():
        if comparable(study, kpi):
            continue
        now, then = gap(study), gap(before)
        if now["unit"] == SHARE and (found := _changed(now, then)) is not None:
            told.append(_gap(kpi, now, then, found, study))
    return told


def _changed(now: dict[str, Any], then: dict[str, Any]) -> tuple[float, float] | None:
    """The interval of the change of a gap where it leaves out none; the two periods hold other leads, or deals."""
    parts = [now["value"], (now["lower"], now["upper"]), then["value"], (then["lower"], then["upper"])]
    if any(pd.isna(value) for value in (parts[0], *parts[1], parts[2], *parts[3])):
        return None
    limits = difference_interval(*parts)
    lower, upper = float(limits.lower), float(limits.upper)
    return (lower, upper) if lower > 0 or upper < 0 else None


def _gap(kpi: str, now: dict[str, Any], then: dict[str, Any], limits: tuple[float, float], study: Study) -> Moved:
    grew = limits[0] > 0
    shares = f"from {100 * then['value']:.1f} % to {100 * now['value']:.1f} %"
    low, high = (signed(100 * limit, 1) for limit in limits)
    item = f"The {label(kpi).lower()} {'grew' if grew else 'narrowed'} {shares} since the {study.quarter.noun} before."
    owner = owner_of(kpi, agreed=study.config.glossary)
    return Moved(item, f"{CLEAR}: {low} to {high} points", owner, kpi, PAGES[kpi], not grew)
