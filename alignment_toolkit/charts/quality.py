"""Charts of lead quality: ranking, conversion by age, quality against quantity, reliability of the score.

Each draws a frame of `alignment_toolkit.quality` as it is, estimates nothing, and says in words what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import ROWS, checked
from alignment_toolkit.charts.style import (
    BLUE,
    CURVES_END,
    INK,
    MUTED,
    PALETTE,
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
from alignment_toolkit.visible import visible
from alignment_toolkit.wording import counted_words, percent, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOMINATED = "dominated: another has as many leads and converts better"
MOST_RANKED, MOST_CURVES = 20, 6


def ranking_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Shrunk conversion of each ranked group: a dot with its 95 % interval, best on top.

    Args:
        frame: As `quality.ranking.ranking` returns it; the first 20 ranked groups are drawn, unshrunk where there are fewer than five.
        ax: Axes to draw on.
    """
    told = frame.assign(
        value=frame["shrunk_rate"].fillna(frame["own_rate"]),
        low=frame["lower"].fillna(frame["own_lower_rate"]),
        high=frame["upper"].fillna(frame["own_upper_rate"]),
    ).dropna(subset=["value"])
    drawn = told.head(MOST_RANKED)
    ax = ax or new_axes(height=1.4 + 0.34 * max(len(drawn), 2))
    if drawn.empty:
        return nothing_to_draw(ax, "No group has enough leads to be ranked.")
    places = np.arange(len(drawn))
    colours = [VERMILION if flag == "below the rest" else BLUE if flag == "above the rest" else MUTED for flag in drawn["different"]]
    ax.hlines(places, drawn["low"], drawn["high"], colors=colours, linewidth=2.4)
    ax.scatter(drawn["value"], places, c=colours, s=44, zorder=3)
    ax.set_yticks(places, [safe_label(name) for name in drawn["segment"]])
    ax.set_ylim(len(drawn) - 0.5, -0.5)
    horizontal_grid_off(ax)
    horizon = int(drawn["horizon_days"].iloc[0])
    percent_axis(ax, "x", f"{_conversion(drawn['shrunk_rate'].notna())} within {horizon} days (dot) and 95 % interval")
    ax.set_xlim(0, None)
    ax.set_title(_ranking_title(drawn, horizon))
    return describe(ax, _ranking_words(frame, drawn, horizon))


def _ranking_title(drawn: pd.DataFrame, horizon: int) -> str:
    """A group that is told apart from the rest: the best, else one above it, else one below; without one, that there is none."""
    above, below = (drawn[drawn["different"] == flag] for flag in ("above the rest", "below the rest"))
    if len(drawn) == 1:
        row, how = drawn.iloc[0], ""
    elif len(above):
        row = above.iloc[0]
        how = " converts best" if row["segment"] == drawn["segment"].iloc[0] else " converts above the rest"
    elif len(below):
        row, how = below.iloc[-1], " converts below the rest"
    else:
        return "The groups cannot be told apart"
    return f"{short_name(row['segment'])}{how}: {percent(row['value'])} within {horizon} days"


def _conversion(is_shrunk: pd.Series) -> str:
    """What a conversion is called: a shrunk one differs from the headline figure of the same group."""
    return "Shrunk conversion" if is_shrunk.astype(bool).any() else "Conversion"


def _ranking_words(frame: pd.DataFrame, drawn: pd.DataFrame, horizon: int) -> str:
    rows = [f"{visible(row['segment'])} {_with_limits(row['value'], row['low'], row['high'])}" for row in records(drawn)]
    few = int(frame["reason"].eq("too few to rank").sum())
    above, below = (_names(drawn[drawn["different"] == flag]["segment"]) for flag in ("above the rest", "below the rest"))
    head = f"{_conversion(drawn['shrunk_rate'].notna())} within {horizon} days with 95 % interval, highest first"
    said = [f"{head}: {'; '.join(rows)}."]
    said += [f"Above the rest: {above}."] if above else []
    said += [f"Below the rest: {below}."] if below else []
    return " ".join([*said, *([f"Too few leads to rank: {few}."] if few else [])])


