"""The states of records as a figure sees them: after merges, as of the as-of, at constant currency, without what came later.

Comparing these instead of rows as exported leaves out what cannot have moved a figure of a past quarter: a deal that closed since, a rate
of a later day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.customers import subscription_rows
from alignment_toolkit.deals import deals
from alignment_toolkit.leads import ATTRIBUTES, labelled, with_ids
from alignment_toolkit.merging import survivors
from alignment_toolkit.periods import local_day
from alignment_toolkit.restated.reach import Aspect
from alignment_toolkit.timelines import timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.study import Study

FLAGS = ("in_quarter", "won", "won_in_quarter")


def state(study: Study, aspect: Aspect) -> ir.Table | None:
    """One row per state of a record: `id`, what can move a figure, and the flags in_quarter, won and won_in_quarter.

    Returns:
        None where the store has no such table.
    """
    crm = study.crm
    needed = {"stages": "stage_events", "customers": "subscriptions", "costs": "campaign_costs"}.get(aspect, aspect)
    if not crm.has(needed):
        return None
    rows = _STATES[aspect](study)
    flags = {name: rows[name] if name in rows.columns else ibis.literal(False) for name in FLAGS}
    return rows.mutate(**flags)


def _leads(study: Study) -> ir.Table:
    seen = labelled(study.crm)
    told = {name: seen[f"raw_{name}"] for name in ATTRIBUTES}
    created = _within(seen.created_at, study)
    return seen.select("created_at", "score", "score_at", "assigned_at", id=seen.lead_id, in_quarter=created, **told)


def _stages(study: Study) -> ir.Table:
    return with_ids(study.crm, timeline(study.crm)).select("entered_at", "rank", "is_backfilled", id=_.lead_id)


def _feedback(study: Study) -> ir.Table:
    seen = survivors(study.crm, study.crm.tables["feedback"]).filter(_.given_at < study.as_of)
    return seen.select("given_at", "verdict", "reason", id=_.lead_id)


def _touches(study: Study) -> ir.Table:
    seen = survivors(study.crm, study.crm.tables["touches"]).filter(_.occurred_at < study.as_of)
    return seen.select("touch_id", "occurred_at", "side", "channel", "campaign_id", "is_human", id=_.lead_id)


def _deals(study: Study) -> ir.Table:
    seen = deals(study.crm)
    won = (seen.outcome == "won").fill_null(False)
    plain = ("lead_id", "created_at", "closed_at", "outcome", "cents", *ATTRIBUTES)
    return seen.select(*plain, id=seen.deal_id, won=won, won_in_quarter=won & _within(seen.closed_at, study).fill_null(False))


def _customers(study: Study) -> ir.Table:
    return subscription_rows(study.crm).select("lead_id", "is_trial", "cents", "start", "end", id=_.customer_id)


def _costs(study: Study) -> ir.Table:
    last_day = local_day(study.as_of - timedelta(microseconds=1), study.config.time_zone)
    seen = study.crm.tables["campaign_costs"].filter(_.spent_on <= last_day)
    return seen.select("spent_on", "cost", "currency", id=_.campaign_id)


def _within(at: ir.TimestampValue, study: Study) -> ir.BooleanValue:
    return (at >= study.starts_at) & (at < study.ends_at)


_STATES: dict[Aspect, Callable[[Study], ir.Table]] = {
    "leads": _leads,
    "stages": _stages,
    "feedback": _feedback,
    "touches": _touches,
    "deals": _deals,
    "customers": _customers,
    "costs": _costs,
}
