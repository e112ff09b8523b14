"""Handovers as deferred expressions: when a lead was given to sales, and sales' first verdict on it.

Question: does sales accept what marketing hands over, within the agreed days? Unit: the lead handed over. Handover is `assigned_at`, else
the lead's first entry to the first stage that sales owns. It does not answer whether sales worked the lead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import days_until, last_whole_day
from alignment_toolkit.journeys import entry_index
from alignment_toolkit.leads import SLICES, lead_numbers, lead_rows, with_attributes
from alignment_toolkit.timelines import timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study


def handovers(crm: Crm) -> ir.Table:
    """One row per lead handed over before `as_of`: the columns of `lead_rows` and handed_at."""
    own = lead_rows(crm)
    stage = crm.config.handover_stage
    if stage is None:
        return own.filter(own.assigned_at < crm.as_of).mutate(handed_at=_.assigned_at)
    told = own.left_join(first_reached(crm, stage), "number").drop("number_right")
    assigned = ibis.ifelse(told.assigned_at < crm.as_of, told.assigned_at, ibis.null("timestamp"))
    return told.mutate(handed_at=ibis.coalesce(assigned, told.reached_at)).filter(_.handed_at.notnull())


def first_reached(crm: Crm, stage: str) -> ir.Table:
    """When each lead first entered a stage, as far as it had by `as_of`: number, reached_at."""
    entered = timeline(crm).filter(_["rank"] == crm.config.stage_names.index(stage))
    return entered.group_by("number").agg(reached_at=_.entered_at.min())


def first_verdicts(crm: Crm) -> ir.Table:
    """The first visible verdict on each lead: number, given_at, verdict; of several at the same instant the first in the alphabet."""
    known = cached(crm, ("first_verdicts", crm.at_hand.as_of), lambda: _first_verdicts(crm.at_hand))
    return known if crm.at_hand is crm else known.filter(_.given_at < crm.as_of)


def _first_verdicts(crm: Crm) -> ir.Table:
    given = crm.tables["feedback"].filter(_.given_at < crm.as_of).select("lead_id", "given_at", "verdict")
    seen = given.inner_join(lead_numbers(crm), "lead_id")
    at_once = seen.group_by("number", "given_at").agg(verdict=_.verdict.min())
    return at_once.group_by("number").agg(verdict=_.verdict.argmin(_.given_at), given_at=_.given_at.min())


def verdict_spells(study: Study) -> ir.Table:
    """Each handed-over lead's wait for a verdict inside the window, shaped as the spells of journeys.py: accepted is the event."""
    crm = study.crm
    handed = handovers(crm).filter(_.handed_at < study.created_before)
    told = handed.left_join(first_verdicts(crm), "number").drop("number_right")
    entry = entry_index(study, told.handed_at, tables=("feedback",))
    timed = told.mutate(entry=entry, last_index=last_whole_day(told.handed_at, study.as_of), day=days_until(told.handed_at, told.given_at))
    seen = timed.verdict.notnull() & (timed.day <= timed.last_index)
    moved = timed.mutate(
        exit=ibis.ifelse(seen, timed.day, timed.last_index),
        exit_move=ibis.cases((~seen.fill_null(False), "censor"), (timed.verdict == "accepted", "event"), else_="competing"),
        entry_move=ibis.literal("enter"),
        cents=ibis.null("int64"),
    ).filter((_.entry <= _.last_index) & (_.exit >= _.entry))
    return with_attributes(crm, moved).select(
        *SLICES, "number", "bucket", "entry", "entry_move", "exit", "exit_move", "last_index", "cents"
    )
