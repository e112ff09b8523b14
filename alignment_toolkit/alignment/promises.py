"""Handoff: does each side keep what it promised the other?

Question: how much of what marketing promised to hand over came, and how much of what came did sales work, in time? Unit: the lead handed
over in the report quarter. Denominators: for sales the leads whose deadline has passed; for marketing its target. It does not answer
whose promise mattered more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import NOT_ENOUGH, figure
from alignment_toolkit.handoff.sla import standings
from alignment_toolkit.shares import share_figure
from alignment_toolkit.stats.intervals import Z
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised
from alignment_toolkit.verdicts import NO_FEEDBACK

NO_TARGET = "no target is recorded for it"
COLUMNS = ("promise", "team", "kept", "lower", "upper", "unit", "n", "target", "met_share", "reason")
REFUSED = ("rejected", "recycled")


def handoff_gap(study: Study) -> dict[str, object]:
    """The figure `gap.handoff`: of the leads due, the share that no person of sales touched within the agreed hours, with Wilson limits."""
    if reason := not_on_record(study, "touches"):
        return figure("gap.handoff", value=None, unit="share", reason=reason)
    row = standings(study).iloc[0]
    due, broken = int(row["due"]), int(row["due"] - row["in time"])
    return share_figure("gap.handoff", broken, due, min_n=study.config.min_n, of=row["leads"])


def promise_table(study: Study) -> pd.DataFrame:
    """What each side promised the other and how far it was kept, the promises of marketing first.

    Returns:
        promise, team, kept (in its unit) with 95 % limits where it is an estimate, unit, n (leads behind it; null without their table),
        target (of the table `targets`, by the name in `TARGETS`), met_share (kept / target), reason (why kept or met_share is null).
    """
    rows = [*_marketing(study), *_sales(study)]
    return pd.DataFrame([_against(row, study) for row in rows], columns=list(COLUMNS)).astype({"n": "Int64"})


TARGETS = {
    "workable leads": "workable_leads",
    "workable leads, weighted by value": "workable_leads",
    "worked at all": "worked_rate",
    "first touch in time": "sla_met_rate",
    "attempts per lead": "attempts_per_lead",
}


def _against(row: dict[str, Any], study: Study) -> dict[str, Any]:
    told = promised(study.crm)
    mine = told[(told["quarter"] == study.quarter.label) & (told["kpi"] == TARGETS[row["promise"]])]["target"]
    target = float(mine.iloc[0]) if len(mine) == 1 else np.nan
    share = row["kept"] / target if target else np.nan
    return row | {"target": target, "met_share": share, "reason": row["reason"] or (NO_TARGET if np.isnan(target) else None)}


def _row(
    promise: str, team: str, kept: float, unit: str, *, n: float | None = None, reason: str | None = None, **limits: float
) -> dict[str, Any]:
    known = {"lower": np.nan, "upper": np.nan} | (limits if reason is None else {})
    return {"promise": promise, "team": team, "kept": kept if reason is None else np.nan, "unit": unit, "n": n, "reason": reason} | known


def _marketing(study: Study) -> list[dict[str, Any]]:
    """Workable: handed over in the quarter and not sent back; weighted, each by the value of a lead of its source over that of all."""
    names = ("workable leads", "workable leads, weighted by value")
    if not study.crm.has("feedback"):
        return [_row(name, "marketing", np.nan, "leads", reason=NO_FEEDBACK) for name in names]
    counts = counted("leads_called", study)
    handed, workable = int(counts["n"].sum()), int(counts.loc[~counts["verdict"].isin(REFUSED), "n"].sum())
    weight, reason = _weight(study)
    return [
        _row(names[0], "marketing", workable, "leads", n=handed),
        _row(names[1], "marketing", workable * weight, "leads", n=handed, reason=reason),
    ]


def _weight(study: Study) -> tuple[float, str | None]:
    """The mean value per lead of the quarter's workable leads over that of all leads, by their sources."""
    from alignment_toolkit.quality.conversion import value_per_lead

    whole = value_per_lead(study)["value"].iloc[0]
    if pd.isna(whole) or not whole:
        return np.nan, "the value of a lead is not known"
    values = value_per_lead(study, by="source").set_index("segment")["value"].dropna()
    counts = counted("workable_leads", study).set_index("segment")["n"]
    known = counts[counts.index.isin(values.index)]
    if not known.sum():
        return np.nan, "no source of these leads has a value per lead"
    return float((known * values.reindex(known.index)).sum() / known.sum() / whole), None


def _sales(study: Study) -> list[dict[str, Any]]:
    units = {"worked at all": "share", "first touch in time": "share", "attempts per lead": "attempts"}
    if reason := not_on_record(study, "touches"):
        return [_row(name, "sales", np.nan, unit, reason=reason) for name, unit in units.items()]
    stand = standings(study).iloc[0]
    due = int(stand["due"])
    shares = {"worked at all": stand["in time"] + stand["late"], "first touch in time": stand["in time"]}
    return [*(_share(name, int(kept), due, study) for name, kept in shares.items()), _attempts(study)]


def _share(name: str, kept: int, due: int, study: Study) -> dict[str, Any]:
    told = share_figure(name, kept, due, min_n=study.config.min_n)
    return _row(name, "sales", told["value"], "share", n=due, reason=told["reason"], lower=told["lower"], upper=told["upper"])


def _attempts(study: Study) -> dict[str, Any]:
    """Mean attempts within the agreed days, with the large-sample interval of a mean."""
    counts = counted("lead_attempts", study)
    attempts, n = counts["attempts"].to_numpy(dtype=float), counts["n"].to_numpy(dtype=float)
    total = n.sum()
    if total < study.config.min_n or total < 2:
        return _row("attempts per lead", "sales", np.nan, "attempts", n=total, reason=NOT_ENOUGH)
    mean = float((n * attempts).sum() / total)
    error = float(np.sqrt((n * (attempts - mean) ** 2).sum() / (total - 1) / total))
    lower, upper = max(mean - Z * error, 0.0), mean + Z * error
    return _row("attempts per lead", "sales", mean, "attempts", n=total, lower=lower, upper=upper)
