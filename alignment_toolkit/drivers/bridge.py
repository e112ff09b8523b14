"""The bookings bridge: where did bookings move between two quarters, and which team's part of the funnel is it?

Unit: money. Denominator: none; the parts add up to the change, to the cent. "Moved in" is not "caused by": a factor's part says what would
have been missing without its change, on average over the orders in which the factors could have changed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit import glossary
from alignment_toolkit.arguments import LEAD_SLICES, checked
from alignment_toolkit.baseline import comparable
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import without_creation
from alignment_toolkit.drivers.parts import FACTORS, Parts, both_quarters
from alignment_toolkit.drivers.split import Split, split
from alignment_toolkit.stats import interval_from_replicates
from alignment_toolkit.stats.risk import ratio
from alignment_toolkit.study import Study

NO_DEALS = "no deals table"
COLUMNS = ("factor", "before", "after", "contribution", "lower", "upper", "standard_error", "owner", "is_clear")


def unanswerable(study: Study) -> str | None:
    """Why the change of bookings cannot be split, None when it can."""
    if not study.crm.has("deals"):
        return NO_DEALS
    if reason := without_creation(study.crm):
        return reason
    if study.cohort == "all" and study.previous().as_of < study.instant(study.quarter.shift(-1)):
        return "there is no quarter before"
    begun = study.config.observed_since("deals")
    if begun is not None and begun > study.quarter.shift(-1).first_on:
        return f"deals are on record from {begun} only, so the quarter before is not whole"
    if study.outcomes_are_young:
        return f"outcomes are on record from {study.config.outcome_observed_from} only, so the quarter before does not compare"
    return comparable(study, "bookings_change")


@checked(by=LEAD_SLICES)
def bookings_bridge(study: Study, *, by: str | None = None) -> pd.DataFrame:
    """The change of bookings since the quarter before, split over its factors.

    Args:
        study: Quarter and as-of; the quarter before is seen at the same distance from its end, on today's data.
        by: Attribute of leads in which mixes are told apart; None: the configured `segmentation`.

    Returns:
        One row per factor, in the order of the formula: factor, before and after (its value in both quarters: units for volumes, null for
        mixes, ratios, mean amount at today's rates), contribution (reporting currency, whole cents; they add up to the change), lower and
        upper (95 %, delete-a-bucket jackknife over accounts with their whole history across both quarters), standard_error, owner
        (glossary; null: nobody), is_clear (whether the interval leaves out 0). Empty when `unanswerable`.
    """
    if unanswerable(study):
        return pd.DataFrame(columns=list(COLUMNS))
    found, before, after = quarters_split(study, by)
    exact = found.exact.sum(axis=-1)
    values = _values(before), _values(after)
    rows = []
    for at, factor in enumerate(FACTORS):
        limits = interval_from_replicates(exact[at, 0] / 100, exact[at, 1:] / 100, found.present)
        lower, upper = float(limits.lower), float(limits.upper)
        rows.append(
            {
                "factor": factor,
                "before": values[0].get(factor, np.nan),
                "after": values[1].get(factor, np.nan),
                "contribution": int(found.cents[at].sum()) / 100,
                "lower": lower,
                "upper": upper,
                "standard_error": float(limits.standard_error),
                "owner": glossary.owner_of(factor, agreed=study.config.glossary),
                "is_clear": bool(lower > 0 or upper < 0),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@checked(by=LEAD_SLICES)
def driver_segments(study: Study, *, by: str | None = None) -> pd.DataFrame:
    """The same split with the part of each segment.

    Args:
        study: As for `bookings_bridge`.
        by: As for `bookings_bridge`; another attribute gives another, equally exact split of the same change.

    Returns:
        factor, segment, before, after (the factor's value in the segment; for a mix the share), contribution (whole cents), standard_error,
        lower, upper; one row per factor and segment, in the order of the formula and by name. A mix part says whether the segment's share
        moved towards better or worse ones: Δshare × (its yield − the average yield).
    """
    columns = ["factor", "segment", "before", "after", "contribution", "lower", "upper", "standard_error"]
    if unanswerable(study):
        return pd.DataFrame(columns=columns)
    found, before, after = quarters_split(study, by)
    limits = interval_from_replicates(
        found.exact[:, 0] / 100, np.moveaxis(found.exact[:, 1:], 1, -1) / 100, np.broadcast_to(found.present, (*found.cents.shape, 256))
    )
    values = [_segment_values(side) for side in (before, after)]
    rows = [
        {
            "factor": factor,
            "segment": segment,
            "before": values[0][factor][place],
            "after": values[1][factor][place],
            "contribution": int(found.cents[at, place]) / 100,
            "lower": limits.lower[at, place],
            "upper": limits.upper[at, place],
            "standard_error": limits.standard_error[at, place],
        }
        for at, factor in enumerate(FACTORS)
        for place, segment in enumerate(found.segments)
    ]
    return pd.DataFrame(rows, columns=columns)


def bookings_change(study: Study) -> dict[str, Any]:
    """Bookings of both quarters and their difference with its interval.

    Returns:
        before, after, change, lower, upper (reporting currency), n (deals in play), won (deals won in the report quarter); nothing is known
        (NaN, no deals) when `unanswerable`.
    """
    if unanswerable(study):
        return dict.fromkeys(("before", "after", "change", "lower", "upper"), np.nan) | {"n": 0, "won": 0}
    found, before, after = quarters_split(study, None)
    money = (after["cents"] - before["cents"]).sum(axis=-1) / 100
    limits = interval_from_replicates(money[0], money[1:], found.present)
    ends = {"before": float(before["cents"][0].sum()) / 100, "after": float(after["cents"][0].sum()) / 100}
    counts = {"n": int(after.in_play[0].sum()), "won": int(after["won"][0].sum())}
    return {**ends, "change": float(money[0]), "lower": float(limits.lower), "upper": float(limits.upper), **counts}


def in_play_detail(study: Study) -> pd.DataFrame:
    """Deals in play of both quarters by where they came from, and what became of them.

    A clean-up of dead deals moves the share closed and the win rate among closed oppositely, so neither has an owner.

    Returns:
        quarter, the five origins, in_play, won, closed, unpriced, won_share, closed_share, win_rate_closed, bookings.
    """
    if unanswerable(study):
        return pd.DataFrame()
    _, before, after = quarters_split(study, None)
    rows = pd.DataFrame([_detail(side, label) for side, label in ((before, study.quarter.shift(-1).label), (after, study.quarter.label))])
    return rows if study.config.losses_recorded else rows.assign(closed_share=np.nan, win_rate_closed=np.nan)


def to_the_cent(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame with money columns as decimals, which tables show and publish as they are: rounded parts would not add up."""
    money: dict[str, Any] = {name: [Decimal(round(100 * value)) / 100 for value in frame[name]] for name in columns or ("contribution",)}
    return frame.assign(**money)


def quarters_split(study: Study, by: str | None) -> tuple[Split, Parts, Parts]:
    """The split by an attribute (None: the configured one) with the parts of the quarter before and of the report quarter."""
    segments, before, after = both_quarters(study, by=by or study.config.segmentation)
    for side, each in ((before, study.previous()), (after, study)):
        won = int(counted("deals_won", each)["amount"].sum())
        assert int(side["cents"][0].sum()) == won, "a deal was won that was not in play"
    return split(segments, before, after), before, after


def _values(side: Parts) -> dict[str, float]:
    """Each factor's value over all segments: volumes as units, rates as the ratio of the sums."""
    whole = Parts({name: counts[:1].sum(axis=-1, keepdims=True) for name, counts in side.counts.items()})
    rates = {name: float(values[0, 0]) for name, values in whole.rates().items()}
    rates["mean_won_amount"] /= 100
    return {name: float(whole[name][0, 0]) for name in FACTORS if name in whole.counts} | rates


def _segment_values(side: Parts) -> dict[str, np.ndarray]:
    rates = {name: values[0] for name, values in side.rates().items()}
    rates["mean_won_amount"] = rates["mean_won_amount"] / 100
    volumes = {name: side[name][0] for name in FACTORS if name in side.counts}
    return volumes | {f"{name}_mix": side.totals(name)[1][0] for name in volumes} | rates


def _detail(side: Parts, label: str) -> dict[str, Any]:
    whole = {name: float(counts[0].sum()) for name, counts in side.counts.items()}
    played = float(side.in_play[0].sum())
    origins = {name: int(whole[name]) for name in ("open_at_start", "from_leads", "from_earlier", "without_lead", "reopened")}
    closed, won = np.array(whole["closed"]), np.array(whole["won"])
    shares = {
        "won_share": float(ratio(won, np.array(played))),
        "closed_share": float(ratio(closed, np.array(played))),
        "win_rate_closed": float(ratio(won, closed)),
    }
    counts = {"in_play": int(played), "won": int(won), "closed": int(closed), "unpriced": int(whole["unpriced"])}
    return {"quarter": label, **origins, **counts, **shares, "bookings": whole["cents"] / 100}
