"""Candidates for the agenda (`meeting.agenda`): the largest movements of bookings that are more than noise, and the targets missed.

Deterministic: the same figures give the same items. Where nothing moved and no target was missed there are none.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.drivers.attainment import target_table
from alignment_toolkit.drivers.bridge import bookings_bridge
from alignment_toolkit.drivers.where import where_it_moved
from alignment_toolkit.drivers.words import LEAD_SLICES, money, ranked, value_words
from alignment_toolkit.glossary import label
from alignment_toolkit.study import Study
from alignment_toolkit.wording import named

PAGE = "drivers-and-targets.html"
MOST_ITEMS = 5
WORTH_TELLING = 0.05  # of the largest movement: a smaller one is no item, however sure
EVEN = 0.5


def movement_items(study: Study) -> list[dict[str, Any]]:
    """The movements of the agenda as rows, the largest first; the owner as in the glossary (`shared`: both teams)."""
    bridge = bookings_bridge(study)
    clear = ranked(bridge[bridge["is_clear"].astype(bool)])
    if clear.empty:
        return []
    large = clear[clear["contribution"].abs() >= WORTH_TELLING * clear["contribution"].abs().max()]
    where = where_it_moved(study)
    outstanding = where[where["stands_out"].astype(bool)].drop_duplicates("factor").set_index("factor").to_dict("index")
    currency = study.config.reporting_currency
    return [_movement(row, outstanding.get(row["factor"]), currency) for row in large.head(MOST_ITEMS).to_dict("records")]


def _movement(row: dict[Any, Any], group: dict[Any, Any] | None, currency: str) -> dict[str, Any]:
    values = "" if pd.isna(row["before"]) else f", from {value_words(row, 'before')} to {value_words(row, 'after')}"
    place = f", most of all in {named(group['segment'])}" if group else ""
    both = bool(group) and row["factor"] == "won_share" and group is not None and group["by"] in LEAD_SLICES
    return {
        "item": f"{label(str(row['factor']))}{values}{place}: {money(row['contribution'], currency)} of bookings moved there.",
        "owner": "shared" if both else row["owner"],
        "figure": f"driver {row['factor']}",
        "page": PAGE,
    }


def target_items(study: Study) -> list[dict[str, Any]]:
    """The targets missed, or met in fewer than half of the simulations, as rows; the owner as in the glossary."""
    rows = []
    for row in target_table(study).to_dict("records"):
        over, chance = row["elapsed_share"] >= 1, row["probability_share"]
        if over and row["attained_share"] < 1:
            item = f"{label(str(row['kpi']))} reached {100 * row['attained_share']:.0f} % of the target."
        elif not over and pd.notna(chance) and chance < EVEN:
            item = f"{label(str(row['kpi']))} will meet the target in {100 * chance:.0f} of 100 simulations."
        else:
            continue
        rows.append({"item": item, "owner": row["owner"], "figure": f"target_attainment {row['kpi']}", "page": PAGE})
    return rows
