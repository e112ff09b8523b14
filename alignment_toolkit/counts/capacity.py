"""Counts of the capacity of owners: waits for a first touch by how many open leads the owner held, and what owners hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves
from alignment_toolkit.loads import band_of, held, loads
from alignment_toolkit.responses import LONGEST_HOURS, response_spells
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def load_moves(study: Study) -> ir.Table:
    """Moves of leads handed over in the window from waiting to a first touch, by whole hours (`day`), with team and load of their owner.

    Returns:
        team, load (first number of its band of open leads, see `loads.EDGES`), and the columns of moves.
    """
    held_then = loads(study.crm)
    told = held_then.select("number", "team", load=band_of(held_then.load))
    spells = response_spells(study, within="window").inner_join(told, "number")
    return moves(spells, "team", "load", until=LONGEST_HOURS)


@query
def load_owners(study: Study) -> ir.Table:
    """Owners that a lead of the window came to, by band of load: owner (never shown), team, load, n. Says how many people a band is."""
    held_then = loads(study.crm)
    told = held_then.select("number", "owner_id", "team", load=band_of(held_then.load))
    seen = response_spells(study, within="window").select("number").inner_join(told, "number")
    return seen.group_by("team", "load", owner="owner_id").agg(n=_.count())


@query
def open_loads(study: Study) -> ir.Table:
    """Owners that hold an open lead at `as_of`, and these leads, by team: team, n_owners, n."""
    standing = held(study.crm).filter(_.left_at.isnull())
    each = standing.group_by("team", "owner_id").agg(n=_.count().cast("int64"))
    return each.group_by("team").agg(n_owners=_.count(), n=_.n.sum().cast("int64"))
