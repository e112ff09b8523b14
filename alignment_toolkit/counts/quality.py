"""Counts behind the deeper questions of lead quality: scores, campaigns and their costs, months of a source, attributes by outcome."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.caching import cached
from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves, segment_of, squared_units
from alignment_toolkit.days import first_whole_day, not_before
from alignment_toolkit.deals import deals, in_reporting_currency
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handovers import handovers
from alignment_toolkit.journeys import in_cohort, spells, won_amounts
from alignment_toolkit.leads import ATTRIBUTES, lead_rows, leads, named_or_missing, with_attributes
from alignment_toolkit.periods import local_day, midnight
from alignment_toolkit.study import Study
from alignment_toolkit.timelines import on_whole_days, outcomes_to_date, timeline, won_rank

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONTHS_BACK = 60  # five years of months are enough for any model of months, and keep the query short
EARLIER = "(earlier)"
Month = tuple[str, datetime, datetime]


def first_wins(study: Study) -> ir.Table:
    """The first visible win of each lead that has one: number, win_day (day index, at most the last whole observed day)."""
    crm = study.crm
    won = on_whole_days(crm, timeline(crm).filter(_["rank"] == won_rank(crm)))
    return won.group_by("number").agg(win_day=_.day.min())


def recorded_from(study: Study) -> datetime | None:
    """First instant from which leads and their stages are recorded, None when they always were."""
    day = study.config.observed_since("leads", "stage_events")
    return None if day is None else midnight(day, study.config.time_zone)


def matured_leads(study: Study, horizon: int) -> ir.Table:
    """Leads whose day index `horizon` lies inside the window and whose whole history up to it is recorded.

    They make as many leads at a long horizon as at a short one. A lead created exactly `horizon` + 1 days before `as_of` is matured, one
    created a microsecond later is not.

    Returns:
        The columns of `lead_rows`, and is_won (won by index `horizon`, 0 or 1).
    """
    seen = in_cohort(study, lead_rows(study.crm))
    kept = seen.filter(seen.last_index >= horizon)
    if study.window_opens_at is not None:
        kept = kept.filter(first_whole_day(study.crm, kept.created_at, study.window_opens_at) <= horizon)
    if (floor := recorded_from(study)) is not None:
        kept = kept.filter(kept.created_at >= floor)
    told = kept.left_join(first_wins(study), "number").drop("number_right")
    return told.mutate(is_won=(told.win_day <= horizon).fill_null(False).cast("int64")).drop("win_day")


@query
def score_counts(study: Study, *, horizon: int = 180) -> ir.Table:
    """Matured leads by score and by when the score was made.

    Returns:
        score, timing (before: not after the handover, or never handed over; after: changed after it; unknown: no time is recorded; none: no
        score), n, events (won by the horizon), n_unpriced (events without an amount), amount (cents won), amount_sq (squared units).
    """
    seen = matured_leads(study, horizon)
    handed = handovers(study.crm).select("number", "handed_at")
    told = seen.left_join(handed, "number").drop("number_right")
    timing = ibis.cases(
        (told.score.isnull() | told.score.isnan(), "none"),
        (told.score_at.isnull(), "unknown"),
        ((~not_before(study.crm, told.handed_at, told.score_at)).fill_null(False) | (told.score_at >= study.as_of), "after"),
        else_="before",
    )
    priced = _with_cents(study, told.mutate(timing=timing))
    return priced.group_by("score", "timing").agg(
        n=_.count(),
        events=_.is_won.sum(),
        n_unpriced=(_.is_won * _.cents.isnull().cast("int64")).sum(),
        amount=ibis.coalesce(_.cents.sum(where=_.is_won == 1), 0).cast("int64"),
        amount_sq=ibis.coalesce(squared_units(_.cents).sum(where=_.is_won == 1), 0).cast("int64"),
    )


def _with_cents(study: Study, table: ir.Table) -> ir.Table:
    move = ibis.ifelse(table.is_won == 1, "event", "censor")
    if not study.crm.has("deals"):
        return table.mutate(cents=ibis.null("int64"), move=move)
    return table.mutate(move=move).left_join(won_amounts(study.crm), "number").drop("number_right")


def months_of(study: Study, *, until: datetime) -> list[Month]:
    """The calendar months of the company's time zone that end at or before an instant, earliest first, at most `MONTHS_BACK`."""
    zone = study.config.time_zone
    first = local_day(until, zone).replace(day=1)
    ends = [first]
    while len(ends) <= MONTHS_BACK:
        ends.append((ends[-1] - timedelta(days=1)).replace(day=1))
    return [(f"{begin:%Y-%m}", midnight(begin, zone), midnight(end, zone)) for end, begin in pairwise(ends)][::-1]


