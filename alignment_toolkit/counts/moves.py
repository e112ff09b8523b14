"""Moves: what becomes of units by day index, the one shape in which times to an outcome leave the engine.

A unit enters observation, moves between open, won and lost, and leaves; `stats/risk.py` turns the counts into risk tables. The rows are
made once per study and kept in the engine, so that each slice is one small group-by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.figures import ALL
from alignment_toolkit.journeys import SLICES
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

SLICEABLE = (*SLICES, "stage")
Slices = str | tuple[str, ...] | None
TOGETHER = ("source", "persona", "cohort_quarter")  # the slices of the headline figures, counted in one query
WINS = ("event", "event_from_lost")


def segment_of(study: Study, table: ir.Table, by: str | None) -> ir.StringValue:  # noqa: ARG001  # the study may decide one day
    """The segment of each row: one of its columns, or "(all)"."""
    return ibis.literal(ALL) if by in (None, "all") else table[by]


def segments(study: Study, table: ir.Table, by: Slices) -> dict[str, ir.Value]:
    """The grouping of a query: `segment`, or one column per slice where several are asked for at once."""
    return {name: table[name] for name in by} if isinstance(by, tuple) else {"segment": segment_of(study, table, by)}


def move_rows(table: ir.Table, *, groups: Sequence[str]) -> ir.Table:
    """One row per move of each spell.

    Args:
        table: Spells with entry, entry_move (null: arrived through another spell's exit), exit, exit_move, last_index, cents and `groups`.
        groups: Columns to keep.

    Returns:
        groups, day, move, cents (of a win; null: unknown or no win).
    """
    entered = table.filter(_.entry_move.notnull())
    nothing = ibis.null("int64")
    won = ibis.ifelse(table.exit_move.isin(WINS), table.cents, nothing)
    parts = [
        entered.select(*groups, day=_.entry, move=_.entry_move, cents=nothing),
        table.select(*groups, day=_.exit, move=_.exit_move, cents=won),
        entered.filter(_.entry_move == "enter").select(*groups, day=_.last_index, move=ibis.literal("potential"), cents=nothing),
    ]
    return ibis.union(*parts)


def counted_by(rows: ir.Table, *groups: str, **named: ir.Value) -> ir.Table:
    """Rows of moves counted: groups, day, move, n, amount (cents, sum), amount_sq (sum of squared whole currency units).

    Sums are of integers, so they are exact in every order and on every engine.
    """
    return rows.group_by(*groups, "day", "move", **named).agg(
        n=_.count(),
        amount=ibis.coalesce(_.cents.sum(), 0).cast("int64"),
        amount_sq=ibis.coalesce(squared_units(_.cents).sum(), 0).cast("int64"),
    )


def squared_units(cents: ir.IntegerValue) -> ir.IntegerValue:
    """The squared amount in whole units of the currency."""
    units = (cents / 100).round().cast("int64")
    return units * units


def moves(table: ir.Table, *, groups: Sequence[str]) -> ir.Table:
    """The moves of spells counted at once: for tables that are asked only one question."""
    return counted_by(move_rows(table, groups=groups), *groups)


def sliced_moves(
    study: Study,
    key: Sequence[object],
    units: Callable[[], ir.Table],
    *,
    by: Slices,
    by_bucket: bool,
    until: int | None = None,
) -> ir.Table:
    """The moves of spells by segment; their rows are made once per study and serve every slice.

    Args:
        study: What is looked at.
        key: Name of the spells and every choice they depend on beside the study.
        units: Makes the spells; they hold `bucket` and any of the columns of `SLICEABLE`.
        by: One of these columns, several of them, or None for all together.
        by_bucket: Also by jackknife bucket.
        until: Only moves up to this day index; the tables that are cut there need no others.
    """
    whole = ("moves", *key, study.as_of, study.window_opens_at, study.created_before)
    rows = cached(study.crm, whole, lambda: _sliceable_rows(units()))
    rows = rows if until is None else rows.filter(rows.day <= until)
    named = {"bucket": rows.bucket} if by_bucket else {}
    return counted_by(rows, **segments(study, rows, by), **named)


def _sliceable_rows(spells: ir.Table) -> ir.Table:
    return move_rows(spells, groups=[*(name for name in SLICEABLE if name in spells.columns), "bucket"])
