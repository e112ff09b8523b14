"""What does the value per lead rest on: how much of it on a single win, and how far could wins without an amount move it?

Unit: the lead. The figure itself is that of `conversion.value_per_lead`; a win's part of it is the open share of its day × its amount / the
leads at risk. It does not answer what the missing amounts are: they may be anything, the bounds say what two assumptions make of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.stats import value_of_one
from alignment_toolkit.stats.risk import Array, RiskTable
from alignment_toolkit.study import Study

COLUMNS = (
    "segment", "value", "lower", "upper", "unit", "horizon_days", "n", "events", "largest_win", "largest_win_share", "unpriced",
    "value_at_largest", "reason",
)  # fmt: skip


@checked(by=LEAD_SLICES, horizon=DAYS)
def value_support(study: Study, figures: pd.DataFrame, *, by: str = "all", horizon: int = 180) -> pd.DataFrame:
    """The value per lead beside what it rests on.

    Args:
        study: Quarter, as-of and cohort rule.
        figures: Figure frame that holds the values of this slice: of `value_per_lead`, `quality_kpis` or all headline figures.
        by: `all`, an attribute of leads, or `cohort_quarter`.
        horizon: Days from creation within which a lead's value counts.

    Returns:
        One row per segment, most wins first:

        - segment; value, lower, upper, unit, n, events, reason as in `value_per_lead`; horizon_days;
        - largest_win: amount of the win that carries most of the value, in `unit`; null where no amount is known;
        - largest_win_share: its part of the value, in [0, 1]; null where the value is null or 0;
        - unpriced: wins within the horizon of which an amount is not known (no won deal, or one without an amount). In `value` they add
          nothing, which makes it the lower bound;
        - value_at_largest: the value if each of them had brought as much as the largest known win of the segment: the upper bound; null
          where the value is.
    """
    values = figures[(figures["kpi"] == f"value_per_lead_{horizon}d") & (figures["slice"] == by)]
    if not study.crm.has("deals") or values.empty:
        return values.assign(horizon_days=horizon).reindex(columns=list(COLUMNS)).reset_index(drop=True)
    labels, table = risk_of("lead_moves", study, by=by, max_day=horizon + 1)
    wins = counted("win_amounts", study, by=by)
    known = {name: (place, wins[(wins["segment"] == name) & (wins["day"] <= horizon)]) for place, name in enumerate(labels)}
    told = [row for row in values.to_dict("records") if row["segment"] in known]
    rows = [_row(row, *known[row["segment"]], table=table, horizon=horizon) for row in told]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(["events", "segment"], ascending=[False, True], ignore_index=True)


class _Support(NamedTuple):
    largest_win: float
    part: float
    unpriced: int
    added: float


def _row(figure: dict[Any, Any], place: int, wins: pd.DataFrame, *, table: RiskTable, horizon: int) -> dict[str, Any]:
    support = _support(wins, value_of_one(table[place]))
    value = figure["value"]
    told = {name: figure[name] for name in ("segment", "value", "lower", "upper", "unit", "n", "events", "reason")}
    return told | {
        "horizon_days": horizon,
        "largest_win": support.largest_win,
        "largest_win_share": support.part / value if value and value > 0 else float("nan"),
        "unpriced": support.unpriced,
        "value_at_largest": value + support.added,
    }


def _support(wins: pd.DataFrame, worth: dict[str, Array]) -> _Support:
    """The largest win, its part of the value, the wins without an amount and what they would add at the largest known amount."""
    weight = np.array([worth[move][day] for move, day in zip(wins["move"], wins["day"], strict=True)], dtype=float)
    largest = wins["largest"].to_numpy(dtype=float) / 100
    parts = weight * largest
    known = ~np.isnan(parts)
    unpriced = wins["n_unpriced"].to_numpy(dtype=float)
    top = float(np.nanmax(largest)) if known.any() else float("nan")
    best = int(np.nanargmax(parts)) if known.any() else 0
    return _Support(
        largest_win=float(largest[best]) if known.any() else float("nan"),
        part=float(parts[best]) if known.any() else float("nan"),
        unpriced=int(unpriced.sum()),
        added=float((weight * unpriced).sum() * top) if unpriced.any() else 0.0,
    )
