"""Deals that have lost their lead, counted aloud at ingest: their wins and money belong to no source, campaign or persona."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.mapped import Mapped

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SHOWN = 3


def in_need_of_a_lead(deals: ir.Table, kinds: Collection[str]) -> ir.Table:
    """The deals that should name a lead: those of the kinds that bookings count, and whichever others name one.

    Args:
        deals: The table, with deal_type and lead_id.
        kinds: The kinds of deals that bookings count.
    """
    return deals.filter(deals.deal_type.isnull() | deals.deal_type.isin(list(kinds)) | deals.lead_id.notnull())


def leadless(made: dict[str, Mapped], backend: Any, kinds: Collection[str]) -> tuple[str, ...]:
    """A sentence on the deals without a lead, where there are any.

    Args:
        made: Canonical tables; nothing is said unless leads and deals were both read.
        backend: The embedded engine.
        kinds: The kinds of deals that bookings count.
    """
    if "deals" not in made or "leads" not in made:
        return ()
    deals = made["deals"].source
    if "lead_id" not in deals.found:
        return ("deals: no deal names a lead, so no deal counts for a source, campaign or persona",)
    rows = in_need_of_a_lead(deals.rows.select(**{name: deals.columns()[name] for name in ("lead_id", "deal_type")}), kinds)
    named = rows.filter(rows["lead_id"].notnull())
    lost = named.anti_join(_known(made, backend), "lead_id").select("lead_id")
    n, n_named, n_lost = (int(backend.to_pyarrow(table.count()).as_py()) for table in (rows, named, lost))
    if n_named == n and not n_lost:
        return ()
    told = [f"{n - n_named:,} without a lead ID"] if n > n_named else []
    if n_lost:
        ids = backend.to_pyarrow(lost.distinct().order_by("lead_id").limit(_SHOWN)).column("lead_id").to_pylist()
        told.append(f"{n_lost:,} with a lead ID that is not among the leads, such as {', '.join(map(repr, ids))}")
    return (f"deals without a lead: {n - n_named + n_lost:,} of {n:,} ({', '.join(told)})",)


def _known(made: dict[str, Mapped], backend: Any) -> Any:
    """Ids of the leads, and of those merged away whose family has a lead that is there, as `merging.merge_pairs` resolves them."""
    import ibis

    from alignment_toolkit.merging import final_heir

    known = made["leads"].source.rows.select("lead_id")
    if "merges" not in made:
        return known.distinct()
    merges = made["merges"].source.rows
    listed = backend.to_pyarrow(merges.filter(merges["table"] == "leads").select("lost_id", "survivor_id")).to_pylist()
    heirs = {row["lost_id"]: row["survivor_id"] for row in listed}
    ends = {one: final_heir(heirs, one) for one in {*heirs, *heirs.values()}}
    family = ibis.memtable({"lead_id": list(ends), "end": list(ends.values())}, schema={"lead_id": "string", "end": "string"})
    found = family.semi_join(known, "lead_id").select("end").distinct()
    return ibis.union(known, family.semi_join(found, "end").select("lead_id"), distinct=True)
