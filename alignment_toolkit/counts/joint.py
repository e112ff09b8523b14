"""Counts of won deals by which team had touched their lead before the win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import segment_of
from alignment_toolkit.deals import deals
from alignment_toolkit.leads import lead_numbers
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def wins_by_touch(study: Study, *, by: str | None = None) -> ir.Table:
    """Deals won in the report quarter by who had touched their lead before the win; the store must have touches.

    Returns:
        segment, touched_by (both, marketing, sales, nobody), n, cents.
    """
    known = deals(study.crm).filter((_.outcome == "won") & (_.closed_at >= study.starts_at) & (_.closed_at < study.ends_at))
    touches = study.crm.tables["touches"].filter(_.occurred_at < study.ends_at)
    told = touches.select("lead_id", "side", "occurred_at").inner_join(lead_numbers(study.crm).select("lead_id", "number"), "lead_id")
    first = told.group_by("number").agg(
        marketing_at=told.occurred_at.min(where=told.side == "marketing"), sales_at=told.occurred_at.min(where=told.side == "sales")
    )
    joined = known.left_join(first, "number").drop("number_right")
    marketing = (joined.marketing_at <= joined.closed_at).fill_null(False)
    sales = (joined.sales_at <= joined.closed_at).fill_null(False)
    side = ibis.cases((marketing & sales, "both"), (marketing, "marketing"), (sales, "sales"), else_="nobody")
    grouped = joined.mutate(segment=segment_of(study, joined, by), touched_by=side).group_by("segment", "touched_by")
    return grouped.agg(n=_.count(), cents=ibis.coalesce(_.cents.sum(), 0).cast("int64"))
