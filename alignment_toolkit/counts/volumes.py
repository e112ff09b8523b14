"""Counts of leads created and of deals won: plain volumes without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import counted, query
from alignment_toolkit.counts.moves import TOGETHER, Slices, segment_of, segments
from alignment_toolkit.deals import deals
from alignment_toolkit.journeys import outcomes_recorded_at
from alignment_toolkit.leads import lead_rows, leads, with_attributes
from alignment_toolkit.quarters import quarter_label
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import outcomes_to_date, timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def leads_created(study: Study, *, by: str | None = None) -> ir.Table:
    """Leads created in the report quarter (all history: every visible lead; by creation quarter: the window's), by segment."""
    seen = leads(study.crm)
    start = study.window_opens_at if by == "cohort_quarter" else study.starts_at
    kept = seen if study.cohort == "all" else seen.filter((seen.created_at >= start) & (seen.created_at < study.ends_at))
    return kept.group_by(segment=segment_of(study, kept, by)).agg(n=_.count())


@query(rolled_up=TOGETHER)
def lead_outcomes(study: Study, *, by: Slices = None) -> ir.Table:
    """Leads created in the window with their outcome to date: ever won, else lost after their last event, else open.

    Nothing here waits for a lead to mature: these are the counts behind the naive shares.
    """
    seen = lead_rows(study.crm)
    kept = seen if study.cohort == "all" else seen.filter((seen.created_at >= study.window_opens_at) & (seen.created_at < study.ends_at))
    told = outcomes_to_date(study.crm, timeline(study.crm).semi_join(kept, "number"))
    joined = kept.left_join(told, "number").group_by("cell", outcome=ibis.coalesce(_.outcome, ibis.literal("open"))).agg(n=_.count())
    named = with_attributes(study.crm, joined)
    return named.group_by(**segments(study, named, by), outcome=named.outcome).agg(n=_.n.sum().cast("int64"))


@query(rolled_up=TOGETHER)
def deal_outcomes(study: Study, *, by: Slices = None) -> ir.Table:
    """Deals created in the window (all history: every deal, undated ones included) by outcome as of `as_of`.

    Returns:
        segment, outcome, dated (whether it has a creation instant), n.
    """
    seen = deals(study.crm)
    kept = seen if study.cohort == "all" else seen.filter((seen.created_at >= study.window_opens_at) & (seen.created_at < study.ends_at))
    return kept.group_by(**segments(study, kept, by), outcome=kept.outcome, dated=kept.created_at.notnull()).agg(n=_.count())


@query(rolled_up=("source", "persona"))
def deals_won(study: Study, *, by: Slices = None, to_date: bool = False) -> ir.Table:
    """Deals won in the report quarter, or by `as_of` when `to_date`.

    Returns:
        segment, n (deals), n_unpriced (deals without an amount), amount (cents).
    """
    won = deals(study.crm).filter(_.outcome == "won")
    kept = won if to_date else won.filter((won.closed_at >= study.starts_at) & (won.closed_at < study.ends_at))
    closing = {"segment": quarter_label(study.crm, kept.closed_at)}
    return kept.group_by(**closing if by == "cohort_quarter" else segments(study, kept, by)).agg(
        n=_.count(),
        n_unpriced=_.cents.isnull().cast("int64").sum(),
        amount=ibis.coalesce(_.cents.sum(), 0).cast("int64"),
    )


@query
def leads_unrecorded(study: Study) -> ir.Table:
    """Leads created before outcomes were recorded, which conversions leave out: n; none where outcomes always were."""
    start = outcomes_recorded_at(study)
    seen = lead_rows(study.crm)
    return (seen.filter(seen.created_at < start) if start else seen.filter(ibis.literal(False))).agg(n=_.count())


def leads_left_out(study: Study) -> int:
    """Number of leads that conversions leave out because their outcomes were not recorded."""
    return int(counted("leads_unrecorded", study)["n"].iloc[0])
