"""Counts of losses by the reason that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves, segment_of
from alignment_toolkit.figures import MISSING
from alignment_toolkit.leads import SLICES, lead_numbers, leads, named_or_missing
from alignment_toolkit.stages import first_entries, stage_label
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def loss_moves(study: Study, *, by: str | None = "stage") -> ir.Table:
    """Moves of leads from their first entry into a stage to won or lost for good, by the reason of their last loss.

    By a slice of leads instead, only entries into the first stage of the funnel count, so that a lead is counted once.

    Returns:
        The columns of moves, and reason ("(missing)" where none was given, or where there was no loss).
    """
    entries = first_entries(study)
    told = entries.left_join(last_reasons(study), "number").drop("number_right")
    told = told.mutate(reason=ibis.coalesce(told.reason, ibis.literal(MISSING)))
    if by == "stage":
        counted = moves(told, "rank", "reason")
        return counted.mutate(segment=stage_label(study.crm, counted["rank"])).drop("rank")
    first = told.filter(told["rank"] == 0)
    if by in SLICES:
        first = first.inner_join(leads(study.crm).select("number", by), "number")
    return moves(first, "reason", segment=segment_of(study, first, by))


def last_reasons(study: Study) -> ir.Table:
    """The reason of each lead's last visible loss: number, reason; of several at one instant the greatest."""
    lost = study.crm.tables["stage_events"].filter((_.stage == "lost") & (_.entered_at < study.as_of))
    named = lost.select("lead_id", "entered_at", reason=named_or_missing(lost.reason)).inner_join(lead_numbers(study.crm), "lead_id")
    at_once = named.group_by("number", "entered_at").agg(reason=named.reason.max())
    return at_once.group_by("number").agg(reason=at_once.reason.argmax(at_once.entered_at))
