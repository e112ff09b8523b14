"""Charts of funnel velocity: conversion and time by stage, the cycle, sales velocity, where leads wait, and whether it changed.

Each draws a frame of `alignment_toolkit.velocity` as it is, estimates nothing, and says in words what it shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alignment_toolkit.charts.style import (
    BLUE,
    CURVES_END,
    GREEN,
    INK,
    MUTED,
    OCHRE,
    VERMILION,
    describe,
    horizontal_grid_off,
    new_axes,
    nothing_to_draw,
    percent_axis,
    safe_label,
    short_name,
)
from alignment_toolkit.figures import ALL
from alignment_toolkit.velocity.words import days_words, money, with_limits
from alignment_toolkit.visible import visible
from alignment_toolkit.wording import percent, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 16


def stage_conversion_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of visits that move on, by stage: a dot with its 95 % interval.

    Args:
        frame: As `velocity.stage_conversion` returns it.
        ax: Axes to draw on.
    """
    drawn = frame.dropna(subset=["conversion_rate"])
    if drawn.empty:
        return nothing_to_draw(ax, "No stage has been watched long enough for a conversion.")
    ax = _dots(ax, drawn, "conversion_rate", "lower_rate", "upper_rate")
    percent_axis(ax, "x", "Visits that move on (dot) and 95 % interval")
    stages = records(drawn[drawn["stage"] != ALL])
    rows = [f"{visible(row['stage'])} {with_limits(row, 'conversion_rate', 'lower_rate', 'upper_rate', percent)}" for row in records(drawn)]
    if stages:
        worst = min(stages, key=lambda row: row["conversion_rate"])
        ax.set_title(f"Fewest move on from {short_name(worst['stage'])}: {percent(worst['conversion_rate'])}")
    return describe(ax, f"Share of visits that move on, with 95 % interval, by stage: {'; '.join(rows)}.")


def time_in_stage_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Days until half of the visits are over, by stage, with the 90th percentile and the naive mean of finished visits beside it.

    Args:
        frame: As `velocity.time_in_stage` returns it.
        ax: Axes to draw on.
    """
    drawn = frame.dropna(subset=["median_days"])
    if drawn.empty:
        seen = frame["n"].sum() > 0
        return nothing_to_draw(ax, "In no stage are half of the visits over." if seen else "No visit to a stage falls into the window.")
    ax = _dots(ax, drawn, "median_days", "lower_days", "upper_days", label="median")
    places = np.arange(len(drawn))
    ax.scatter(drawn["p90_days"], places, marker="|", s=160, color=VERMILION, linewidths=2.4, label="90th percentile", zorder=3)
    ax.scatter(
        drawn["naive_mean_days"],
        places,
        marker="D",
        s=30,
        facecolors="none",
        edgecolors=MUTED,
        linewidths=1.4,
        label="naive mean",
        zorder=3,
    )
    ax.set_xlim(0, None)
    ax.set_xlabel("Days in the stage")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=3)
    stages = records(drawn[drawn["stage"] != ALL])
    if stages:
        slowest = max(stages, key=lambda row: row["median_days"])
        ax.set_title(f"Leads stay longest in {short_name(slowest['stage'])}: median {days_words(slowest['median_days'])}")
    return describe(ax, f"Median days in the stage with 95 % interval: {'; '.join(_time_words(row) for row in records(drawn))}.")


def _time_words(row: dict[str, Any]) -> str:
    most = "not reached" if pd.isna(row["p90_days"]) else days_words(row["p90_days"])
    middle = with_limits(row, "median_days", "lower_days", "upper_days", days_words)
    return f"{visible(row['stage'])} {middle}, 90th percentile {most}, naive mean {days_words(row['naive_mean_days'])}"


def cycle_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Mean days to won among those who win by H, by segment, with the naive mean of the won beside it.

    Args:
        frame: As `velocity.cycle` returns it; the first 16 segments with a figure are drawn, fastest first.
        ax: Axes to draw on.
    """
    drawn = _fastest_first(frame.dropna(subset=["mean_days"]), "mean_days", ascending=True)
    if drawn.empty:
        return nothing_to_draw(ax, "Too few leads were won for a cycle.")
    ax = _dots(ax, drawn, "mean_days", "lower_days", "upper_days", label="mean cycle")
    ax.scatter(
        drawn["naive_mean_days"],
        np.arange(len(drawn)),
        marker="D",
        s=30,
        facecolors="none",
        edgecolors=MUTED,
        linewidths=1.4,
        label="naive mean",
        zorder=3,
    )
    ax.set_xlim(0, None)
    horizon = int(drawn["horizon_days"].max())
    ax.set_xlabel(f"Days to won, among those who win within {horizon} days")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    whole = drawn[drawn["segment"] == ALL]
    if len(whole):
        ax.set_title(f"A lead that wins takes {days_words(whole['mean_days'].iloc[0])} on average")
    rows = [f"{visible(row['segment'])} {with_limits(row, 'mean_days', 'lower_days', 'upper_days', days_words)}" for row in records(drawn)]
    return describe(ax, f"Mean days to won among those who win within {horizon} days, with 95 % interval: {'; '.join(rows)}.")


