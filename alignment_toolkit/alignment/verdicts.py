"""Feedback: does each side answer the other?

Question: how many of the leads handed over does sales say something about within the agreed days, with a reason that marketing can use, and
does marketing act on it? Units: the lead handed over in the report quarter; the rejection inside the study's window. Denominator: leads
whose agreed days have passed; rejections. It does not answer whether the verdicts were right.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.figures import MISSING, figure
from alignment_toolkit.handoff.rejections import rejection_reasons
from alignment_toolkit.shares import share_figure
from alignment_toolkit.stats import incidence, incidence_quantile, risk_table, up_to
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import NO_FEEDBACK

NO_ACTIONS = "no actions table"
LONGEST_DAYS = 90
UNUSABLE = {"", "select", "unknown", "other", "n/a", "none", "-"}
COLUMNS = ("part", "team", "value", "lower", "upper", "unit", "n", "events", "reason")
SHARES = {
    "verdict within the agreed days": "sales",
    "rejections with a usable reason": "sales",
    "rejections answered with an action": "marketing",
}
MEDIAN = "median days to a verdict"


def feedback_gap(study: Study) -> dict[str, object]:
    """The figure `gap.feedback`: the share without a verdict among leads whose agreed days have passed, with Wilson limits."""
    if not study.crm.has("feedback"):
        return figure("gap.feedback", value=None, unit="share", reason=NO_FEEDBACK)
    counts = counted("leads_called", study)
    due = counts[counts["is_due"].astype(bool)]
    n, whole = int(due["n"].sum()), int(counts["n"].sum())
    silent = n - int(due.loc[due["in_time"].astype(bool), "n"].sum())
    return share_figure("gap.feedback", silent, n, min_n=study.config.min_n, of=whole)


def verdict_table(study: Study) -> pd.DataFrame:
    """Verdicts in time and days to a verdict, usable reasons, and rejections that marketing answered.

    Returns:
        part, team (whose part it is), value with 95 % limits, unit (share or days), n and events (null without their table), reason (why
        value is null). A reason is usable when it is neither blank nor a placeholder; an answer is an action on the lead's campaign after
        the rejection.
    """
    if not study.crm.has("feedback"):
        unknown = [_unknown(part, team, NO_FEEDBACK) for part, team in SHARES.items()]
        return _table([unknown[0], _unknown(MEDIAN, "sales", NO_FEEDBACK, unit="days"), *unknown[1:]])
    first = feedback_gap(study)
    counts = [(int(_number(first["n"]) - _number(first["events"])), int(_number(first["n"]))), _usable(study), answered_rejections(study)]
    rows = [_share(part, team, *count, study) for (part, team), count in zip(SHARES.items(), counts, strict=True)]
    return _table([rows[0], _days(study), *rows[1:]])


def _table(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    told = pd.DataFrame(rows, columns=list(COLUMNS))
    return told.astype(dict.fromkeys(("value", "lower", "upper"), "float64") | dict.fromkeys(("n", "events"), "Int64"))


def _unknown(part: str, team: str, reason: str, *, unit: str = "share") -> tuple[object, ...]:
    """A row of which nothing is known, its counts included."""
    return (part, team, np.nan, np.nan, np.nan, unit, None, None, reason)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _share(part: str, team: str, events: int, n: int, study: Study) -> tuple[object, ...]:
    if part.endswith("an action") and not study.crm.has("actions"):
        return _unknown(part, team, NO_ACTIONS)
    told = share_figure(part, events, n, min_n=study.config.min_n)
    return (part, team, told["value"], told["lower"], told["upper"], "share", n, events, told["reason"])


def _usable(study: Study) -> tuple[int, int]:
    told = rejection_reasons(study)
    poor = (told["reason"] == MISSING) | told["reason"].str.strip().str.casefold().isin(UNUSABLE)
    return int(told.loc[~poor, "leads"].sum()), int(told["leads"].sum())


def answered_rejections(study: Study) -> tuple[int, int]:
    """Rejections of the window that marketing followed by an action on the lead's campaign, and all of them; 0 of 0 without actions."""
    if not study.crm.has("actions"):
        return 0, 0
    counts = counted("rejections_answered", study)
    return int(counts.loc[counts["answered"] == "yes", "n"].sum()), int(counts["n"].sum())


def _days(study: Study) -> tuple[object, ...]:
    """The day by which half of the leads handed over in the window have a verdict of any kind; open ones are open."""
    told = moves_frame("verdict_moves", study)
    every = told.assign(move=told["move"].replace({"competing": "event"}))
    summed = every.groupby(["segment", "day", "move"], as_index=False)[["n", "amount", "amount_sq"]].sum()
    _, risk = risk_table(summed, max_day=LONGEST_DAYS, segments=["(all)"])
    rule, curve = study.followed_rule(), incidence(risk)
    anywhere = incidence_quantile(curve, 0.5, cap=risk.late_entry_cap())
    missing = rule.reason(risk[0], int(np.nan_to_num(anywhere.value[0])))
    reason = missing or ("fewer than half have a verdict within 90 days" if np.isnan(anywhere.value[0]) else None)
    known = (float(part[0]) for part in up_to(anywhere, rule.reach(risk)))
    return (MEDIAN, "sales", *known, "days", int(risk.n[0]), int(risk.won_by(LONGEST_DAYS)[0]), reason)
