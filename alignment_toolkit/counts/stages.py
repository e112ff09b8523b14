"""Counts of stage visits: their moves by day index, where they went, and how many waited during the quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves, segment_of
from alignment_toolkit.days import DAY, between, instant, seconds_between
from alignment_toolkit.leads import SLICES, bucket_in, group_of, leads
from alignment_toolkit.stages import first_entries, is_advance, is_return, lost_rank, n_skipped, observed_visits, stage_label, visits
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

SECOND = 1_000_000  # microseconds


@query
def stage_moves(study: Study, *, by: str | None = "stage", by_bucket: bool = False, silent: Literal["open", "lost"] = "open") -> ir.Table:
    """Moves of visits: event = advanced to a later stage or won, competing = lost or moved back; by stage unless asked otherwise.

    By stage they are counted by jackknife group as well (0 to 15, sixteen buckets each): one pass serves figures and their limits.
    """
    return _sliced(study, observed_visits(study, silent=silent), by=by, by_bucket=by_bucket)


@query
def entry_moves(study: Study, *, by: str | None = "stage", by_bucket: bool = False, stage: str | None = None) -> ir.Table:
    """Moves of leads from their first entry into a stage to won or lost, with the money won.

    Args:
        study: What is looked at.
        by: Slice; by stage unless asked otherwise.
        by_bucket: Also by jackknife bucket.
        stage: Only entries into this stage.
    """
    entries = first_entries(study)
    kept = entries if stage is None else entries.filter(entries["rank"] == study.config.stage_names.index(stage))
    return _sliced(study, kept, by=by, by_bucket=by_bucket)


def _sliced(study: Study, units: ir.Table, *, by: str | None, by_bucket: bool) -> ir.Table:
    """Moves of visits by stage, grouped by rank and named afterwards, or by a slice of their leads."""
    bucket = {"bucket": bucket_in(units.number)} if by_bucket else {}
    if by == "stage":
        counted = moves(units, "rank", **(bucket or {"group": group_of(bucket_in(units.number))}))
        return counted.mutate(segment=stage_label(study.crm, counted["rank"])).drop("rank")
    if by in SLICES:
        units = units.inner_join(leads(study.crm).select("number", by), "number")
        bucket = {name: bucket_in(units.number) for name in bucket}
    return moves(units, segment=segment_of(study, units, by), **bucket)


@query
def stage_paths(study: Study) -> ir.Table:
    """How visits entered before the report quarter's end went.

    Returns:
        segment (stage), n_advanced, n_skipped (of these over at least one stage), n_lost, n_back (to an earlier stage), n_open, n_again
        (visits after a lead's first to the stage), n_backfilled (left out of all the others and of every stage figure).
    """
    crm = study.crm
    seen = visits(crm).filter(_.entered_at < study.created_before)
    kept = ~seen.is_backfilled
    flags = {
        "n_advanced": kept & is_advance(crm, seen),
        "n_skipped": kept & (n_skipped(crm, seen) > 0),
        "n_lost": kept & (seen.next_rank == lost_rank(crm)).fill_null(False),
        "n_back": kept & is_return(seen),
        "n_open": kept & seen.next_rank.isnull(),
        "n_backfilled": seen.is_backfilled,
        "n": kept,
    }
    flagged = seen.select("number", "rank", **{name: flag.cast("int64") for name, flag in flags.items()})
    by_lead = flagged.group_by("number", "rank").agg(**{name: flagged[name].sum().cast("int64") for name in flags})
    again = by_lead.mutate(n_again=ibis.greatest(by_lead.n - 1, 0))
    counted = again.group_by("rank").agg(**{name: again[name].sum().cast("int64") for name in (*flags, "n_again")})
    return counted.mutate(segment=stage_label(crm, counted["rank"])).drop("rank", "n")


@query
def stage_waiting(study: Study, *, horizon: int = 365) -> ir.Table:
    """Visits in each stage during the report quarter.

    Args:
        study: What is looked at; back-filled visits are left out.
        horizon: Age in days up to which a visit counts in `young_seconds`.

    Returns:
        segment (stage), n (visits under way at some time of the quarter), seconds (spent in the stage in it), young_seconds (those at an
        age below the horizon, of finished visits whole days only, as the day index counts them), n_entered, n_left, n_lost (in the
        quarter), n_waiting (in the stage at its end).
    """
    starts, ends = instant(study.starts_at), instant(study.ends_at)
    stays = visits(study.crm).filter(~_.is_backfilled & (_.entered_at < ends) & (_.left_at.isnull() | (_.left_at >= starts)))
    inside = stays.left_at.notnull() & (stays.left_at < ends)
    begun = ibis.greatest(stays.entered_at, starts)
    seen = stays.mutate(
        seconds=seconds_between(study.crm, begun, ibis.ifelse(inside, stays.left_at, ends)),
        young_seconds=young_seconds(stays.entered_at, stays.left_at, study=study, horizon=horizon),
        entered=(stays.entered_at >= starts).cast("int64"),
        left=inside.cast("int64"),
        lost=(inside & (stays.next_rank == lost_rank(study.crm))).cast("int64"),
        waiting=(~inside).cast("int64"),
    )
    counted = seen.group_by("rank").agg(
        n=_.count(),
        seconds=_.seconds.sum().cast("int64"),
        young_seconds=_.young_seconds.sum().cast("int64"),
        n_entered=_.entered.sum(),
        n_left=_.left.sum(),
        n_lost=_.lost.sum(),
        n_waiting=_.waiting.sum(),
    )
    return counted.mutate(segment=stage_label(study.crm, counted["rank"])).drop("rank")


def young_seconds(start: ir.TimestampValue, end: ir.TimestampValue, *, study: Study, horizon: int) -> ir.IntegerValue:
    """Seconds of the report quarter that a unit spent open at an age below the horizon.

    A finished unit counts its whole days only: the mean times that this is divided by count days the same way, so that neither half of
    a day is left over.

    Args:
        start: When the unit came into being.
        end: When it ended, null while open.
        study: Its quarter is the time looked at.
        horizon: Age in days.
    """
    starts, ends = instant(study.starts_at), instant(study.ends_at)
    ended = end.notnull() & (end < ends)
    alive = ibis.greatest(between(study.crm, start, ibis.ifelse(ended, end, ends)), 0)
    counted = ibis.least(ibis.ifelse(ended, (alive // DAY) * DAY, alive), horizon * DAY)
    before = ibis.greatest(between(study.crm, start, starts), 0)
    return (ibis.greatest(counted - before, 0) // SECOND).cast("int64")


__all__ = ["entry_moves", "stage_moves", "stage_paths", "stage_waiting", "young_seconds"]
