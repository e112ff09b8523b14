"""The tables `targets`, `claims`, `owners`, `exchange_rates` and `products`: what the teams agreed on, or not.

Unit: one promise for a quarter, one report of a team for a quarter. Targets are set from what happened, so that which
ones are met is known for every seed. Records are leads after merges and new-business bookings at the base rates.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.samples import company, span
from alignment_toolkit.samples.leads import MARKETERS, SELLERS, SUCCESS, identifiers
from alignment_toolkit.samples.sales import BASE_RATES

FIXED_TARGETS = (
    ("conversion_180d", 0.13, "shared"),
    ("acceptance_rate", 0.45, "sales"),
    ("sla_met_rate", 0.80, "sales"),
    ("gross_revenue_retention", 0.93, "success"),
)
MISSED_LEADS = (3, 7)
CLAIMED_FROM = 4


def _quarters(stamps: pd.Series) -> np.ndarray:
    return span.quarter_of(stamps.to_numpy().astype("datetime64[s]").astype(np.int64))


def recorded(leads: pd.DataFrame, *, deals: pd.DataFrame, merges: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Leads created, and new bookings in EUR at base rates, per quarter of the span, as the tables show them."""
    kept = leads[~leads["lead_id"].isin(merges["lost_id"])]
    won = deals[(deals["outcome"] == "won") & (deals["deal_type"] == "new")]
    amount = (won["amount"] * won["currency"].map(BASE_RATES)).fillna(0.0)
    size = len(span.QUARTERS)
    return (
        np.bincount(_quarters(kept["created_at"]), minlength=size),
        np.bincount(_quarters(won["closed_at"]), weights=amount, minlength=size),
    )


def targets_table(*, leads: np.ndarray, bookings: np.ndarray) -> pd.DataFrame:
    """The canonical table `targets`: marketing promises leads, both promise bookings.

    In the bad quarter the bookings target follows the quarter before; elsewhere it is a known step from the record.
    """
    plant, rows = company.PLANTED, []
    for place, quarter in enumerate(span.QUARTERS):
        bar = bookings[place] * (1.10 if place in plant.missed_bookings else 0.93)
        if place == plant.bad_quarter:
            bar = bookings[place - 1] * 0.98
        rows.append((quarter, "leads", float(round(leads[place] * (1.04 if place in MISSED_LEADS else 0.96))), "marketing"))
        rows.append((quarter, "bookings", float(round(bar, -3)), "shared"))
        rows.extend((quarter, kpi, target, owner) for kpi, target, owner in FIXED_TARGETS)
    frame = pd.DataFrame(rows, columns=["quarter", "kpi", "target", "owner"])
    return frame.assign(segment=np.full(len(frame), None, dtype=object))


def claims_table(*, leads: np.ndarray, bookings: np.ndarray) -> pd.DataFrame:
    """The canonical table `claims`: one team reports more bookings than recorded by a known share."""
    plant, rows = company.PLANTED, []
    for place in range(CLAIMED_FROM, len(span.QUARTERS)):
        quarter = span.QUARTERS[place]
        rows.append((plant.claim_team, quarter, "leads", float(leads[place])))
        rows.append((plant.claim_team, quarter, "bookings", round(bookings[place] * (1 + plant.claim_excess), 2)))
        rows.append(("sales", quarter, "bookings", round(float(bookings[place]), 2)))
    return pd.DataFrame(rows, columns=["team", "quarter", "kpi", "value"])


def owners_table() -> pd.DataFrame:
    """The canonical table `owners`: ids and teams, no names."""
    teams = ["marketing"] * MARKETERS + ["sales"] * SELLERS + ["success"] * SUCCESS
    return pd.DataFrame({"owner_id": identifiers("U", size=len(teams)), "team": teams})


def products_table() -> pd.DataFrame:
    """The canonical table `products`."""
    return pd.DataFrame({"product": list(company.PRODUCTS)})


def exchange_rates_table() -> pd.DataFrame:
    """The canonical table `exchange_rates`, monthly: waves of at most 2 % that rest on the base rate from 2026 on."""
    months = np.arange(np.datetime64("2023-09", "M"), np.datetime64("2026-10", "M"))
    days = months.astype("datetime64[D]").astype(np.int64)
    moving = months < np.datetime64("2026-01", "M")
    parts = []
    for place, (currency, base) in enumerate(BASE_RATES.items()):
        wave = 0.02 * np.sin(np.arange(len(months)) / 3.0 + place) * moving * (currency != "EUR")
        parts.append(
            pd.DataFrame({"currency": currency, "valid_on": span.dates(days), "rate_to_reporting": np.round(base * (1 + wave), 4)})
        )
    return pd.concat(parts, ignore_index=True)
