"""Counts of wins with what is known of their money: how much hangs on one, and on how many nothing is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import WINS, segment_of
from alignment_toolkit.journeys import spells, won_amounts
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def win_amounts(study: Study, *, by: str | None = None) -> ir.Table:
    """Wins of leads inside the study's window by segment, day index and move.

    Returns:
        segment, day, move (event: from open, event_from_lost), largest (cents of the largest win of the day, null: none is known), n,
        n_unpriced (wins of which an amount is not known: without a won deal, or with one whose amount is missing).
    """
    won = spells(study).filter(_.exit_move.isin(WINS))
    dark = won.cents.isnull()
    if study.crm.has("deals"):
        unknown = won_amounts(study.crm).filter(_.n_unpriced > 0).select(dark_id="number")
        won = won.left_join(unknown, won.number == unknown.dark_id)
        dark = won.cents.isnull() | won.dark_id.notnull()
    told = won.mutate(segment=segment_of(study, won, by), is_dark=dark.cast("int64"))
    return told.group_by("segment", day=_.exit, move=_.exit_move).agg(largest=_.cents.max(), n=_.count(), n_unpriced=_.is_dark.sum())