def sales_velocity_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Sales velocity by segment with its 95 % interval, and the bookings of the quarter per day beside it.

    Args:
        frame: As `velocity.sales_velocity` returns it; the first 16 segments with a figure are drawn, largest first.
        ax: Axes to draw on.
    """
    drawn = _fastest_first(frame.dropna(subset=["velocity"]), "velocity", ascending=False)
    if drawn.empty:
        return nothing_to_draw(ax, "Sales velocity cannot be told: " + ", ".join(sorted(set(frame["reason"].dropna()))) + ".")
    ax = _dots(ax, drawn, "velocity", "lower", "upper", label="sales velocity")
    ax.scatter(
        drawn["bookings_per_day"], np.arange(len(drawn)), marker="D", s=30, color=OCHRE, label="bookings of the quarter per day", zorder=3
    )
    ax.set_xlim(0, None)
    ax.set_xlabel("Money per day")
    _thousands(ax)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    whole = drawn[drawn["segment"] == ALL]
    if len(whole):
        ax.set_title(f"Open opportunities turn into {money(whole['velocity'].iloc[0])} a day")
    rows = [
        f"{visible(row['segment'])} {with_limits(row, 'velocity', 'lower', 'upper', money)}, bookings {money(row['bookings_per_day'])}"
        for row in records(drawn)
    ]
    return describe(ax, f"Money per day from open opportunities, with 95 % interval: {'; '.join(rows)}.")


def bottleneck_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Lead-days spent in each stage during the quarter, with the leads and the expected value waiting at its end.

    Args:
        frame: As `velocity.bottleneck` returns it.
        ax: Axes to draw on.
    """
    if not len(frame) or frame["lead_days"].sum() == 0:
        return nothing_to_draw(ax, "No lead was in a stage during the quarter.")
    ax = ax or new_axes(height=1.4 + 0.42 * max(len(frame), 2))
    places = np.arange(len(frame))
    longest = frame["lead_days"].idxmax()
    colours = [VERMILION if at == longest else BLUE for at in frame.index]
    ax.barh(places, frame["lead_days"], color=colours, height=0.62)
    for place, row in zip(places, records(frame), strict=True):
        ax.annotate(_waiting(row), (row["lead_days"], place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    ax.set_xlim(0, float(frame["lead_days"].max()) * 1.45)
    _named_rows(ax, frame["stage"])
    ax.set_xlabel("Lead-days in the stage during the quarter")
    _thousands(ax)
    worst = max(records(frame), key=lambda row: row["lead_days"])
    share = percent(worst["lead_days"] / frame["lead_days"].sum())
    ax.set_title(f"Leads wait most in {short_name(worst['stage'])}: {share} of all lead-days")
    rows = [f"{visible(row['stage'])} {row['lead_days']:,.0f} lead-days, {_waiting(row)}" for row in records(frame)]
    return describe(ax, f"Lead-days in each stage during the quarter, and what waits at its end: {'; '.join(rows)}.")


def _waiting(row: dict[str, Any]) -> str:
    worth = "" if pd.isna(row["value_waiting"]) else f", expected {money(row['value_waiting'])}"
    return f"{row['waiting']:,.0f} waiting{worth}"


def win_curves_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share won by age of the report quarter's leads against those of the four quarters before, with 95 % bands.

    Args:
        frame: As `velocity.win_curves` returns it.
        ax: Axes to draw on.
    """
    if frame.empty:
        return nothing_to_draw(ax, "Too few leads to compare the report quarter with the four before.")
    ax = ax or new_axes()
    said = []
    for group, colour in zip(dict.fromkeys(frame["group"]), (BLUE, GREEN), strict=False):
        curve = frame[frame["group"] == group]
        ax.fill_between(curve["day"], curve["lower_share"], curve["upper_share"], step="post", color=colour, alpha=0.14, linewidth=0)
        ax.step(curve["day"], curve["won_share"], where="post", color=colour, label=str(group))
        said.append(f"{group} {with_limits(records(curve.tail(1))[0], 'won_share', 'lower_share', 'upper_share', percent)}")
    last = int(frame["day"].max())
    ax.set_xlim(0, max(last, 1))
    ax.set_ylim(0, None)
    percent_axis(ax, "y", "Won leads")
    ax.set_xlabel(f"Age of the lead in days; {CURVES_END}")
    ax.legend(loc="upper left")
    ax.set_title("Share of leads won by age, this quarter and before")
    return describe(ax, f"Share of leads won by day {last} of their age, with 95 % interval: {'; '.join(said)}.")


def _dots(ax: Axes | None, drawn: pd.DataFrame, value: str, lower: str, upper: str, *, label: str | None = None) -> Axes:
    """A dot with its interval per row, the row of the whole in ink, the first row on top."""
    ax = ax or new_axes(height=1.5 + 0.36 * max(len(drawn), 2))
    places = np.arange(len(drawn))
    names = drawn.iloc[:, 0]
    colours = [INK if name == ALL else BLUE for name in names]
    ax.hlines(places, drawn[lower].fillna(drawn[value]), drawn[upper].fillna(drawn[value]), colors=colours, linewidth=2.4)
    ax.scatter(drawn[value], places, c=colours, s=44, zorder=3, label=label)
    _named_rows(ax, names)
    return ax


def _named_rows(ax: Axes, names: Iterable[Any]) -> None:
    labels = [safe_label(name) for name in names]
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    horizontal_grid_off(ax)


def _fastest_first(drawn: pd.DataFrame, column: str, *, ascending: bool) -> pd.DataFrame:
    """The whole, then the parts in order, as many as fit."""
    whole, parts = drawn[drawn["segment"] == ALL], drawn[drawn["segment"] != ALL]
    return pd.concat([whole, parts.sort_values([column, "segment"], ascending=[ascending, True])]).head(MOST_ROWS)


def _thousands(ax: Axes) -> None:
    from matplotlib.ticker import StrMethodFormatter

    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
