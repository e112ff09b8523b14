"""Volumes and the naive shares people know: leads, bookings, won/created, won/closed.

Question: how much came in and was won? Unit: the lead, and the deal for bookings and win rates. The shares here do not wait for open
leads: they are labelled naive and stand beside the honest figures so that nobody wonders why these differ.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, Flag, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.coverage import without_creation
from alignment_toolkit.figures import ALL, NO_AMOUNT, NO_LOSSES, figure, figures
from alignment_toolkit.shares import share_figure
from alignment_toolkit.study import Study


@checked(by=LEAD_SLICES)
def lead_counts(study: Study, *, by: str = "all") -> pd.DataFrame:
    """Leads created in the report quarter, after merges (all history: all of them).

    Returns:
        Figure frame of `leads`; a count, so without an interval and never null.
    """
    created = counted("leads_created", study, by=by)
    rows = [figure("leads", value=n, unit="leads", slice_=by, segment=segment, n=n) for segment, n in _pairs(created, by)]
    return figures(rows)


def _pairs(created: pd.DataFrame, by: str) -> list[tuple[str, float]]:
    pairs = list(zip(created["segment"], created["n"], strict=True))
    return pairs or ([(ALL, 0)] if by == "all" else [])


@checked(by=LEAD_SLICES, to_date=Flag("to_date"))
def bookings(study: Study, *, by: str = "all", to_date: bool = False) -> pd.DataFrame:
    """Amount of deals won, by closing instant, in the report quarter, of the configured deal type, at constant currency.

    Args:
        study: Quarter and as-of.
        by: Slice.
        to_date: All deals won by `as_of` instead, under the name `bookings_to_date`.

    Returns:
        Figure frame; an exact sum, so without an interval; n = events = deals won. Null without a deals table, or when deals were won but
        no amount is known.
    """
    kpi, unit = ("bookings_to_date" if to_date else "bookings"), study.config.reporting_currency
    if not study.crm.has("deals"):
        return figures([figure(kpi, value=None, unit=unit, reason="no deals table")] if by == "all" else [])
    won = counted("deals_won", study, by=by, to_date=to_date)
    if won.empty and by == "all":
        return figures([figure(kpi, value=0, unit=unit, n=0, events=0)])
    return figures(_booked(kpi, row, unit=unit, by=by) for row in won.to_dict("records"))


def _booked(kpi: str, row: dict, *, unit: str, by: str) -> dict:
    known = row["n"] > row["n_unpriced"]
    value = row["amount"] / 100 if known else None
    reason = None if known else NO_AMOUNT
    return figure(kpi, value=value, unit=unit, slice_=by, segment=row["segment"], n=row["n"], events=row["n"], reason=reason)


@checked(by=LEAD_SLICES)
def naive_shares(study: Study, *, by: str = "all") -> pd.DataFrame:
    """The shares people know, with their Wilson intervals.

    Returns:
        Figure frame of `won_share_to_date` (leads won by `as_of` / leads created in the window), `win_rate_closed_naive` (won / won and
        lost) and `win_rate_created_naive` (won / all, undated ones included under all history); the last two count deals, and leads where
        there is no deals table. Null with a reason where the denominator is 0; won / closed also where losses are not recorded.
    """
    leads = _by_outcome(counted("lead_outcomes", study, by=by), by)
    deals = _by_outcome(counted("deal_outcomes", study, by=by), by) if study.crm.has("deals") else leads
    undated = without_creation(study.crm)
    rows = []
    for frame, kpi, over in (
        (leads, "won_share_to_date", ("won", "lost", "open")),
        (deals, "win_rate_closed_naive", ("won", "lost")),
        (deals, "win_rate_created_naive", ("won", "lost", "open")),
    ):
        for segment, row in frame.iterrows():
            if "open" not in over and not study.config.losses_recorded:
                rows.append(figure(kpi, value=None, unit="share", slice_=by, segment=str(segment), reason=NO_LOSSES))
                continue
            empty = undated if frame is deals else None
            rows.append(_share(kpi, won=row["won"], n=sum(row[name] for name in over), by=by, segment=str(segment), empty=empty))
    return figures(rows)


def _by_outcome(counts: pd.DataFrame, by: str) -> pd.DataFrame:
    if counts.empty and by == "all":
        return pd.DataFrame({"won": 0, "lost": 0, "open": 0}, index=[ALL])
    table = counts.pivot_table(index="segment", columns="outcome", values="n", aggfunc="sum", fill_value=0)
    return table.reindex(columns=["won", "lost", "open"], fill_value=0)


def _share(kpi: str, *, won: float, n: float, by: str, segment: str, empty: str | None = None) -> dict:
    reason = None if n else empty or "nothing in the denominator"
    return share_figure(kpi, won, n, reason=reason, slice_=by, segment=segment)
