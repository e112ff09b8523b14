"""The pipeline waterfall: from what was open at the start of a quarter to what is open at its end, exactly; slippage and coverage.

Unit: the deal, and its amount at today's rates. Open at the start + created + re-opened ± amount changes + pulled in − pushed out − won
− lost = open at the end. Pulled in and pushed out only exist for a pipeline that is due by a day, so there are two scopes: every open deal,
and those due by the quarter's end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import QUARTERS_BACK, OneOf, checked
from alignment_toolkit.counts import counted
from alignment_toolkit.counts.pipeline import CENTS, DEALS
from alignment_toolkit.coverage import coverage as records_of
from alignment_toolkit.study import Study
from alignment_toolkit.targets import promised_bookings

NO_HISTORY = "no deal_events table"
SIGNS = {"pushed_out": -1, "won": -1, "lost": -1}
WHAT = ("start", "created", "reopened", "amount_changes", "pulled_in", "pushed_out", "won", "lost", "end")


def unknown_history(study: Study) -> str | None:
    """Why the movements of the pipeline cannot be told, None when they can."""
    return None if study.crm.has("deals", "deal_events") else NO_HISTORY


@checked(scope=OneOf(("due", "all"), "scope"))
def pipeline_waterfall(study: Study, *, scope: str = "due") -> pd.DataFrame:
    """The steps of one quarter.

    Args:
        study: The report quarter, up to `as_of`.
        scope: `due` (expected to close before the quarter's end) or `all`.

    Returns:
        step (start, created, reopened, amount_changes, pulled_in, pushed_out, won, lost, end), deals and money (reporting currency, to the
        cent; what leaves is negative): the steps between start and end add up to end − start in both. Empty without deal_events.
    """
    if unknown_history(study):
        return pd.DataFrame(columns=["step", "deals", "money"])
    found = counted("pipeline_steps", study).set_index("scope")
    row = found.to_dict("index").get(scope, dict.fromkeys((*DEALS, *CENTS), 0))
    rows = [_step(row, name) for name in WHAT]
    inner = rows[1:-1]
    for unit in ("deals", "cents"):
        assert rows[0][unit] + sum(each[unit] for each in inner) == rows[-1][unit], f"the pipeline's {unit} do not add up"
    return pd.DataFrame([{"step": each["step"], "deals": each["deals"], "money": Decimal(each["cents"]) / 100} for each in rows])


def _step(row: dict[Any, Any], name: str) -> dict[str, Any]:
    sign = SIGNS.get(name, 1)
    return {"step": name, "deals": sign * int(row.get(name, 0)), "cents": sign * int(row[f"{name}_cents"])}


def slippage(study: Study) -> pd.DataFrame:
    """What was to close in the quarter and was put off.

    Returns:
        One row: quarter, due (deals due at the start, created or pulled in), due_money, pushed_out, pushed_money (left the quarter),
        pushed_share (of the deals), pushes (moves of an expected close to a later day), pushed_deals, pushes_per_deal. Empty without
        deal_events.
    """
    steps = pipeline_waterfall(study)
    if steps.empty:
        return steps
    found, told = steps.set_index("step").to_dict("index"), counted("pipeline_pushes", study).iloc[0]
    came = [found[name] for name in ("start", "created", "reopened", "pulled_in")]
    due, money = sum(step["deals"] for step in came), sum(step["money"] for step in came)
    pushed = -found["pushed_out"]["deals"]
    row = {
        "quarter": study.quarter.label,
        "due": due,
        "due_money": money,
        "pushed_out": pushed,
        "pushed_money": -found["pushed_out"]["money"],
        "pushed_share": pushed / due if due else np.nan,
        "pushes": int(told["n"]),
        "pushed_deals": int(told["deals"]),
        "pushes_per_deal": told["n"] / told["deals"] if told["deals"] else np.nan,
    }
    return pd.DataFrame([row])


@checked(quarters=QUARTERS_BACK)
def coverage(study: Study, *, quarters: int = 4) -> pd.DataFrame:
    """The pipeline due at the start of each quarter over what the quarter's target asked for, beside what the quarter then booked.

    Args:
        study: The last of the quarters.
        quarters: How many, at least 1; those before the history begins, and those that it does not cover, are left out.

    Returns:
        quarter, due_at_start (money), target (of bookings; null: none), coverage (due / target), booked, needed (due / booked: the
        coverage that would have been enough if the same part of it is won), enough (whether coverage reached the median needed of the
        quarters before it). Empty without deal_events.
    """
    if unknown_history(study):
        return pd.DataFrame(columns=["quarter", "due_at_start", "target", "coverage", "booked", "needed", "enough"])
    each, rows = study, []
    for _ in range(quarters):
        due = float(pipeline_waterfall(each)["money"].iloc[0])
        if due <= 0 or records_of(each).reason(("deals", "deal_events")):
            break
        booked = float(counted("deals_won", each)["amount"].sum()) / 100
        rows.append(_covered(each, due, booked))
        each = each.previous()
    frame = pd.DataFrame(rows[::-1], columns=["quarter", "due_at_start", "target", "coverage", "booked", "needed"])
    usual = frame["needed"].expanding().median().shift()
    return frame.assign(enough=(frame["coverage"] >= usual).where(usual.notna() & frame["coverage"].notna(), np.nan))


def _covered(study: Study, due: float, booked: float) -> dict[str, Any]:
    target = promised_bookings(study.crm, study.quarter)
    covered = due / target if target else np.nan
    needed = due / booked if booked > 0 else np.nan
    return {"quarter": study.quarter.label, "due_at_start": due, "target": target, "coverage": covered, "booked": booked, "needed": needed}
