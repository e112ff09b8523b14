"""A plain bookings bridge of two quarters, straight from the tables: the oracle for the planted bad quarter."""

from __future__ import annotations

from itertools import permutations
from math import factorial, prod

import numpy as np
import pandas as pd

from alignment_toolkit.samples import Sample, span
from alignment_toolkit.samples.sales import BASE_RATES

Factors = dict[str, float]


def factors(sample: Sample, *, quarter: int) -> Factors:
    """Deals in play by origin, won share and mean amount in EUR of one quarter of the span."""
    first, last = (np.datetime64(int(bound), "s") for bound in span.BOUNDS[quarter : quarter + 2])
    leads = sample.tables["leads"]
    leads = leads[~leads["lead_id"].isin(sample.tables["merges"]["lost_id"])]
    deals = sample.tables["deals"][sample.tables["deals"]["deal_type"] == "new"]
    born = deals["lead_id"].map(leads.set_index("lead_id")["created_at"])
    new = (deals["created_at"] >= first) & (deals["created_at"] < last)
    start = (deals["created_at"] < first) & ~(deals["closed_at"] < first)
    won = (new | start) & (deals["outcome"] == "won") & (deals["closed_at"] >= first) & (deals["closed_at"] < last)
    n_leads = ((leads["created_at"] >= first) & (leads["created_at"] < last)).sum()
    return {
        "start": start.sum(),
        "leads": n_leads,
        "opportunities per lead": (new & (born >= first)).sum() / n_leads,
        "earlier leads": (new & (born < first)).sum(),
        "without a lead": (new & born.isna()).sum(),
        "won share": won.sum() / (new | start).sum(),
        "amount": (deals["amount"] * deals["currency"].map(BASE_RATES))[won].mean(),
    }


def bookings(parts: Factors) -> float:
    """Bookings of the factors, in EUR."""
    in_play = parts["start"] + parts["earlier leads"] + parts["without a lead"]
    in_play += parts["leads"] * parts["opportunities per lead"]
    return prod([in_play, parts["won share"], parts["amount"]])


def shapley(before: Factors, *, after: Factors) -> pd.Series:
    """Each factor's exact Shapley part of the change in bookings, over all orders of switching."""
    parts = dict.fromkeys(before, 0.0)
    for order in permutations(before):
        state = dict(before)
        for name in order:
            value = bookings(state)
            state[name] = after[name]
            parts[name] += bookings(state) - value
    return pd.Series(parts) / factorial(len(before))
