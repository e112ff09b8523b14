"""Charts of the closed loop: how far the models of credit disagree, who began and who touched the bookings, how soon a lead is touched.

Each draws a frame of `attribution`, `handoff` or `loop` as it is, estimates nothing, and says in words what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import Whole, checked
from alignment_toolkit.attribution.credits import MODELS
from alignment_toolkit.attribution.models import NAMES, NO_BOOKINGS
from alignment_toolkit.attribution.origins import DISJOINT
from alignment_toolkit.charts.style import (
    BLUE,
    CURVES_END,
    GREEN,
    INK,
    MUTED,
    OCHRE,
    PALETTE,
    PURPLE,
    SLATE,
    VERMILION,
    describe,
    horizontal_grid_off,
    new_axes,
    nothing_to_draw,
    percent_axis,
    safe_label,
)
from alignment_toolkit.visible import visible
from alignment_toolkit.wording import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS, MOST_CURVES = 16, 5
MARKERS = {
    "first": (BLUE, "<"),
    "last": (VERMILION, ">"),
    "linear": (SLATE, "s"),
    "u": (OCHRE, "v"),
    "w": (PURPLE, "^"),
    "decay": (GREEN, "D"),
    "markov": (INK, "o"),
}


def model_spread_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The share of the bookings that each model gives to each channel, one row per channel, joined from the least to the most.

    Args:
        frame: As `attribution.spread_table` makes it; the first 16 rows are drawn.
        because: Why nothing is known of touches, as `attribution.words.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    drawn = frame.dropna(subset=["most_share"]).head(MOST_ROWS)
    if drawn.empty:
        return nothing_to_draw(ax, f"No credit is shown: {because or NO_BOOKINGS}.")
    ax = ax or new_axes(height=1.9 + 0.34 * max(len(drawn), 2))
    places = np.arange(len(drawn))
    ax.hlines(places, drawn["least_share"], drawn["most_share"], colors=MUTED, linewidth=1.6)
    for model in MODELS:
        colour, marker = MARKERS[model]
        ax.scatter(drawn[f"{model}_share"], places, color=colour, marker=marker, s=34, zorder=3, label=NAMES[model])
    ax.set_yticks(places, [safe_label(name) for name in drawn["segment"]])
    ax.set_ylim(len(drawn) - 0.5, -0.5)
    horizontal_grid_off(ax)
    ax.set_xlim(0, None)
    percent_axis(ax, "x", "Share of the quarter's bookings")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.18), ncols=4, fontsize=8.5, borderaxespad=0, columnspacing=1.2)
    ax.set_title("Who gets the credit depends on the model")
    rows = [
        f"{visible(row['segment'])} {percent(row['least_share'], 0)} to {percent(row['most_share'], 0)}" for row in drawn.to_dict("records")
    ]
    return describe(ax, f"Share of the quarter's bookings from the least to the most that any model gives: {'; '.join(rows)}.")


def origin_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The bookings of the quarter by which team touched their deals first and at all: parts that add up.

    Args:
        frame: As `attribution.origins` makes it.
        because: Why nothing is known of touches, as `attribution.words.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    told = frame.set_index("part")["bookings_share"].reindex(list(DISJOINT))
    if told.isna().all():
        return nothing_to_draw(ax, f"Who touched the deals that were won is not shown: {because or NO_BOOKINGS}.")
    ax = ax or new_axes(height=2.6)
    shares = told.to_numpy(dtype=float)
    places = np.arange(len(shares))
    ax.barh(places, shares, color=[BLUE, VERMILION, GREEN, OCHRE, SLATE], height=0.62)
    ax.set_yticks(places, list(DISJOINT))
    ax.invert_yaxis()
    horizontal_grid_off(ax)
    percent_axis(ax, "x", "Share of the quarter's bookings")
    ax.set_title("Who touched the deals that were won")
    words = "; ".join(f"{name} {percent(share, 0)}" for name, share in zip(DISJOINT, shares, strict=True))
    return describe(ax, f"Bookings of the quarter by who touched their deals before the win: {words}.")


def persona_mix_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of each persona in the quarter and at the last review, side by side.

    Args:
        frame: As `loop.persona_mix` makes it; leads without a persona are not drawn.
        ax: Where to draw; new axes by default.
    """
    drawn = frame.dropna(subset=["leads_share"]).head(MOST_ROWS)
    if drawn.empty:
        return nothing_to_draw(ax, "No lead has a persona.")
    ax = ax or new_axes(height=1.5 + 0.5 * max(len(drawn), 2))
    places = np.arange(len(drawn))
    ax.barh(places - 0.2, drawn["leads_share"], color=BLUE, height=0.36, label="this quarter")
    is_compared = bool(drawn["before_share"].notna().any())
    if is_compared:
        ax.barh(places + 0.2, drawn["before_share"], color=SLATE, height=0.36, label="last review")
    ax.set_yticks(places, [safe_label(name) for name in drawn["persona"]])
    ax.invert_yaxis()
    horizontal_grid_off(ax)
    percent_axis(ax, "x", "Share of leads with a persona")
    ax.legend(loc="lower right", fontsize=9)
    ax.set_title("Who comes in, and who came in before" if is_compared else "Who comes in")
    rows = [
        f"{visible(row['persona'])} {percent(row['leads_share'], 0)}" + (f" after {percent(row['before_share'], 0)}" if is_compared else "")
        for row in drawn.to_dict("records")
    ]
    quarters = "this quarter after the last review" if is_compared else "this quarter"
    return describe(ax, f"Share of leads by persona, {quarters}: {'; '.join(rows)}.")


