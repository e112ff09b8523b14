"""Bounds of the figures of churn: customers who are gone by one record and still there by another.

Unit: the customer. The figures go by subscriptions; the bounds by whichever record says most, and least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.health.resolve import Bound, Resolution, bounded
from alignment_toolkit.health.spells import AtHand, ended_last, instead, still_open
from alignment_toolkit.stats import survival
from alignment_toolkit.study import Study

CENTS = 100
YEAR, EARLY = 365, 90


def revenue_bounds(study: Study) -> dict[str, Bound]:
    """Bounds of logo churn, gross and net revenue retention."""
    rows = counted("customer_gaps", study)
    sizes = ("n", "n_lost", "start_cents", "kept_cents", "end_cents")
    here = rows.assign(n_lost=rows["n"] * rows["is_lost"])[list(sizes)].sum().to_numpy(dtype=float)

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        n, lost, start, kept, end = here + sum(changes, np.zeros(5))
        return {
            "logo_churn": float(lost / n) if n > 0 else float("nan"),
            "gross_revenue_retention": float(kept / start) if start > 0 else float("nan"),
            "net_revenue_retention": float(end / start) if start > 0 else float("nan"),
        }

    return bounded(figure, [*customer_resolutions(rows), *turned_customers(counted("turned_subscriptions", study))])


def customer_resolutions(rows: pd.DataFrame) -> Iterator[Resolution]:
    """What may be true of customers whose records contradict each other, or whose end is a sentinel."""
    for place, row in enumerate(rows.to_dict("records")):
        n, group = float(row["n"]), str(place)
        gone = np.array([0.0, n, 0.0, -row["kept_cents"], -row["end_cents"]])
        there = np.array([0.0, -n, 0.0, row["start_cents"], row["start_cents"]])
        if row["is_said"]:
            yield Resolution("churn_said", n, gone, group=group)
        if row["is_silent"]:
            yield Resolution("churn_unsaid", n, there, group=group)
        if row["is_endless"] and not row["is_lost"]:
            yield Resolution("endless", n, gone, group=group)


def turned_customers(rows: pd.DataFrame) -> Iterator[Resolution]:
    """Subscriptions that end on or before their start, as if they had been paid through the quarter, or had ended in it."""
    n, cents = float(rows["n_priced"].sum()), float(rows["cents"].sum())
    if n:
        yield Resolution("turned_subscription", n, np.array([n, 0.0, cents, cents, cents]))
        yield Resolution("turned_subscription", n, np.array([n, n, cents, 0.0, 0.0]))


def life_bounds(study: Study) -> dict[str, Bound]:
    """Bounds of the share of customers kept for a year and of the share gone early."""
    at_hand = AtHand.of(moves_frame("customer_moves", study, by="all"), last_day=YEAR + 1)

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        curve = survival(at_hand.changed(changes)).value
        return {f"retention_{YEAR}d": float(curve[YEAR]), f"early_churn_{EARLY}d": float(1 - curve[EARLY])}

    return bounded(figure, life_resolutions(counted("life_gaps", study)))


def life_resolutions(gaps: pd.DataFrame) -> list[Resolution]:
    """What may be true of lives on which records contradict each other: over when another record says, at once, or not over yet."""
    spells = gaps.assign(entry_move="enter")
    mine = dict(list(spells.groupby("gap", sort=False)))
    found = []
    if (gap := "churn_said") in mine:
        part = mine[gap]
        dated = part["day"].clip(upper=part["last_index"]).fillna(part["entry"])
        found += [Resolution(gap, float(part["n"].sum()), instead(part, _over(part, day))) for day in (dated, part["last_index"])]
    if (gap := "endless") in mine:
        part = mine[gap]
        found += [Resolution(gap, float(part["n"].sum()), instead(part, _over(part, day))) for day in (part["entry"], part["last_index"])]
    if (gap := "churn_unsaid") in mine:
        part = mine[gap]
        found += [Resolution(gap, float(part["n"].sum()), instead(part, other)) for other in (still_open(part), ended_last(part))]
    return found


def _over(spells: pd.DataFrame, day: pd.Series) -> pd.DataFrame:
    """Lives that ended on a day of their age, not before they came under observation."""
    return spells.assign(exit=np.maximum(day, spells["entry"]).astype("int64"), exit_move="event")
