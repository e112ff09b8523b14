"""Funnel velocity: how fast do leads move, where do they wait, and did it change?"""

from alignment_toolkit.velocity.cycle import cycle
from alignment_toolkit.velocity.headlines import velocity_kpis
from alignment_toolkit.velocity.sales_velocity import sales_velocity
from alignment_toolkit.velocity.stage_conversion import stage_conversion
from alignment_toolkit.velocity.time_in_stage import time_in_stage, time_to_advance

__all__ = ["cycle", "sales_velocity", "stage_conversion", "time_in_stage", "time_to_advance", "velocity_kpis"]
