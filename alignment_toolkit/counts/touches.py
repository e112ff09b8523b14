"""Counts of touches before wins and of the steps of journeys: all that attribution asks of an engine.

Every query counts by jackknife bucket as well, since the panel's intervals leave out one bucket of accounts at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.study import Study
from alignment_toolkit.touches import NO_TOUCH, steps, touch_rows, touches_before_wins, won_deals

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def touch_credits(study: Study, *, of: str = "channel", unit: str = "account") -> ir.Table:
    """Touches before the deals won in the report quarter, by what credit goes to and by everything that rules look at.

    Returns:
        segment (channel or campaign), bucket, place, length, anchors, held, named, n (touches), parts (of a million, by time decay, sum),
        amount (cents of their deals, sum), parts_amount (parts × cents, sum); see `touches.touches_before_wins`.
    """
    told = touches_before_wins(study, unit=unit)
    cents = told.cents.fill_null(0)
    kinds = ("bucket", "place", "length", "anchors", "held", "named")
    return told.group_by(*kinds, segment=told[of]).agg(
        n=_.count(),
        parts=_.parts.sum().cast("int64"),
        amount=cents.sum().cast("int64"),
        parts_amount=(told.parts * cents).sum().cast("int64"),
    )


@query
def journey_steps(study: Study, *, of: str = "channel", unit: str = "account") -> ir.Table:
    """Steps of journeys inside the study's window by where from and where to: bucket, origin, target, n."""
    return steps(study, of=of, unit=unit).group_by("bucket", "origin", "target").agg(n=_.count())


@query
def won_origins(study: Study, *, unit: str = "account") -> ir.Table:
    """Deals won in the report quarter by what came before them.

    Returns:
        bucket, first_side (side of the first touch; "(no touch)"), has_marketing, has_sales, is_cut (touches were not recorded yet when it
        began), n, n_unpriced (without an amount), amount (cents).
    """
    touched = touches_before_wins(study, unit=unit)
    per_deal = touched.group_by("deal_id").agg(
        first_side=touched.side.max(where=touched.position == 1),
        marketing=(touched.side == "marketing").any(),
        sales=(touched.side == "sales").any(),
    )
    told = won_deals(study).left_join(per_deal, "deal_id")
    return told.group_by(
        "bucket",
        first_side=ibis.coalesce(told.first_side, ibis.literal(NO_TOUCH)),
        has_marketing=told.marketing.fill_null(False),
        has_sales=told.sales.fill_null(False),
        is_cut=told.is_cut,
    ).agg(n=_.count(), n_unpriced=_.cents.isnull().cast("int64").sum(), amount=ibis.coalesce(_.cents.sum(), 0).cast("int64"))


@query
def won_roles(study: Study, *, of: str = "channel", unit: str = "account") -> ir.Table:
    """Deals won in the report quarter by channel or campaign and by the part that it had in them, each deal once per part.

    Returns:
        segment, role (sourced: its touch was the first, and marketing's; influenced: a marketing touch of it; touched: any touch of it), n,
        amount (cents).
    """
    told = touches_before_wins(study, unit=unit)
    by_marketing = told.side == "marketing"
    kinds = {"sourced": by_marketing & (told.position == 1), "influenced": by_marketing, "touched": ibis.literal(True)}
    parts = [
        told.filter(kept)
        .group_by("deal_id", segment=told[of])
        .agg(cents=_.cents.max())
        .group_by("segment", role=ibis.literal(role))
        .agg(n=_.count(), amount=ibis.coalesce(_.cents.sum(), 0).cast("int64"))
        for role, kept in kinds.items()
    ]
    return ibis.union(*parts)


@query
def touched_leads(study: Study, *, of: str = "channel") -> ir.Table:
    """Leads with at least one visible touch by channel or campaign, over all history: segment, n. Leaders see no group of few."""
    rows = touch_rows(study.crm.at_hand)
    return rows.group_by(segment=rows[of]).agg(n=_.number.nunique())