@checked(most=ROWS)
def conversion_curve_chart(frame: pd.DataFrame, *, ax: Axes | None = None, most: int = MOST_CURVES) -> Axes:
    """Share of leads won by age in days, with its 95 % band, for all leads and the largest groups.

    Args:
        frame: As `quality.curves.conversion_curves` returns it.
        ax: Axes to draw on.
        most: Groups drawn beside all leads, the largest first.
    """
    ax = ax or new_axes(height=4.2)
    names = list(dict.fromkeys(frame["segment"]))
    if not names:
        return nothing_to_draw(ax, "No group has been observed long enough for a curve.")
    drawn = names[: most + (ALL in names)]
    colours = iter(PALETTE)
    for name in drawn:
        curve = _where_it_moves(frame[frame["segment"] == name])
        colour = INK if name == ALL else next(colours)
        ax.fill_between(curve["day"], curve["lower"], curve["upper"], step="post", color=colour, alpha=0.12, linewidth=0)
        ax.step(curve["day"], curve["value"], where="post", color=colour, label=safe_label(name), linewidth=2.6 if name == ALL else 1.8)
    ends = frame[frame["segment"].isin(drawn)].groupby("segment", sort=False).tail(1).sort_values("value", ascending=False)
    ax.set_ylim(0, None)
    ax.set_xlim(0, max(float(ends["day"].max()), 1.0))
    ax.set_xlabel(f"Age of the lead in days; {CURVES_END}")
    percent_axis(ax, "y", "Won leads")
    handles = dict(zip(drawn, ax.get_legend_handles_labels()[0], strict=True))
    ax.legend(handles=[handles[name] for name in ends["segment"]], loc="center left", bbox_to_anchor=(1.01, 0.5))
    ax.set_title("Share of leads won by age, open leads counted as open")
    said = [
        f"{visible(row['segment'])} by day {row['day']} {_with_limits(row['value'], row['lower'], row['upper'])}" for row in records(ends)
    ]
    hidden = len(names) - len(drawn)
    more = f" {hidden} smaller groups are not drawn." if hidden else ""
    return describe(ax, f"Share of leads won by age with 95 % band, at the end of each curve: {'; '.join(said)}.{more}")


def _where_it_moves(curve: pd.DataFrame) -> pd.DataFrame:
    """The days on which the curve or its band moves by what a reader could see, and the last: a step holds in between."""
    seen = curve[["value", "lower", "upper"]].round(4)
    moved = (seen != seen.shift()).any(axis=1)
    moved.iloc[-1] = True
    return curve[moved]


