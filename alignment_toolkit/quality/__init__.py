"""Lead quality against quantity: are the leads good, and does more of them mean worse ones?"""

from alignment_toolkit.quality import words
from alignment_toolkit.quality.calibration import score_measures, score_reliability, score_threshold
from alignment_toolkit.quality.concentration import concentration
from alignment_toolkit.quality.conversion import acceptance, conversion, value_per_lead
from alignment_toolkit.quality.cost import cost_and_return
from alignment_toolkit.quality.curves import conversion_curves
from alignment_toolkit.quality.dilution import dilution
from alignment_toolkit.quality.headlines import quality_kpis
from alignment_toolkit.quality.names import with_campaign_names
from alignment_toolkit.quality.plane import quality_quantity
from alignment_toolkit.quality.ranking import ranking
from alignment_toolkit.quality.slices import slice_checks
from alignment_toolkit.quality.two_slices import conversion_by_two, simpson_pairs
from alignment_toolkit.quality.value import value_support
from alignment_toolkit.quality.volume import bookings, lead_counts, naive_shares

__all__ = [
    "acceptance",
    "bookings",
    "concentration",
    "conversion",
    "conversion_by_two",
    "conversion_curves",
    "cost_and_return",
    "dilution",
    "lead_counts",
    "naive_shares",
    "quality_kpis",
    "quality_quantity",
    "ranking",
    "score_measures",
    "score_reliability",
    "score_threshold",
    "simpson_pairs",
    "slice_checks",
    "value_per_lead",
    "value_support",
    "with_campaign_names",
    "words",
]
