"""Counts of leads: their moves between open, won and lost, and of handed-over leads from waiting to a verdict, by day index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import sliced_moves
from alignment_toolkit.handovers import verdict_spells
from alignment_toolkit.journeys import spells
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def lead_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of leads between open, won and lost inside the study's window, by segment."""
    return sliced_moves(study, ["leads"], lambda: spells(study), by=by, by_bucket=by_bucket)


@query
def verdict_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of handed-over leads from waiting to accepted (event) or to rejected or recycled (competing), by segment."""
    return sliced_moves(study, ["verdicts"], lambda: verdict_spells(study), by=by, by_bucket=by_bucket)
