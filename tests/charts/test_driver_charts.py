"""The waterfall of bookings: its steps are the frame's, they lead from one quarter to the next, and each is coloured by its team."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from alignment_toolkit.charts import drivers as charts
from alignment_toolkit.charts.style import BLUE, MUTED, SLATE, VERMILION, description, title, to_svg


@pytest.fixture
def bridge() -> pd.DataFrame:
    rows = [("leads", 10.0, "marketing"), ("leads_mix", 0.5, "marketing"), ("won_share", -60.0, "sales"), ("exchange_rates", -0.5, None)]
    return pd.DataFrame(rows, columns=["factor", "contribution", "owner"])


CHANGE = {"before": 200.0, "after": 150.0}


def test_the_steps_lead_from_one_quarter_to_the_next(bridge: pd.DataFrame) -> None:
    ax = charts.bookings_bridge_chart(bridge, CHANGE)
    bars = {round(bar.get_y() + 0.3): (bar.get_x(), bar.get_width(), to_hex(bar.get_facecolor())) for bar in ax.patches}
    assert bars == {
        0: (0, 200, SLATE), 1: (200, 10, BLUE), 2: (210, -60, VERMILION), 3: (150, 0, MUTED), 4: (0, 150, SLATE),
    }  # fmt: skip
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "quarter before", "Leads\nmarketing", "Won share of the deals in play\nsales", "all others\nno team", "this quarter",
    ]  # fmt: skip
    assert [text.get_text() for text in ax.texts] == ["200", "+10", "−60", "±0", "150"]
    assert title(ax) == "Where bookings moved, and who owns it"
    assert description(ax) == (
        "Bookings went from 200 to 150; steps: Leads (marketing) +10; Won share of the deals in play (sales) −60; all others (no team) ±0."
    )
    assert to_svg(ax) == to_svg(charts.bookings_bridge_chart(bridge, CHANGE))


def test_without_deals_it_says_so(bridge: pd.DataFrame) -> None:
    ax = charts.bookings_bridge_chart(bridge.head(0), CHANGE)
    assert title(ax) == "The change of bookings cannot be split"
    assert description(ax) == "The change of bookings cannot be split; the text says why."


def test_the_pipeline_s_steps() -> None:
    steps = pd.DataFrame({"step": ["start", "created", "won", "end"], "deals": [3, 1, -2, 2], "money": [30.0, 10.0, -25.0, 15.0]})
    ax = charts.pipeline_waterfall_chart(steps)
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 30), (30, 10), (40, -25), (0, 15)]
    assert description(ax) == "Pipeline due in the quarter, in money (deals): start (3) 30; created (1) +10; won (2) −25; end (2) 15."
    assert title(charts.pipeline_waterfall_chart(steps.head(0))) == "The pipeline's movements are not on record"


def test_forecasts_and_what_came() -> None:
    past = pd.DataFrame(
        {
            "quarter": ["2026Q1", "2026Q1"], "week": [1, 6], "expected": [10.0, 12.0],
            "lower_80": [5.0, 9.0], "upper_80": [16.0, 15.0], "actual": [14.0, 14.0],
        }
    )  # fmt: skip
    ax = charts.forecasts_chart(past)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["after week 1", "after week 6", "what came"]
    assert description(ax) == (
        "80 % intervals of bookings, forecast from inside each quarter: 2026Q1 week 1 5 to 16, came 14; 2026Q1 week 6 9 to 15, came 14."
    )
    assert title(charts.forecasts_chart(past.head(0))) == "No past quarter could be forecast"
