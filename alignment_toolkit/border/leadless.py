"""Deals that have lost their lead, counted aloud at ingest: their wins and money belong to no source, campaign or persona."""

from __future__ import annotations

from typing import Any

from alignment_toolkit.border.mapped import Mapped

_SHOWN = 3


def leadless(made: dict[str, Mapped], backend: Any) -> tuple[str, ...]:
    """A sentence on the deals without a lead, where there are any.

    Args:
        made: Canonical tables; nothing is said unless leads and deals were both read.
        backend: The embedded engine.
    """
    if "deals" not in made or "leads" not in made:
        return ()
    deals = made["deals"].source
    if "lead_id" not in deals.found:
        return ("deals: no deal names a lead, so no deal counts for a source, campaign or persona",)
    rows = deals.rows.select("lead_id")
    named = rows.filter(rows["lead_id"].notnull())
    lost = named.anti_join(_known(made), "lead_id")
    n, n_named, n_lost = (int(backend.to_pyarrow(table.count()).as_py()) for table in (rows, named, lost))
    if n_named == n and not n_lost:
        return ()
    told = [f"{n - n_named:,} name no lead"] if n > n_named else []
    if n_lost:
        ids = backend.to_pyarrow(lost.distinct().order_by("lead_id").limit(_SHOWN)).column("lead_id").to_pylist()
        told.append(f"{n_lost:,} name one that is not among the leads, such as {', '.join(map(repr, ids))}")
    return (f"deals: {n - n_named + n_lost:,} of {n:,} have no lead: {', '.join(told)}",)


def _known(made: dict[str, Mapped]) -> Any:
    """Ids of the leads, those merged into another included."""
    import ibis

    known = made["leads"].source.rows.select("lead_id")
    if "merges" in made:
        merges = made["merges"].source.rows
        gone = merges.filter(merges["table"] == "leads").select(lead_id="lost_id")
        known = ibis.union(known, gone, distinct=False)
    return known.distinct()
