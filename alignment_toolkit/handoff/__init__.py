"""The handoff: does sales touch what marketing hands over, what does it reject, and does marketing answer?"""

from alignment_toolkit.handoff import words
from alignment_toolkit.handoff.delays import assignment_delay, clock_sentences, delay_sentences, delays
from alignment_toolkit.handoff.feedback import answered_campaigns, feedback_effect
from alignment_toolkit.handoff.kpis import handoff_kpis
from alignment_toolkit.handoff.rejections import rejection_rate, rejection_reasons, top_reasons
from alignment_toolkit.handoff.sla import response_curve, sla, speed_of, speed_to_lead, standings

__all__ = [
    "answered_campaigns",
    "assignment_delay",
    "clock_sentences",
    "delay_sentences",
    "delays",
    "feedback_effect",
    "handoff_kpis",
    "rejection_rate",
    "rejection_reasons",
    "response_curve",
    "sla",
    "speed_of",
    "speed_to_lead",
    "standings",
    "top_reasons",
    "words",
]
