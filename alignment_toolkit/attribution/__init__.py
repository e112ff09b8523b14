"""Attribution: who gets the credit for the bookings of the quarter, and how far do the models disagree?"""

from alignment_toolkit.attribution import words
from alignment_toolkit.attribution.credits import MODELS, Credits, credit_shares
from alignment_toolkit.attribution.kpis import attribution_kpis
from alignment_toolkit.attribution.models import attribution_table, disagreement, spread_table
from alignment_toolkit.attribution.names import campaign_names, with_names
from alignment_toolkit.attribution.origins import origins

__all__ = [
    "MODELS",
    "Credits",
    "attribution_kpis",
    "attribution_table",
    "campaign_names",
    "credit_shares",
    "disagreement",
    "origins",
    "spread_table",
    "with_names",
    "words",
]
