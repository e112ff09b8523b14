"""Counts of journeys on one line: the moves of their steps, and the paths of both teams' touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves
from alignment_toolkit.lines import LONGEST_PATH, lines, step_spells
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def journey_step_moves(study: Study) -> ir.Table:
    """Moves of accounts from one mark of their journey to the next by whole days; segment is the step (`lines.STEPS`)."""
    return moves(step_spells(study), "segment", "bucket")


@query
def journey_paths(study: Study, *, of: str = "side") -> ir.Table:
    """Journeys with a stop inside the window by their path: stop_1 … stop_8, stops, reached (see `lines.lines`), n."""
    told = lines(study, of=of)
    stops = [f"stop_{at}" for at in range(1, LONGEST_PATH + 1)]
    return told.group_by(*stops, "stops", "reached").agg(n=_.count())
