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


def without_figure(crm: Crm, quarter: Period, published: Iterable[str]) -> str:
    """Targets of a quarter that no published figure is held against, in a sentence; empty where there is none."""
    if not crm.has("targets"):
        return ""
    told = crm.tables["targets"].to_pandas()
    names = sorted({*told.loc[told["quarter"] == quarter.label, "kpi"]} - {*published})
    known = "alignment kpis lists the figures that are published"
    return f"No figure is published for these targets of {quarter.label}: {', '.join(names)}; {known}" if names else ""


def promised_bookings(crm: Crm, quarter: Period) -> float:
    """The target of bookings of a quarter, NaN where there is none, or more than one."""
    found = promised(crm)
    mine = found[(found["quarter"] == quarter.label) & (found["kpi"] == "bookings")]
    return float(mine["target"].iloc[0]) if len(mine) == 1 else float("nan")
