"""Lead quality against quantity: are the leads good, and does more of them mean worse ones?"""

from alignment_toolkit.quality.conversion import acceptance, conversion, value_per_lead
from alignment_toolkit.quality.headlines import quality_kpis
from alignment_toolkit.quality.volume import bookings, lead_counts, naive_shares

__all__ = ["acceptance", "bookings", "conversion", "lead_counts", "naive_shares", "quality_kpis", "value_per_lead"]
