"""Charts of churn: each draws one frame of `alignment_toolkit.churn` and says in words what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from alignment_toolkit.charts.style import (
    BLUE,
    CURVES_END,
    GREEN,
    MUTED,
    PALETTE,
    SLATE,
    VERMILION,
    describe,
    horizontal_grid_off,
    new_axes,
    nothing_to_draw,
    percent_axis,
    safe_label,
)
from alignment_toolkit.wording import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOVEMENTS = ("new", "expansion", "reactivation", "contraction", "churn", "exchange_rates")
TOO_FEW = "too few customers were followed"


def mrr_bridge_chart(bridge: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The last quarter's movements of recurring revenue as a waterfall from its start, and their sum.

    Args:
        bridge: As `churn.mrr_bridge` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    ax = ax or new_axes()
    if bridge.empty:
        return _not_drawn(ax, "Monthly recurring revenue", because or "no quarter begins after the records of subscriptions do")
    last = bridge.iloc[-1]
    steps = [float(last[name]) for name in MOVEMENTS]
    net = float(last["end"] - last["start"])
    labels = [*(name.replace("_", " ") for name in MOVEMENTS), "net change"]
    levels = np.cumsum([0.0, *steps])
    ax.bar(
        range(len(labels)),
        [*steps, net],
        bottom=[*levels[:-1], 0.0],
        color=[*(GREEN if step >= 0 else VERMILION for step in steps), BLUE],
        width=0.65,
    )
    ax.axhline(0, color=MUTED, linewidth=1)
    reach = max(levels.max() - levels.min(), 1.0)
    ax.set_ylim(levels.min() - 0.06 * reach, levels.max() + 0.06 * reach)
    ax.set_xticks(range(len(labels)), labels, rotation=30, ha="right")
    ax.set_ylabel("per month, from the start on")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:+,.0f}" if value else "0")
    ax.set_title(f"What moved recurring revenue in {last['quarter']}")
    told = ", ".join(f"{label} {height:+,.0f}" for label, height in zip(labels[:-1], steps, strict=True))
    return describe(ax, f"Monthly recurring revenue went from {last['start']:,.0f} to {last['end']:,.0f} in {last['quarter']}: {told}.")


def retention_chart(curve: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Share of customers still there by age, one step line with its 95 % band per segment.

    Args:
        curve: As `churn.retention_curves` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    ax = ax or new_axes()
    if curve.empty:
        return _not_drawn(ax, "Customers still there", because or TOO_FEW)
    told = []
    for colour, (segment, part) in zip(_colours(curve["segment"].nunique()), curve.groupby("segment", sort=False), strict=True):
        bends = _bends(part)
        ax.step(bends["day"], bends["share"], where="post", color=colour, label=safe_label(segment))
        ax.fill_between(bends["day"], bends["lower"], bends["upper"], step="post", color=colour, alpha=0.12, linewidth=0)
        told.append(f"{segment} {percent(part['share'].iloc[-1], 0)} at day {part['day'].iloc[-1]}")
    ax.set_ylim(0, 1.02)
    ax.set_xlabel(f"days since the customer started; {CURVES_END}")
    percent_axis(ax, "y", "")
    ax.legend(loc="lower left", fontsize=9)
    ax.set_title("Customers still there, by age")
    return describe(ax, f"Share of customers still in their first life, at the last day with enough followed: {'; '.join(told)}.")


def cohort_triangle_chart(table: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """The cohort triangle as a heat map; what has not been observed stays blank, and cohorts without shares are not drawn.

    Args:
        table: As `churn.triangle_table` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    import seaborn as sns

    shares = table.set_index("cohort").dropna(how="all") if len(table) else table
    if shares.empty:
        return _not_drawn(ax, "Cohorts", because or "too few customers started in any quarter")
    ax = ax or new_axes(height=0.9 + 0.32 * len(shares))
    shares.columns = [name.removesuffix("_share").removeprefix("q") for name in shares.columns]
    top = max(1.0, float(np.nanmax(shares.to_numpy())))
    told = shares.map(lambda share: percent(share, 0))
    drawn: dict[str, Any] = {"annot": told, "fmt": "", "cbar": False, "linewidths": 1.5, "annot_kws": {"fontsize": 8}}
    sns.heatmap(shares, ax=ax, vmin=0, vmax=top, cmap="Blues", **drawn)
    ax.grid(visible=False)
    ax.set_xlabel("quarters after the one they started in")
    ax.set_ylabel("")
    ax.tick_params(axis="y", rotation=0)
    ax.set_title("Still there at the end of each quarter, by starting quarter")
    oldest = shares.iloc[:, -1].dropna().index[0]
    said = [f"{cohort} {told.loc[cohort, age]} at age {age}" for cohort, age in ((oldest, shares.columns[-1]), _newest(shares))]
    return describe(ax, f"Share still there, by starting quarter and age in quarters: {'; '.join(said)}.")


def _newest(shares: pd.DataFrame) -> tuple[str, str]:
    """The youngest cohort and its age."""
    return str(shares.index[-1]), str(shares.iloc[-1].dropna().index[-1])


