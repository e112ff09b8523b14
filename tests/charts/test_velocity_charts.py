"""Charts of funnel velocity: what is drawn is what the frame says, and the description is made of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.charts import velocity as charts
from alignment_toolkit.charts.style import description, title, to_svg

NAN = np.nan


def dots(ax):
    """Values of the first set of dots, top row first."""
    return ax.collections[1].get_offsets()[:, 0].tolist()


def intervals(ax):
    return [(segment[0][0], segment[1][0]) for segment in ax.collections[0].get_segments()]


def labels(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


@pytest.fixture
def conversion():
    rows = [("(all)", 0.6, 0.5, 0.7), ("lead", 0.7, 0.6, 0.8), ("sql", NAN, NAN, NAN), ("opportunity", 0.25, 0.2, 0.31)]
    return pd.DataFrame(rows, columns=["stage", "conversion_rate", "lower_rate", "upper_rate"])


def test_stage_conversion_draws_the_stages_that_are_known(conversion):
    ax = charts.stage_conversion_chart(conversion)
    assert dots(ax) == [0.6, 0.7, 0.25]
    assert intervals(ax) == [(0.5, 0.7), (0.6, 0.8), (0.2, 0.31)]
    assert labels(ax) == ["(all)", "lead", "opportunity"]
    assert title(ax) == "Fewest move on from opportunity: 25 %"
    assert description(ax) == (
        "Share of visits that move on, with 95 % interval, by stage: (all) 60 % (50 % to 70 %); lead 70 % (60 % to 80 %);"
        " opportunity 25 % (20 % to 31 %)."
    )


@pytest.fixture
def times():
    rows = [("(all)", 3.0, 3.0, 4.0, 49.0, 12.25), ("lead", 2.0, 1.0, 2.0, NAN, 8.0), ("sql", NAN, NAN, NAN, NAN, 5.0)]
    return pd.DataFrame(rows, columns=["stage", "median_days", "lower_days", "upper_days", "p90_days", "naive_mean_days"])


def test_time_in_stage_shows_median_percentile_and_naive_mean(times):
    ax = charts.time_in_stage_chart(times)
    assert dots(ax) == [3, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["median", "90th percentile", "naive mean"]
    assert title(ax) == "Leads stay longest in lead: median 2 days"
    assert description(ax) == (
        "Median days in the stage with 95 % interval: (all) 3 days (3 to 4), 90th percentile 49 days, naive mean 12.2 days;"
        " lead 2 days (1 to 2), 90th percentile not reached, naive mean 8 days."
    )


@pytest.fixture
def cycles():
    rows = [("(all)", 365, 57.0, 53.0, 61.0, 55.0), ("web", 365, 60.0, 50.0, 70.0, 58.0), ("fair", 300, 36.5, 28.0, 45.0, 37.0)]
    frame = pd.DataFrame(rows, columns=["segment", "horizon_days", "mean_days", "lower_days", "upper_days", "naive_mean_days"])
    return pd.concat([frame, pd.DataFrame([{"segment": "tiny", "mean_days": NAN}])], ignore_index=True)


def test_cycle_puts_the_whole_first_and_the_fastest_next(cycles):
    ax = charts.cycle_chart(cycles)
    assert labels(ax) == ["(all)", "fair", "web"]
    assert dots(ax) == [57, 36.5, 60]
    assert ax.collections[2].get_offsets()[:, 0].tolist() == [55, 37, 58]
    assert title(ax) == "A lead that wins takes 57 days on average"
    assert description(ax) == (
        "Mean days to won among those who win within 365 days, with 95 % interval: (all) 57 days (53 to 61); fair 36.5 days (28 to 45);"
        " web 60 days (50 to 70)."
    )


@pytest.fixture
def velocity():
    rows = [
        ("(all)", 1000.0, 900.0, 1100.0, 950.0, None),
        ("web", 400.0, NAN, NAN, 500.0, None),
        ("fair", 600.0, 500.0, 700.0, 450.0, None),
    ]
    return pd.DataFrame(rows, columns=["segment", "velocity", "lower", "upper", "bookings_per_day", "reason"])


def test_sales_velocity_puts_bookings_beside_it(velocity):
    ax = charts.sales_velocity_chart(velocity)
    assert labels(ax) == ["(all)", "fair", "web"]
    assert dots(ax) == [1000, 600, 400]
    assert intervals(ax)[2] == (400, 400), "no interval, no line"
    assert ax.collections[2].get_offsets()[:, 0].tolist() == [950, 450, 500]
    assert title(ax) == "Open opportunities turn into 1,000 a day"
    assert "web 400, bookings 500." in description(ax)


def test_sales_velocity_without_deals_says_why():
    ax = charts.sales_velocity_chart(pd.DataFrame([{"segment": "(all)", "velocity": NAN, "reason": "no deals table"}]))
    assert description(ax) == "Sales velocity cannot be told: no deals table."


@pytest.fixture
def waiting():
    rows = [("lead", 300.0, 12, 5000.0), ("mql", 100.0, 3, NAN)]
    return pd.DataFrame(rows, columns=["stage", "lead_days", "waiting", "value_waiting"])


def test_bottleneck_draws_lead_days(waiting):
    ax = charts.bottleneck_chart(waiting)
    assert [bar.get_width() for bar in ax.patches] == [300, 100]
    assert [text.get_text() for text in ax.texts] == ["12 waiting, expected 5,000", "3 waiting"]
    assert title(ax) == "Leads wait most in lead: 75 % of all lead-days"
    assert description(ax) == (
        "Lead-days in each stage during the quarter, and what waits at its end: lead 300 lead-days, 12 waiting, expected 5,000;"
        " mql 100 lead-days, 3 waiting."
    )


@pytest.fixture
def curves():
    now = pd.DataFrame({"group": "report quarter", "day": [0, 1, 2], "won_share": [0.0, 0.1, 0.2]})
    before = pd.DataFrame({"group": "four quarters before", "day": [0, 1, 2], "won_share": [0.0, 0.2, 0.4]})
    frame = pd.concat([now, before], ignore_index=True)
    return frame.assign(lower_share=frame["won_share"] * 0.9, upper_share=frame["won_share"] * 1.1)


def test_win_curves_draw_both_groups(curves):
    ax = charts.win_curves_chart(curves)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0, 0.1, 0.2], [0, 0.2, 0.4]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["report quarter", "four quarters before"]
    assert description(ax) == (
        "Share of leads won by day 2 of their age, with 95 % interval: report quarter 20 % (18 % to 22 %);"
        " four quarters before 40 % (36 % to 44 %)."
    )


EMPTY = {
    "stage_conversion_chart": (["stage", "conversion_rate"], "No stage has been watched long enough for a conversion."),
    "time_in_stage_chart": (["stage", "n", "median_days"], "No visit to a stage falls into the window."),
    "cycle_chart": (["segment", "mean_days"], "Too few leads were won for a cycle."),
    "bottleneck_chart": (["stage", "lead_days"], "No lead was in a stage during the quarter."),
    "win_curves_chart": (["group", "day"], "Too few leads to compare the report quarter with the four before."),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_to_draw_is_said(name):
    columns, sentence = EMPTY[name]
    ax = getattr(charts, name)(pd.DataFrame(columns=columns))
    assert (description(ax), title(ax)) == (sentence, sentence.removesuffix("."))


HOSTILE = "<script>_$5k - $10k\u202e" + "x" * 5000


@pytest.mark.parametrize("name", ["cycle", "velocity"])
def test_hostile_names_are_drawn_as_text(name, request):
    frame = request.getfixturevalue("cycles" if name == "cycle" else "velocity")
    chart = charts.cycle_chart if name == "cycle" else charts.sales_velocity_chart
    frame.loc[1, "segment"] = HOSTILE
    svg = to_svg(chart(frame))
    assert "<script" not in svg
    assert len(svg) < 120_000


def test_the_same_frame_gives_the_same_picture(conversion):
    assert to_svg(charts.stage_conversion_chart(conversion)) == to_svg(charts.stage_conversion_chart(conversion))


def test_a_chart_draws_on_given_axes(conversion):
    from alignment_toolkit.charts.style import new_axes

    ax = new_axes()
    assert charts.stage_conversion_chart(conversion, ax=ax) is ax
