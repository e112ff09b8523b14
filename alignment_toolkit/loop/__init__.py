"""The closed loop: which campaigns became revenue, told by both teams in one sheet."""

from alignment_toolkit.loop import words
from alignment_toolkit.loop.sheet import campaign_sheet

__all__ = ["campaign_sheet", "words"]
