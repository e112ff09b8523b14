"""The leader's minute: what the quarter's figures say, in a scorecard and a few sentences computed from them."""

from alignment_toolkit.summary.change import conversion_change
from alignment_toolkit.summary.records import fault_table, row_table
from alignment_toolkit.summary.scorecard import scorecard, scorecard_chart
from alignment_toolkit.summary.words import in_one_minute, provenance, what_to_do

__all__ = [
    "conversion_change",
    "fault_table",
    "in_one_minute",
    "provenance",
    "row_table",
    "scorecard",
    "scorecard_chart",
    "what_to_do",
]
