"""Charts of data health: the artists drawn and the words computed from them."""

from __future__ import annotations

from datetime import date

import pandas as pd

from alignment_toolkit import charts
from alignment_toolkit.charts.style import description, title
from alignment_toolkit.health.bounds import COLUMNS

BOUNDS = pd.DataFrame(
    [
        {"figure": "Leads", "value": 50.0, "lowest": 50.0, "highest": 55.0, "gaps": 1},
        {"figure": "Bookings", "value": 1000.0, "lowest": 900.0, "highest": 1500.0, "gaps": 2},
        {"figure": "Acceptance", "value": 0.4, "lowest": 0.4, "highest": 0.4, "gaps": 0},
        {"figure": "Churn", "value": None, "gaps": 0},
    ],
    columns=list(COLUMNS),
)


def test_bounds_as_a_share_of_the_figure_the_widest_first() -> None:
    ax = charts.bounds_chart(BOUNDS)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Bookings", "Leads"]
    ends = [[tuple(point) for point in path.vertices] for path in ax.collections[0].get_paths()]
    assert ends == [[(90.0, 0.0), (150.0, 0.0)], [(100.0, 1.0), (110.0, 1.0)]]
    assert description(ax) == "With each figure as recorded as 100, gaps allow: Bookings 90 to 150, Leads 100 to 110."
    assert title(ax) == "How far gaps let each figure lie"


def test_nothing_open_is_said() -> None:
    assert description(charts.bounds_chart(BOUNDS[2:])) == "No gap moves any headline figure."


def test_arrivals_by_week_with_their_holes() -> None:
    weeks = pd.DataFrame(
        {
            "table": ["leads"] * 3 + ["touches"],
            "week": [date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19), date(2026, 1, 5)],
            "n": [4, 0, 2, 9],
        }
    )
    ax = charts.arrivals_chart(weeks)
    assert [list(line.get_ydata()) for line in ax.get_lines()] == [[100.0, 0.0, 50.0], [100.0]]
    told = "Rows by week: leads from 2026-01-05 to 2026-01-19, 1 weeks without a row; touches from 2026-01-05 to 2026-01-05."
    assert description(ax) == told
    assert description(charts.arrivals_chart(weeks[:0])) == "No table has a dated row."
