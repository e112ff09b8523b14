"""Charts of the gaps between the teams: the artists drawn and the words computed from them."""

from __future__ import annotations

import pandas as pd

from alignment_toolkit import charts
from alignment_toolkit.alignment.goals import COLUMNS
from alignment_toolkit.charts.style import description, title

CALLED = pd.DataFrame(
    {
        "called_by": ["both", "marketing only", "sales only", "neither"],
        "won_share": [0.3, 0.1, None, 0.05],
        "lower_share": [0.2, 0.05, None, 0.0],
        "upper_share": [0.4, 0.2, None, 0.1],
    }
)
TARGETS = pd.DataFrame(
    [
        ("2026Q1", "leads", "marketing", 104.0, 100.0, 1.04, True),
        ("2026Q1", "bookings", "shared", 90.0, 100.0, 0.9, False),
        ("2026Q2", "leads", "marketing", 99.0, 100.0, 0.99, False),
    ],
    columns=list(COLUMNS),
)


def test_each_cell_that_can_be_told_is_a_point_with_its_limits() -> None:
    ax = charts.called_chart(CALLED)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["both", "marketing only", "neither"]
    assert [tuple(point) for point in ax.collections[1].get_offsets()] == [(0.3, 0.0), (0.1, 1.0), (0.05, 2.0)]
    ends = [[tuple(point) for point in path.vertices] for path in ax.collections[0].get_paths()]
    assert ends == [[(0.2, 0.0), (0.4, 0.0)], [(0.05, 1.0), (0.2, 1.0)], [(0.0, 2.0), (0.1, 2.0)]]
    assert (
        description(ax) == "Leads won within 180 days of sales' verdict, by who calls them so: both 30 %, marketing only 10 %, neither 5 %."
    )
    nothing = charts.called_chart(CALLED.iloc[2:3])
    assert (description(nothing), nothing.axison) == ("Not drawn: too few leads to compare.", False)
    assert description(charts.called_chart(CALLED[:0], because="no feedback table")) == "Not drawn: no feedback table."


def test_attainment_has_a_line_per_owner_and_the_target_at_one() -> None:
    ax = charts.attainment_chart(TARGETS)
    target, own, shared = ax.get_lines()
    assert list(target.get_ydata()) == [1.0, 1.0]
    assert list(own.get_ydata()) == [1.04, 0.99]
    assert shared.get_ydata()[0] == 0.9
    assert title(ax) == "One team's target, and the target of both"
    told = "Attainment of targets by owner: marketing 104 % in 2026Q1, 99 % in 2026Q2; shared 90 % in 2026Q1."
    assert description(ax) == told
    nothing = charts.attainment_chart(TARGETS[:0])
    assert (description(nothing), nothing.axison) == ("Not drawn: no target can be compared with the records.", False)
    assert description(charts.attainment_chart(TARGETS[:0], because="no targets table")) == "Not drawn: no targets table."