def plane_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Quality against quantity: leads, conversion, lines of equal expected wins; the area of a bubble is its bookings.

    Args:
        frame: As `quality.plane.quality_quantity` returns it.
        ax: Axes to draw on.
    """
    ax = ax or new_axes(height=4.6)
    drawn = frame.dropna(subset=["conversion_rate"])
    drawn = drawn[drawn["leads"] > 0]
    if drawn.empty:
        return nothing_to_draw(ax, "No group has leads in the period and enough of them to tell a conversion.")
    right, top = float(drawn["leads"].max()) * 1.15, float(drawn["conversion_rate"].max()) * 1.25 or 0.01
    _equal_wins(ax, right, float(drawn["expected_wins"].max()))
    dominated = drawn["dominated_by"].notna()
    for kept, colour, label in ((~dominated, BLUE, "not dominated"), (dominated, VERMILION, DOMINATED)):
        part = drawn[kept]
        ax.scatter(part["leads"], part["conversion_rate"], s=_areas(part, drawn), color=colour, alpha=0.65, label=label, zorder=3)
    for row in records(drawn):
        place = (row["leads"], row["conversion_rate"])
        ax.annotate(safe_label(row["segment"]), place, xytext=(5, 6), textcoords="offset points", fontsize=8.5)
    ax.set_xlim(0, right)
    ax.set_ylim(0, top)
    horizon = int(drawn["horizon_days"].iloc[0])
    ax.set_xlabel("Leads of the period")
    percent_axis(ax, "y", f"{_conversion(drawn['is_shrunk'])} within {horizon} days")
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2, markerscale=0.5, fontsize=8.5, borderaxespad=0)
    most = drawn.iloc[int(drawn["expected_wins"].argmax())]
    ax.set_title(f"{short_name(most['segment'])} brings the most expected wins: {most['expected_wins']:,.0f}")
    return describe(ax, _plane_words(drawn, horizon))


def _equal_wins(ax: Axes, right: float, most: float) -> None:
    """Lines along which leads × conversion is the same: quarters of the most that any group reaches."""
    leads = np.linspace(right / 200, right, 200)
    for share in (0.25, 0.5, 1.0):
        wins = most * share
        ax.plot(leads, wins / leads, color=MUTED, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
        style: dict[str, Any] = {"fontsize": 8, "color": MUTED, "va": "center"}
        ax.annotate(f"{wins:,.3g} wins", (right, wins / right), xytext=(3, 0), textcoords="offset points", **style)


def _areas(part: pd.DataFrame, drawn: pd.DataFrame) -> Any:
    """Bubble areas in points²: in proportion to bookings, all alike without them."""
    most = drawn["bookings"].max()
    return 60 + 640 * (part["bookings"].clip(lower=0) / most) if most > 0 else 120


def _plane_words(drawn: pd.DataFrame, horizon: int) -> str:
    rows = [
        f"{visible(row['segment'])}: {counted_words(row['leads'], 'lead')}, {percent(row['conversion_rate'])},"
        f" {row['expected_wins']:,.1f} expected wins"
        + (f", bookings {row['bookings']:,.0f}" if pd.notna(row["bookings"]) else "")
        + (f", dominated by {visible(row['dominated_by'])}" if isinstance(row["dominated_by"], str) else "")
        for row in records(drawn)
    ]
    conversion = _conversion(drawn["is_shrunk"]).lower()
    return f"Leads of the period and {conversion} within {horizon} days, most expected wins first. {'; '.join(rows)}."


def reliability_chart(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Conversion by tenth of the score with 95 % intervals, beside the chance that the score claims.

    Args:
        frame: As `quality.calibration.score_reliability` returns it.
        ax: Axes to draw on.
    """
    ax = ax or new_axes()
    drawn = frame.dropna(subset=["conversion_rate"])
    if drawn.empty:
        return nothing_to_draw(ax, "No tenth of the score has enough matured leads.")
    ax.vlines(drawn["decile"], drawn["lower"], drawn["upper"], colors=BLUE, linewidth=2.4)
    ax.scatter(drawn["decile"], drawn["conversion_rate"], color=BLUE, s=44, zorder=3, label="what became of the leads")
    if drawn["claimed_rate"].notna().any():
        ax.plot(drawn["decile"], drawn["claimed_rate"], color=VERMILION, marker="_", linewidth=1.4, label="what the score claims")
    horizon = int(drawn["horizon_days"].iloc[0])
    ax.set_xticks(range(1, 11))
    ax.set_xlabel("Tenth of the leads by score, lowest first")
    ax.set_ylim(0, None)
    percent_axis(ax, "y", f"Won within {horizon} days")
    ax.legend(loc="upper left")
    first, last = drawn.iloc[0], drawn.iloc[-1]
    ax.set_title(f"Lowest scores: {percent(first['conversion_rate'])} won; highest scores: {percent(last['conversion_rate'])}")
    rows = [
        f"tenth {row['decile']}, scores {row['lowest_score']:g} to {row['highest_score']:g}: "
        + _with_limits(row["conversion_rate"], row["lower"], row["upper"])
        + (f", claimed {percent(row['claimed_rate'])}" if pd.notna(row["claimed_rate"]) else "")
        for row in records(drawn)
    ]
    return describe(ax, f"Leads won within {horizon} days by tenth of the score with 95 % interval: {'; '.join(rows)}.")


def _with_limits(value: float, lower: float, upper: float) -> str:
    return f"{percent(value)} ({percent(lower)} to {percent(upper)})"


def _names(names: pd.Series) -> str:
    return ", ".join(visible(name) for name in names)
