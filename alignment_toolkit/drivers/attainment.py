"""Targets: how far each figure got towards what was promised, whether the pace is enough, and the chance of getting there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import coverage, tables_of
from alignment_toolkit.drivers.forecast import forecast
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.glossary import is_known, owner_of, term
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised

BY_TARGET = "target"
NO_TARGETS = "no targets are recorded for this quarter"
NO_FORECAST = "only bookings are forecast while the quarter runs"
ESTIMATED = "an estimate of all leads: its interval says how far it may lie from the target"


def target_kpis(study: Study, frame: pd.DataFrame) -> pd.DataFrame:
    """Attainment and the chance of attainment of every figure with a target.

    Args:
        study: Quarter and as-of.
        frame: The headline figures with their targets and owners.

    Returns:
        Figure frame by slice `target`, the segment naming the figure: `target_attainment` (value / target; target / value where less is
        better) and `target_probability` (of bookings as forecast; of other counts once the quarter is over; else null with the reason). One
        null row each with the reason where no figure has a target. Null with the missing days for a figure that its quarter does not cover.
    """
    mine = frame[(frame["slice"] == "all") & frame["target"].notna()]
    if mine.empty:
        return figures(figure(kpi, value=None, unit="share", reason=NO_TARGETS) for kpi in ("target_attainment", "target_probability"))
    rows = []
    for row in mine.to_dict("records"):
        named = {"unit": "share", "slice_": BY_TARGET, "segment": str(row["kpi"]), "owner": row["owner"]}
        share = attained(row) if pd.isna(row["reason"]) else None
        rows.append(figure("target_attainment", value=share, reason=row["reason"], **named))
        chance, reason = _chance(study, row)
        rows.append(figure("target_probability", value=chance, reason=reason, **named))
    return figures(rows)


def attained(row: dict[Any, Any]) -> float | None:
    """A figure over its target, the other way round where less is better; None where one of them is missing or 0."""
    value, target = row["value"], row["target"]
    if pd.isna(value) or pd.isna(target):
        return None
    less_is_better = is_known(str(row["kpi"])) and term(str(row["kpi"])).direction == "down"
    over, under = (target, value) if less_is_better else (value, target)
    return float(over / under) if under else None


def target_table(study: Study) -> pd.DataFrame:
    """Leads and bookings of the quarter against their targets.

    Returns:
        kpi, value (so far), target, attained_share (value / target), elapsed_share (of the quarter), pace (attained / elapsed), expected,
        lower_80, upper_80 (at the quarter's end; null for leads), probability_share, owner, reason. Empty without targets for the quarter;
        only the value, the target and the reason where the records do not cover it.
    """
    found = promised(study.crm)
    mine = found[(found["quarter"] == study.quarter.label) & found["kpi"].isin(["leads", "bookings"])].set_index("kpi")["target"]
    whole = (study.instant(study.quarter.shift(1)) - study.starts_at).total_seconds()
    elapsed = (study.ends_at - study.starts_at).total_seconds() / whole
    rows = [_line(study, str(kpi), float(target), elapsed) for kpi, target in mine.sort_index(ascending=False).items()]
    columns = ["kpi", "value", "target", "attained_share", "elapsed_share", "pace", "expected", "lower_80", "upper_80"]
    return pd.DataFrame(rows, columns=[*columns, "probability_share", "owner", "reason"])


def _line(study: Study, kpi: str, target: float, elapsed: float) -> dict[str, Any]:
    known = {"kpi": kpi, "target": target, "owner": owner_of(kpi, agreed=study.config.glossary)}
    if reason := coverage(study).reason(tables_of(kpi)):
        return {**known, "value": _so_far(study, kpi), "elapsed_share": elapsed, "reason": reason}
    if kpi == "bookings" and not study.crm.has("deals"):
        told: dict[str, Any] = {"value": np.nan, "reason": "no deals table"}
    elif kpi == "bookings":
        seen = forecast(study)
        told = {name: seen[name] for name in ("expected", "lower_80", "upper_80", "reason")}
        told |= {"value": seen["booked"], "probability_share": seen["probability"]}
    else:
        created = _so_far(study, kpi)
        over = elapsed >= 1
        told = {
            "value": created,
            "probability_share": float(created >= target) if over else np.nan,
            "reason": None if over else NO_FORECAST,
        }
    share = told["value"] / target if target else np.nan
    shares = {"attained_share": share, "elapsed_share": elapsed, "pace": share / elapsed if elapsed else np.nan}
    return {**known, **shares, **told}


def _so_far(study: Study, kpi: str) -> float:
    """Leads created, or bookings, of the quarter up to the as-of; NaN where nothing of it is recorded."""
    if coverage(study).unrecorded(tables_of(kpi)):
        return np.nan
    if kpi == "leads":
        return float(counted("leads_created", study)["n"].sum())
    return float(counted("deals_won", study)["amount"].sum()) / 100 if study.crm.has("deals") else np.nan


def _chance(study: Study, row: dict[Any, Any]) -> tuple[float | None, str | None]:
    if pd.isna(row["value"]) or pd.notna(row["reason"]):
        return None, row["reason"]
    if row["kpi"] == "bookings":
        seen = forecast(study)
        return seen["probability"], seen["reason"]
    if not pd.isna(row["lower"]):
        return None, ESTIMATED
    over = study.ends_at >= study.instant(study.quarter.shift(1))
    return (float((attained(row) or 0.0) >= 1), None) if over else (None, NO_FORECAST)
