"""Merged records resolve to their survivor before anything is counted.

A merge is in force from the instant at which the CRM made it; one whose instant is not known is in force from the start.

A survivor that is not among the records (an export that lags behind, a row lost on the way) takes nobody with it: the last known record on
the way to it stands in, so that rows read = rows used + rows set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pandas as pd
from ibis import _

from alignment_toolkit.schema import TABLES

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
    in_force = merges.merged_at.isnull() | (merges.merged_at < crm.as_of)
    seen = merges.filter((merges["table"] == table) & in_force).select("lost_id", "survivor_id")
    listed = seen.to_pandas()
    heirs = dict(zip(listed["lost_id"], listed["survivor_id"], strict=True))
    ends = {lost: final_heir(heirs, lost) for lost in heirs}
    absent = set(_unknown(crm, table, seen.select(id=seen.survivor_id))) & set(ends.values())
    if absent:
        gone = absent | set(_unknown(crm, table, seen.select(id=seen.lost_id)))
        ends = with_stand_ins(ends, heirs=heirs, absent=gone)
    merged = {lost: heir for lost, heir in ends.items() if lost != heir}  # the id that a ring ends at survives
    frame = pd.DataFrame({"merged_id": list(merged), "merged_into": list(merged.values())}, dtype="string")
    pairs = ibis.memtable(frame.astype(object), schema={"merged_id": "string", "merged_into": "string"})
    # A frame reaches its engine when it is first queried; materialising a join with it does not count as a query on every engine.
    merges.get_backend().execute(pairs.count())
    return pairs


def _unknown(crm: Crm, table: str, ids: ir.Table) -> list[str]:
    """The ids that are not among the visible records of a table; every id where there is no such table."""
    if not crm.has(table):
        return ids.distinct().to_pyarrow()["id"].to_pylist()
    home = crm.tables[table]
    visible = home.filter(home.created_at.isnull() | (home.created_at < crm.as_of)) if "created_at" in home.columns else home
    key = TABLES[table].key[0]
    return ids.anti_join(visible, ids.id == visible[key]).distinct().to_pyarrow()["id"].to_pylist()


def with_stand_ins(ends: dict[str, str], *, heirs: dict[str, str], absent: set[str]) -> dict[str, str]:
    """Who each merged record counts as when some survivors are not among the records.

    Args:
        ends: Merged record -> end of its chain.
        heirs: Merged record -> the record it was merged into.
        absent: Ids that are not among the records.

    Returns:
        `ends` with an absent end replaced by the known record with the fewest steps to it (of equals the smallest id), also for the absent
        end itself; a family without a known record stays as it is.
    """
    families: dict[str, list[str]] = {}
    for lost, end in ends.items():
        if end in absent:
            families.setdefault(end, []).append(lost)
    stand_ins = {}
    for end, members in families.items():
        known = [lost for lost in members if lost not in absent]
        stand_ins[end] = min(known, key=lambda lost: (steps_to(end, lost, heirs), lost), default=end)
    return {lost: stand_ins.get(end, end) for lost, end in ends.items()} | stand_ins


def steps_to(end: str, lost: str, heirs: dict[str, str]) -> int:
    """Merges from a record to the end of its chain."""
    steps = 0
    while lost != end:
        lost, steps = heirs[lost], steps + 1
    return steps


def final_heir(heirs: dict[str, str], lost: str) -> str:
    """The end of a chain of merges; a ring ends at its smallest id, so that every member resolves to the same record."""
    seen = [lost]
    while (heir := heirs.get(seen[-1])) is not None:
        if heir in seen:
            return min(seen[seen.index(heir) :])
        seen.append(heir)
    return seen[-1]
