"""Deals with customers: expansions when a price rises, renewals once a year.

Unit: one deal of type expansion or renewal, all won. They are kept apart from new business by `deal_type`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.customers import LAST
from alignment_toolkit.samples.leads import MARKETERS, SELLERS, SUCCESS, identifiers, labels
from alignment_toolkit.samples.population import generator

_NOON = 12 * 3_600


def _expansions(spells: pd.DataFrame) -> pd.DataFrame:
    """A rise of the monthly price from one paid spell to the next is an expansion worth a year of the difference."""
    paid = spells[~spells["is_trial"]]
    rise = paid["mrr"] - paid.groupby("who")["mrr"].shift()
    grown = paid[rise > 0]
    return pd.DataFrame(
        {
            "customer_id": grown["customer_id"],
            "day": grown["start"],
            "kind": 0,
            "currency": grown["currency"],
            "amount": np.round(12 * rise[rise > 0], 2),
        }
    )


def _renewals(spells: pd.DataFrame) -> pd.DataFrame:
    """An active customer renews a year and two years after its first paid day."""
    paid = spells[~spells["is_trial"]]
    first = paid.groupby("who")["start"].transform("min")
    parts = []
    for years in (1, 2):
        day = first + 365 * years
        mine = paid[(paid["start"] <= day) & (day < paid["end"]) & (day <= LAST)]
        parts.append(
            pd.DataFrame(
                {
                    "customer_id": mine["customer_id"],
                    "day": day[mine.index],
                    "kind": 1,
                    "currency": mine["currency"],
                    "amount": np.round(12 * mine["mrr"], 2),
                }
            )
        )
    return pd.concat(parts)


def growth_tables(spells: pd.DataFrame, *, first: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Expansion and renewal deals with their events, in the columns of `deals` and `deal_events`.

    Args:
        spells: as from `customers.draw_spells`.
        first: number of the first deal id.
        seed: seed of every stream.
    """
    rng = generator(seed, part=18)
    rows = pd.concat([_expansions(spells), _renewals(spells)]).sort_values(["day", "customer_id"], ignore_index=True)
    size, ids = len(rows), identifiers("D", size=len(rows), first=first)
    closed = rows["day"].to_numpy() * company.DAY + _NOON
    created = closed - rng.integers(10, 61, size) * company.DAY
    owner = identifiers("U", size=MARKETERS + SELLERS + SUCCESS)[MARKETERS + SELLERS + rng.integers(0, SUCCESS, size)]
    deals = pd.DataFrame(
        {
            "deal_id": ids,
            "lead_id": np.full(size, None, dtype=object),
            "account_id": rows["customer_id"].to_numpy(),
            "created_at": span.timestamps(created),
            "closed_at": span.timestamps(closed),
            "outcome": np.full(size, "won", dtype=object),
            "amount": rows["amount"].to_numpy(),
            "product": labels(company.PRODUCTS, codes=rng.choice(3, size, p=(0.5, 0.3, 0.2))),
            "currency": rows["currency"].to_numpy(),
            "close_on": span.dates(rows["day"].to_numpy()),
            "deal_type": labels(("expansion", "renewal"), codes=rows["kind"].to_numpy()),
            "source": np.full(size, None, dtype=object),
            "owner_id": owner,
            "loss_reason": np.full(size, None, dtype=object),
        }
    )
    return deals, _events(deals)


def _events(deals: pd.DataFrame) -> pd.DataFrame:
    shared = {"deal_id": deals["deal_id"], "close_on": deals["close_on"]}
    opened = pd.DataFrame(
        {**shared, "changed_at": deals["created_at"], "stage": "opportunity", "amount": deals["amount"], "outcome": "open"}
    )
    closed = pd.DataFrame({**shared, "changed_at": deals["closed_at"], "stage": "won", "amount": np.nan, "outcome": "won"})
    both = pd.concat([opened, closed]).sort_values(["deal_id", "changed_at"], ignore_index=True)
    return both[["deal_id", "changed_at", "stage", "amount", "outcome", "close_on"]]
