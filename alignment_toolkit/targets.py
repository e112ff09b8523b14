"""What was promised: the targets of a quarter, and how far figures got towards them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from alignment_toolkit.figures import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alignment_toolkit.periods import Period
    from alignment_toolkit.store import Crm


def promised(crm: Crm) -> pd.DataFrame:
    """Every target for a whole company that exactly one team promised: quarter, kpi, target, owner; empty without the table."""
    if not crm.has("targets"):
        return pd.DataFrame(columns=["quarter", "kpi", "target", "owner"])
    key = ("promised",)
    if key not in crm.counts:
        told = crm.tables["targets"].to_pandas()
        whole = told[told["segment"].fillna("").isin(["", ALL])]
        single = whole.drop_duplicates(["quarter", "kpi"], keep=False)
        crm.counts[key] = single[["quarter", "kpi", "target", "owner"]].astype({"target": float})
    return crm.counts[key]


def not_compared(crm: Crm, quarter: Period, published: Iterable[str]) -> list[str]:
    """Which targets of a quarter nothing is compared with, and why, in sentences.

    Args:
        crm: The records.
        quarter: The report quarter.
        published: Names of the figures that there are.
    """
    if not crm.has("targets"):
        return []
    told = crm.tables["targets"].to_pandas()
    mine = told[told["quarter"] == quarter.label]
    whole = mine[mine["segment"].fillna("").isin(["", ALL])]
    found = {
        "no figure of the name is published": {*mine["kpi"]} - {*published},
        "only targets for the whole company are compared": {f"{row.kpi} of {row.segment}" for row in mine.drop(whole.index).itertuples()},
        "more than one team promised it": {*whole.loc[whole["kpi"].duplicated(), "kpi"]},
    }
    return [
        f"Targets of {quarter.label} that are not compared, because {why}: {', '.join(sorted(names))}"
        for why, names in found.items()
        if names
    ]


def promised_bookings(crm: Crm, quarter: Period) -> float:
    """The target of bookings of a quarter, NaN where there is none, or more than one."""
    found = promised(crm)
    mine = found[(found["quarter"] == quarter.label) & (found["kpi"] == "bookings")]
    return float(mine["target"].iloc[0]) if len(mine) == 1 else float("nan")