@checked(until=Whole(1, 24 * 366, unit="hours"))
def response_curve_chart(frame: pd.DataFrame, *, hours: float, until: int = 96, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The share of leads handed over that a person of sales has touched, by hours since the handover.

    Args:
        frame: As `handoff.response_curve` makes it.
        hours: Agreed hours, drawn as a line.
        until: Last hour drawn.
        because: Why nothing is known of touches, as `handoff.words.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    names = list(dict.fromkeys(frame["segment"]))
    if not names:
        return nothing_to_draw(ax, f"No curve is drawn: {because or 'too few leads were handed over'}.")
    ax = ax or new_axes()
    sizes = frame.groupby("segment")["n"].first().sort_values(ascending=False, kind="stable")
    said = []
    for name, colour in zip(sizes.index[:MOST_CURVES], PALETTE, strict=False):
        curve = frame[(frame["segment"] == name) & (frame["hour"] <= until)]
        ax.step(curve["hour"], curve["touched_share"], where="post", color=colour, label=safe_label(name))
        ax.fill_between(curve["hour"], curve["lower_share"], curve["upper_share"], step="post", color=colour, alpha=0.12, linewidth=0)
        reached = curve["hour"].max() >= int(hours)
        in_time = percent(_at(curve, int(hours)), 0) if reached else "unknown, too few followed for so long,"
        said.append(f"{visible(str(name))} {in_time} of {curve['n'].iloc[0]:,.0f}")
    ax.axvline(hours, color=MUTED, linewidth=1, linestyle="--")
    ax.set_ylim(0, 1)
    ax.set_xlim(0, until)
    ax.set_xlabel(f"Hours since the handover; agreed: {hours:g}; {CURVES_END}")
    percent_axis(ax, "y", "Touched by a person of sales")
    ax.legend(loc="lower right", fontsize=9)
    ax.set_title("How soon a lead is touched after the handover")
    return describe(ax, f"Leads touched by a person of sales by hour {int(hours)} after the handover: {'; '.join(said)}.")


def _at(curve: pd.DataFrame, hour: int) -> float:
    return float(curve.loc[curve["hour"] <= hour, "touched_share"].iloc[-1])
