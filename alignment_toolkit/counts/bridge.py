"""Counts behind the bookings bridge: deals in play by where they came from, the leads they came from, and what was won."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import segment_of
from alignment_toolkit.in_play import ORIGINS, in_play, leads_of_quarter
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

OF_LEADS = ("leads", "earlier_leads")
OF_DEALS = (*ORIGINS, "won", "closed", "unpriced")
MONEY = ("cents", "cents_today")
MEASURES = (*OF_LEADS, *OF_DEALS, *MONEY)


@query
def bookings_parts(study: Study, *, by: str | None = None, by_bucket: bool = False) -> ir.Table:
    """What the bookings of the report quarter are made of, by segment.

    Returns:
        segment, bucket (when asked for), leads (created in the quarter), earlier_leads (open at its start), deals in play by origin
        (open_at_start, from_leads, from_earlier, without_lead, reopened), won, closed (in the quarter), unpriced (won without an amount),
        cents (won, at the rates of `as_of`), cents_today (at those of the data at hand).
    """
    groups = ["segment", *(["bucket"] if by_bucket else [])]
    zero = ibis.literal(0).cast("int64")
    born = leads_of_quarter(study)
    of_leads = born.select(
        segment=segment_of(study, born, by),
        bucket=born.bucket.cast("int16"),
        leads=born.is_new.cast("int64"),
        earlier_leads=(~born.is_new).cast("int64"),
        **dict.fromkeys((*OF_DEALS, *MONEY), zero),
    )
    played = in_play(study)
    flags = {origin: played.origin == origin for origin in ORIGINS}
    flags |= {"won": played.is_won, "closed": played.is_closed, "unpriced": played.is_won & played.cents.isnull()}
    of_deals = played.select(
        segment=segment_of(study, played, by),
        bucket=played.bucket.cast("int16"),
        **dict.fromkeys(OF_LEADS, zero),
        **{name: flag.cast("int64") for name, flag in flags.items()},
        **{name: ibis.ifelse(played.is_won, played[name], 0).fill_null(0).cast("int64") for name in MONEY},
    )
    both = of_leads.union(of_deals)
    return both.group_by(*groups).agg(**{name: _[name].sum().cast("int64") for name in MEASURES})
