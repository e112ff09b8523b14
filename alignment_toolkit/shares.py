"""Shares as figures, with their limits: so many out of so many, and by a horizon with open units censored."""

from __future__ import annotations

from typing import Any

from alignment_toolkit.figures import ALL, NOT_ENOUGH, figure
from alignment_toolkit.followed import Estimates, Rule, estimates
from alignment_toolkit.stats import incidence, wilson_interval
from alignment_toolkit.stats.risk import RiskTable


def share_figure(
    kpi: str,
    events: float,
    n: float,
    *,
    min_n: int = 1,
    of: float | None = None,
    reason: str | None = None,
    slice_: str = "all",
    segment: str = ALL,
) -> dict[str, Any]:
    """A share of units as a figure with Wilson 95 % limits.

    Args:
        kpi: Stable name.
        events: Units that count.
        n: Units that could count.
        min_n: The share is null below so many, and of nothing.
        of: Units whether due or not; gives matured_share.
        reason: Why the share is null however many there are.
        slice_: `all` or the attribute it is sliced by.
        segment: Value of that attribute.
    """
    why = reason or (None if n >= max(min_n, 1) else NOT_ENOUGH)
    limits = wilson_interval(events, n)
    return figure(
        kpi,
        value=events / n if why is None else None,
        lower=float(limits.lower),
        upper=float(limits.upper),
        unit="share",
        slice_=slice_,
        segment=segment,
        n=n,
        events=events,
        matured_share=n / of if of else None,
        reason=why,
    )


def incidence_figures(table: RiskTable, labels: list[str], names: dict[str, int], *, rule: Rule, by: str) -> list[dict[str, Any]]:
    """The incidence at each horizon and for each segment as figures with 95 % limits.

    Args:
        table: Risk tables, leading axis = `labels`.
        labels: Segments.
        names: KPI name -> horizon in days.
        rule: The share is null where too few units were followed.
        by: Slice name.
    """
    curve = incidence(table)
    return [row for kpi, horizon in names.items() for row in estimate_figures(kpi, labels, estimates(curve, table, horizon, rule), by=by)]


def estimate_figures(kpi: str, labels: list[str], found: Estimates, *, by: str) -> list[dict[str, Any]]:
    """One figure per segment of what was estimated."""
    return [
        figure(
            kpi,
            value=found.value[at],
            lower=found.lower[at],
            upper=found.upper[at],
            unit="share",
            slice_=by,
            segment=segment,
            n=found.n[at],
            events=found.events[at],
            matured_share=found.matured_share[at],
            smallest_followed=found.smallest_followed[at],
            reason=found.reasons[at],
        )
        for at, segment in enumerate(labels)
    ]
