"""The six gaps as headline figures, each beside the quarter before; there is no sum of them, since their units differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from alignment_toolkit.alignment.credit import credit_gap
from alignment_toolkit.alignment.definitions import words_gap
from alignment_toolkit.alignment.goals import goals_gap
from alignment_toolkit.alignment.promises import handoff_gap
from alignment_toolkit.alignment.sources import numbers_gap
from alignment_toolkit.alignment.verdicts import feedback_gap
from alignment_toolkit.baseline import compared
from alignment_toolkit.figures import figures
from alignment_toolkit.glossary import label, with_owners
from alignment_toolkit.study import Study
from alignment_toolkit.wording import SHARE, amount, change_words, interval_words, signed

GAPS: dict[str, Callable[[Study], dict[str, Any]]] = {
    "gap.words": words_gap,
    "gap.numbers": numbers_gap,
    "gap.handoff": handoff_gap,
    "gap.feedback": feedback_gap,
    "gap.credit": credit_gap,
    "gap.goals": goals_gap,
}
PAGES = {
    "gap.words": "alignment.html",
    "gap.numbers": "alignment.html",
    "gap.handoff": "closed-loop.html",
    "gap.feedback": "closed-loop.html",
    "gap.credit": "closed-loop.html",
    "gap.goals": "drivers-and-targets.html",
}


def gap_kpis(study: Study) -> pd.DataFrame:
    """The six gaps with `previous` from one quarter earlier.

    Args:
        study: Quarter and as-of.

    Returns:
        Figure frame, slice all: `gap.words`, `gap.numbers`, `gap.handoff`, `gap.feedback` (shares with Wilson limits), `gap.credit`
        (share of bookings with delete-a-bucket limits), `gap.goals` (quarters, a count without limits); null with the reason where a
        table is missing or too little is known.
    """
    now, before = (figures(gap(told) for gap in GAPS.values()) for told in (study, study.previous()))
    return compared(now, before, study)


def gap_table(kpis: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The gaps as people read them, one line each.

    Args:
        kpis: Figure frame that holds the gaps: of `gap_kpis`, or all headline figures.
        study: For what the company has agreed on owners.

    Returns:
        gap, value (or the reason there is none), interval, quarter_before, change, owner, page (that shows why).
    """
    mine = with_owners(kpis[kpis["kpi"].isin(GAPS)], agreed=study.config.glossary)
    return pd.DataFrame([_line(row) for _, row in mine.iterrows()])


def _line(row: pd.Series) -> dict[str, str]:
    return {
        "gap": label(row["kpi"]),
        "value": amount(row["value"], row["unit"]) or str(row["reason"]),
        "interval": interval_words(row),
        "quarter_before": amount(row["previous"], row["unit"]),
        "change": _change(row),
        "owner": row["owner"] or "",
        "page": PAGES[row["kpi"]],
    }


def _change(row: pd.Series) -> str:
    """Points for shares; a count of a few quarters is told by its difference, not in percent."""
    if row["unit"] == SHARE or pd.isna(row["value"]) or pd.isna(row["previous"]):
        return change_words(row)
    return signed(row["value"] - row["previous"], 0)
