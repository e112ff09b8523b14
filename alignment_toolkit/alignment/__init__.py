"""How aligned the two teams are: six gaps between them, each in its own unit, and none added to another."""

from alignment_toolkit.alignment import words
from alignment_toolkit.alignment.credit import claimed_bookings
from alignment_toolkit.alignment.definitions import called_table, reasons_of_definition, rejected_then_won, word_agreement
from alignment_toolkit.alignment.goals import target_quarters, team_targets
from alignment_toolkit.alignment.kpis import PAGES, gap_kpis, gap_table
from alignment_toolkit.alignment.promises import promise_table
from alignment_toolkit.alignment.published import other_targets
from alignment_toolkit.alignment.sources import claim_table, source_table
from alignment_toolkit.alignment.verdicts import verdict_table
from alignment_toolkit.alignment.words import alignment_sentences

__all__ = [
    "PAGES",
    "alignment_sentences",
    "called_table",
    "claim_table",
    "claimed_bookings",
    "gap_kpis",
    "gap_table",
    "other_targets",
    "promise_table",
    "reasons_of_definition",
    "rejected_then_won",
    "source_table",
    "target_quarters",
    "team_targets",
    "verdict_table",
    "word_agreement",
    "words",
]
