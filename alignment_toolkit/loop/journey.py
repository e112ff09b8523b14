"""The whole journey: how long from the first contact to the first renewal, step by step, on which paths, and where does it stop?

Unit: the account. A step's shares are period estimates over the study's window, open journeys counted as open and being lost, or leaving,
as competing. Paths are counts of journeys under way in the window; they say what is common, not what works.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from ibis import _

from alignment_toolkit.arguments import ROWS, OneOf, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.figures import OTHER
from alignment_toolkit.followed import Rule, estimates
from alignment_toolkit.handoff.words import no_table
from alignment_toolkit.handovers import handovers
from alignment_toolkit.lines import (
    CONTACT,
    HANDED,
    LEFT,
    LONGEST_PATH,
    LOST,
    MARKS,
    OPEN,
    RENEWAL,
    RENEWED,
    STEPS,
    TOUCHED,
    WON,
    Of,
    life_ends,
)
from alignment_toolkit.stats import advance_quantile_interval, bucket_tables, incidence, state_probabilities
from alignment_toolkit.stats.risk import RiskTable
from alignment_toolkit.study import Study
from alignment_toolkit.touches import touch_rows
from alignment_toolkit.wording import counted_words, percent

if TYPE_CHECKING:
    import ibis.expr.types as ir

YEAR, TO_RENEWAL = 365, 450  # a renewal comes a year after the first payment, which comes after the win
HALF = 0.5
MOST_PATHS = 12
NO_HANDOVER, NO_SALES_TOUCH = "no handover is on record", "no touch by sales is on record"
FROM = {CONTACT: "first contact", HANDED: "the handover"}
TO = {TOUCHED: "a touch by sales", WON: "a win"}
COUNTED = ("n", "went_on", "stopped")
REACHED = (RENEWED, LEFT, WON, LOST, OPEN)
STEP_COLUMNS = (
    "step", "within_days", "n", "went_on", "stopped", "went_on_share", "lower_share", "upper_share", "stopped_share", "still_open_share",
    "median_days", "lower_days", "upper_days", "reason",
)  # fmt: skip
PATH_COLUMNS = ("path", "journeys", "journeys_share", *REACHED)


def journey_steps(study: Study) -> pd.DataFrame:
    """What becomes of a journey at each mark of it.

    Args:
        study: Window and as-of.

    Returns:
        One row per step: step (from a mark to the next, or a later one where that was skipped), within_days (the horizon), n (accounts
        under observation), went_on, stopped (as seen), went_on_share (incidence by the horizon) with lower_share and upper_share (95 %),
        stopped_share (lost, or left as a customer, by then), still_open_share; median_days until half of those who go on within the horizon
        have done so, with lower_days and upper_days (jackknife); reason (of a null: fewer than `min_n` accounts followed at an age up to
        the horizon, or a mark that no record shows). Where a mark is nowhere on record, the steps to and from it are null and one more
        row leads past it, such as `first contact to won`.
    """
    frame, rule = moves_frame("journey_step_moves", study), study.followed_rule("account")
    horizons = {step: TO_RENEWAL if step == STEPS[-1] else YEAR for step in STEPS}
    tables = {step: bucket_tables(frame, max_day=horizons[step], segments=[step])[1][0] for step in STEPS}
    unknown = _unrecorded(study, tables)
    rows: list[dict[str, Any]] = []
    begun = CONTACT
    for step, (start, end) in zip(STEPS, pairwise(MARKS), strict=True):
        named = {"step": step, "within_days": horizons[step]}
        if because := unknown.get(start) or unknown.get(end):
            rows.append(named | ({} if start in unknown else {"n": int(tables[step].total(axis=-1).n)}) | {"reason": because})
        else:
            rows.append(named | _step(tables[step], horizons[step], rule))
        if start in unknown and end not in unknown:  # the step from the mark before counts a skipped one as passed: it ends here
            first = STEPS[MARKS.index(begun)]
            rows.append({"step": f"{begun} to {end}", "within_days": YEAR, **_step(tables[first], YEAR, rule)})
        begun = begun if end in unknown else end
    return pd.DataFrame(rows, columns=list(STEP_COLUMNS)).astype(dict.fromkeys(COUNTED, "Int64"))


def _unrecorded(study: Study, tables: dict[str, RiskTable]) -> dict[str, str]:
    """The marks that no record can show, with the reason; asked of the records only where nobody came to the mark in the window."""
    came = {mark: tables[step].total(axis=-1).n > 0 for mark, step in zip(MARKS, STEPS, strict=False)}
    last = tables[STEPS[-1]].total(axis=-1)
    found: dict[str, str | None] = {}
    if not came[HANDED] and not _any(handovers(study.crm)):
        found[HANDED] = NO_HANDOVER
    if not came[TOUCHED]:
        of_sales = touch_rows(study.crm).filter(_.side == "sales")
        found[TOUCHED] = no_table(study, "touches") or (None if _any(of_sales) else NO_SALES_TOUCH)
    if not last.events.sum() and not last.competing.sum():
        found[RENEWED] = _no_renewals(study)
    return {mark: because for mark, because in found.items() if because}


def _no_renewals(study: Study) -> str | None:
    """Why nobody can be seen to renew: neither a renewal deal nor the subscription of a lead is on record. None: one of them is."""
    crm = study.crm
    sold = "deals table" if not crm.has("deals") else None if _any(crm.tables["deals"].filter(_.deal_type == RENEWAL)) else "renewal deal"
    paid = "subscriptions table" if not crm.has("subscriptions") else None if _any(life_ends(crm)) else "subscription that names a lead"
    return f"no {sold} and no {paid}" if sold and paid else None


def _any(rows: ir.Table) -> bool:
    return bool(rows.count().to_pyarrow().as_py())


def _step(buckets: RiskTable, horizon: int, rule: Rule) -> dict[str, Any]:
    table = buckets.total(axis=-1)
    counts = {"n": int(table.n), "went_on": int(table.won_by(horizon)), "stopped": int(table.competing.sum())}
    if missing := rule.reason(table, horizon):
        return counts | {"reason": missing}
    share, states = estimates(incidence(table[None]), table[None], horizon, rule), state_probabilities(table)
    half = advance_quantile_interval(buckets, HALF, horizon)
    told = {"went_on_share": share.value[0], "lower_share": share.lower[0], "upper_share": share.upper[0]}
    told |= {"stopped_share": states.lost[-1], "still_open_share": states.open[-1]}
    told |= {"median_days": half.value, "lower_days": half.lower, "upper_days": half.upper}
    return counts | {name: float(value) for name, value in told.items()} | {"reason": None}


@checked(of=OneOf(get_args(Of), "stop"), most=ROWS)
def journey_paths(study: Study, *, of: str = "side", most: int = MOST_PATHS) -> pd.DataFrame:
    """The paths that are most common among the journeys with a stop inside the window.

    Args:
        study: Window and as-of.
        of: Stops by `side` (team) or by `channel`; marks stand in brackets.
        most: Rows; the others, and paths of fewer than `min_cell` journeys, are "(other)".

    Returns:
        path (its first eight stops in order, the same in a row as one; "…" where there are more), journeys, journeys_share (of all), and
        how many of them have come to each end: renewed, left, won, lost, open. The most common first, "(other)" last.
    """
    counts = counted("journey_paths", study, of=of)
    if counts.empty:
        return pd.DataFrame(columns=list(PATH_COLUMNS))
    stops = counts[[f"stop_{at}" for at in range(1, LONGEST_PATH + 1)]]
    told = [" → ".join(str(stop) for stop in row if pd.notna(stop)) for row in stops.to_numpy()]
    cut = np.where(counts["stops"] > LONGEST_PATH, " → …", "")
    paths = counts.assign(path=[f"{path}{more}" for path, more in zip(told, cut, strict=True)])
    table = paths.pivot_table(index="path", columns="reached", values="n", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=list(REACHED), fill_value=0).astype("int64")
    return _ordered(table, most=most, min_cell=study.config.min_cell)


def _ordered(table: pd.DataFrame, *, most: int, min_cell: int) -> pd.DataFrame:
    whole = table.sum(axis=1)
    order = sorted(table.index, key=lambda path: (-whole[path], path))
    shown = [path for path in order if whole[path] >= min_cell][:most]
    rest = table.drop(index=shown).sum().to_frame(OTHER).T
    kept = pd.concat([table.loc[shown], rest]) if len(shown) < len(table) else table.loc[shown]
    sums = kept.sum(axis=1)
    front = {"path": kept.index, "journeys": sums.to_numpy(), "journeys_share": (sums / whole.sum()).to_numpy()}
    return pd.DataFrame(front | {name: kept[name].to_numpy() for name in REACHED})[list(PATH_COLUMNS)]


def journey_sentences(steps: pd.DataFrame, paths: pd.DataFrame) -> list[str]:
    """Where most journeys stop, how long each step takes, and which path is the most common.

    Args:
        steps: As `journey_steps` makes it.
        paths: As `journey_paths` makes it, by team.
    """
    known = steps[steps["went_on_share"].notna()]
    renewing = steps[(steps["step"] == STEPS[-1]) & steps["n"].notna() & steps["went_on"].isna()]
    untold = [f"Whether customers renew cannot be told: {because}." for because in renewing["reason"]]
    if known.empty:
        return ["Too few journeys have been observed long enough to say where they stop.", *untold]
    worst = known.sort_values(["stopped_share", "step"], ascending=[False, True]).iloc[0]
    share, within = percent(worst["stopped_share"], 0), f"{worst['within_days']:,} days"
    said = [
        f"Most journeys stop on the way from {worst['step']}: {share} do within {within}."
        if worst["stopped_share"] > 0
        else "No journey is on record as lost, or as a customer who left."
    ]
    direct = known[known["step"].isin(STEPS)]
    times = [f"{row['step']} {row['median_days']:,.0f}" for row in direct.to_dict("records") if pd.notna(row["median_days"])]
    said += [f"Days until half of those who go on have done so: {', '.join(times)}."] if times else []
    said += [*_past(steps), *untold]
    named = paths[paths["path"] != OTHER]
    if len(named):
        first = named.iloc[0]
        size = f"{counted_words(first['journeys'], 'journey')} ({percent(first['journeys_share'], 0)})"
        said.append(f"The most common path by team, of {size}: {first['path']}.")
    return said


def _past(steps: pd.DataFrame) -> list[str]:
    """How many journeys went past marks that no record shows, to the next one that is on record."""
    said = []
    for row in steps.to_dict("records"):
        if row["step"] in STEPS or pd.isna(row["went_on_share"]):
            continue
        start, end = row["step"].split(" to ")
        because = steps.loc[steps["step"] == STEPS[MARKS.index(start)], "reason"].iloc[0]
        half = "" if pd.isna(row["median_days"]) else f", half of them within {row['median_days']:,.0f} days"
        went = f"{percent(row['went_on_share'], 0)} of journeys went on from {FROM[start]} to {TO[end]} within {row['within_days']:,} days"
        said.append(f"{because[0].upper()}{because[1:]}; {went}{half}.")
    return said