def matured_months(study: Study, horizon: int) -> list[Month]:
    """The months in which every lead is matured for the horizon and every outcome is recorded."""
    recorded = [recorded_from(study)]
    if study.config.outcome_observed_from is not None:
        recorded.append(midnight(study.config.outcome_observed_from, study.config.time_zone))
    floor = max((instant for instant in recorded if instant is not None), default=None)
    until = min(study.as_of - timedelta(days=horizon + 1), study.created_before)
    return [month for month in months_of(study, until=until) if floor is None or month[1] >= floor]


def month_label(instant: ir.TimestampValue, months: list[Month]) -> ir.StringValue:
    """The month of an instant such as `2026-07`, "(earlier)" outside the months."""
    if not months:
        return ibis.literal(EARLIER)
    branches = [((instant >= begin) & (instant < end), label) for label, begin, end in reversed(months)]
    return ibis.cases(*branches, else_=EARLIER)


@query
def source_months(study: Study, *, horizon: int = 180) -> ir.Table:
    """Leads by source and creation month, all history, matured months only.

    Returns:
        segment, month, n (leads), events (won by the horizon).
    """
    months = matured_months(study, horizon)
    seen = leads(study.crm).left_join(first_wins(study), "number").drop("number_right")
    told = seen.select(
        segment=seen.source,
        month=month_label(seen.created_at, months),
        is_won=(seen.win_day <= horizon).fill_null(False).cast("int64"),
    )
    return told.filter(_.month != EARLIER).group_by("segment", "month").agg(n=_.count(), events=_.is_won.sum())


@query
def attribute_outcomes(study: Study, *, attribute: str | None = None) -> ir.Table:
    """Leads by attribute (all of them, or the one named), its value and the outcome to date: who is known for which outcome.

    Returns:
        attribute, segment ("(missing)" where it is not filled), outcome (won, lost, open), n.
    """
    key = ("attribute_outcomes", study.as_of, study.created_before)
    counts = with_attributes(study.crm, cached(study.crm, key, lambda: _cell_outcomes(study)))
    parts = [
        counts.group_by(attribute=ibis.literal(name), segment=counts[name], outcome=counts.outcome).agg(n=_.n.sum().cast("int64"))
        for name in (ATTRIBUTES if attribute is None else (attribute,))
    ]
    return ibis.union(*parts)


def _cell_outcomes(study: Study) -> ir.Table:
    """The leads of the cohort by every attribute at once: cell, outcome, n."""
    told = outcomes_to_date(study.crm, on_whole_days(study.crm, timeline(study.crm)))
    joined = in_cohort(study, lead_rows(study.crm)).left_join(told, "number")
    return joined.group_by("cell", outcome=ibis.coalesce(joined.outcome, ibis.literal("open"))).agg(n=_.count())


@query
def lead_moves_by_two(study: Study, *, by: str = "source", and_by: str = "persona") -> ir.Table:
    """Moves of leads by two slices at once: segment (of `by`), part (of `and_by`), day, move, n, amount, amount_sq."""
    journeys = spells(study)
    sliced = journeys.mutate(segment=segment_of(study, journeys, by), part=segment_of(study, journeys, and_by))
    return moves(sliced, "segment", "part")


