"""Counts of deals: their moves by day index from creation, the time they were open in the quarter, and what closed in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import segment_of, sliced_moves
from alignment_toolkit.counts.stages import young_seconds
from alignment_toolkit.days import days_until, first_whole_day, instant, last_whole_day, seconds_between
from alignment_toolkit.deals import deals
from alignment_toolkit.journeys import in_cohort, window_start
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def deal_moves(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Moves of dated deals from creation to won or lost inside the study's window, with the money won.

    Deals without a creation instant, and won ones without a closing instant, have no age and are left out (see `deal_quarter`). One lost
    without a day is known never to win: it is followed, and lost, up to its last observed day.
    """
    return sliced_moves(study, observed_deals(study), by=by, by_bucket=by_bucket)


def dated_deals(study: Study) -> ir.Table:
    """The deals that have an age and whose outcomes were recorded, of the study's cohort; those lost without a day among them."""
    known = deals(study.crm).filter(_.created_at.notnull() & ((_.outcome != "won") | _.closed_at.notnull()))
    return in_cohort(study, known)


def observed_deals(study: Study) -> ir.Table:
    """One row per deal under observation in the study's window, by day index since its creation.

    Returns:
        The columns of `deals`, entry, entry_move, exit, exit_move (event: won, competing: lost, censor), last_index.
    """
    start = window_start(study, "deals")
    known = dated_deals(study)
    aged = known.mutate(
        entry=ibis.literal(0).cast("int64") if start is None else first_whole_day(study.crm, known.created_at, start),
        left=days_until(study.crm, known.created_at, known.closed_at),
        last_index=last_whole_day(study.crm, known.created_at, study.as_of),
    )
    left = ibis.ifelse((aged.outcome == "lost") & aged.closed_at.isnull(), aged.last_index, aged.left)
    gone = ((aged.outcome != "open") & (left <= aged.last_index)).fill_null(False)
    return aged.mutate(
        exit=ibis.ifelse(gone, left, aged.last_index),
        exit_move=ibis.cases((gone & (aged.outcome == "won"), "event"), (gone, "competing"), else_="censor"),
        entry_move=ibis.literal("enter"),
    ).filter((_.entry <= _.last_index) & (_.exit >= _.entry))


@query
def deal_stock(study: Study, *, horizons: tuple[int, ...] = (365,), by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """Deals open at some time of the report quarter and younger than the largest horizon then.

    Returns:
        segment, bucket (when asked for), n and, per horizon h, seconds_h (open in the quarter at an age below h, whole days of the finished
        ones).
    """
    known = dated_deals(study)
    spent = {f"seconds_{days}": young_seconds(known.created_at, known.closed_at, study=study, horizon=days) for days in horizons}
    timed = known.mutate(segment=segment_of(study, known, by), **spent)
    groups = ["segment", "bucket"] if by_bucket else ["segment"]
    seen = timed.filter(timed[f"seconds_{max(horizons)}"] > 0)
    return seen.group_by(*groups).agg(n=_.count(), **{name: seen[name].sum().cast("int64") for name in spent})


@query
def deal_quarter(study: Study, *, by: str | None = None) -> ir.Table:
    """What the naive figures are made of, for the report quarter.

    Returns:
        segment, n (deals that exist), n_undated (without a creation instant, or closed without a closing one), n_open (at the quarter's
        end), n_won, n_lost (closed in the quarter), cents (won in it), n_unpriced (won in it without an amount), n_timed and seconds
        (won in it: how many have both instants, and their whole time from creation to close).
    """
    starts, ends = instant(study.starts_at), instant(study.ends_at)
    known = deals(study.crm).filter(_.created_at.isnull() | (_.created_at < ends))
    closed = (known.outcome != "open") & (known.closed_at >= starts).fill_null(False) & (known.closed_at < ends).fill_null(False)
    undated = known.created_at.isnull() | ((known.outcome != "open") & known.closed_at.isnull())
    won = closed & (known.outcome == "won")
    took = seconds_between(study.crm, known.created_at, known.closed_at)
    flags = {
        "n_undated": undated,
        "n_open": ~undated & ((known.outcome == "open") | (known.closed_at >= ends)),
        "n_won": won,
        "n_lost": closed & (known.outcome == "lost"),
        "n_unpriced": won & known.cents.isnull(),
        "n_timed": won & ~undated,
    }
    flagged = known.mutate(
        segment=segment_of(study, known, by),
        cents=ibis.ifelse(won, known.cents, 0).fill_null(0),
        seconds=ibis.ifelse(won & ~undated, took, 0).fill_null(0),
        **{name: flag.fill_null(False).cast("int64") for name, flag in flags.items()},
    )
    sums = {name: flagged[name].sum().cast("int64") for name in (*flags, "cents", "seconds")}
    return flagged.group_by("segment").agg(n=_.count(), **sums)
