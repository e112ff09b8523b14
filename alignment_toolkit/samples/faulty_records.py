"""Faults of the other tables: merged leads, placeholders, missing amounts, unknown products, orphans, sentinel dates.

Unit: one record. Each function returns changed copies and leaves its arguments alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.leads import identifiers
from alignment_toolkit.samples.population import Population, generator
from alignment_toolkit.samples.stages import Visits

PLACEHOLDER_SHARE = 0.004
NO_AMOUNT_SHARE = 0.025
UNKNOWN_PRODUCT_SHARE = 0.015
SENTINEL_SHARE = 0.05
SENTINEL = "9999-12-31"


def number(share: float, *, size: int, least: int = 2) -> int:
    """How many of ``size`` records get a fault."""
    return min(size, max(least, round(share * size)))


def lost_records(
    population: Population, *, visits: Visits, merged: np.ndarray, ids: np.ndarray, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """The table `merges` and when each record merged away had been created, in seconds.

    A duplicate is created between the survivor's creation and its MQL and merged a while later; the last lost record
    was first merged into the one before it, so that its survivor is itself lost (a chain).
    """
    rng = generator(seed, part=21)
    created = population.created[merged]
    share = rng.uniform(0.2, 0.8, len(merged))
    at = created + ((visits.first[merged, 1] - created) * share).astype(np.int64)
    lost = identifiers("L", size=len(merged), first=len(population) + 1)
    survivor = ids[merged].copy()
    survivor[-1] = lost[-2]
    stamps = np.minimum(at + rng.integers(3_600, 30 * company.DAY, len(merged)), span.END - 1)
    stamps[-1] = min(stamps[-1], at[-1] + 1_800)
    return pd.DataFrame({"table": "leads", "lost_id": lost, "survivor_id": survivor, "merged_at": span.timestamps(stamps)}), at


def with_lost_records(leads: pd.DataFrame, *, merged: np.ndarray, merges: pd.DataFrame, at: np.ndarray) -> pd.DataFrame:
    """`leads` with a row for every other record merged away; the rest are known by their events only."""
    rows = leads.iloc[merged].assign(lead_id=merges["lost_id"].to_numpy(), created_at=span.timestamps(at).to_numpy())
    never = np.full(len(rows), np.datetime64("NaT", "us"))
    rows = rows.assign(score=np.nan, score_at=never, assigned_at=never, owner_id=None)
    return pd.concat([leads, rows.iloc[::2]], ignore_index=True)


def with_placeholders(leads: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, dict[str, int]]:
    """Sources "unknown", "Select", blank and null, and personas "Select" and null, in known numbers."""
    rng = generator(seed, part=22)
    source, persona = leads["source"].to_numpy(copy=True), leads["persona"].to_numpy(copy=True)
    size = number(PLACEHOLDER_SHARE, size=len(leads))
    free = rng.permutation(np.flatnonzero(source != company.PLANTED.tiny_source))
    for place, word in enumerate(("unknown", "Select", "", None)):
        source[free[place * size : (place + 1) * size]] = word
    other = rng.permutation(len(leads))
    persona[other[:size]], persona[other[size : 2 * size]] = "Select", None
    counts = {f"source {name}": size for name in ("unknown", "Select", "blank", "null")}
    counts |= {f"persona {name}": size for name in ("Select", "null")}
    return leads.assign(source=source, persona=persona), counts


def without_amounts(deals: pd.DataFrame, *, events: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """New-business deals whose amount nobody recorded, in `deals` and `deal_events`; and how many."""
    rng = generator(seed, part=23)
    places = np.flatnonzero(deals["deal_type"] == "new")
    size = number(NO_AMOUNT_SHARE, size=len(places))
    gone = deals["deal_id"].to_numpy()[rng.permutation(places)[:size]]
    return (
        deals.assign(amount=deals["amount"].mask(deals["deal_id"].isin(gone))),
        events.assign(amount=events["amount"].mask(events["deal_id"].isin(gone))),
        size,
    )


def with_unknown_products(deals: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, int]:
    """Deals that write the first product without its blank, which `products` does not list; and how many."""
    rng = generator(seed, part=24)
    product = deals["product"].to_numpy(copy=True)
    places = np.flatnonzero(product == company.PRODUCTS[0])
    size = number(UNKNOWN_PRODUCT_SHARE, size=len(places))
    product[rng.permutation(places)[:size]] = company.PRODUCTS[0].replace(" ", "")
    return deals.assign(product=product), size


def with_orphans(frame: pd.DataFrame, *, places: np.ndarray, ids: np.ndarray) -> pd.DataFrame:
    """Rows at these places name leads that do not exist."""
    lead = frame["lead_id"].to_numpy(copy=True)
    lead[places] = ids
    return frame.assign(lead_id=lead)


def with_sentinels(subscriptions: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, int]:
    """Some open spells end on 9999-12-31 instead of null; and how many."""
    rng = generator(seed, part=25)
    ended = subscriptions["ended_on"].to_numpy(copy=True)
    places = np.flatnonzero(np.isnat(ended))
    size = number(SENTINEL_SHARE, size=len(places))
    ended[rng.permutation(places)[:size]] = np.datetime64(SENTINEL, "us")
    return subscriptions.assign(ended_on=ended), size
