"""Counts of the leads on which the records leave something open: what they count as, and what they might have been.

Unit: the lead, by its spells inside the study's window; a lead with several gaps is counted under the first of `GAPS`. What the counts
become when a gap is resolved one way or the other is worked out from them (health/), not here.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.border.clocks import local_clock
from alignment_toolkit.caching import cached
from alignment_toolkit.counts.arrivals import burst_days
from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import SPELL
from alignment_toolkit.days import days_until, instant, last_whole_day, not_before, seconds_between
from alignment_toolkit.deals import deals
from alignment_toolkit.journeys import entry_index, in_cohort, spells
from alignment_toolkit.leads import lead_numbers, lead_rows
from alignment_toolkit.merging import merge_pairs
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import lost_rank, milestones, timeline

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

GAPS = ("won_before_creation", "lost_before_creation", "deal_won_lead_not", "won_reversed", "won_without_deal", "merged_later", "burst")
"""Gaps of leads that are counted, most telling first."""
ABSENT = ("merged_away", "unknown_lead")
"""Gaps of leads that are not counted."""
DAYS = ("entry", "exit", "last_index", "day")
MARKED = ("gap", "is_counted", "is_new", *SPELL[:-1], "day")


@query
def lead_gaps(study: Study) -> ir.Table:
    """Spells of leads with a gap, and those that leads would have which are not counted.

    Returns:
        gap, is_counted (false: in no figure so far), is_new (created inside the window), entry, entry_move, exit, exit_move, last_index,
        day (of the first won deal since creation; null without), n, amount (cents of a counted win), other_amount (cents of the won deals).
    """
    seen = spells(study).select("number", *SPELL)
    told = seen.inner_join(gap_of(study), "number")
    counted = told.mutate(is_counted=ibis.literal(True), is_new=told.entry == 0).select(*MARKED, "cents", "other_cents")
    parts = [counted, not_counted(study, unknown_leads(study.crm), gap="unknown_lead")]
    if study.crm.has("merges"):
        parts.append(not_counted(study, merged_away(study.crm), gap="merged_away"))
    grouped = ibis.union(*parts, distinct=False).group_by(*MARKED)
    return grouped.agg(n=_.count(), amount=cents_sum(_.cents), other_amount=cents_sum(_.other_cents))


def cents_sum(cents: ir.IntegerColumn) -> ir.IntegerScalar:
    """Sum of cents, 0 where none is known."""
    return ibis.coalesce(cents.sum(), 0).cast("int64")


def gap_of(study: Study) -> ir.Table:
    """One row per counted lead with a gap: number, gap, deal_won_at, day, other_cents."""
    return cached(study.crm, ("gap_of", study.crm.at_hand.as_of), lambda: _gap_of(study))


def _gap_of(study: Study) -> ir.Table:
    crm = study.crm
    every, marks = with_later_merges(crm, lead_rows(crm)), milestones(crm).drop("created_at")
    lost = timeline(crm).filter(_["rank"] == lost_rank(crm)).group_by("number").agg(last_lost=_.entered_at.max())
    told = every.left_join(marks, "number").drop("number_right").left_join(lost, "number").drop("number_right")
    told = told.left_join(won_deals(crm), "number").drop("number_right") if crm.has("deals") else without_deals(told)
    won, is_deal_won = told.won_at.notnull(), told.n_won.fill_null(0) > 0
    open_to_doubt = {
        "won_before_creation": won & ~not_before(crm, told.won_at, told.created_at),
        "lost_before_creation": ~won & ~not_before(crm, told.lost_at, told.created_at),
        "deal_won_lead_not": ~won & is_deal_won,
        "won_reversed": won & (told.last_lost > told.won_at),
        "won_without_deal": won & ~is_deal_won if crm.has("deals") else ibis.literal(False),
        "merged_later": told.is_merged_later,
        "burst": in_burst(crm, told.created_at, burst_days(study)),
    }
    gap = ibis.cases(*[(open_to_doubt[name].fill_null(False), name) for name in GAPS], else_=ibis.null("string"))
    day = ibis.ifelse(told.deal_won_at.notnull(), days_until(crm, told.created_at, told.deal_won_at), ibis.null("int64"))
    marked = told.mutate(gap=gap).select("number", "gap", "deal_won_at", day=day, other_cents=told.deal_cents)
    return marked.filter(marked.gap.notnull())


def with_later_merges(crm: Crm, leads: ir.Table) -> ir.Table:
    """Leads with `is_merged_later`: a merge at or after `as_of` says that the lead was another's copy all the while."""
    own = leads.select("number", "lead_id", "created_at")
    if not crm.has("merges"):
        return own.mutate(is_merged_later=ibis.literal(False)).drop("lead_id")
    later = later_merges(crm)
    joined = own.left_join(later, own.lead_id == later.lost_id)
    return joined.mutate(is_merged_later=joined.lost_id.notnull()).drop("lead_id", "lost_id")


