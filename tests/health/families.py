"""The bounds of some figures only, since each family of them asks the engine for counts of its own."""

from __future__ import annotations

from collections.abc import Iterable

from alignment_toolkit.health.arrivals import set_aside
from alignment_toolkit.health.customer_bounds import revenue_bounds
from alignment_toolkit.health.deal_bounds import deal_rows, largest_deal, stray_deals, sum_bounds
from alignment_toolkit.health.lead_bounds import time_bounds, volume_bounds
from alignment_toolkit.health.resolve import Bound
from alignment_toolkit.health.visit_bounds import acceptance_bounds, stage_bounds
from alignment_toolkit.study import Study


def bounds_for(study: Study, names: Iterable[str]) -> dict[str, Bound]:
    """The bounds of the families that these figures belong to."""
    asked, lost = set(names), set_aside(study).get("leads", 0)
    rows = deal_rows(study) if study.crm.has("deals") else None
    largest, strays = (largest_deal(rows), stray_deals(rows)) if rows is not None else (0.0, (0.0, 0.0))
    families = {
        "leads": lambda: volume_bounds(study, stray_deals=strays[0], set_aside=lost),
        "conversion_90d": lambda: time_bounds(study, largest=largest, stray_deals=strays, set_aside=lost),
        "conversion_30d": lambda: time_bounds(study, largest=largest, stray_deals=strays, set_aside=lost),
        "bookings": lambda: sum_bounds(study, rows, set_aside=0),
        "stage_conversion_90d": lambda: stage_bounds(study),
        "acceptance_rate": lambda: acceptance_bounds(study, days=study.config.acceptance_days),
        "logo_churn": lambda: revenue_bounds(study),
    }
    found: dict[str, Bound] = {}
    for name, family in families.items():
        if name in asked and name not in found:
            found |= family()
    return found
