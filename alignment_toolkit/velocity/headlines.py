"""The headline figures of funnel velocity, each beside the quarter before."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.baseline import compared
from alignment_toolkit.figures import ALL, figure, figures
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.cycle import cycle, cycle_means
from alignment_toolkit.velocity.sales_velocity import sales_velocity, velocity_factors
from alignment_toolkit.velocity.stage_conversion import conversion_rates
from alignment_toolkit.velocity.stalled import stalled_rows
from alignment_toolkit.velocity.time_in_stage import stay_quantiles

HORIZON = 90
SMALLEST = {"smallest_followed": "smallest_followed"}
MATURED = {"matured_share": "matured_share"} | SMALLEST


def velocity_kpis(study: Study) -> pd.DataFrame:
    """The headline figures of section 2, with `previous` from the same estimators, and horizons, one quarter earlier.

    Args:
        study: Quarter, as-of and cohort rule.

    Returns:
        Figure frame: `stage_conversion_90d` (share) and `time_in_stage_median` (days) by all and stage, `cycle_mean` (days) and
        `sales_velocity` (currency per day) by all and source, `stalled_value` (currency) by all and stage.
    """
    cycles, deals = cycle(study, by="source"), sales_velocity(study, by="source")
    before = study.previous()
    earlier_cycles = cycle_means(before, by="source", horizon=_horizons(cycles))
    known = study.crm.has("deals")
    earlier_deals = velocity_factors(before, by="source", horizon=_horizons(deals)) if known else deals
    now, then = _figures(study, cycles, deals), _figures(before, earlier_cycles, earlier_deals)
    stalled = [figures(stalled_rows(each, intervals=each is study)) for each in (study, before)]
    current, earlier = (pd.concat(parts, ignore_index=True) for parts in zip((now, then), stalled, strict=True))
    return compared(current, earlier, study)


def _horizons(frame: pd.DataFrame) -> dict[str, int]:
    """H of this quarter by segment: a mean restricted to another horizon would be another figure."""
    known = frame.dropna(subset="horizon_days")
    return {str(label): int(until) for label, until in zip(known["segment"], known["horizon_days"], strict=True)}


def _figures(study: Study, cycles: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    conversions, times = conversion_rows(conversion_rates(study, horizon=HORIZON)), time_rows(stay_quantiles(study))
    return figures([*conversions, *times, *cycle_rows(cycles), *velocity_rows(deals, study)])


def conversion_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Figure rows of `conversion_rates`."""
    names = {"value": "conversion_rate", "lower": "lower_rate", "upper": "upper_rate", "events": "advanced"}
    return _rows(f"stage_conversion_{HORIZON}d", frame, unit="share", by="stage", names=names | MATURED)


def time_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Figure rows of `stay_quantiles`; no horizon, so no matured share."""
    names = {"value": "median_days", "lower": "lower_days", "upper": "upper_days", "events": "finished"}
    return _rows("time_in_stage_median", frame, unit="days", by="stage", names=names | SMALLEST)


def cycle_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Figure rows of `cycle`."""
    names = {"value": "mean_days", "lower": "lower_days", "upper": "upper_days", "events": "won"}
    return _rows("cycle_mean", frame, unit="days", by="source", names=names | MATURED)


def velocity_rows(frame: pd.DataFrame, study: Study) -> list[dict[str, Any]]:
    """Figure rows of `sales_velocity`."""
    names = {"value": "velocity", "lower": "lower", "upper": "upper", "events": "won"}
    return _rows("sales_velocity", frame, unit=f"{study.config.reporting_currency} per day", by="source", names=names | MATURED)


def _rows(kpi: str, frame: pd.DataFrame, *, unit: str, by: str, names: dict[str, str]) -> list[dict[str, Any]]:
    """One figure row per row of a frame whose first column is the segment."""
    rows = []
    for row in frame.to_dict("records"):
        segment = row[frame.columns[0]]
        counts = {name: row.get(column) for name, column in names.items()}
        slice_ = "all" if segment == ALL else by
        rows.append(figure(kpi, unit=unit, slice_=slice_, segment=segment, n=row["n"], reason=row["reason"], **counts))
    return rows
