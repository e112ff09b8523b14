"""Does it help when marketing answers what sales rejects?

Question: after marketing's first action on a campaign that sales had rejected leads of, do more of its leads reach opportunity than before,
beyond what happened to campaigns like it? Unit: the campaign; outcome: the share of its leads that reach opportunity within 30 days of
creation. It shows an association: with few campaigns it cannot be told from the recovery that follows bad months anyway.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.feedback import matured_until
from alignment_toolkit.counts.quality import EARLIER
from alignment_toolkit.figures import figure, figures
from alignment_toolkit.stats.stacked import AFTER, BEFORE, LEFT_OUT, MIN_UNITS, Effect, stacked_effect
from alignment_toolkit.stats.stacked import COUNTS as COUNTED
from alignment_toolkit.study import Study

REGRESSION = "cannot be told from regression to the mean"
COLUMNS = ("campaign", "acted", "before_share", "after_share", "leads_before", "leads_after")


def feedback_effect(study: Study) -> pd.DataFrame:
    """The change of the campaigns that marketing acted on less that of campaigns like them.

    Returns:
        Figure frame with one row `feedback_effect`: a difference of shares (0.05: five more of 100 leads reach opportunity within 30 days)
        with 95 % limits; n leads of the treated campaigns behind it, events treated campaigns; null below 10 treated and 10 comparable
        campaigns, or without feedback or actions, with the reason.
    """
    missing = next((name for name in ("feedback", "actions") if not study.crm.has(name)), None)
    if missing:
        return figures([figure("feedback_effect", value=None, unit="share", reason=f"no {missing} table")])
    found = effect_of(study)
    reason = f"{REGRESSION}: {found.n_treated} treated and {found.n_comparable} comparable campaigns, {MIN_UNITS} of each are needed"
    told = figure(
        "feedback_effect",
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        unit="share",
        n=found.n,
        events=found.n_treated,
        reason=reason,
    )
    return figures([told])


def effect_of(study: Study) -> Effect:
    """The stacked effect of marketing's first actions after rejections."""
    history, treated, last = _history(study)
    if last is None:
        return Effect(np.nan, np.nan, np.nan, 0, 0, 0)
    return stacked_effect(history, treated, last_month=last)


def _history(study: Study) -> tuple[pd.DataFrame, dict[str, int], int | None]:
    counts = counted("campaign_months", study)
    dated = counts[counts["month"] != EARLIER]
    history = dated.assign(unit=dated["campaign_id"], month=dated["month"].map(month_number))[["unit", "month", *COUNTED]]
    answers = counted("first_answers", study)
    treated = dict(zip(answers["campaign_id"], answers["month"].map(month_number), strict=True)) if len(answers) else {}
    until = matured_until(study)
    last = None if until is None else month_number(until)
    return (history if last is None else history[history["month"] <= last]), treated, last


def month_number(label: str) -> int:
    """The months since year 0 of a label such as `2026-07`; before all others for "(earlier)"."""
    if label == EARLIER:
        return -1
    year, month = label.split("-")
    return int(year) * 12 + int(month) - 1


def month_name(number: int) -> str:
    """The label of a month number."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def answered_campaigns(study: Study) -> pd.DataFrame:
    """The campaigns that marketing acted on after a rejection, before and after: what the comparison would be made of.

    Returns:
        campaign (its id), acted (month), before_share and after_share (of its leads, those reaching opportunity within 30 days, up to
        twelve months before the months left out and six after), leads_before, leads_after; shares null without leads. The plain difference
        of the two is naive: it holds the recovery that follows bad months anyway.
    """
    if not study.crm.has("feedback", "actions"):
        return pd.DataFrame(columns=list(COLUMNS))
    history, treated, _ = _history(study)
    rows = []
    for campaign, month in sorted(treated.items(), key=lambda item: (item[1], item[0])):
        mine = history[history["unit"] == campaign]
        sides = [
            mine[(mine["month"] >= month - LEFT_OUT - BEFORE) & (mine["month"] < month - LEFT_OUT)][["n", "events"]].sum(),
            mine[(mine["month"] > month) & (mine["month"] <= month + AFTER)][["n", "events"]].sum(),
        ]
        shares = [side["events"] / side["n"] if side["n"] else np.nan for side in sides]
        rows.append((campaign, month_name(month), *shares, *(int(side["n"]) for side in sides)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
