"""Counts of visits to stages that the records may tell wrong: stages skipped, stamped together, or gone back from.

Unit: the visit under observation in the study's window. Each visit is under the first gap that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.lead_gaps import gap_of
from alignment_toolkit.days import days_until, last_whole_day
from alignment_toolkit.journeys import entry_index
from alignment_toolkit.leads import lead_numbers
from alignment_toolkit.merging import merge_pairs
from alignment_toolkit.stages import (
    INSTANT,
    is_advance,
    is_return,
    n_skipped,
    observed_visits,
    stamped_together,
    under_observation,
    watched_visits,
)
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import stage_rank, won_rank

if TYPE_CHECKING:
    import ibis.expr.types as ir

GROUPS = ("gap", "extra", "entry", "exit", "exit_move", "last_index", "day", "day_entry", "day_last_index")


@query
def visit_gaps(study: Study) -> ir.Table:
    """Visits under observation that would be others had everything been recorded in order, and those that are not counted.

    Returns:
        gap: `skipped` (the advance jumped over stages), `backfilled` (the stage it advanced to is stamped like the one after it),
        `detour` (it went back), `detour_inner` (it lies between going back and coming forward again), `detour_end` (the visit after that),
        `merged_away` (only a record merged away tells of it),
        `deal_won_lead_not` (still open while the lead's deal is won), `won_without_deal` (won while there is no won deal),
        `won_before_creation` and `lost_before_creation` (over before it began, so not counted); extra (visits that are not there: stages
        jumped over, or stamped together); entry, exit, exit_move, last_index; day, day_entry, day_last_index (of `detour_end` its end,
        first and last observed day counted from the start of the detour; day of `deal_won_lead_not`: of the win; else null); n.
    """
    seen = observed_visits(study).mutate(entered_at=_.created_at).drop("created_at", "cents", "entry_move")
    told = seen.inner_join(marked_visits(study), ["number", "rank", "entered_at"])
    from_start, won_late = told.gap == "detour_end", told.gap == "deal_won_lead_not"
    ended = from_start & (told.exit_move != "censor")
    aged = last_whole_day(study.crm, told.began_at, study.as_of)
    day = ibis.cases(
        (ended, days_until(study.crm, told.began_at, told.left_at)),
        (from_start, aged),
        (won_late, days_until(study.crm, told.entered_at, told.deal_won_at)),
        else_=ibis.null("int64"),
    )
    nothing, since = ibis.null("int64"), entry_index(study, told.began_at)
    placed = told.mutate(day=day, day_entry=ibis.ifelse(from_start, since, nothing), day_last_index=ibis.ifelse(from_start, aged, nothing))
    kept = placed.filter(placed.gap.notnull()).select(*GROUPS)
    return kept.union(over_at_once(study).select(*GROUPS)).group_by(*GROUPS).agg(n=_.count())


def over_at_once(study: Study) -> ir.Table:
    """Visits that a win or a loss ended at the instant they began, as it does when its stamp is older than the lead: they are left out."""
    crm = study.crm
    stays = watched_visits(study).filter(_.is_backfilled & (_.next_rank >= won_rank(crm)))
    stays = stays.filter(stamped_together(crm, stays))
    seen = under_observation(study, stays.mutate(ended_at=_.left_at, won=_.next_rank == won_rank(crm)))
    nothing, zero = ibis.null("int64"), ibis.literal(0).cast("int64")
    gap = ibis.ifelse(seen.exit_move == "event", "won_before_creation", "lost_before_creation")
    return seen.mutate(gap=gap, extra=zero, day=nothing, day_entry=nothing, day_last_index=nothing)


def marked_visits(study: Study) -> ir.Table:
    """The visits by gap: number, rank, entered_at, left_at, gap, extra, began_at (when the detour that ends with it began), deal_won_at."""
    known = gap_of(study).filter(_.gap.isin(["deal_won_lead_not", "won_without_deal"])).select("number", "deal_won_at", lead_gap="gap")
    stays = watched_visits(study).left_join(known, "number").drop("number_right")
    ordered = ibis.window(group_by="number", order_by=["entered_at", "rank"])
    flagged = stays.mutate(
        back=is_return(stays) & ~stays.is_backfilled, jumped=n_skipped(study.crm, stays), forward=is_advance(study.crm, stays)
    )
    told = flagged.mutate(
        filled_next=_.is_backfilled.lead().over(ordered),
        went_back=_.back.lag().over(ordered),
        went_back_before=_.back.lag(2).over(ordered),
        began_at=_.entered_at.lag(2).over(ordered),
    )
    told = told.left_join(merged_stamps(study), ["number", "rank", "entered_at"]).drop("number_right", "rank_right", "entered_at_right")
    is_filled = told.forward & told.filled_next.fill_null(False)
    last_open = (told.lead_gap == "deal_won_lead_not") & told.next_rank.isnull()
    last_won = (told.lead_gap == "won_without_deal") & (told.next_rank == won_rank(study.crm))
    gap = ibis.cases(
        (told.is_backfilled, ibis.null("string")),
        (told.is_merged.fill_null(False), "merged_away"),
        (told.back, "detour"),
        (told.went_back.fill_null(False), "detour_inner"),
        (told.went_back_before.fill_null(False), "detour_end"),
        (last_open.fill_null(False), "deal_won_lead_not"),
        (last_won.fill_null(False), "won_without_deal"),
        (told.jumped > 0, "skipped"),
        (is_filled, "backfilled"),
        else_=ibis.null("string"),
    )
    extra = told.jumped + is_filled.cast("int64")
    return told.select("number", "rank", "entered_at", "left_at", "began_at", "deal_won_at", gap=gap, extra=extra.cast("int64"))


def merged_stamps(study: Study) -> ir.Table:
    """Stage events that were recorded of leads merged away, as the stamps of their survivors: number, rank, entered_at, is_merged."""
    crm = study.crm
    events = crm.tables["stage_events"].filter(_.entered_at < crm.as_of)
    gone = (
        merge_pairs(crm).select(lead_id="merged_id")
        if crm.has("merges")
        else crm.tables["leads"].select("lead_id").filter(ibis.literal(False))
    )
    told = events.semi_join(gone, "lead_id").inner_join(lead_numbers(crm), "lead_id")
    placed = told.select(
        "number", rank=stage_rank(crm, told.stage).cast("int16"), entered_at=ibis.greatest(told.entered_at, told.created_at).cast(INSTANT)
    )
    return placed.distinct().mutate(is_merged=ibis.literal(True))
