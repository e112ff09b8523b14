"""Bounds of the figures of deals: bookings, win rates and sales velocity.

Unit: the deal. Every combination of gaps that deals have is resolved by itself, so that a deal with two gaps is moved once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.health.resolve import Bound, Resolution, bounded
from alignment_toolkit.health.spells import AtHand, instead, moves_of, worth
from alignment_toolkit.stats import restricted_mean, value_of_one, value_per_unit
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.sales_velocity import DAY_SECONDS, quarter_days, velocity_factors

CENTS = 100
SUMS = ("booked", "to_date", "won", "lost", "open")
SAME = "same"


def deal_rows(study: Study) -> pd.DataFrame:
    """The rows of `deal_gaps`; under all history every deal is in the window."""
    frame = counted("deal_gaps", study)
    return frame.assign(in_window=frame["in_window"] | (study.cohort == "all"))


def largest_deal(rows: pd.DataFrame) -> float:
    """The largest deal won on record in the reporting currency, 0 where no amount is known."""
    return float(rows["largest"].max()) / CENTS if len(rows) else 0.0


def stray_deals(rows: pd.DataFrame) -> tuple[float, float]:
    """Won deals of unknown leads created in the window: how many, and their amount together."""
    mine = rows[(rows["outcome"] == "won") & (rows["link"] == "unknown lead") & rows["in_window"]]
    return float(mine["n"].sum()), float(mine["amount"].sum()) / CENTS


def missing_deals(study: Study) -> pd.DataFrame:
    """Won leads without a won deal: in_quarter and in_window (by when they were won), n, seconds."""
    volumes = counted("lead_gap_volumes", study)
    return volumes[volumes["gap"] == "won_without_deal"]


def sum_bounds(study: Study, rows: pd.DataFrame, *, set_aside: int) -> dict[str, Bound]:
    """Bounds of bookings, bookings to date and the naive win rates.

    Args:
        study: Quarter, as-of and cohort rule.
        rows: As `deal_rows` makes them.
        set_aside: Rows of deals that the ingest left out.
    """
    here = sum((contribution(row) for row in rows.to_dict("records")), np.zeros(len(SUMS)))

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        told = dict(zip(SUMS, np.maximum(here + sum(changes, np.zeros(len(SUMS))), 0.0), strict=True))
        closed, every = told["won"] + told["lost"], told["won"] + told["lost"] + told["open"]
        return {
            "bookings": float(told["booked"]) / CENTS,
            "bookings_to_date": float(told["to_date"]) / CENTS,
            "win_rate_closed_naive": float(told["won"] / closed) if closed else float("nan"),
            "win_rate_created_naive": float(told["won"] / every) if every else float("nan"),
        }

    largest = largest_deal(rows) * CENTS
    resolutions = [each for row in rows.to_dict("records") for each in row_resolutions(row, largest=largest, rates=rate_span(study))]
    return bounded(figure, [*resolutions, *unrecorded(study, largest=largest, set_aside=set_aside)])


def contribution(row: dict[Any, Any]) -> np.ndarray:
    """What a row of deals adds to each of `SUMS`; money in whole cents, so that sums are exact."""
    won, window, n = row["outcome"] == "won", row["in_window"] * row["n"], row["amount"]
    counts = [window * (row["outcome"] == outcome) for outcome in ("won", "lost", "open")]
    return np.array([n * won * row["in_quarter"], n * won, *counts], dtype=float)


def row_resolutions(row: dict[Any, Any], *, largest: float, rates: tuple[float, float]) -> Iterator[Resolution]:
    """What may be true of the deals of one row; `rates`: the lowest and highest exchange rate at hand."""
    as_is = contribution(row)
    group = repr([row[name] for name in sorted(row)])
    full = row["amount"] + row["n_unpriced"] * largest
    for gap, other in readings(row, full=full, rates=rates):
        n = row["n_unpriced"] if gap in ("won_unpriced",) else row["n"]
        yield Resolution(gap, float(n), contribution(row | other) - as_is, group=group)


def readings(row: dict[Any, Any], *, full: float, rates: tuple[float, float]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The gaps of one row, each with what may be true instead."""
    won = row["outcome"] == "won"
    if won and row["n_unpriced"]:
        yield "won_unpriced", {"amount": full}
    if won and row["link"] == "lead not won":
        yield "deal_won_lead_not", {"outcome": "lost"}
    if row["undated"]:
        yield "closed_undated", {"in_quarter": True, "amount": full}
    if row["early"]:
        yield "closed_before_creation", {"in_quarter": not row["in_quarter"], "amount": full}
    if row["unborn"]:
        yield "created_undated", {"in_window": True}
    if won and row["unlabelled"]:
        yield from (("no_currency", {"amount": row["amount"] * rate}) for rate in rates)
    if row["unkinded"]:
        yield "no_deal_type", {"amount": 0.0, "in_window": False}
    if row["told"] != SAME:
        yield "history_against_snapshot", {"outcome": row["told"], "in_quarter": row["told_in_quarter"], "amount": row["told_amount"]}


