"""Capacity: how many open leads does an owner hold, and does a lead wait longer with an owner who holds many?

Unit: the lead handed over inside the study's window. Teams of fewer than `min_cell` owners, and loads that fewer of them ever had, are not
shown, so that no row is a person. It shows an association: who holds many leads may be sent other leads as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.stats import risk_table
from alignment_toolkit.study import Study
from alignment_toolkit.waits import waits
from alignment_toolkit.wording import counted_words

THIRDS = 3
TOO_LITTLE = "Whether leads wait longer with owners who hold many cannot be told: too few leads, or too few owners."
COLUMNS = (
    "team", "open_leads", "from_load", "to_load", "leads", "touched", "median_hours", "lower_hours", "upper_hours",
    "in_time_share", "lower_share", "upper_share", "reason",
)  # fmt: skip


def open_per_owner(study: Study) -> pd.DataFrame:
    """What the owners of each team hold at `as_of`.

    Returns:
        team, owners (with an open lead), open_leads, per_owner (null with reason in teams of fewer than `min_cell` such owners), reason.
    """
    counts = counted("open_loads", study)
    few = counts["n_owners"] < study.config.min_cell
    told = counts.rename(columns={"n_owners": "owners", "n": "open_leads"})
    why = pd.Series([too_few(study) if small else None for small in few], index=told.index, dtype=object)
    per_owner = (told["open_leads"] / told["owners"]).where(~few)
    hidden = {name: told[name].astype("Int64").mask(few) for name in ("owners", "open_leads")}
    return told.assign(**hidden, per_owner=per_owner, reason=why)[["team", "owners", "open_leads", "per_owner", "reason"]]


def capacity(study: Study) -> pd.DataFrame:
    """Waits for a first touch by the open leads that the owner held when the lead came, in thirds of each team's leads.

    Args:
        study: As-of and window.

    Returns:
        One row per team and third, the smallest loads first: team, open_leads (the third's loads in words), from_load and to_load (numbers,
        to_load null: no end), leads (handed over), touched (within 30 days), median_hours to the first touch with lower_hours and
        upper_hours, in_time_share (touched within the agreed hours) with lower_share and upper_share, reason (of a null: fewer than `min_n`
        leads followed, or `min_cell` owners). Empty without touches or owners of leads.
    """
    if not study.crm.has("touches"):
        return pd.DataFrame(columns=list(COLUMNS))
    moves, owners = counted("load_moves", study), counted("load_owners", study)
    rows: list[dict[str, Any]] = []
    for team, mine in moves.groupby("team"):
        whose = owners[owners["team"] == team]
        for first, last in thirds(mine):
            inside = mine[(mine["load"] >= first) & (mine["load"] <= last)]
            people = whose.loc[(whose["load"] >= first) & (whose["load"] <= last), "owner"].nunique()
            rows.append({"team": team, **_named(first, last), **_waits(inside, int(people), study)})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"to_load": "Int64", "touched": "Int64"})


def thirds(moves: pd.DataFrame) -> list[tuple[int, int]]:
    """First band and last band of each third of the leads, as far as bands can be parted: at most three, all leads in one of them."""
    entered = moves[moves["move"] == "enter"].groupby("load")["n"].sum().sort_index()
    part = np.minimum(((entered.cumsum() - entered / 2) / max(entered.sum(), 1) * THIRDS).astype(int), THIRDS - 1)
    return [(int(bands.index.min()), int(bands.index.max())) for _, bands in part.groupby(part)]


def _named(first: int, last: int) -> dict[str, Any]:
    from alignment_toolkit.loads import EDGES

    after = [edge for edge in EDGES if edge > last]
    words = f"{first} to {after[0] - 1}" if after else f"{first} or more"
    return {"open_leads": words, "from_load": first, "to_load": after[0] - 1 if after else None}


def _waits(moves: pd.DataFrame, people: int, study: Study) -> dict[str, Any]:
    table = risk_table(moves.assign(segment=""), max_day=LONGEST_HOURS, segments=[""])[1][0]
    if people < study.config.min_cell:
        return {"leads": int(table.n), "touched": None, **dict.fromkeys(COLUMNS[6:12], np.nan), "reason": too_few(study)}
    return {
        "leads": int(table.n),
        "touched": int(table.won_by(LONGEST_HOURS)),
        **waits(table, study.config, study.followed_rule(clock="hour")),
    }


def too_few(study: Study) -> str:
    """Why a group of few people has no figures."""
    return f"fewer than {study.config.min_cell} owners"


def capacity_sentences(frame: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """What owners hold, and whether leads wait longer where they hold more, by more than chance.

    Args:
        frame: As `capacity` makes it.
        now: As `open_per_owner` makes it.
    """
    said = [
        f"In {row['team']} {counted_words(row['owners'], 'owner', 'holds|hold')}"
        f" {counted_words(row['open_leads'], 'open lead')}, {row['per_owner']:,.0f} each on average."
        for row in now[now["per_owner"].notna()].to_dict("records")
    ]
    known = {str(team): rows[rows["median_hours"].notna()] for team, rows in frame.groupby("team")} if len(frame) else {}
    told = [_compared(team, rows) for team, rows in known.items() if len(rows) > 1]
    if not said and not known:
        return ["What owners hold cannot be told: no lead that was handed over has an owner."]
    return [*said, *(told or [TOO_LITTLE])]


def _compared(team: str, rows: pd.DataFrame) -> str:
    few, many = rows.iloc[0], rows.iloc[-1]
    head = f"In {team} half of the leads are touched within {few['median_hours']:,.0f} hours by owners who hold {few['open_leads']} others"
    tail = f"within {many['median_hours']:,.0f} by those who hold {many['open_leads']}"
    slower, faster = many["lower_hours"] > few["upper_hours"], many["upper_hours"] < few["lower_hours"]
    rest = "more than chance explains" if slower or faster else "which may be chance"
    return f"{head}, {tail}: {rest}."
