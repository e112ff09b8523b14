"""Counts of what sales sends back: campaigns by month with what became of their leads, and when marketing first answered a rejection."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.quality import Month, month_label, months_of, recorded_from
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handovers import first_verdicts
from alignment_toolkit.leads import lead_numbers, lead_rows, leads, with_attributes
from alignment_toolkit.stages import opportunity_stage
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import on_whole_days, timeline, won_rank

if TYPE_CHECKING:
    import ibis.expr.types as ir

REACHED_DAYS = 30


def known_months(study: Study) -> list[Month]:
    """The months up to the one that `as_of` lies in, whole or not."""
    return months_of(study, until=study.as_of + timedelta(days=31))


def matured_until(study: Study) -> str | None:
    """The last month whose leads have all been observed for `REACHED_DAYS`, such as `2026-08`; None when there is none."""
    whole = months_of(study, until=study.as_of - timedelta(days=REACHED_DAYS + 1))
    return whole[-1][0] if whole else None


@query
def campaign_months(study: Study) -> ir.Table:
    """Leads of each campaign by month of creation, and verdicts of sales on them by month given, over all history.

    Returns:
        campaign_id, month (such as `2026-07`), n (leads matured for 30 days), events (of them reached opportunity by then), judged (leads
        with a first verdict in the month), accepted (of them accepted).
    """
    crm, months = study.crm, known_months(study)
    rank, first = timeline(crm)["rank"], crm.config.stage_names.index(opportunity_stage(crm))
    reached = on_whole_days(crm, timeline(crm).filter((rank >= first) & (rank <= won_rank(crm)))).group_by("number").agg(day=_.day.min())
    born = leads(crm).filter((_.campaign_id != MISSING) & (_.last_index >= REACHED_DAYS))
    if (floor := recorded_from(study)) is not None:
        born = born.filter(born.created_at >= floor)
    told = born.left_join(reached, "number").drop("number_right")
    zero = ibis.literal(0).cast("int64")
    grown = told.select(
        "campaign_id",
        month=month_label(told.created_at, months),
        n=zero + 1,
        events=(told.day <= REACHED_DAYS).fill_null(False).cast("int64"),
        judged=zero,
        accepted=zero,
    )
    parts = [grown]
    if crm.has("feedback"):
        given = first_verdicts(crm).inner_join(leads(crm).select("number", "campaign_id"), "number").filter(_.campaign_id != MISSING)
        accepted = (given.verdict == "accepted").cast("int64")
        month = month_label(given.given_at, months)
        parts.append(given.select("campaign_id", month=month, n=zero, events=zero, judged=zero + 1, accepted=accepted))
    sums = {name: _[name].sum().cast("int64") for name in ("n", "events", "judged", "accepted")}
    return ibis.union(*parts).group_by("campaign_id", "month").agg(**sums)


@query
def first_answers(study: Study) -> ir.Table:
    """The first action of marketing on a campaign after sales had rejected a lead of it: campaign_id, month, n (1)."""
    crm = study.crm
    rejected = crm.tables["feedback"].filter((_.verdict == "rejected") & (_.given_at < crm.as_of)).select("lead_id", "given_at")
    numbered = rejected.inner_join(lead_numbers(crm).select("lead_id", "number"), "lead_id").drop("lead_id")
    named = with_attributes(crm, numbered.inner_join(lead_rows(crm).select("number", "cell"), "number"))
    begun = named.group_by("campaign_id").agg(rejected_at=_.given_at.min())
    acted = crm.tables["actions"].filter(_.acted_at < crm.as_of).select("campaign_id", "acted_at").inner_join(begun, "campaign_id")
    first = acted.filter(_.acted_at > _.rejected_at).group_by("campaign_id").agg(acted_at=_.acted_at.min())
    return first.group_by("campaign_id", month=month_label(first.acted_at, known_months(study))).agg(n=_.count())