def later_merges(crm: Crm) -> ir.Table:
    """Leads that a merge at or after `as_of` calls copies of others: lost_id."""
    merges = crm.tables["merges"]
    return merges.filter((merges["table"] == "leads") & (merges.merged_at >= crm.as_of)).select("lost_id").distinct()


def won_deals(crm: Crm) -> ir.Table:
    """Won deals of the configured kind per lead: number, n_won, deal_won_at (the first closing; null: undated), deal_cents."""
    won = deals(crm).filter((_.outcome == "won") & _.number.notnull())
    return won.group_by("number").agg(n_won=_.count(), deal_won_at=_.closed_at.min(), deal_cents=_.cents.sum().cast("int64"))


def without_deals(told: ir.Table) -> ir.Table:
    """The leads as if no deal was won, where there is no table of deals."""
    return told.mutate(n_won=ibis.null("int64"), deal_won_at=ibis.null("timestamp"), deal_cents=ibis.null("int64"))


def in_burst(crm: Crm, created: ir.TimestampValue, days: list[date]) -> ir.BooleanValue:
    """Whether an instant lies on one of the local days."""
    return local_clock(created, crm.clock).cast("date").isin(days) if days else ibis.literal(False)


def unknown_leads(crm: Crm) -> ir.Table:
    """Leads that have stage events but no record, by their events: created_at (the first), won_at, lost_at (the last loss), last_at."""
    seen = crm.tables["stage_events"].filter(_.entered_at < crm.as_of)
    stray = seen.anti_join(lead_numbers(crm), "lead_id")
    return stray.group_by("lead_id").agg(
        created_at=_.entered_at.min(),
        won_at=_.entered_at.min(where=_.stage == "won"),
        lost_at=_.entered_at.max(where=_.stage == "lost"),
        last_at=_.entered_at.max(),
    )


def merged_away(crm: Crm) -> ir.Table:
    """Records merged into another that have a row of their own, as if they had been leads by themselves, open ever since."""
    rows, pairs = crm.tables["leads"].filter(_.created_at < crm.as_of), merge_pairs(crm)
    gone = rows.semi_join(pairs, rows.lead_id == pairs.merged_id)
    never = ibis.null("timestamp(6)")
    return gone.select("lead_id", "created_at", won_at=never, lost_at=never, last_at=gone.created_at)


