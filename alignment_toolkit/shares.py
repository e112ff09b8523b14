"""Shares as figures, with their limits: so many out of so many, and by a horizon with open units censored."""

from __future__ import annotations

from typing import Any

from alignment_toolkit.figures import ALL, NOT_ENOUGH, figure
from alignment_toolkit.stats import incidence, probability_interval, wilson_interval
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


def incidence_figures(table: RiskTable, labels: list[str], names: dict[str, int], *, min_n: int, by: str) -> list[dict[str, Any]]:
    """The incidence at each horizon and for each segment as figures with log(-log) 95 % limits.

    Args:
        table: Risk tables, leading axis = `labels`.
        labels: Segments.
        names: KPI name -> horizon in days.
        min_n: The share is null where fewer units could be observed until the horizon.
        by: Slice name.
    """
    curve = incidence(table)
    rows = []
    for kpi, horizon in names.items():
        matured = table.matured(horizon)
        bounds = probability_interval(curve.value[..., horizon], curve.variance[..., horizon], matured)
        for place, segment in enumerate(labels):
            enough = matured[place] >= min_n
            row = figure(
                kpi,
                value=curve.value[place, horizon] if enough else None,
                lower=bounds.lower[place],
                upper=bounds.upper[place],
                unit="share",
                slice_=by,
                segment=segment,
                n=table.entered[place, : horizon + 1].sum(),
                events=table.won_by(horizon)[place],
                matured_share=table.matured_share(horizon)[place],
                reason=None if enough else NOT_ENOUGH,
            )
            rows.append(row)
    return rows
