"""Charts of data health: each draws one frame of `alignment_toolkit.health` and says in words what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alignment_toolkit.charts.style import BLUE, MUTED, PALETTE, VERMILION, describe, new_axes, safe_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def bounds_chart(bounds: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """From the lowest to the highest that gaps allow, each figure as 100; figures that nothing moves are left out.

    Args:
        bounds: As `health.bounds_table` makes it.
        ax: Where to draw; new axes by default.
    """
    shown = bounds[bounds["lowest"].notna() & (bounds["gaps"] > 0) & (bounds["value"] > 0)]
    low, high = (100 * shown[name] / shown["value"] for name in ("lowest", "highest"))
    order = (high - low).sort_values(ascending=False, kind="stable").index
    names = [safe_label(name) for name in shown.loc[order, "figure"]]
    ax = ax or new_axes(height=0.9 + 0.32 * max(len(names), 1))
    ax.axvline(100, color=MUTED, linewidth=1)
    ax.hlines(range(len(names)), low[order], high[order], color=VERMILION, linewidth=5)
    ax.scatter([100.0] * len(names), range(len(names)), color=BLUE, zorder=3)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("figure as recorded = 100")
    ax.set_title("How far gaps let each figure lie")
    told = ", ".join(f"{name} {low[at]:.0f} to {high[at]:.0f}" for name, at in zip(names, order, strict=True))
    return describe(ax, f"With each figure as recorded as 100, gaps allow: {told}." if names else "No gap moves any headline figure.")


def arrivals_chart(weeks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Rows per week and table, each over its own busiest week, so that a hole in an export shows.

    Args:
        weeks: As `health.rows_by_week` makes it.
        ax: Where to draw; new axes by default.
    """
    ax = ax or new_axes()
    told = []
    for at, (table, part) in enumerate(weeks.groupby("table", sort=False)):
        ax.step(
            part["week"],
            100 * part["n"] / part["n"].max(),
            where="post",
            color=PALETTE[at % len(PALETTE)],
            label=safe_label(table),
            linewidth=1.2,
        )
        empty = int((part["n"] == 0).sum())
        hole = f", {empty} weeks without a row" if empty else ""
        told.append(f"{table} from {part['week'].iloc[0]} to {part['week'].iloc[-1]}{hole}")
    ax.set_ylim(0, 105)
    ax.set_ylabel("busiest week = 100")
    ax.set_title("Rows that arrived, by week")
    if told:
        ax.legend(loc="upper left", fontsize=8, ncols=3)
        ax.tick_params(axis="x", rotation=30)
    return describe(ax, f"Rows by week: {'; '.join(told)}." if told else "No table has a dated row.")
