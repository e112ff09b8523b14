"""Funnel velocity: how fast do leads move, where do they wait, and did it change?"""

from alignment_toolkit.velocity import words
from alignment_toolkit.velocity.bottleneck import bottleneck
from alignment_toolkit.velocity.call_list import call_list
from alignment_toolkit.velocity.capacity import capacity, capacity_sentences, open_per_owner
from alignment_toolkit.velocity.chances import win_chances
from alignment_toolkit.velocity.change import change, win_curves, win_hazard_test
from alignment_toolkit.velocity.cycle import cycle
from alignment_toolkit.velocity.headlines import velocity_kpis
from alignment_toolkit.velocity.losses import loss_reasons, loss_sentences
from alignment_toolkit.velocity.paths import stage_paths
from alignment_toolkit.velocity.pipeline import coverage, pipeline_waterfall, slippage
from alignment_toolkit.velocity.pipeline_words import pipeline_sentences
from alignment_toolkit.velocity.sales_velocity import sales_velocity
from alignment_toolkit.velocity.stage_conversion import stage_conversion
from alignment_toolkit.velocity.stalled import stalled
from alignment_toolkit.velocity.stalled_check import stalled_check
from alignment_toolkit.velocity.stalled_words import check_sentences, stalled_sentences
from alignment_toolkit.velocity.time_in_stage import time_in_stage, time_to_advance

__all__ = [
    "bottleneck",
    "call_list",
    "capacity",
    "capacity_sentences",
    "change",
    "check_sentences",
    "coverage",
    "cycle",
    "loss_reasons",
    "loss_sentences",
    "open_per_owner",
    "pipeline_sentences",
    "pipeline_waterfall",
    "sales_velocity",
    "slippage",
    "stage_conversion",
    "stage_paths",
    "stalled",
    "stalled_check",
    "stalled_sentences",
    "time_in_stage",
    "time_to_advance",
    "velocity_kpis",
    "win_chances",
    "win_curves",
    "win_hazard_test",
    "words",
]
