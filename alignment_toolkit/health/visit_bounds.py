"""Bounds of the figures of stages and of acceptance: visits that were skipped, stamped together, gone back from, or judged too early.

Unit: the visit to a stage; for acceptance the lead handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.health.resolve import Bound, Resolution, bounded
from alignment_toolkit.health.spells import AtHand, instead, moves_of, turned, won_on
from alignment_toolkit.stats import incidence, survival, survival_quantile
from alignment_toolkit.study import Study

HORIZON = 90


def stage_bounds(study: Study) -> dict[str, Bound]:
    """Bounds of stage conversion and of the median time in a stage, over all visits."""
    moves = moves_frame("stage_moves", study, by="stage")
    last_day = max(int(moves["day"].max()) if len(moves) else 0, HORIZON) + 1

    whole, until_horizon = AtHand.of(moves, last_day=last_day), AtHand.of(moves, last_day=HORIZON)

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        table = whole.changed(changes)
        median = survival_quantile(survival(table), 0.5).value
        return {f"stage_conversion_{HORIZON}d": float(incidence(table).value[HORIZON]), "time_in_stage_median": float(median)}

    def gain(day: int, since: int) -> float:
        return float(incidence(until_horizon.changed([moves_of(_advanced_on(day, since=since))])).value[HORIZON])

    gains = [[gain(day, day * late) for day in range(HORIZON + 1)] for late in (0, 1)]
    return bounded(figure, stage_resolutions(counted("visit_gaps", study), gain=gains[0], late_gain=gains[1]))


def _advanced_on(day: int, *, since: int) -> pd.DataFrame:
    """One more visit, that moved on after so many days and came under observation at the age `since`."""
    return pd.DataFrame([{"entry": since, "entry_move": "enter", "exit": day, "exit_move": "event", "last_index": HORIZON, "n": 1.0}])


def stage_resolutions(gaps: pd.DataFrame, *, gain: Sequence[float], late_gain: Sequence[float]) -> list[Resolution]:
    """What may be true of visits beside which others were not recorded.

    A stage that was skipped, or stamped together with the next, was passed at some time during the visit before it: at once, or for as long
    as that visit lasted, or (a stage skipped) not at all, or on the day in between that helps the figure most. Going back may have been a
    mistake: then the visit went on to the end of the detour. A visit that only a merged record tells of may be another lead's.

    Args:
        gaps: As `visit_gaps` counts them.
        gain: The stage conversion with one more visit that moved on after 0, 1, 2, … days.
        late_gain: The same if that visit comes under observation on the day on which it moves on, as one that was under way may.
    """
    spells = gaps.assign(entry_move="enter")
    found = []
    for gap in ("skipped", "backfilled"):
        mine = spells[spells["gap"] == gap]
        if len(mine):
            extra = mine.assign(n=mine["n"] * mine["extra"])
            long = moves_of(extra[extra["exit"] > HORIZON])
            fast = pd.concat([instead(mine, _passed_at_once(mine)), moves_of(_passed_at_once(extra))])
            best = pd.concat([instead(mine, _passed_best(mine, gain)), _extra_best(extra, gain, late_gain)])
            found += [Resolution(gap, float(extra["n"].sum()), change) for change in (fast, best, moves_of(extra), long)]
    found += _ends(spells)
    detours = spells[spells["gap"].str.startswith("detour")]
    if len(detours):
        last = detours[detours["gap"] == "detour_end"]
        n = float(detours.loc[detours["gap"] == "detour", "n"].sum())
        found.append(Resolution("moved_back", n, instead(detours, _went_on(last))))
    return found


def _ends(spells: pd.DataFrame) -> list[Resolution]:
    """What may be true of how a visit ended: won when the deal was, not won at all, or counted although it ended as it began."""
    mine = dict(list(spells.groupby("gap", sort=False)))
    found = []
    if (gap := "deal_won_lead_not") in mine:
        part = mine[gap]
        found.append((gap, instead(part, won_on(part, part["day"].fillna(0)))))
    if (gap := "won_without_deal") in mine:
        found.append((gap, instead(mine[gap], mine[gap].assign(exit_move="competing"))))
    if (gap := "merged_away") in mine:
        found.append((gap, instead(mine[gap])))
    found += [(gap, moves_of(mine[gap])) for gap in ("won_before_creation", "lost_before_creation") if gap in mine]
    return [Resolution(str(gap), float(mine[gap]["n"].sum()), change) for gap, change in found]


def _passed_at_once(spells: pd.DataFrame) -> pd.DataFrame:
    """Visits that moved on the moment they came under observation."""
    return spells.assign(exit=spells["entry"], exit_move="event")


def _passed_best(spells: pd.DataFrame, gain: Sequence[float]) -> pd.DataFrame:
    """Visits that moved on, no later than they did and within the horizon, on the day on which one more such visit raises the figure most.

    It is not the first day: where others were censored or came late, an event weighs more on some days than on others.
    """
    best = [int(np.argmax(gain[: day + 1])) for day in range(len(gain))]
    days = spells["exit"].clip(upper=len(gain) - 1).map(lambda day: best[int(day)])
    return spells.assign(exit=np.maximum(days, spells["entry"]), exit_move="event")


def _extra_best(extra: pd.DataFrame, gain: Sequence[float], late_gain: Sequence[float]) -> pd.DataFrame:
    """The moves of visits that were not recorded, at their best; next to one that was under way when the window opened, so may they be."""
    late = extra["entry"] > 0
    begun, under_way = _passed_best(extra[~late].assign(entry=0), gain), _passed_best(extra[late].assign(entry=0), late_gain)
    return pd.concat([moves_of(begun), moves_of(under_way.assign(entry=under_way["exit"]))])


def _went_on(spells: pd.DataFrame) -> pd.DataFrame:
    """The visits after detours, begun when the detours did."""
    known = spells[spells["day"].notna()]
    days = {"entry": known["day_entry"], "exit": known["day"], "last_index": known[["day_last_index", "day"]].max(axis=1)}
    whole = known.assign(**{name: day.astype("int64") for name, day in days.items()})
    return whole[whole["exit"] >= whole["entry"]]


def acceptance_bounds(study: Study, *, days: int) -> dict[str, Bound]:
    """Bounds of the acceptance rate.

    Args:
        study: Quarter, as-of and cohort rule.
        days: The agreed days.
    """
    moves = moves_frame("verdict_moves", study)
    at_hand = AtHand.of(moves, last_day=days + 1)

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        return {"acceptance_rate": float(incidence(at_hand.changed(changes)).value[days])}

    return bounded(figure, verdict_resolutions(counted("verdict_gaps", study), moves, days=days))


def verdict_resolutions(gaps: pd.DataFrame, moves: pd.DataFrame, *, days: int) -> list[Resolution]:
    """What may be true of verdicts given before the handover, and of those on leads that nobody knows."""
    early = gaps[gaps["gap"] == "verdict_before_handover"].assign(entry_move="enter")
    found = []
    if len(early):
        refused = early.assign(exit_move="competing")
        found = [
            Resolution("verdict_before_handover", float(early["n"].sum()), change) for change in (instead(early), instead(early, refused))
        ]
    stray = gaps[gaps["gap"] == "verdict_unknown_lead"].set_index("verdict")["n"]
    yes, no = float(stray.get("accepted", 0)), float(stray.drop("accepted", errors="ignore").sum())
    for n, source, to in ((yes, "competing", "event"), (no, "event", "competing")):
        if n:
            change = turned(moves, n=n, source=source, to=to, by=days)
            found.append(Resolution("verdict_unknown_lead", n, change, group=f"verdict_unknown_lead {to}"))
    return found
