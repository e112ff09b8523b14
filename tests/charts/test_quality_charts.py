from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from alignment_toolkit.charts.quality import conversion_curve_chart, plane_chart, ranking_chart, reliability_chart
from alignment_toolkit.charts.style import description, new_axes, title, to_svg
from alignment_toolkit.quality.calibration import score_reliability
from alignment_toolkit.quality.curves import conversion_curves
from alignment_toolkit.quality.plane import quality_quantity
from alignment_toolkit.quality.ranking import ranking
from tests.quality.companies import leads_of, study_of, won_deals
from tests.quality.test_calibration import scored
from tests.quality.test_ranking import six


def points(collection) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in collection.get_offsets()]


def test_the_ranking_draws_each_ranked_group_at_its_shrunk_conversion_with_its_interval():
    frame = ranking(six())
    ax = ranking_chart(frame)
    ranked = frame[frame["rank"].notna()]
    lines, dots = ax.collections
    assert points(dots) == [pytest.approx((row.shrunk_rate, place)) for place, row in enumerate(ranked.itertuples())]
    ends = [(float(path.vertices[0][0]), float(path.vertices[1][0])) for path in lines.get_paths()]
    assert ends == [pytest.approx((row.lower, row.upper)) for row in ranked.itertuples()]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(ranked["segment"])
    assert title(ax) == "d converts best: 29 % within 180 days"
    assert "d 29 % (" in description(ax)
    assert description(ax).endswith("Above the rest: d. Below the rest: e. Too few leads to rank: 1.")


def test_the_ranking_draws_own_conversions_below_five_groups():
    frame = ranking(study_of(leads_of("a", n=40, won=10), leads_of("b", n=40, won=20)))
    assert [x for x, _y in points(ranking_chart(frame).collections[1])] == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize(
    ("won", "said"),
    [
        ((12, 13, 14), "The groups cannot be told apart"),
        ((3, 14, 14, 14), "a converts below the rest: 7.5 % within 180 days"),
        ((10, 11, 30), "c converts best: 75 % within 180 days"),
        ((10,), "a: 25 % within 180 days"),
    ],
)
def test_the_title_names_a_group_only_where_it_is_told_apart(won: tuple[int, ...], said: str):
    frame = ranking(study_of(*(leads_of(name, n=40, won=n) for name, n in zip("abcd", won, strict=False))))
    assert title(ranking_chart(frame)) == said


def test_the_curves_are_the_frame_s_with_all_leads_first_and_the_smallest_not_drawn():
    parts = [leads_of(name, n=60 - place, won=10 + place, day=5 + place) for place, name in enumerate("abcdefgh")]
    frame = conversion_curves(study_of(*parts))
    ax = conversion_curve_chart(frame, most=3)
    assert [line.get_label() for line in ax.get_lines()] == ["(all)", "a", "b", "c"]
    drawn = ax.get_lines()[1]
    mine = frame[frame["segment"] == "a"].set_index("day")["value"]
    assert drawn.get_xdata().tolist() == [0, 5, mine.index.max()]  # it moves on day 5 and holds until its end
    assert drawn.get_ydata().tolist() == mine.loc[[0, 5, mine.index.max()]].tolist()
    assert description(ax).endswith("5 smaller groups are not drawn.")
    assert len(ax.collections) == 4


def test_the_plane_places_leads_against_conversion_and_marks_the_dominated():
    parts = [leads_of("many", n=100, won=10), leads_of("good", n=50, won=20), leads_of("poor", n=40, won=4)]
    frame = quality_quantity(study_of(*parts, quarter="2025Q1", deals=won_deals(*parts)))
    ax = plane_chart(frame)
    free, beaten = ax.collections
    assert sorted(points(free)) == [pytest.approx((50, 0.4)), pytest.approx((100, 0.1))]
    assert points(beaten) == [pytest.approx((40, 0.1))]
    assert max(free.get_sizes()) == pytest.approx(700)
    for line in ax.get_lines():
        assert np.ptp(line.get_xdata() * line.get_ydata()) == pytest.approx(0, abs=1e-9)
    assert title(ax) == "good brings the most expected wins: 20"
    assert "poor: 40 leads, 10 %, 4.0 expected wins, bookings 4,000, dominated by good" in description(ax)


def test_bubbles_are_alike_without_bookings():
    ax = plane_chart(quality_quantity(study_of(leads_of("a", n=40, won=10), leads_of("b", n=30, won=20), quarter="2025Q1")))
    assert {float(size) for collection in ax.collections for size in collection.get_sizes()} == {120.0}


def test_reliability_draws_what_became_of_each_tenth_beside_what_was_claimed():
    frame = score_reliability(scored(600)[0])
    ax = reliability_chart(frame)
    dots = next(collection for collection in ax.collections if isinstance(collection, PathCollection))
    assert points(dots) == [pytest.approx((row.decile, row.conversion_rate)) for row in frame.itertuples()]
    assert ax.get_lines()[0].get_ydata().tolist() == pytest.approx(frame["claimed_rate"].tolist())
    assert f"tenth 10, scores {frame['lowest_score'].iloc[-1]:g} to {frame['highest_score'].iloc[-1]:g}: " in description(ax)


def test_a_score_that_claims_no_chance_has_no_line():
    assert reliability_chart(score_reliability(scored(600, scale=250)[0])).get_lines() == []


def test_a_chart_of_nothing_says_why():
    few = study_of(leads_of("a", n=3, won=1))
    assert description(ranking_chart(ranking(few))) == "No group has enough leads to be ranked."
    assert description(plane_chart(quality_quantity(few))) == "No group has leads in the period and enough of them to tell a conversion."
    assert description(reliability_chart(score_reliability(few))) == "No tenth of the score has enough matured leads."
    assert description(conversion_curve_chart(conversion_curves(few))) == "No group has been observed long enough for a curve."


HOSTILE = ["<script>alert(1)</script>", "_hidden", "$5k - $10k", "x" * 5000, "日本\u202e", "a\nb"]


def test_hostile_names_make_a_chart_without_warnings_and_short_titles():
    parts = [leads_of(name, n=40, won=4 + 3 * place) for place, name in enumerate(HOSTILE)]
    study = study_of(*parts, quarter="2025Q1")
    for chart, frame in (
        (ranking_chart, ranking(study)),
        (plane_chart, quality_quantity(study)),
        (conversion_curve_chart, conversion_curves(study)),
    ):
        svg = to_svg(chart(frame))
        assert svg == to_svg(chart(frame))
        assert len(svg) < 200_000
        assert len(title(chart(frame))) < 100


def test_charts_draw_on_the_axes_they_are_given():
    ax = new_axes()
    assert ranking_chart(ranking(six()), ax=ax) is ax
