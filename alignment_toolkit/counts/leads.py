"""Counts of leads: their moves between open, won and lost, and of handed-over leads from waiting to a verdict, by day index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import TOGETHER, Slices, sliced_moves
from alignment_toolkit.handovers import verdict_spells
from alignment_toolkit.journeys import spells
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query(rolled_up=TOGETHER)
def lead_moves(study: Study, *, by: Slices = None, by_bucket: bool = False, until: int | None = None) -> ir.Table:
    """Moves of leads between open, won and lost inside the study's window, by segment; `until`: up to a day index."""
    return sliced_moves(study, spells(study), by=by, by_bucket=by_bucket, until=until)


@query(rolled_up=TOGETHER)
def verdict_moves(study: Study, *, by: Slices = None, by_bucket: bool = False) -> ir.Table:
    """Moves of handed-over leads from waiting to accepted (event) or to rejected or recycled (competing), by segment."""
    return sliced_moves(study, verdict_spells(study), by=by, by_bucket=by_bucket)
