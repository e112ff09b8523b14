"""The headline figures of the handoff, each beside the quarter before."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.baseline import compared
from alignment_toolkit.figures import COLUMNS, figure, figures
from alignment_toolkit.handoff.delays import assignment_delay
from alignment_toolkit.handoff.feedback import feedback_effect
from alignment_toolkit.handoff.rejections import rejection_rate
from alignment_toolkit.handoff.sla import sla, speed_to_lead
from alignment_toolkit.study import Study

SLICES = ("all", "source", "region")
NO_TOUCHES = "no touches table"


def handoff_kpis(study: Study) -> pd.DataFrame:
    """The delay of the system, speed to lead, first touch in time and the rejection rate with `previous`; the effect of feedback.

    Returns:
        Figure frame by `SLICES`, the effect of feedback as a whole; one null row each with the reason where touches or feedback are
        missing.
    """
    told = compared(_figures(study), _figures(study.previous()), study)
    filled = [part.dropna(axis=1, how="all") for part in (told, feedback_effect(study))]
    return pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS))


def _figures(study: Study) -> pd.DataFrame:
    parts = [part for by in SLICES for part in _slice(study, by) if len(part)]
    filled = [part.dropna(axis=1, how="all") for part in parts]
    return pd.concat(filled, ignore_index=True).reindex(columns=list(COLUMNS))


def _slice(study: Study, by: str) -> list[pd.DataFrame]:
    system = assignment_delay(study, by=by)
    if study.crm.has("touches"):
        return [system, speed_to_lead(study, by=by), sla(study, by=by), rejection_rate(study, by=by)]
    units = {"speed_to_lead_median": "hours", "sla_met_rate": "share"} if by == "all" else {}
    missing = figures(figure(kpi, value=None, unit=unit, reason=NO_TOUCHES) for kpi, unit in units.items())
    return [system, missing, rejection_rate(study, by=by)]
