"""The meeting pack: what the two teams talk about, decide, celebrate and know of each other, for a quarter or a month."""

from alignment_toolkit.meeting.agenda import agenda, quiet
from alignment_toolkit.meeting.decisions import decisions
from alignment_toolkit.meeting.know import to_know
from alignment_toolkit.meeting.pack import Pack, pack
from alignment_toolkit.meeting.wins import wins

__all__ = ["Pack", "agenda", "decisions", "pack", "quiet", "to_know", "wins"]
