"""Loads as deferred expressions: how many open leads an owner held when another one came.

Question: does a lead wait longer when its owner has many? Unit: the lead handed over. An owner holds a lead from its handover until it is
first won or lost; who owns a lead is as last seen. It does not answer who works well: no one is named, and owners of few leads may differ.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handovers import handovers
from alignment_toolkit.leads import lead_rows, named_or_missing
from alignment_toolkit.responses import closed_after, ends

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

EDGES = (0, 5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000)
"""First number of open leads of each band, in which loads leave the engine."""


def held(crm: Crm) -> ir.Table:
    """The leads handed over before `as_of` that have an owner.

    Returns:
        number, owner_id, team ("(missing)": not known), handed_at, left_at (first win or loss after the handover; null: still held).
    """
    return cached(crm, ("held", crm.as_of), lambda: _held(crm))


def _held(crm: Crm) -> ir.Table:
    owned = crm.tables["leads"].filter(_.owner_id.notnull()).select("lead_id", "owner_id")
    mine = lead_rows(crm).select("number", "lead_id").inner_join(owned, "lead_id").select("number", "owner_id")
    told = handovers(crm).select("number", "handed_at").inner_join(mine, "number")
    told = told.left_join(ends(crm), "number").drop("number_right")
    left = told.select("number", "owner_id", "handed_at", left_at=closed_after(crm, told, told.handed_at))
    if not crm.has("owners"):
        return left.mutate(team=ibis.literal(MISSING))
    teams = crm.tables["owners"].select("owner_id", team=named_or_missing(crm.tables["owners"].team))
    return left.left_join(teams, "owner_id").drop("owner_id_right").mutate(team=ibis.coalesce(_.team, ibis.literal(MISSING)))


def loads(crm: Crm) -> ir.Table:
    """One row per lead of `held`: number, owner_id, team, load (open leads that its owner held just before it came)."""
    told = held(crm)
    came = told.select("number", "owner_id", "team", at=_.handed_at.cast("timestamp(6)"), change=ibis.literal(1).cast("int64"))
    went = told.filter(_.left_at.notnull()).select(
        "number", "owner_id", "team", at=_.left_at.cast("timestamp(6)"), change=ibis.literal(-1).cast("int64")
    )
    so_far = ibis.window(group_by="owner_id", order_by=["at", "change", "number"], preceding=None, following=0)
    both = came.union(went)
    summed = both.mutate(after=both.change.sum().over(so_far).cast("int64"))
    return summed.filter(_.change == 1).select("number", "owner_id", "team", load=_.after - 1)


def band_of(load: ir.IntegerValue) -> ir.IntegerValue:
    """The first number of the band that a load lies in."""
    return ibis.cases(*[(load < upper, lower) for lower, upper in pairwise(EDGES)], else_=EDGES[-1]).cast("int64")