def rate_span(study: Study) -> tuple[float, float]:
    """The lowest and the highest exchange rate at hand; 1 is always among them."""
    rates = counted("rates_at_hand", study)["rate"].dropna()
    return float(min([1.0, *rates])), float(max([1.0, *rates]))


def unrecorded(study: Study, *, largest: float, set_aside: int) -> Iterator[Resolution]:
    """Deals that are not there: of won leads without one, and those that the ingest set aside."""
    gone = missing_deals(study)
    n, quarter, window = (
        float(gone.loc[where, "n"].sum()) for where in (gone["n"] > 0, gone["in_quarter"].astype(bool), gone["in_window"].astype(bool))
    )
    if n:
        for price in (0.0, largest):
            yield Resolution("won_without_deal", n, np.array([quarter * price, n * price, window, 0.0, 0.0]))
    if set_aside:
        yield Resolution("set_aside_deals", set_aside, set_aside * np.array([largest, largest, 1.0, 0.0, 0.0]))
        yield Resolution("set_aside_deals", set_aside, set_aside * np.array([0.0, 0.0, 0.0, 1.0, 0.0]))


def velocity_bounds(study: Study, rows: pd.DataFrame) -> dict[str, Bound]:
    """Bounds of the sales velocity: what the changed deals bring, over how long they stay open, times how many are."""
    moves, whole = moves_frame("deal_moves", study, by="all"), velocity_factors(study).iloc[0]
    if pd.isna(whole["velocity"]):
        return {"sales_velocity": Bound("sales_velocity", float("nan"), float("nan"), float("nan"))}
    until, stock = int(whole["horizon_days"]), float(whole["mean_open"])
    at_hand = AtHand.of(moves, last_day=until)

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        table = at_hand.changed([change[0] for change in changes])
        standing = stock + sum(change[1] for change in changes)
        days = float(restricted_mean(table, until).value)
        return {"sales_velocity": standing * float(value_per_unit(table, until)) / days if days > 0 else float("nan")}

    weight = value_of_one(at_hand.changed())["event"]
    return bounded(figure, list(velocity_resolutions(study, rows, until=until, best_day=int(np.argmax(weight)))))


def velocity_resolutions(study: Study, rows: pd.DataFrame, *, until: int, best_day: int) -> Iterator[Resolution]:
    """What may be true of deals on which the velocity rests: changes of the moves, and of the mean number open."""
    largest = largest_deal(rows)
    spells = counted("deal_gap_moves", study, horizon=until)
    spells = spells.assign(entry_move="enter", amount=spells["amount"] / CENTS)
    dark, early, undated = (spells[spells["gap"] == gap] for gap in ("unpriced", "early", "undated"))
    if len(dark):
        yield Resolution("won_unpriced", float(dark["n"].sum()), (worth(dark["exit"], dark["exit_move"], dark["n"] * largest), 0.0))
    if len(early):
        yield Resolution("closed_before_creation", float(early["n"].sum()), (instead(early), 0.0))
    if len(undated):
        lost_then = undated[undated["known_exit"] >= undated["entry"]].assign(exit=undated["known_exit"], exit_move="competing")
        fewer = float(undated["seconds"].sum()) / DAY_SECONDS / quarter_days(study)
        yield Resolution("lost_undated", float(undated["n"].sum()), (instead(undated, lost_then), -fewer))
    gone = missing_deals(study)
    gone = gone[gone["in_window"].astype(bool)]
    if n := float(gone["n"].sum()):
        standing = float(gone["seconds"].sum()) / DAY_SECONDS / quarter_days(study)
        for day in {0, best_day}:
            unit = {"entry": 0, "entry_move": "enter", "exit": day, "exit_move": "event", "last_index": max(day, 365)}
            yield Resolution("won_without_deal", n, (moves_of(pd.DataFrame([unit | {"n": n, "amount": n * largest}])), standing))
    unborn = rows[rows["unborn"] & (rows["outcome"] == "open")]
    if n := float(unborn["n"].sum()):
        yield Resolution("created_undated", n, (moves_of(pd.DataFrame()), n))
