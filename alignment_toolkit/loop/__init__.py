"""The closed loop: which campaigns became revenue, told by both teams in one sheet."""

from alignment_toolkit.loop import words
from alignment_toolkit.loop.journey import journey_paths, journey_sentences, journey_steps
from alignment_toolkit.loop.personas import apart_sentences, drift_sentences, persona_drift, persona_mix, told_apart
from alignment_toolkit.loop.sheet import campaign_sheet

__all__ = [
    "apart_sentences",
    "campaign_sheet",
    "drift_sentences",
    "journey_paths",
    "journey_sentences",
    "journey_steps",
    "persona_drift",
    "persona_mix",
    "told_apart",
    "words",
]
