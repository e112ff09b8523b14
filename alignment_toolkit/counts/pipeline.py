"""Counts of the open pipeline: what came in, changed, moved and went in a quarter, in deals and in cents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.pipeline import STEPS, pipeline_moves, pushes
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

DEALS = ("start", *(step for step in STEPS if step != "amount_changes"), "end")
CENTS = tuple(f"{name}_cents" for name in ("start", *STEPS, "end"))


@query
def pipeline_steps(study: Study) -> ir.Table:
    """The steps from the pipeline at the start of the report quarter to that at its end; the store must have deal_events.

    Returns:
        scope (all: every open deal; due: those due by the quarter's end), deals by step, and <step>_cents.
    """
    moved = pipeline_moves(study)
    return moved.group_by("scope").agg(**{name: ibis.coalesce(moved[name].sum(), 0).cast("int64") for name in (*DEALS, *CENTS)})


@query
def pipeline_pushes(study: Study) -> ir.Table:
    """How often the expected close was moved to a later day in the quarter: n (pushes), deals (pushed at least once), left (out of it)."""
    moved = pushes(study)
    return moved.agg(
        n=_.count(), deals=moved.deal_id.nunique(), left=ibis.coalesce(moved.left_quarter.cast("int64").sum(), 0).cast("int64")
    )
