"""Charts of the gaps between the teams: each draws one frame of `alignment_toolkit.alignment` and says in words what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alignment_toolkit.charts.style import BLUE, MUTED, VERMILION, describe, new_axes, nothing_to_draw, percent_axis, safe_label
from alignment_toolkit.visible import visible
from alignment_toolkit.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def called_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The share of leads won after sales' verdict, by which team calls them by the word.

    Args:
        frame: As `alignment.called_table` makes it.
        because: Why nothing is known of sales' verdicts; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    heading = "What became of the leads that each team calls so"
    drawn = frame.dropna(subset=["won_share"]).reset_index(drop=True)
    if drawn.empty:
        return nothing_to_draw(ax, heading, because=f"Not drawn: {because or 'too few leads to compare'}.")
    ax = ax or new_axes(height=1.2 + 0.4 * max(len(drawn), 2))
    places = np.arange(len(drawn))
    ax.hlines(places, drawn["lower_share"], drawn["upper_share"], color=MUTED, linewidth=2)
    ax.scatter(drawn["won_share"], places, color=BLUE, zorder=3)
    ax.set_yticks(places, [safe_label(name) for name in drawn["called_by"]])
    ax.set_ylim(len(drawn) - 0.5, -0.5)
    ax.set_xlim(0, None)
    percent_axis(ax, "x", "Won within 180 days of sales' verdict")
    ax.set_title(heading)
    told = [f"{row['called_by']} {percent(row['won_share'], 0)}" for row in drawn.to_dict("records")]
    return describe(ax, f"Leads won within 180 days of sales' verdict, by who calls them so: {', '.join(told)}.")


def attainment_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Attainment by quarter, the teams' own targets beside the shared ones; 100 % is the target.

    Args:
        frame: As `alignment.team_targets` makes it.
        because: Why no target is known; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    heading = "One team's target, and the target of both"
    if frame["attained_share"].isna().all():
        return nothing_to_draw(ax, heading, because=f"Not drawn: {because or 'no target can be compared with the records'}.")
    ax = ax or new_axes(height=2.6)
    quarters = sorted(frame["quarter"].unique())
    ax.axhline(1.0, color=MUTED, linewidth=1)
    told = []
    for owner, part in frame.groupby("owner", sort=True):
        lowest = part.groupby("quarter")["attained_share"].min().reindex(quarters)
        colour, marker = (VERMILION, "s") if owner == "shared" else (BLUE, "o" if owner == "marketing" else "^")
        ax.plot(range(len(quarters)), lowest, color=colour, marker=marker, label=safe_label(str(owner)))
        told.append(
            f"{visible(str(owner))} " + ", ".join(f"{percent(share, 0)} in {quarter}" for quarter, share in lowest.dropna().items())
        )
    ax.set_xticks(range(len(quarters)), quarters)
    ax.set_ylim(0, None)
    percent_axis(ax, "y", "Share of the target")
    ax.set_title(heading)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=4, fontsize=8.5, borderaxespad=0)
    return describe(ax, f"Attainment of targets by owner: {'; '.join(told)}.")
