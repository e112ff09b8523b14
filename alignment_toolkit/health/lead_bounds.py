"""Bounds of the figures of leads: how many came in, how many are won, how soon, and what they bring.

Question: how far could these figures lie from what they are, given what the records leave open? Unit: the lead. It does not say how far
chance may reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.counts.tables import LONGEST_DAYS, moves_frame
from alignment_toolkit.health.resolve import Bound, Resolution, bounded
from alignment_toolkit.health.spells import (
    WINS,
    AtHand,
    ended_last,
    instead,
    lost_instead,
    moves_of,
    turned,
    won_on,
    worth,
)
from alignment_toolkit.stats import incidence, mean_time_among, value_per_unit
from alignment_toolkit.stats.incidence import state_probabilities
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.tables import largest_horizon

VALUE_HORIZON = 180
CENTS = 100
MANY = 10**9


def lead_spells(study: Study) -> pd.DataFrame:
    """The spells of `lead_gaps` with money in the reporting currency."""
    frame = counted("lead_gaps", study)
    return frame.assign(amount=frame["amount"] / CENTS, other_amount=frame["other_amount"] / CENTS)


def units(spells: pd.DataFrame) -> float:
    """Units that spells are of: those that came under observation."""
    return float(spells.loc[spells["entry_move"].notna(), "n"].sum())


def time_bounds(study: Study, *, largest: float, stray_deals: tuple[float, float], set_aside: int) -> dict[str, Bound]:
    """Bounds of conversion at every horizon, the value per lead and the mean cycle.

    Args:
        study: Quarter, as-of and cohort rule.
        largest: The largest deal won, for wins without an amount.
        stray_deals: Won deals of unknown leads inside the window: how many, and their amount together.
        set_aside: Rows of leads that the ingest left out.
    """
    moves = moves_frame("lead_moves", study)
    horizons = tuple(study.config.horizons_days)
    last_day = max(LONGEST_DAYS, VALUE_HORIZON, *horizons) + 1
    at_hand = AtHand.of(moves, last_day=last_day)
    until = largest_horizon(at_hand.changed(), rule=study.followed_rule()) or 0

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        table = at_hand.changed(changes)
        curve = incidence(table).value
        found = {f"conversion_{days}d": float(curve[days]) for days in horizons}
        cycle = float(mean_time_among(state_probabilities(table.cut(until)).won, until)) if until else float("nan")
        return found | {f"value_per_lead_{VALUE_HORIZON}d": float(value_per_unit(table, VALUE_HORIZON)), "cycle_mean": cycle}

    spells = lead_spells(study)
    resolutions = [
        *counted_leads(spells, largest=largest),
        *absent_leads(spells, largest=largest),
        *unpriced_wins(study, spells, largest=largest),
        *stray_wins(moves, stray_deals, horizons=(*horizons, VALUE_HORIZON), gap="unknown_lead_deal"),
        *left_out(set_aside, largest=largest),
    ]
    return bounded(figure, resolutions)


def counted_leads(spells: pd.DataFrame, *, largest: float) -> list[Resolution]:
    """What may be true of leads that are counted."""
    mine = dict(list(spells[spells["is_counted"]].groupby("gap", sort=False)))
    found: list[Resolution] = []

    def add(gap: str, *changes: pd.DataFrame) -> None:
        found.extend(Resolution(gap, units(mine[gap]), change) for change in changes)

    if (gap := "won_before_creation") in mine:
        add(gap, instead(mine[gap]), instead(mine[gap], ended_last(mine[gap])), instead(mine[gap], lost_instead(mine[gap])))
    if (gap := "lost_before_creation") in mine:
        add(gap, instead(mine[gap]), instead(mine[gap], _lost_later(mine[gap])))
    if (gap := "deal_won_lead_not") in mine:
        at_deal = won_on(mine[gap], mine[gap]["day"].fillna(0), amount=mine[gap]["other_amount"])
        add(gap, instead(mine[gap], at_deal))
    for gap in ("won_reversed", "won_without_deal"):
        if gap in mine:
            add(gap, instead(mine[gap], lost_instead(mine[gap])))
    if (gap := "won_without_deal") in mine:
        won = mine[gap][mine[gap]["exit_move"].isin(WINS)]
        add(gap, worth(won["exit"], won["exit_move"], won["n"] * largest))
    for gap in ("merged_later", "burst"):
        if gap in mine:
            add(gap, instead(mine[gap]))
    return found


def _lost_later(spells: pd.DataFrame) -> pd.DataFrame:
    """Leads lost at once as if they had been lost on the last day observed: the latest that it may have been."""
    first = spells[spells["entry_move"].notna()]
    return first.assign(entry_move="enter", exit=first["last_index"], exit_move="competing", amount=0.0)


def absent_leads(spells: pd.DataFrame, *, largest: float) -> list[Resolution]:
    """Records that are not counted as leads, counted as what their own events say; won ones at the largest amount."""
    parts = spells[~spells["is_counted"]]
    return [
        Resolution(str(gap), units(part), moves_of(part.assign(amount=part["n"] * largest)))
        for gap, part in parts.groupby("gap", sort=False)
    ]


def unpriced_wins(study: Study, spells: pd.DataFrame, *, largest: float) -> list[Resolution]:
    """Wins whose deal has no amount, at the largest amount; won leads without a deal have a gap of their own."""
    wins = counted("win_amounts", study).rename(columns={"n_unpriced": "dark"})
    own = spells[(spells["gap"] == "won_without_deal") & spells["exit_move"].isin(WINS)]
    missing = own.groupby(["exit", "exit_move"])["n"].sum().rename_axis(["day", "move"])
    dark = wins.set_index(["day", "move"])["dark"].sub(missing, fill_value=0)
    known = dark[dark > 0].reset_index(name="dark")
    if known.empty:
        return []
    return [Resolution("won_unpriced", float(known["dark"].sum()), worth(known["day"], known["move"], known["dark"] * largest))]


def stray_wins(moves: pd.DataFrame, deals: tuple[float, float], *, horizons: Sequence[int], gap: str) -> list[Resolution]:
    """Won deals of unknown leads, as if each belonged to a lead of the cohort that counts as lost, on whatever day that ended."""
    n, amount = deals
    if not n:
        return []
    mean = amount / n
    late = [turned(moves, n=n, source="competing", to="event", by=days, amount=mean) for days in sorted(set(horizons))]
    early = turned(moves, n=n, source="competing", to="event", by=max(horizons), amount=mean, latest=False)
    return [Resolution(gap, n, change) for change in (*late, early)]


def left_out(n: int, *, largest: float) -> list[Resolution]:
    """Leads that the ingest set aside, as if none of them had been won, or each on its first day."""
    if not n:
        return []
    lost = pd.DataFrame([{"entry": 0, "entry_move": "enter", "exit": 0, "exit_move": "competing", "last_index": LONGEST_DAYS, "n": n}])
    won = lost.assign(exit_move="event", amount=n * largest)
    return [Resolution("set_aside_leads", n, moves_of(each)) for each in (lost, won)]


def volume_bounds(study: Study, *, stray_deals: float, set_aside: int) -> dict[str, Bound]:
    """Bounds of the number of leads and of the share won to date."""
    created = counted("leads_created", study, by="all")
    outcomes = counted("lead_outcomes", study).groupby("outcome")["n"].sum()
    here = {"leads": float(created["n"].sum()), "n": float(outcomes.sum()), "won": float(outcomes.get("won", 0))}

    def figure(changes: Sequence[Any]) -> dict[str, float]:
        told = {name: here[name] + sum(change.get(name, 0.0) for change in changes) for name in here}
        share = min(max(told["won"], 0.0) / told["n"], 1.0) if told["n"] > 0 else float("nan")
        return {"leads": max(told["leads"], 0.0), "won_share_to_date": share}

    resolutions = [*arrivals(study), *shares(lead_spells(study))]
    if stray_deals:
        resolutions.append(Resolution("unknown_lead_deal", stray_deals, {"won": stray_deals}))
    if set_aside:
        both = [{"leads": set_aside, "n": set_aside, "won": won} for won in (0, set_aside)]
        resolutions += [Resolution("set_aside_leads", set_aside, change) for change in both]
    return bounded(figure, resolutions)


def arrivals(study: Study) -> list[Resolution]:
    """Leads that may have been created in the quarter, or not in it."""
    volumes = counted("lead_gap_volumes", study)
    whole = study.cohort == "all"
    found = []
    for (gap, inside), part in volumes.groupby(["gap", "in_quarter"]):
        n = float(part["n"].sum())
        if gap == "burst" and not whole:
            found.append(Resolution(gap, n, {"leads": -n if inside else n}, group=f"{gap} {inside}"))
        if gap == "merged_later" and (inside or whole):
            found.append(Resolution(gap, n, {"leads": -n}))
        if gap in ("merged_away", "unknown_lead") and (inside or whole):
            found.append(Resolution(gap, n, {"leads": n}))
        if gap == "far_creation":
            found.append(Resolution(gap, n, {"leads": n}))
    return found


def shares(spells: pd.DataFrame) -> list[Resolution]:
    """Leads created in the window that may be won or not, or may be no leads of it."""
    found = []
    for name, part in spells[spells["is_new"]].groupby("gap", sort=False):
        gap, n = str(name), units(part)
        won = float(part.loc[part["exit_move"].isin(WINS), "n"].sum())
        if gap == "deal_won_lead_not":
            found.append(Resolution(gap, n, {"won": n}))
        elif gap in ("won_reversed", "won_without_deal"):
            found.append(Resolution(gap, n, {"won": -won}))
        elif gap in ("burst", "merged_later", "won_before_creation"):
            found.append(Resolution(gap, n, {"n": -n, "won": -won}))
        elif gap in ("merged_away", "unknown_lead"):
            found.append(Resolution(gap, n, {"n": n, "won": won}))
    return found