def not_counted(study: Study, units: ir.Table, *, gap: str) -> ir.Table:
    """The spells that these units would have inside the study's window."""
    kept = in_cohort(study, units)
    aged = kept.mutate(entry=entry_index(study, kept.created_at), last_index=last_whole_day(study.crm, kept.created_at, study.as_of))
    over = ibis.ifelse(aged.won_at.notnull(), aged.won_at, ibis.ifelse(aged.lost_at >= aged.last_at, aged.lost_at, ibis.null("timestamp")))
    dated = aged.mutate(ended=over, left=days_until(study.crm, aged.created_at, over))
    gone = dated.ended.notnull() & (dated.left <= dated.last_index)
    move = ibis.cases((~gone.fill_null(False), "censor"), (dated.won_at.notnull(), "event"), else_="competing")
    spent = dated.mutate(exit=ibis.ifelse(gone.fill_null(False), dated.left, dated.last_index), exit_move=move)
    seen = spent.filter((_.entry <= _.last_index) & (_.exit >= _.entry))
    nothing = ibis.null("int64")
    return seen.select(
        gap=ibis.literal(gap),
        is_counted=ibis.literal(False),
        is_new=seen.entry == 0,
        entry=seen.entry,
        entry_move=ibis.literal("enter"),
        exit=seen.exit,
        exit_move=seen.exit_move,
        last_index=seen.last_index,
        day=nothing,
        cents=nothing,
        other_cents=nothing,
    )


@query
def lead_gap_volumes(study: Study) -> ir.Table:
    """Leads with a gap in when, or whether, they came in or were won.

    Returns:
        gap (burst, merged_away, merged_later, unknown_lead, far_creation, won_without_deal), in_quarter (created in the report quarter; for
        won_without_deal: won in it), in_window (likewise), n, seconds (of the report quarter between creation and win, for
        won_without_deal; else 0).
    """
    crm = study.crm
    far = crm.tables["leads"].filter(_.created_at >= instant(study.as_of)).filter(_.created_at.year() > 2099)
    own = lead_rows(crm).select("created_at")
    parts = [
        volume(study, own.filter(in_burst(crm, own.created_at, burst_days(study))), gap="burst"),
        volume(study, unknown_leads(crm).select("created_at"), gap="unknown_lead"),
        volume(study, far.select("created_at"), gap="far_creation"),
        missing_deals(study),
    ]
    if crm.has("merges"):
        rows = crm.tables["leads"].filter(_.created_at < crm.as_of)
        copies = later_merges(crm)
        later = rows.semi_join(copies, rows.lead_id == copies.lost_id)
        parts.append(volume(study, later.select("created_at"), gap="merged_later"))
        parts.append(volume(study, merged_away(crm).select("created_at"), gap="merged_away"))
    return ibis.union(*parts, distinct=False)


def volume(study: Study, units: ir.Table, *, gap: str) -> ir.Table:
    """Units by whether they were created in the quarter and in the window."""
    placed = units.select(**places(study, units.created_at))
    summed = placed.group_by("in_quarter", "in_window").agg(n=_.count(), seconds=ibis.literal(0).cast("int64"))
    return summed.select(gap=ibis.literal(gap), in_quarter=_.in_quarter, in_window=_.in_window, n=_.n, seconds=_.seconds)


def places(study: Study, at: ir.TimestampValue) -> dict[str, ir.BooleanValue]:
    """Whether an instant lies in the report quarter, and in the study's window up to its end."""
    before = (at < instant(study.ends_at)).fill_null(False)
    opened = ibis.literal(True) if study.window_opens_at is None else at >= instant(study.window_opens_at)
    return {"in_quarter": before & (at >= instant(study.starts_at)), "in_window": before & opened}


def missing_deals(study: Study) -> ir.Table:
    """Won leads without a won deal by when they were won."""
    marks = milestones(study.crm)
    gone = marks.inner_join(gap_of(study).filter(_.gap == "won_without_deal").select("number"), "number")
    start, end = ibis.greatest(gone.created_at, instant(study.starts_at)), ibis.least(gone.won_at, instant(study.ends_at))
    spent = seconds_between(study.crm, start, end)
    summed = gone.select(spent=spent, **places(study, gone.won_at)).group_by("in_quarter", "in_window")
    told = summed.agg(n=_.count(), seconds=ibis.coalesce(_.spent.sum(), 0).cast("int64"))
    return told.select(gap=ibis.literal("won_without_deal"), in_quarter=_.in_quarter, in_window=_.in_window, n=_.n, seconds=_.seconds)
