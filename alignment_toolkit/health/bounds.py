"""Bounds of every headline figure: the best and the worst case that the gaps in the records allow.

Question: had nobody made a mistake, how far could each figure lie from what it is? Unit: the headline figure of the whole company. A
bound is no interval: it says nothing of chance, and the interval beside it says nothing of gaps.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alignment_toolkit.health.customer_bounds import life_bounds, revenue_bounds
from alignment_toolkit.health.deal_bounds import deal_rows, largest_deal, stray_deals, sum_bounds, velocity_bounds
from alignment_toolkit.health.lead_bounds import time_bounds, volume_bounds
from alignment_toolkit.health.resolve import Bound
from alignment_toolkit.health.visit_bounds import acceptance_bounds, stage_bounds
from alignment_toolkit.study import Study


def bounds_of(study: Study, *, set_aside: Mapping[str, int] | None = None) -> dict[str, Bound]:
    """The bound of every headline figure, by name.

    Args:
        study: Quarter, as-of and cohort rule.
        set_aside: Table -> rows that the ingest left out and that might be records.
    """
    crm, aside = study.crm, set_aside or {}
    rows = deal_rows(study) if crm.has("deals") else None
    largest, strays = (largest_deal(rows), stray_deals(rows)) if rows is not None else (0.0, (0.0, 0.0))
    found = volume_bounds(study, stray_deals=strays[0], set_aside=aside.get("leads", 0))
    found |= time_bounds(study, largest=largest, stray_deals=strays, set_aside=aside.get("leads", 0))
    found |= stage_bounds(study)
    if rows is not None:
        found |= sum_bounds(study, rows, set_aside=aside.get("deals", 0)) | velocity_bounds(study, rows)
    if crm.has("feedback"):
        found |= acceptance_bounds(study, days=study.config.acceptance_days)
    if crm.has("subscriptions"):
        found |= revenue_bounds(study) | life_bounds(study)
    return found
