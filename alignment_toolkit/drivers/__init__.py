"""What changed, and where it moved: the bookings bridge, with an owner for every factor."""

from alignment_toolkit.drivers import words
from alignment_toolkit.drivers.attainment import target_kpis, target_table
from alignment_toolkit.drivers.bridge import bookings_bridge, bookings_change, driver_segments, in_play_detail, to_the_cent, unanswerable
from alignment_toolkit.drivers.forecast import calibration, forecast, past_forecasts
from alignment_toolkit.drivers.headlines import driver_kpis
from alignment_toolkit.drivers.joint import joint_sentences, joint_wins
from alignment_toolkit.drivers.leads_needed import leads_needed, leads_needed_kpis, leads_needed_sentences
from alignment_toolkit.drivers.where import where_it_moved

__all__ = [
    "bookings_bridge",
    "bookings_change",
    "calibration",
    "driver_kpis",
    "driver_segments",
    "forecast",
    "in_play_detail",
    "joint_sentences",
    "joint_wins",
    "leads_needed",
    "leads_needed_kpis",
    "leads_needed_sentences",
    "past_forecasts",
    "target_kpis",
    "target_table",
    "to_the_cent",
    "unanswerable",
    "where_it_moved",
    "words",
]
