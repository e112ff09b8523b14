"""Why leads are lost: the incidence of each reason, by stage and by source.

Unit: the lead from its first entry into a stage (by source: into the first stage), followed until it was won or lost for good.
Denominator: all that entered, open ones included. A reason competes with winning and with every other reason, so reasons add up to the
incidence of losing.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, OneOf, checked
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.followed import estimates
from alignment_toolkit.stats import incidence, risk_table
from alignment_toolkit.study import Study
from alignment_toolkit.visible import visible

HORIZON = 90
COLUMNS = ("segment", "loss_reason", "lost_rate", "lower_rate", "upper_rate", "n", "lost", "matured_share", "reason")


@checked(by=OneOf(("stage", *LEAD_SLICES.names)), horizon=DAYS)
def loss_reasons(study: Study, *, by: str = "stage", horizon: int = HORIZON) -> pd.DataFrame:
    """The incidence of being lost for each reason within h days.

    Args:
        study: Quarter, as-of and cohort rule.
        by: `stage`, `all` or an attribute of leads.
        horizon: Days from the entry.

    Returns:
        segment, loss_reason ("(missing)": none was given), lost_rate (share in [0, 1]) with lower_rate and upper_rate (95 %), n (that
        entered), lost (for this reason by h), matured_share, reason (why the rate is null: too few followed). Stages in the order of
        the funnel, other segments by name; reasons by size. Empty where losses are not recorded.
    """
    if not study.config.losses_recorded:
        return pd.DataFrame(columns=list(COLUMNS))
    moved = moves_frame("loss_moves", study, by=None if by == "all" else by)
    rows = []
    order = {name: at for at, name in enumerate(study.config.stage_names)} if by == "stage" else {}
    for segment, part in sorted(moved.groupby("segment"), key=lambda named: (order.get(str(named[0]), 0), str(named[0]))):
        reasons = sorted(set(part.loc[part["move"] == "competing", "reason"]))
        found = [_one(study, part, str(segment), reason, horizon) for reason in reasons]
        rows += sorted(found, key=lambda row: (-row["lost"], row["loss_reason"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _one(study: Study, part: pd.DataFrame, segment: str, reason: str, horizon: int) -> dict[str, Any]:
    """One reason against everything else: its losses are the event, wins and other losses compete."""
    mine = (part["move"] == "competing") & (part["reason"] == reason)
    move = part["move"].mask(part["move"] == "event", "competing").mask(mine, "event")
    counts = part.assign(move=move).groupby(["segment", "day", "move"], as_index=False)[["n", "amount", "amount_sq"]].sum()
    table = risk_table(counts, max_day=horizon + 1, segments=[segment])[1]
    found = estimates(incidence(table), table, horizon, study.followed_rule())
    return {
        "segment": segment,
        "loss_reason": reason,
        "lost_rate": float(found.value[0]),
        "lower_rate": float(found.lower[0]),
        "upper_rate": float(found.upper[0]),
        "n": int(found.n[0]),
        "lost": int(found.events[0]),
        "matured_share": float(found.matured_share[0]),
        "reason": found.reasons[0],
    }


def loss_sentences(frame: pd.DataFrame) -> list[str]:
    """The most frequent reason of each stage that can be told; and where none was given."""
    known = frame.dropna(subset=["lost_rate"])
    if known.empty:
        return ["Why leads are lost is not known: no losses are recorded, or none has been followed for long enough."]
    first = known.drop_duplicates("segment").to_dict("records")
    return [
        f"From {visible(str(row['segment']))} most are lost for {visible(str(row['loss_reason']))}:"
        f" {100 * row['lost_rate']:.1f} % ({100 * row['lower_rate']:.1f} % to {100 * row['upper_rate']:.1f} %) of those that entered."
        for row in first
    ]
