"""Charts of what changed: the bookings bridge as a waterfall with the team that owns each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alignment_toolkit.charts.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    SLATE,
    VERMILION,
    describe,
    horizontal_grid_off,
    new_axes,
    nothing_to_draw,
    safe_label,
)
from alignment_toolkit.glossary import label
from alignment_toolkit.wording import people

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TEAMS = {"marketing": BLUE, "sales": VERMILION, "shared": GREEN, "success": PURPLE}
SMALL = 0.02  # of the largest part: smaller ones are drawn as one step
REST = "all others"


def bookings_bridge_chart(bridge: pd.DataFrame, change: dict[str, Any], *, ax: Axes | None = None) -> Axes:
    """The steps from the bookings of one quarter to those of the next, coloured by the team that answers for the factor.

    Args:
        bridge: As `drivers.bookings_bridge` returns it.
        change: As `drivers.bookings_change` returns it.
        ax: Axes to draw on.
    """
    if bridge.empty:
        return nothing_to_draw(
            ax, "The change of bookings cannot be split", because="The change of bookings cannot be split; the text says why."
        )
    steps = _steps(bridge)
    ax = ax or new_axes(height=1.7 + 0.38 * (len(steps) + 2))
    levels = change["before"] + np.concatenate([[0.0], steps["contribution"].cumsum()])
    last = len(steps) + 1
    ax.barh([0, last], [change["before"], change["after"]], color=SLATE, height=0.6)
    ax.barh(
        np.arange(1, last),
        steps["contribution"],
        left=levels[:-1],
        color=[TEAMS.get(owner, MUTED) for owner in steps["owner"]],
        height=0.6,
    )
    for place, level in enumerate(levels):
        ax.vlines(level, place, place + 1, color=MUTED, linewidth=0.8)
    _names(ax, steps, change)
    ax.set_title("Where bookings moved, and who owns it")
    told = "; ".join(f"{row['label']} ({people(row['owner'])}) {_signed(row['contribution'])}" for row in steps.to_dict("records"))
    ends = f"Bookings went from {change['before']:,.0f} to {change['after']:,.0f}"
    return describe(ax, f"{ends}; steps: {told}.")


def _steps(bridge: pd.DataFrame) -> pd.DataFrame:
    """The factors in the order of the formula, the small ones as one step at the end."""
    size = bridge["contribution"].abs()
    large = size >= SMALL * size.max() if size.max() > 0 else size > 0
    told = bridge[large].assign(label=[label(name) for name in bridge.loc[large, "factor"]])[["label", "owner", "contribution"]]
    rest = bridge.loc[~large, "contribution"].sum()
    if large.all() or not len(bridge):
        return told.reset_index(drop=True)
    return pd.concat([told, pd.DataFrame([{"label": REST, "owner": None, "contribution": rest}])], ignore_index=True)


def _names(ax: Axes, steps: pd.DataFrame, change: dict[str, Any]) -> None:
    names = ["quarter before", *(f"{safe_label(row['label'])}\n{people(row['owner'])}" for row in steps.to_dict("records")), "this quarter"]
    values = [f"{change['before']:,.0f}", *(_signed(value) for value in steps["contribution"]), f"{change['after']:,.0f}"]
    ends = [change["before"], *(change["before"] + steps["contribution"].cumsum()), change["after"]]
    starts = [0.0, *([change["before"], *ends[1:-2]] if len(steps) else []), 0.0]
    _rows(ax, names, values, [max(pair) for pair in zip(starts, ends, strict=True)])
    ax.set_xlim(left=min(0.0, *ends))


def _rows(ax: Axes, names: Sequence[str], values: Sequence[str], tips: Sequence[float]) -> None:
    """A name before each bar and its value behind the tip."""
    for place, (value, tip) in enumerate(zip(values, tips, strict=True)):
        ax.annotate(value, (tip, place), xytext=(4, 0), textcoords="offset points", va="center", color=INK, fontsize=9)
    ax.set_yticks(np.arange(len(names)), names, fontsize=9)
    ax.set_ylim(len(names) - 0.5, -0.5)
    horizontal_grid_off(ax)
    ax.margins(x=0.16)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.xaxis.set_major_locator(_few_ticks())


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5)


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value):,.0f}"


def pipeline_waterfall_chart(steps: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The pipeline from the start of the quarter to its end, in money.

    Args:
        steps: As `velocity.pipeline_waterfall` returns it.
        ax: Axes to draw on.
    """
    if steps.empty:
        return nothing_to_draw(
            ax,
            "The pipeline's movements are not on record",
            because="The pipeline's movements are not on record; the text says what is missing.",
        )
    money = [float(value) for value in steps["money"]]
    levels = np.cumsum(money[:-1])
    lefts = [0.0, *levels[:-1], 0.0]
    ends = [SLATE, *(GREEN if value >= 0 else VERMILION for value in money[1:-1]), SLATE]
    ax = ax or new_axes(height=1.6 + 0.34 * len(steps))
    places = np.arange(len(steps))
    ax.barh(places, money, left=lefts, color=ends, height=0.6)
    said = [f"{value:,.0f}" if at in {0, len(steps) - 1} else _signed(value) for at, value in enumerate(money)]
    names = [f"{name.replace('_', ' ')} ({abs(deals):,})" for name, deals in zip(steps["step"], steps["deals"], strict=True)]
    _rows(ax, names, said, [max(left, left + value) for left, value in zip(lefts, money, strict=True)])
    ax.set_title("The pipeline due in the quarter (deals)")
    return describe(ax, f"Pipeline due in the quarter, in money (deals): {'; '.join(map(' '.join, zip(names, said, strict=True)))}.")


def forecasts_chart(past: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What was forecast after week 1, 6 and 12 of past quarters (80 % intervals), and what came.

    Args:
        past: As `drivers.past_forecasts` returns it.
        ax: Axes to draw on.
    """
    if past.empty:
        return nothing_to_draw(ax, "No past quarter could be forecast", because="No past quarter could be forecast; the text says why.")
    ax = ax or new_axes()
    quarters = list(dict.fromkeys(past["quarter"]))
    places = {quarter: at for at, quarter in enumerate(quarters)}
    for (week, part), colour, shift in zip(past.groupby("week"), (PURPLE, BLUE, GREEN), (-0.22, 0.0, 0.22), strict=False):
        at = part["quarter"].map(places) + shift
        ax.vlines(at, part["lower_80"], part["upper_80"], color=colour, linewidth=5, alpha=0.5)
        ax.scatter(at, part["expected"], color=colour, s=22, zorder=3, label=f"after week {week}")
    actual = past.drop_duplicates("quarter")
    ax.scatter(actual["quarter"].map(places), actual["actual"], marker="_", color=INK, s=700, linewidths=2.2, label="what came", zorder=2)
    ax.set_xticks(range(len(quarters)), quarters, rotation=30, ha="right")
    ax.set_ylim(0, None)
    ax.set_ylabel("Bookings of the quarter")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.22), ncols=4, fontsize=8)
    ax.set_title("Forecasts from inside past quarters, and what came")
    said = [
        f"{row['quarter']} week {row['week']} {row['lower_80']:,.0f} to {row['upper_80']:,.0f}, came {row['actual']:,.0f}"
        for row in past.to_dict("records")
    ]
    return describe(ax, f"80 % intervals of bookings, forecast from inside each quarter: {'; '.join(said)}.")
