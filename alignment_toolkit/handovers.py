"""Handovers as deferred expressions: when a lead was given to sales, and sales' first verdict on it.

Question: does sales accept what marketing hands over, within the agreed days? Unit: the lead handed over. Handover is `assigned_at`, else
the lead's first entry to the first stage that sales owns. It does not answer whether sales worked the lead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.days import EPOCH, days_until, instant, last_whole_day
from alignment_toolkit.journeys import entry_index
from alignment_toolkit.leads import SLICES, lead_numbers, lead_rows, with_attributes
from alignment_toolkit.schema import TABLES
from alignment_toolkit.timelines import KEY_STEP, milestones, rank_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm
    from alignment_toolkit.study import Study


VERDICTS = tuple(sorted(TABLES["feedback"].column("verdict").choices))


def handovers(crm: Crm) -> ir.Table:
    """One row per lead handed over before `as_of`: the columns of `lead_rows` and handed_at."""
    own = lead_rows(crm)
    stage = crm.config.handover_stage
    if stage is None:
        return own.filter(own.assigned_at < crm.as_of).mutate(handed_at=_.assigned_at)
    told = own.left_join(milestones(crm).select("number", "handed_at"), "number").drop("number_right")
    seen = [ibis.ifelse(at < crm.as_of, at, ibis.null("timestamp")) for at in (told.assigned_at, told.handed_at)]
    return told.mutate(handed_at=ibis.coalesce(*seen)).filter(_.handed_at.notnull())


def first_verdicts(crm: Crm) -> ir.Table:
    """The first visible verdict on each lead: number, given_at, verdict; of several at the same instant the first in the alphabet."""
    known = cached(crm, ("first_verdicts", crm.at_hand.as_of), lambda: _first_verdicts(crm.at_hand))
    return known if crm.at_hand is crm else known.filter(_.given_at < crm.as_of)


def _first_verdicts(crm: Crm) -> ir.Table:
    given = crm.tables["feedback"].filter(_.given_at < crm.as_of).select("lead_id", "given_at", "verdict")
    seen = given.inner_join(lead_numbers(crm), "lead_id")
    place = ibis.cases(*((seen.verdict == verdict, at) for at, verdict in enumerate(VERDICTS)), else_=len(VERDICTS))
    order = seen.given_at.delta(instant(EPOCH), unit="microsecond") * KEY_STEP + place
    first = seen.mutate(order=order).group_by("number").agg(given_at=_.given_at.min(), order=_.order.min())
    verdict = ibis.cases(*((rank_in(first.order) == at, verdict) for at, verdict in enumerate(VERDICTS)), else_=ibis.null("string"))
    return first.select("number", "given_at", verdict=verdict)


def verdict_spells(study: Study, *, event: str = "accepted") -> ir.Table:
    """Each handed-over lead's wait for a verdict in the window, shaped as the spells of journeys.py: verdicts but the event compete."""
    crm = study.crm
    handed = handovers(crm).filter(_.handed_at < study.created_before)
    told = handed.left_join(first_verdicts(crm), "number").drop("number_right")
    entry = entry_index(study, told.handed_at, tables=("feedback",))
    timed = told.mutate(
        entry=entry, last_index=last_whole_day(crm, told.handed_at, study.as_of), day=days_until(crm, told.handed_at, told.given_at)
    )
    seen = timed.verdict.notnull() & (timed.day <= timed.last_index)
    moved = timed.mutate(
        exit=ibis.ifelse(seen, timed.day, timed.last_index),
        exit_move=ibis.cases((~seen.fill_null(False), "censor"), (timed.verdict == event, "event"), else_="competing"),
        entry_move=ibis.literal("enter"),
        cents=ibis.null("int64"),
    ).filter((_.entry <= _.last_index) & (_.exit >= _.entry))
    return with_attributes(crm, moved).select(
        *SLICES, "number", "bucket", "entry", "entry_move", "exit", "exit_move", "last_index", "cents"
    )
