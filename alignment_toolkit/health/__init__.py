"""Data health: what arrived, where records contradict each other or leave something open, and what that allows the figures to be."""

from alignment_toolkit.health.arrivals import arrivals, rows_by_week
from alignment_toolkit.health.bounds import bounds_of, bounds_table, contributions, point_figures
from alignment_toolkit.health.findings import findings
from alignment_toolkit.health.heaping import heaping
from alignment_toolkit.health.matching import match_rates
from alignment_toolkit.health.words import (
    arrival_sentences,
    bound_sentences,
    heaping_sentences,
    in_short,
    match_sentences,
    unanswered,
    what_to_do,
)

__all__ = [
    "arrival_sentences",
    "arrivals",
    "bound_sentences",
    "bounds_of",
    "bounds_table",
    "contributions",
    "findings",
    "heaping",
    "heaping_sentences",
    "in_short",
    "match_rates",
    "match_sentences",
    "point_figures",
    "rows_by_week",
    "unanswered",
    "what_to_do",
]
