"""Moves: what becomes of units by day index, the one shape in which times to an outcome leave the engine.

A unit enters observation, moves between open, won and lost, and leaves; `stats/risk.py` turns the counts into risk tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.figures import ALL
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

Slices = str | tuple[str, ...] | None
TOGETHER = ("source", "persona", "cohort_quarter")  # the slices of the headline figures, counted in one query
WINS = ("event", "event_from_lost")
SPELL = ("entry", "entry_move", "exit", "exit_move", "last_index", "cents")


def segment_of(study: Study, table: ir.Table, by: str | None) -> ir.StringValue:  # noqa: ARG001  # the study may decide one day
    """The segment of each row: one of its columns, or "(all)"."""
    return ibis.literal(ALL) if by in (None, "all") else table[by]


def segments(study: Study, table: ir.Table, by: Slices) -> dict[str, ir.Value]:
    """The grouping of a query: `segment`, or one column per slice where several are asked for at once."""
    return {name: table[name] for name in by} if isinstance(by, tuple) else {"segment": segment_of(study, table, by)}


def moves(table: ir.Table, *groups: str, until: int | None = None, **named: ir.Value) -> ir.Table:
    """The moves of spells counted: entries, exits and last observed indices apart, so that no row per move is ever made.

    Sums are of integers, so they are exact in every order and on every engine.

    Args:
        table: Spells with entry, entry_move (null: arrived through another spell's exit), exit, exit_move, last_index, cents.
        *groups: Columns to count by.
        until: Only moves up to this day index.
        **named: Further groups, as expressions over the table.

    Returns:
        groups, day, move, n, amount (cents of wins, sum), amount_sq (sum of squared whole currency units).
    """
    table = table.select(*groups, *SPELL, **named)
    by = [*groups, *named]
    entered = table.filter(table.entry_move.notnull())
    won = table.exit_move.isin(WINS)
    nothing = ibis.literal(0).cast("int64")
    money = {
        "amount": ibis.coalesce(table.cents.sum(where=won), 0).cast("int64"),
        "amount_sq": ibis.coalesce(squared_units(table.cents).sum(where=won), 0).cast("int64"),
    }
    parts = [
        entered.group_by(*by, day=entered.entry, move=entered.entry_move).agg(n=_.count(), amount=nothing, amount_sq=nothing),
        table.group_by(*by, day=table.exit, move=table.exit_move).agg(n=_.count(), **money),
        potential(entered).group_by(*by, "day", "move").agg(n=_.count(), amount=nothing, amount_sq=nothing),
    ]
    whole = ibis.union(*parts)
    return whole if until is None else whole.filter(whole.day <= until)


def potential(entered: ir.Table) -> ir.Table:
    """The last observed index of every unit that entered open, as moves."""
    kept = entered.filter(entered.entry_move == "enter")
    return kept.mutate(day=kept.last_index, move=ibis.literal("potential"))


def squared_units(cents: ir.IntegerValue) -> ir.IntegerValue:
    """The squared amount in whole units of the currency."""
    units = (cents / 100).round().cast("int64")
    return units * units


def sliced_moves(study: Study, units: ir.Table, *, by: Slices, by_bucket: bool, until: int | None = None) -> ir.Table:
    """The moves of spells by segment.

    Args:
        study: What is looked at.
        units: The spells; they hold `bucket` and the columns of `by`.
        by: One of their columns, several of them, or None for all together.
        by_bucket: Also by jackknife bucket.
        until: Only moves up to this day index; the tables that are cut there need no others.
    """
    return moves(units, *(["bucket"] if by_bucket else []), until=until, **segments(study, units, by))
