"""What the toolkit publishes of figures that somebody stated: a claim of a team, or a target.

Question: what did the records say of this figure in that quarter? Unit: the figure of the whole company. Leads and bookings are counted
for all quarters at once; any other headline figure is worked out as its quarter's report would have, on today's data, and only where it is
asked for. It does not answer what a report said when it was published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.alignment.goals import COUNTED, quarters_of, recorded
from alignment_toolkit.coverage import coverage, tables_of
from alignment_toolkit.figures import ALL, figures
from alignment_toolkit.glossary import is_known, term
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised

Maker = Callable[[Study], pd.DataFrame]
COLUMNS = ("quarter", "kpi", "value", "lower", "upper", "unit", "reason")
TARGET_COLUMNS = ("quarter", "kpi", "owner", "value", "lower", "upper", "unit", "target", "attained_share", "standing", "reason")
UNKNOWN = "no figure of this name is published"
SLICED = "only parts of it are published, not the whole"
MOST_BACK = 12
MET, MISSED, OPEN = "met", "missed", "may be chance"


def published(study: Study, stated: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """The published figures of quarters of the study's window.

    Args:
        study: Window and as-of.
        stated: Pairs of quarter and figure.

    Returns:
        quarter, kpi, value, lower, upper (95 %, null where the figure has none), unit, reason (of a null); one row per different pair.
    """
    counts, rows = recorded(study), []
    asked = sorted(set(stated))
    for quarter, kpi in asked:
        if kpi in COUNTED:
            value = counts.get((quarter, kpi), np.nan)
            unit = "leads" if kpi == "leads" else study.config.reporting_currency
            reason = _why_null(study, quarter, kpi) if np.isnan(value) else None
            rows.append((quarter, kpi, value, np.nan, np.nan, unit, reason))
    others = [(quarter, kpi) for quarter, kpi in asked if kpi not in COUNTED]
    for quarter in sorted({quarter for quarter, _ in others} & set(quarters_of(study))):
        rows += _of_quarter(study, quarter, [kpi for each, kpi in others if each == quarter])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _why_null(study: Study, quarter: str, kpi: str) -> str | None:
    """The days that the records of a quarter lack."""
    return coverage(study, Quarter.parse(quarter, start_month=study.config.fiscal_year_start_month)).reason(tables_of(kpi))


def _of_quarter(study: Study, quarter: str, names: list[str]) -> list[tuple[Any, ...]]:
    then = study_of(study, quarter)
    known = {} if then is None else _made(then, names)
    rows: list[tuple[Any, ...]] = []
    for name in names:
        if reason := _why_null(study, quarter, name):
            rows.append((quarter, name, np.nan, np.nan, np.nan, known.get(name, {}).get("unit"), reason))
            continue
        row = known.get(name, {"value": np.nan, "reason": SLICED if is_known(name) else UNKNOWN})
        rows.append((quarter, name, *(row.get(column, np.nan) for column in COLUMNS[2:5]), row.get("unit"), row.get("reason")))
    return rows


def _made(study: Study, names: list[str]) -> dict[str, dict[Any, Any]]:
    """The figures of these names for the whole company, each maker run once."""
    known: dict[str, dict[Any, Any]] = {}
    for pattern, maker in makers().items():
        if any(fnmatchcase(name, pattern) and name not in known for name in names):
            whole = maker(study)
            known |= {str(row["kpi"]): row for row in whole[whole["segment"] == ALL].to_dict("records")}
    return known


def study_of(study: Study, quarter: str) -> Study | None:
    """The study of a quarter at most three years back, seen at the same distance from its end; None when there is none."""
    each = study
    for _ in range(MOST_BACK):
        if each.quarter.label == quarter:
            return each
        each = each.previous()
    return None


def makers() -> dict[str, Maker]:
    """Which function makes which headline figures; those of the whole company alone where that is cheaper."""
    from alignment_toolkit import attribution, churn, drivers, handoff, quality, velocity
    from alignment_toolkit.alignment.kpis import GAPS

    touched = {"speed_to_lead_median": handoff.speed_to_lead, "sla_met_rate": handoff.sla}
    return {
        "conversion_*": quality.conversion,
        "acceptance_rate": quality.acceptance,
        "value_per_lead_*": quality.value_per_lead,
        "bookings_to_date": lambda study: quality.bookings(study, to_date=True),
        "w[io]n_*": quality.naive_shares,
        "stage_conversion_*": velocity.velocity_kpis,
        "time_in_stage_*": velocity.velocity_kpis,
        "cycle_mean": velocity.velocity_kpis,
        "sales_velocity": velocity.velocity_kpis,
        "stalled_value": velocity.velocity_kpis,
        "*_churn*": churn.churn_kpis,
        "*retention*": churn.churn_kpis,
        "*_bookings*": attribution.attribution_kpis,
        "assignment_delay_median": handoff.assignment_delay,
        **{name: _with_touches(maker) for name, maker in touched.items()},
        "rejection_rate": handoff.rejection_rate,
        "feedback_effect": handoff.feedback_effect,
        "bookings_change": drivers.driver_kpis,
        **{name: _of_gap(gap) for name, gap in GAPS.items()},
    }


def _with_touches(maker: Maker) -> Maker:
    return lambda study: maker(study) if study.crm.has("touches") else figures([])


def _of_gap(gap: Callable[[Study], dict[str, Any]]) -> Maker:
    return lambda study: figures([gap(study)])


def other_targets(study: Study) -> pd.DataFrame:
    """The targets of the report quarter for figures other than leads and bookings, against what is published.

    Returns:
        quarter, kpi, owner (who promised it), value with lower and upper, unit, target, attained_share (the other way round where less is
        better), standing (met, missed; may be chance: the interval holds the target), reason (of a null value). Empty without targets.
    """
    told = promised(study.crm)
    mine = told[(told["quarter"] == study.quarter.label) & ~told["kpi"].isin(COUNTED)].sort_values("kpi")
    known = published(study, zip(mine["quarter"], mine["kpi"], strict=True)).set_index("kpi") if len(mine) else None
    rows = [] if known is None else [_target(row, known.loc[row["kpi"]]) for row in mine.to_dict("records") if row["kpi"] in known.index]
    return pd.DataFrame(rows, columns=list(TARGET_COLUMNS))


def _target(row: dict[Any, Any], found: pd.Series) -> dict[str, Any]:
    value, target = found["value"], row["target"]
    less = is_known(row["kpi"]) and term(row["kpi"]).direction == "down"
    over, under = (target, value) if less else (value, target)
    share = over / under if under else np.nan
    holds = pd.notna(found["lower"]) and found["lower"] <= target <= found["upper"]
    standing = None if pd.isna(share) else OPEN if holds else MET if share >= 1 else MISSED
    stated = {name: row[name] for name in ("quarter", "kpi", "owner", "target")}
    known = {name: found[name] for name in ("value", "lower", "upper", "unit", "reason")}
    return {**stated, **known, "attained_share": share, "standing": standing}
