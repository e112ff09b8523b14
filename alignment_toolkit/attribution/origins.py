"""Sourced and influenced: which bookings began with marketing, and which did marketing have any part in?

Unit: the deal won in the report quarter, each counted once. Sourced: the first touch before the win was marketing's. Influenced: any touch
before it was. Denominator: the bookings of the quarter, so neither is ever above them. It does not answer who deserves them.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import OneOf, checked
from alignment_toolkit.attribution.credits import by_bucket
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.stats.jackknife import interval_from_replicates
from alignment_toolkit.stats.risk import ratio
from alignment_toolkit.study import Study
from alignment_toolkit.touches import Unit

COLUMNS = ("part", "deals", "bookings", "bookings_share", "lower_share", "upper_share", "unpriced")
PARTS = {
    "bookings": lambda told: told["n"] > 0,
    "sourced by marketing": lambda told: told["first_side"] == "marketing",
    "influenced by marketing": lambda told: told["has_marketing"],
    "touched by sales": lambda told: told["has_sales"],
    "marketing first, then both": lambda told: (told["first_side"] == "marketing") & told["has_sales"],
    "sales first, then both": lambda told: (told["first_side"] == "sales") & told["has_marketing"],
    "marketing alone": lambda told: told["has_marketing"] & ~told["has_sales"],
    "sales alone": lambda told: told["has_sales"] & ~told["has_marketing"],
    "no touch on record": lambda told: ~told["has_marketing"] & ~told["has_sales"],
    "began before touches were recorded": lambda told: told["is_cut"],
}
DISJOINT = ("marketing first, then both", "sales first, then both", "marketing alone", "sales alone", "no touch on record")


@checked(unit=OneOf(get_args(Unit), "unit"))
def origins(study: Study, *, unit: str = "account") -> pd.DataFrame:
    """The bookings of the quarter by who touched their deals, overlaps shown.

    Args:
        study: What it looks at.
        unit: `account` or `lead`: whose touches count for a deal.

    Returns:
        One row per part of `PARTS`: part, deals, bookings (reporting currency), bookings_share (null without bookings) with 95 %
        delete-a-bucket limits, unpriced (deals without an amount, which add nothing to bookings). The parts `DISJOINT` add up to the
        bookings; the first touch of deals that began before touches were recorded is not known, so their part in "sourced" may be wrong.
        Empty where no deals or no touches are on record.
    """
    if not_on_record(study, "deals", "touches"):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = counted("won_origins", study, unit=unit)
    total = by_bucket(counts, "amount")
    rows = []
    for part, chosen in PARTS.items():
        kept = counts[chosen(counts).to_numpy(dtype=bool)]
        mine = by_bucket(kept, "amount")
        share = ratio(np.atleast_1d(mine.sum()), np.atleast_1d(total.sum()))
        without = ratio(mine.sum() - mine, total.sum() - total)
        limits = interval_from_replicates(share[0], without, by_bucket(counts, "n") > 0)
        bounds = np.clip([limits.lower, limits.upper], 0, 1)
        rows.append((part, int(kept["n"].sum()), mine.sum() / 100, share[0], *bounds, int(kept["n_unpriced"].sum())))
    return pd.DataFrame(rows, columns=list(COLUMNS))