def early_churn_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Share of customers gone within 90 days per segment, with 95 % limits; segments that differ from the rest stand out.

    Args:
        frame: As `churn.early_churn` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    known = frame[frame["churned_share"].notna()]
    if known.empty:
        return _not_drawn(ax, "Customers gone within 90 days", because or TOO_FEW)
    ax = ax or new_axes(height=1.2 + 0.34 * len(known))
    colours = known["differs"].map({"more": VERMILION, "less": GREEN}).fillna(SLATE).tolist()
    _dots(ax, known["segment"], known["churned_share"], limits=(known["lower_share"], known["upper_share"]), colours=colours)
    ax.set_xlim(left=0)
    percent_axis(ax, "x", "")
    ax.set_title("Customers gone within 90 days of starting")
    told = "; ".join(f"{segment} {percent(share, 1)}" for segment, share in zip(known["segment"], known["churned_share"], strict=True))
    more = ", ".join(known.loc[known["differs"] == "more", "segment"]) or "none"
    return describe(ax, f"Share gone within 90 days: {told}. More than the rest: {more}.")


def hazard_ratio_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Hazard ratios of churn with 95 % limits on a logarithmic scale; 1 is the reference group.

    Args:
        frame: As `churn.hazard_ratios` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    known = frame[frame["hazard_ratio"].notna()]
    if known.empty:
        few = "only one group" if frame.empty else "too few customers left to compare groups"
        return _not_drawn(ax, "Hazard ratios of churn", because or few)
    ax = ax or new_axes(height=1.2 + 0.34 * len(known))
    labels = known["attribute"] + ": " + known["group"]
    apart = np.where(known["lower"] > 1, VERMILION, np.where(known["upper"] < 1, GREEN, SLATE)).tolist()
    _dots(ax, labels, known["hazard_ratio"], limits=(known["lower"], known["upper"]), colours=apart)
    ax.axvline(1, color=MUTED, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    ax.set_xlabel("hazard of leaving, relative to the reference")
    ax.set_title("Who leaves sooner, all else equal")
    told = "; ".join(f"{row.attribute} {row.group} {row.hazard_ratio:.2f} against {row.reference}" for row in known.itertuples())
    return describe(ax, f"Hazard ratios of churn: {told}.")


def lifetime_value_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Value per customer over the months observed, with 95 % limits, and what winning one cost.

    Args:
        frame: As `churn.lifetime_value` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    known = frame[frame["value"].notna()]
    if known.empty:
        return _not_drawn(ax, "Lifetime value", because or TOO_FEW)
    ax = ax or new_axes(height=1.4 + 0.34 * len(known))
    labels = known["segment"] + known["months"].map(lambda months: f" (to month {months:.0f})")
    _dots(ax, labels, known["value"], limits=(known["lower"], known["upper"]), colours=[BLUE] * len(known), label="value per customer")
    cost = known["cost_per_customer"]
    if cost.notna().any():
        ax.scatter(cost, range(len(known)), marker="|", s=160, color=VERMILION, label="cost of winning one", zorder=3)
        ax.legend(loc="lower right", fontsize=9)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_title("What a customer has brought, and cost")
    told = "; ".join(f"{row.segment} {row.value:,.0f} by month {row.months:.0f}" for row in known.itertuples())
    return describe(ax, f"Value per customer ({known['basis'].iloc[0]}): {told}.")


def churned_by_source_of_truth_chart(frame: pd.DataFrame, *, because: str | None = None, ax: Axes | None = None) -> Axes:
    """Customers churned by each record, and the conflicts between records.

    Args:
        frame: As `churn.churned_by_source_of_truth` makes it.
        because: Why nothing is known of customers, as `churn.why_unknown` says it; said where there is nothing to draw.
        ax: Where to draw; new axes by default.
    """
    known = frame[frame["customers"] > 0] if len(frame) else frame
    if known.empty:
        return _not_drawn(ax, "Churned, by record", because or "no customer is on record")
    ax = ax or new_axes(height=1.2 + 0.34 * len(known))
    conflicts = known["record"] + " ≠ " + known["other"].fillna("")
    labels = known["record"].where(known["kind"] == "churned", conflicts).tolist()
    colours = np.where(known["kind"] == "churned", BLUE, VERMILION).tolist()
    ax.barh(range(len(known)), known["n"], color=colours, height=0.6)
    _names(ax, labels)
    ax.set_xlabel("customers")
    ax.set_title("Churned customers, by record")
    told = "; ".join(f"{label} {n:,}" for label, n in zip(labels, known["n"], strict=True))
    return describe(ax, f"Of {known['customers'].iloc[0]:,} customers: {told}.")


def _not_drawn(ax: Axes | None, heading: str, because: str) -> Axes:
    return nothing_to_draw(ax, heading, because=f"Not drawn: {because}.")


def _bends(part: pd.DataFrame) -> pd.DataFrame:
    """The days on which a step line bends, and its ends: as many points as there are churns, not days."""
    moved = (part["churned"] > 0).to_numpy()
    moved[[0, -1]] = True
    return part[moved]


def _dots(ax: Axes, labels: Any, values: Any, *, limits: tuple[Any, Any], colours: list[str], label: str | None = None) -> None:
    """One dot with its limits per row, the first row on top."""
    lower, upper = limits
    places = np.arange(len(values))
    ax.hlines(places, lower, upper, colors=colours, linewidth=2)
    ax.scatter(values, places, color=colours, s=36, zorder=3, label=label)
    horizontal_grid_off(ax)
    _names(ax, labels)


def _names(ax: Axes, labels: Any) -> None:
    ax.set_yticks(range(len(labels)), [safe_label(label) for label in labels])
    ax.invert_yaxis()


def _colours(n: int) -> list[str]:
    return [PALETTE[at % len(PALETTE)] for at in range(n)]
