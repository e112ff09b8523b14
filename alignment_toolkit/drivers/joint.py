"""Wins we share: deals of the quarter that both teams had touched, with credit to both.

Unit: the won deal; a touch counts when it came before the win. No single deal is shown: what is small enough to be recognised stands under
"(other)".
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import ALL
from alignment_toolkit.study import Study

COLUMNS = ("segment", "joint_wins", "joint_money", "wins", "money", "joint_share")
NEEDS = ("deals", "touches")


@checked(by=LEAD_SLICES)
def joint_wins(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Deals won in the quarter that both teams had touched before the win, by segment.

    Args:
        study: Quarter and as-of.
        by: An attribute of leads; groups of fewer than `min_cell` leads are one.

    Returns:
        segment ("(all)" first, then by joint money, largest first), joint_wins, joint_money (reporting currency), wins, money (all won
        deals), joint_share (of the money). Empty without deals or touches.
    """
    if not_on_record(study, *NEEDS):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = counted("wins_by_touch", study.for_leaders(), by=by)
    both = counts[counts["touched_by"] == "both"].groupby("segment")[["n", "cents"]].sum()
    whole = counts.groupby("segment")[["n", "cents"]].sum()
    told = pd.DataFrame({"joint_wins": both["n"], "joint_money": both["cents"] / 100}).reindex(whole.index).fillna(0)
    told = told.assign(wins=whole["n"], money=whole["cents"] / 100).sort_values(["joint_money", "wins"], ascending=False, kind="stable")
    total = told.sum().to_frame(ALL).T.rename_axis("segment")
    frame = pd.concat([total, told]).reset_index(names="segment").astype({"joint_wins": int, "wins": int})
    return frame.assign(joint_share=(frame["joint_money"] / frame["money"].where(frame["money"] > 0)))


def joint_sentences(study: Study) -> list[str]:
    """How much of what was won both teams had a hand in."""
    frame = joint_wins(study)
    if frame.empty:
        return [f"Which wins both teams share cannot be told: {not_on_record(study, *NEEDS)}."]
    row = frame.iloc[0]
    if not row["wins"]:
        return ["No deal was won in the quarter."]
    money = f"{row['joint_money']:,.0f} of {row['money']:,.0f} {study.config.reporting_currency}"
    wins = f"{row['joint_wins']:,} of the {row['wins']:,} deals won in the quarter"
    return [f"Both teams had touched {wins}, {money}: the credit is theirs together."]
