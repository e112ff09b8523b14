"""Bookings as a sum of products: what each quarter's bookings are made of, by segment, with and without each jackknife bucket.

bookings = Σ over segments of (Σ over volumes of total × share × yield) × won share × mean won amount × exchange rates. Yields are
throughput ratios of one quarter, not conversions: the deals and the leads they are divided by are not the same units followed over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.bridge import MEASURES
from alignment_toolkit.stats.risk import N_BUCKETS, Array, ratio
from alignment_toolkit.study import Study

VOLUMES = ("open_at_start", "leads", "earlier_leads", "without_lead", "reopened")
YIELDS = {"leads": "opportunities_per_lead", "earlier_leads": "earlier_yield"}
RATES = ("won_share", "mean_won_amount", "exchange_rates")
FACTORS = tuple(name for volume in VOLUMES for name in (volume, f"{volume}_mix", *([YIELDS[volume]] if volume in YIELDS else [])))
FACTORS = (*FACTORS, *RATES)
"""Every factor in the order of the formula: each volume's total, its mix of segments, its yield where it has one; then the rates."""


@dataclass(frozen=True)
class Parts:
    """One quarter's counts by segment, from everything (row 0) and without each of the 256 buckets (rows 1 to 256).

    Attributes:
        counts: Measure -> array of shape (257, segments), whole numbers; money in cents.
    """

    counts: dict[str, Array]

    def __getitem__(self, measure: str) -> Array:
        return self.counts[measure]

    @property
    def in_play(self) -> Array:
        """Deals in play."""
        return sum((self[name] for name in ("open_at_start", "from_leads", "from_earlier", "without_lead")), self["reopened"])

    @property
    def comparable_cents(self) -> Array:
        """Cents won at today's rates; where nothing is known at them, those of its own quarter."""
        return np.where(self["cents_today"] == 0, self["cents"], self["cents_today"])

    def rates(self) -> dict[str, Array]:
        """Each rate by name, NaN where its denominator is 0."""
        return {
            "opportunities_per_lead": ratio(self["from_leads"], self["leads"]),
            "earlier_yield": ratio(self["from_earlier"], self["earlier_leads"]),
            "won_share": ratio(self["won"], self.in_play),
            "mean_won_amount": ratio(self.comparable_cents, self["won"]),
            "exchange_rates": ratio(self["cents"], self.comparable_cents),
        }

    def totals(self, volume: str) -> tuple[Array, Array]:
        """The total of a volume, shape (257, 1), and the share of each segment in it, NaN where there is none."""
        total = self[volume].sum(axis=-1, keepdims=True)
        return total, ratio(self[volume], np.broadcast_to(total, self[volume].shape))


def segments_of(*frames: pd.DataFrame) -> list[str]:
    """The segments of either quarter, by name: the order in which everything is added up, whatever the rows' order."""
    return sorted({str(label) for frame in frames for label in frame["segment"]})


def parts_of(frame: pd.DataFrame, segments: list[str]) -> Parts:
    """The counts of one quarter as arrays.

    Args:
        frame: Rows of the counts query `bookings_parts` by segment and bucket.
        segments: All segments, also those of the other quarter.
    """
    place = {label: at for at, label in enumerate(segments)}
    rows, columns = frame["bucket"].to_numpy(dtype=np.int64), frame["segment"].map(place).to_numpy(dtype=np.int64)
    counts = {}
    for measure in MEASURES:
        by_bucket = np.zeros((N_BUCKETS, len(segments)))
        np.add.at(by_bucket, (rows, columns), frame[measure].to_numpy(dtype=float))
        whole = by_bucket.sum(axis=0)
        counts[measure] = np.vstack([whole, whole - by_bucket])
    return Parts(counts)


def both_quarters(study: Study, *, by: str) -> tuple[list[str], Parts, Parts]:
    """The parts of the quarter before and of the report quarter, by the same segments.

    Args:
        study: What is looked at; groups of fewer than `min_cell` leads are one segment on every page, since another segmentation would be
            another split.
        by: An attribute of leads.
    """
    told = study.for_leaders()
    frames = [counted("bookings_parts", each, by=by, by_bucket=True) for each in (told.previous(), told)]
    segments = segments_of(*frames)
    before, after = (parts_of(frame, segments) for frame in frames)
    return segments, before, after