@query
def channel_moves(study: Study, *, by_bucket: bool = False) -> ir.Table:
    """Moves of leads by the channel of their campaign, "(missing)" without one."""
    journeys = spells(study)
    joined = _with_channel(study, journeys)
    named = joined.mutate(segment=joined.channel)
    return moves(named, "segment", *(["bucket"] if by_bucket else []))


def _channels(study: Study) -> ir.Table:
    """campaign_id, channel, ended_on (null: not known)."""
    if not study.crm.has("campaigns"):
        return ibis.memtable([], schema={"campaign_id": "string", "channel": "string", "ended_on": "date"})
    campaigns = study.crm.tables["campaigns"]
    return campaigns.select("campaign_id", "ended_on", channel=named_or_missing(campaigns.channel))


def _with_channel(study: Study, table: ir.Table) -> ir.Table:
    """The table with channel ("(missing)" where the campaign is not known) and ended_on of its campaign."""
    joined = table.left_join(_channels(study), "campaign_id").drop("campaign_id_right")
    return joined.mutate(channel=ibis.coalesce(joined.channel, ibis.literal(MISSING)))


@query
def campaign_names(study: Study) -> ir.Table:
    """The campaigns: campaign_id, name, n (records)."""
    campaigns = study.crm.tables["campaigns"]
    return campaigns.group_by("campaign_id", name=named_or_missing(campaigns.name)).agg(n=_.count())


@query
def campaign_channels(study: Study) -> ir.Table:
    """The campaigns by channel ("(missing)" where unknown): campaign_id, channel, n (records)."""
    return _channels(study).group_by("campaign_id", "channel").agg(n=_.count())


@query
def campaign_leads(study: Study) -> ir.Table:
    """Leads created in the report quarter (all history: all) by campaign, channel, source and month of creation.

    Returns:
        campaign_id, source, channel, month (such as `2026-07`), last_month (of the campaign, year × 100 + month, null: not known), n.
    """
    seen = leads(study.crm)
    start, end = (None, study.as_of) if study.cohort == "all" else (study.starts_at, study.ends_at)
    kept = seen if start is None else seen.filter((seen.created_at >= start) & (seen.created_at < end))
    joined = _with_channel(study, kept)
    month = month_label(joined.created_at, months_of(study, until=end + timedelta(days=31)))
    last = (joined.ended_on.year() * 100 + joined.ended_on.month()).cast("int64")
    return joined.group_by("campaign_id", "source", "channel", month=month, last_month=last).agg(n=_.count())


@query
def campaign_spend(study: Study) -> ir.Table:
    """Money spent in the report quarter (all history: by `as_of`) by campaign, channel and month.

    Returns:
        campaign_id, channel, month (year × 100 + month), n (records), n_unpriced (without a cost), amount (cents at constant currency).
    """
    spent = study.crm.tables["campaign_costs"].filter(_.spent_on < _spent_before(study))
    kept = spent if study.cohort == "all" else spent.filter(spent.spent_on >= study.quarter.first_on)
    priced = _with_channel(study, in_reporting_currency(study.crm, kept, amount="cost"))
    month = (priced.spent_on.year() * 100 + priced.spent_on.month()).cast("int64")
    return priced.group_by("campaign_id", "channel", month=month).agg(
        n=_.count(), n_unpriced=_.cents.isnull().cast("int64").sum(), amount=ibis.coalesce(_.cents.sum(), 0).cast("int64")
    )


def _spent_before(study: Study) -> date:
    """The first day whose spending does not count."""
    visible = local_day(study.as_of, study.config.time_zone)
    return visible if study.cohort == "all" else min(visible, study.quarter.end_on)


@query
def bookings_buckets(study: Study, *, by: str | None = None) -> ir.Table:
    """Deals won in the report quarter by segment and jackknife bucket: n, amount (cents)."""
    won = deals(study.crm).filter(_.outcome == "won")
    kept = won.filter((won.closed_at >= study.starts_at) & (won.closed_at < study.ends_at))
    return kept.group_by("bucket", segment=segment_of(study, kept, by)).agg(
        n=_.count(), amount=ibis.coalesce(_.cents.sum(), 0).cast("int64")
    )
