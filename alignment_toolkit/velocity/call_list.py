"""The call list: every open lead with its chance, for the team that works them; it names leads, so it belongs to no page of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS_AHEAD, checked
from alignment_toolkit.counts.stalled import open_amounts, standing
from alignment_toolkit.leads import lead_rows
from alignment_toolkit.stages import stage_label
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.chances import HORIZON, win_chances
from alignment_toolkit.velocity.stalled import mean_win

if TYPE_CHECKING:
    import ibis.expr.types as ir

FOR_WHOM = "team only, not for leaders' pages"
COLUMNS = ("lead_id", "owner_id", "stage", "days_in_stage", "chance_now", "chance_fresh", "value", "value_at_risk", "audience")


@checked(horizon=DAYS_AHEAD)
def call_list(study: Study, *, horizon: int = HORIZON) -> pd.DataFrame:
    """The open leads, most value at risk first.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Days in which a win counts.

    Returns:
        lead_id, owner_id (null: nobody), stage, days_in_stage, chance_now, chance_fresh (of one that enters the stage today), value (of its
        open deals, else of a mean win; reporting currency, null without deals), value_at_risk, audience (the same in every row: who may
        read it). Leads of stages with fewer than `min_n` visits are left out, since their chances are not known.
    """
    chances = win_chances(study, horizon=horizon)
    told = _open(study).to_pyarrow().to_pandas()
    now, fresh = chances.of(told["stage"], told["day"])
    value = (told["cents"] / 100).astype(float).fillna(mean_win(study) if study.crm.has("deals") else np.nan).round(2)
    frame = told.assign(
        days_in_stage=told["day"],
        chance_now=now.round(4),
        chance_fresh=fresh.round(4),
        value=value,
        value_at_risk=(np.maximum(fresh - now, 0) * value).round(2),
        audience=FOR_WHOM,
    ).dropna(subset="chance_fresh")
    lost = (frame["chance_fresh"] - frame["chance_now"]).rename("lost")  # orders the list where no value is known
    ordered = frame.assign(lost=lost).sort_values(
        ["value_at_risk", "lost", "lead_id"], ascending=[False, False, True], na_position="last", ignore_index=True
    )
    return ordered[list(COLUMNS)]


def _open(study: Study) -> ir.Table:
    """One row per open lead: lead_id, owner_id, stage, day, cents."""
    crm = study.crm
    now = standing(study)
    told = now.select("number", "day", stage=stage_label(crm, now["rank"])).inner_join(lead_rows(crm).select("number", "lead_id"), "number")
    raw = crm.tables["leads"]
    told = told.left_join(raw.select("lead_id", "owner_id"), "lead_id").drop("lead_id_right")
    if not crm.has("deals"):
        return told.mutate(cents=ibis.null("int64")).drop("number")
    return told.left_join(open_amounts(study), "number").select("lead_id", "owner_id", "stage", "day", "cents")
