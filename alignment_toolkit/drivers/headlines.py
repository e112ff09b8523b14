"""The headline figures of what changed: the change of bookings and the part of each factor, with its owner."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.drivers.bridge import bookings_bridge, bookings_change, unanswerable
from alignment_toolkit.drivers.leads_needed import leads_needed_kpis
from alignment_toolkit.figures import COLUMNS, figure, figures
from alignment_toolkit.study import Study


def driver_kpis(study: Study) -> pd.DataFrame:
    """The bookings bridge as figures.

    Args:
        study: Quarter and as-of.

    Returns:
        Figure frame: `bookings_change` (slice all; n deals in play, events won ones) and `driver` by slice `factor`, whose values add up to
        it to the cent, each with the owner of the factor, one null row each with the reason where the change cannot be split; and
        `leads_needed_80` (see `leads_needed_kpis`).
    """
    parts = [_bridge(study), leads_needed_kpis(study)]
    return pd.concat([part.dropna(axis=1, how="all") for part in parts], ignore_index=True).reindex(columns=list(COLUMNS))


def _bridge(study: Study) -> pd.DataFrame:
    unit = study.config.reporting_currency
    if reason := unanswerable(study):
        return figures(figure(kpi, value=None, unit=unit, reason=reason) for kpi in ("bookings_change", "driver"))
    change = bookings_change(study)
    counts = {"n": change["n"], "events": change["won"]}
    whole = figure("bookings_change", value=change["change"], unit=unit, lower=change["lower"], upper=change["upper"], **counts)
    return figures([whole, *(_driver(row, unit, counts) for row in bookings_bridge(study).to_dict("records"))])


def _driver(row: dict[Any, Any], unit: str, counts: dict[str, Any]) -> dict[str, Any]:
    limits = {"lower": row["lower"], "upper": row["upper"], "owner": row["owner"]}
    return figure("driver", value=row["contribution"], unit=unit, slice_="factor", segment=str(row["factor"]), **limits, **counts)
