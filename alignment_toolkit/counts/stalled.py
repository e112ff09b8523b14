"""Counts of open leads by stage and days in it, where visits to a stage lead to, and what became of leads that were open then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.days import days_until, instant
from alignment_toolkit.journeys import window_start
from alignment_toolkit.leads import bucket_in, group_of
from alignment_toolkit.stages import stage_label, watched_visits
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import milestones

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def stage_exits(study: Study) -> ir.Table:
    """Visits that ended inside the study's window by where they led.

    Returns:
        segment (stage), next_rank (place in the funnel it went to; won and lost come last), group (of the jackknife, 0 to 15), n.
    """
    start = window_start(study, "leads", "stage_events")
    stays = watched_visits(study).filter(~_.is_backfilled & _.left_at.notnull() & (_.entered_at < study.created_before))
    ended = stays if start is None else stays.filter(_.left_at >= instant(start))
    counted = ended.group_by("rank", "next_rank", group=group_of(bucket_in(ended.number))).agg(n=_.count())
    return counted.mutate(segment=stage_label(study.crm, counted["rank"]), next_rank=counted.next_rank.cast("int64")).drop("rank")


@query
def open_leads(study: Study) -> ir.Table:
    """Leads open at `as_of` by stage and days in it.

    Returns:
        segment (stage), day (whole days in the stage), n, n_priced (with an open deal of a known amount), amount (cents of these deals).
    """
    told = standing(study)
    if study.crm.has("deals"):
        told = told.left_join(open_amounts(study), "number").drop("number_right")
    else:
        told = told.mutate(cents=ibis.null("int64"))
    counted = told.group_by("rank", "day").agg(
        n=_.count(), n_priced=_.cents.notnull().cast("int64").sum(), amount=ibis.coalesce(told.cents.sum(), 0).cast("int64")
    )
    return counted.mutate(segment=stage_label(study.crm, counted["rank"])).drop("rank")


@query
def open_outcomes(study: Study, *, horizon: int = 90) -> ir.Table:
    """Leads open at the study's `as_of` by stage and days in it, with those that were won within so many days of it.

    Args:
        study: A past quarter on today's data, so that what came afterwards is known.
        horizon: Days after `as_of`.

    Returns:
        segment (stage), day, n, n_won.
    """
    until = instant(study.as_of + timedelta(days=horizon))
    wins = milestones(study.crm).filter(_.won_at.notnull() & (_.won_at < until)).select("number", won=ibis.literal(1))
    told = standing(study).left_join(wins, "number").drop("number_right")
    counted = told.group_by("rank", "day").agg(n=_.count(), n_won=ibis.coalesce(told.won.sum(), 0).cast("int64"))
    return counted.mutate(segment=stage_label(study.crm, counted["rank"])).drop("rank")


def standing(study: Study) -> ir.Table:
    """One row per lead that is open at `as_of`: number, rank (of its stage), entered_at, day (whole days in the stage)."""
    stays = watched_visits(study).filter(_.left_at.isnull())
    return stays.select("number", "rank", "entered_at", day=days_until(study.crm, stays.entered_at, instant(study.as_of)))


def open_amounts(study: Study) -> ir.Table:
    """The money in each lead's open deals at `as_of`: number, cents (null when no amount is known)."""
    from alignment_toolkit.deals import deals

    return deals(study.crm).filter((_.outcome == "open") & _.number.notnull()).group_by("number").agg(cents=_.cents.sum())
