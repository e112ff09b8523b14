"""The scorecard: one line per headline figure with interval, change, target and owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from alignment_toolkit.glossary import label
from alignment_toolkit.wording import amount, change_words, interval_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCORED = (
    "leads",
    "conversion_90d",
    "acceptance_rate",
    "value_per_lead_180d",
    "bookings",
    "stage_conversion_90d",
    "time_in_stage_median",
    "cycle_mean",
    "sales_velocity",
    "logo_churn",
    "gross_revenue_retention",
    "net_revenue_retention",
    "retention_365d",
    "early_churn_90d",
)


def scorecard(kpis: pd.DataFrame) -> pd.DataFrame:
    """The headline figures of the whole company in words and numbers people read.

    Args:
        kpis: Figure frame of `headlines.kpis`.

    Returns:
        One row per figure of `SCORED` that the frame holds: figure, value (or the reason there is none), interval, quarter_before, change,
        target, owner.
    """
    whole = kpis[kpis["slice"] == "all"].drop_duplicates("kpi").set_index("kpi")
    return pd.DataFrame([_line(name, row) for name, row in whole.reindex(SCORED).dropna(subset="unit").iterrows()])


def _line(name: Any, row: pd.Series) -> dict[str, str]:
    return {
        "figure": label(name),
        "value": amount(row["value"], row["unit"]) or str(row["reason"]),
        "interval": interval_words(row),
        "quarter_before": amount(row["previous"], row["unit"]),
        "change": change_words(row),
        "target": amount(row["target"], row["unit"]),
        "owner": row["owner"] or "",
    }


def scorecard_chart(kpis: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """This quarter over the quarter before, one line per headline figure; 100 is no change."""
    from alignment_toolkit.charts.style import BLUE, MUTED, describe, new_axes, safe_label

    whole = kpis[(kpis["slice"] == "all") & kpis["kpi"].isin(SCORED) & (kpis["previous"] > 0) & kpis["value"].notna()]
    index = (100 * whole["value"] / whole["previous"]).tolist()
    names = [safe_label(label(name)) for name in whole["kpi"]]
    axes = ax or new_axes(height=0.9 + 0.32 * max(len(names), 1))
    axes.axvline(100, color=MUTED, linewidth=1)
    axes.hlines(range(len(names)), 100, index, color=MUTED, linewidth=2)
    axes.scatter(index, range(len(names)), color=BLUE, zorder=3)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("quarter before = 100")
    axes.set_title("This quarter against the quarter before")
    told = ", ".join(f"{name} {value:.0f}" for name, value in zip(names, index, strict=True)) or "nothing can be compared yet"
    return describe(axes, f"Index of each headline figure with the quarter before as 100: {told}.")
