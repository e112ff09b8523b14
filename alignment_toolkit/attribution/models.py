"""The credits as tables: what each model gives to each channel, to the cent, and how far the models disagree.

Unit: the deal won in the report quarter. Denominator: its bookings. Intervals leave out one bucket of accounts at a time and say how far a
share would move with other accounts; they do not say which model is right.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from alignment_toolkit.attribution.credits import MODELS, Credits
from alignment_toolkit.stats.credit import to_whole
from alignment_toolkit.stats.jackknife import Interval, interval_from_replicates
from alignment_toolkit.stats.risk import Array

NO_BOOKINGS = "nothing was booked in the quarter"
NO_CHAIN = "no journey of the window was won"
NAMES = {
    "first": "first touch",
    "last": "last touch",
    "linear": "linear",
    "u": "U (40-20-40)",
    "w": "W (30-30-30-10)",
    "decay": "time decay",
    "markov": "Markov order 1",
}
COLUMNS = ("segment", "model", "bookings", "bookings_share", "lower_share", "upper_share", "wins", "touched", "reason")


def attribution_table(found: Credits) -> pd.DataFrame:
    """What every model gives to every segment.

    Returns:
        One row per segment and model, segments with most credit on average first: segment, model, bookings (reporting currency, whole cents
        that add up to the bookings of the quarter for each model), bookings_share with 95 % limits, wins (deals credited, adding up to the
        deals won), touched (won deals with a touch of the segment), reason (why the figures are null).
    """
    limits = share_limits(found)
    cents = np.array([cents_of(found, place) for place in range(len(MODELS))]).reshape(found.share.shape)
    rows = []
    for at in order_of(found):
        for place, model in enumerate(MODELS):
            known = not np.isnan(found.share[place, at])
            figures = (cents[place, at] / 100, found.share[place, at], limits.lower[place, at], limits.upper[place, at])
            told = figures if known else (np.nan,) * 4
            wins = found.wins[place, at] if known else np.nan
            rows.append((found.labels[at], model, *told, wins, found.touched[at], None if known else why_null(found)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def order_of(found: Credits) -> list[int]:
    """The segments, those with most credit over the models first, of equal ones by name."""
    known = ~np.isnan(found.share).any(axis=1)
    mean = found.share[known].mean(axis=0) if known.any() else np.zeros(len(found.labels))
    return sorted(range(len(found.labels)), key=lambda at: (-round(float(mean[at]), 12), found.labels[at]))


def cents_of(found: Credits, place: int) -> Array:
    """The bookings by one model in whole cents that add up exactly; null where the model cannot be made."""
    share = found.share[place]
    if np.isnan(share).any():
        return np.full(share.shape, np.nan)
    return to_whole(share * found.cents, total=found.cents).astype(float)


def share_limits(found: Credits) -> Interval:
    """The 95 % limits of the shares, within [0, 1]; null where no intervals were asked for."""
    if not found.left_out.shape[-1]:
        empty = np.full(found.share.shape, np.nan)
        return Interval(found.share, empty, empty, empty)
    present = np.broadcast_to(found.present, found.left_out.shape)
    limits = interval_from_replicates(found.share, found.left_out, present)
    return limits._replace(lower=np.clip(limits.lower, 0, 1), upper=np.clip(limits.upper, 0, 1))


def why_null(found: Credits) -> str:
    """Why a share is null."""
    return NO_CHAIN if found.cents else NO_BOOKINGS


def disagreement(found: Credits) -> pd.DataFrame:
    """How much of the bookings would change hands from one model to another.

    Returns:
        One row per pair of models, the farthest apart first: model, other, moved_share (half the sum of the absolute differences of their
        shares: 0 the same, 1 nothing in common) with 95 % limits, moved (in currency), most (the segment whose share differs most),
        most_share (its share by `model` less that by `other`). Without the pairs of a model that cannot be made.
    """
    rows = []
    for one, other in combinations(range(len(MODELS)), 2):
        apart = found.share[one] - found.share[other]
        if np.isnan(apart).any() or not len(apart):
            continue
        moved = np.abs(apart).sum() / 2
        without = np.abs(found.left_out[one] - found.left_out[other]).sum(axis=0) / 2
        limits = interval_from_replicates(moved, without, found.present) if without.size else None
        bounds = (np.nan, np.nan) if limits is None else np.clip([limits.lower, limits.upper], 0, 1)
        most = int(np.abs(apart).argmax())
        rows.append((MODELS[one], MODELS[other], moved, *bounds, moved * found.cents / 100, found.labels[most], apart[most]))
    columns = ["model", "other", "moved_share", "lower_share", "upper_share", "moved", "most", "most_share"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["moved_share", "model", "other"], ascending=[False, True, True], ignore_index=True)


def spread_table(found: Credits) -> pd.DataFrame:
    """One row per segment: its share of the bookings by each model, and from the least to the most that any gives.

    Returns:
        segment, <model>_share for each model, least_share, most_share, spread_share (the difference) with 95 % limits, touched.
    """
    order = order_of(found)
    known = ~np.isnan(found.share).any(axis=1)
    frame = pd.DataFrame({"segment": [found.labels[at] for at in order]})
    for place, model in enumerate(MODELS):
        frame[f"{model}_share"] = found.share[place, order]
    used = found.share[known]
    if not len(used):
        return frame.assign(
            least_share=np.nan,
            most_share=np.nan,
            spread_share=np.nan,
            lower_share=np.nan,
            upper_share=np.nan,
            touched=found.touched[order],
        )
    spread = used.max(axis=0) - used.min(axis=0)
    # Left out with the two models that are farthest apart on everything, so that the limits are those of one difference.
    high, low = used.argmax(axis=0), used.argmin(axis=0)
    left = found.left_out[known]
    columns = np.arange(used.shape[1])
    without = left[high, columns] - left[low, columns] if left.shape[-1] else np.zeros((used.shape[1], 0))
    limits = interval_from_replicates(spread, without, np.broadcast_to(found.present, without.shape)) if without.size else None
    lower, upper = (np.full(len(spread), np.nan),) * 2 if limits is None else (np.clip(limits.lower, 0, 1), np.clip(limits.upper, 0, 1))
    told = {
        "least_share": used.min(axis=0),
        "most_share": used.max(axis=0),
        "spread_share": spread,
        "lower_share": lower,
        "upper_share": upper,
    }
    return frame.assign(**{name: column[order] for name, column in told.items()}, touched=found.touched[order])
