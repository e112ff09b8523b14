"""Merged records resolve to their survivor before anything is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pandas as pd
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def survivors(crm: Crm, table: ir.Table) -> ir.Table:
    """The table with each `lead_id` replaced by the lead it was merged into."""
    if not crm.has("merges"):
        return table
    pairs = merge_pairs(crm)
    joined = table.left_join(pairs, table.lead_id == pairs.merged_id).drop("merged_id")
    return joined.mutate(lead_id=ibis.coalesce(_.merged_into, _.lead_id)).drop("merged_into")


def merge_pairs(crm: Crm, *, table: str = "leads") -> ir.Table:
    """Merged record of a table -> final survivor as the data at hand know it: merged_id, merged_into."""
    key = ("merge_pairs", table, crm.at_hand.as_of)
    if key not in crm.cache:  # a memtable belongs to no engine yet, so it is kept as it is and goes where it is joined
        crm.cache[key] = _merge_pairs(crm.at_hand, table)
    return crm.cache[key]


def _merge_pairs(crm: Crm, table: str) -> ir.Table:
    merges = crm.tables["merges"]
    seen = merges.filter((merges["table"] == table) & (merges.merged_at < crm.as_of)).select("lost_id", "survivor_id").to_pandas()
    heirs = dict(zip(seen["lost_id"], seen["survivor_id"], strict=True))
    ends = {lost: final_heir(heirs, lost) for lost in heirs}
    gone = {lost: heir for lost, heir in ends.items() if lost != heir}  # the id that a ring ends at survives
    frame = pd.DataFrame({"merged_id": list(gone), "merged_into": list(gone.values())}, dtype="string")
    pairs = ibis.memtable(frame.astype(object), schema={"merged_id": "string", "merged_into": "string"})
    # A frame reaches its engine when it is first queried; materialising a join with it does not count as a query on every engine.
    merges.get_backend().execute(pairs.count())
    return pairs


def final_heir(heirs: dict[str, str], lost: str) -> str:
    """The end of a chain of merges; a ring ends at its smallest id, so that every member resolves to the same record."""
    seen = [lost]
    while (heir := heirs.get(seen[-1])) is not None:
        if heir in seen:
            return min(seen[seen.index(heir) :])
        seen.append(heir)
    return seen[-1]
