"""Counts of leads: how many, and their moves between open, won and lost by day index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.figures import ALL
from alignment_toolkit.handovers import verdict_spells
from alignment_toolkit.journeys import in_cohort, leads, spells
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


def segment_of(study: Study, table: ir.Table, by: str | None) -> ir.StringValue:
    """The segment of each row: an attribute, its creation quarter, or "(all)"."""
    if by is None or by == "all":
        return ibis.literal(ALL)
    return quarter_label(study, table.created_at) if by == "cohort_quarter" else table[by]


def quarter_label(study: Study, instant: ir.TimestampValue) -> ir.StringValue:
    """The fiscal quarter label of an instant, from the instants that bound the quarters (up to 60 back)."""
    last = study.quarter.shift(2)
    quarters = [last.shift(-back) for back in range(60)]
    return ibis.cases(*[(instant >= study.instant(quarter), quarter.label) for quarter in quarters], else_="(earlier)")


def moves(table: ir.Table, *, groups: Sequence[str]) -> ir.Table:
    """The moves of spells: entries, exits and potential ends by day index.

    Args:
        table: Spells with entry, entry_move, exit, exit_move, last_index, cents and the grouping columns.
        groups: Grouping columns (segment, and bucket for the jackknife).

    Returns:
        groups, day, move, n, amount (cents, sum), amount_sq (sum of squared amounts in the currency's unit).
    """
    entered = table.filter(_.entry_move.notnull())
    nothing = ibis.null("int64")
    parts = [
        entered.select(*groups, day=_.entry, move=_.entry_move, cents=nothing),
        table.select(*groups, day=_.exit, move=_.exit_move, cents=_.cents),
        entered.filter(_.entry_move == "enter").select(*groups, day=_.last_index, move=ibis.literal("potential"), cents=nothing),
    ]
    counted = [
        part.group_by(*groups, "day", "move").agg(n=_.count(), amount=won_cents(), amount_sq=won_squares()) for part in parts
    ]
    return ibis.union(*counted)


def won_cents() -> ir.IntegerScalar:
    """Sum of cents over wins, 0 for other moves."""
    return ibis.coalesce(_.cents.sum(where=_.move.isin(["event", "event_from_lost"])), 0).cast("int64")


def won_squares() -> ir.IntegerScalar:
    """Sum of squared whole currency units over wins, an integer so that it is exact in every order."""
    units = (_.cents / 100).round().cast("int64")
    return ibis.coalesce((units * units).sum(where=_.move.isin(["event", "event_from_lost"])), 0).cast("int64")


@query
def lead_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of leads between open, won and lost inside the study's window, by segment."""
    journeys = spells(study)
    sliced = journeys.mutate(segment=segment_of(study, journeys, by))
    return moves(sliced, groups=["segment", "bucket"] if by_bucket else ["segment"])


@query
def verdict_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of handed-over leads from waiting to accepted (event) or to rejected or recycled (competing), by segment."""
    waits = verdict_spells(study)
    sliced = waits.mutate(segment=segment_of(study, waits, by))
    return moves(sliced, groups=["segment", "bucket"] if by_bucket else ["segment"])
