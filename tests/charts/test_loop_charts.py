"""Charts of the closed loop: what is drawn is what the frame says, and the description is made of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.attribution.credits import MODELS
from alignment_toolkit.attribution.origins import PARTS
from alignment_toolkit.charts import loop as charts
from alignment_toolkit.charts.style import description, title, to_svg


def spread() -> pd.DataFrame:
    rows = [
        {"segment": name} | {f"{model}_share": base + 0.01 * at for at, model in enumerate(MODELS)}
        for name, base in (("$web", 0.4), ("_ads", 0.1))
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(least_share=frame["first_share"], most_share=frame["markov_share"])


def test_a_row_per_channel_and_a_mark_per_model():
    ax = charts.model_spread_chart(spread())
    assert len(ax.collections) == 1 + len(MODELS)
    first = ax.collections[1].get_offsets()
    assert np.asarray(first).tolist() == [[0.4, 0.0], [0.1, 1.0]]
    assert description(ax) == (
        "Share of the quarter's bookings from the least to the most that any model gives: $web 40 % to 46 %; _ads 10 % to 16 %."
    )
    assert to_svg(ax) == to_svg(charts.model_spread_chart(spread()))


def test_nothing_booked_is_said():
    empty = spread().assign(most_share=np.nan)
    assert description(charts.model_spread_chart(empty)) == "No credit is shown: nothing was booked in the quarter."
    missing = charts.model_spread_chart(empty.head(0), because="no touches table")
    assert description(missing) == "No credit is shown: no touches table."
    none = pd.DataFrame({"part": list(PARTS), "bookings_share": np.nan})
    assert title(charts.origin_chart(none)) == "Who touched the deals that were won is not shown: nothing was booked in the quarter"
    missing = charts.origin_chart(none.head(0), because="no deals table")
    assert title(missing) == "Who touched the deals that were won is not shown: no deals table"


def test_the_parts_of_bookings_are_the_disjoint_ones():
    shares = {
        "marketing first, then both": 0.5,
        "marketing alone": 0.25,
        "sales alone": 0.125,
        "sales first, then both": 0.0,
        "no touch on record": 0.125,
    }
    frame = pd.DataFrame([{"part": part, "bookings_share": shares.get(part, 1.0)} for part in PARTS])
    ax = charts.origin_chart(frame)
    assert [bar.get_width() for bar in ax.patches] == [0.5, 0.0, 0.25, 0.125, 0.125]
    assert "sales alone 12 %" in description(ax)


def test_the_response_curve_says_what_is_touched_in_time():
    rows = [("DACH", hour, min(0.1 * hour, 0.9), 0.0, 1.0, 0.0, 200.0) for hour in range(30)]
    frame = pd.DataFrame(rows, columns=["segment", "hour", "touched_share", "lower_share", "upper_share", "closed_share", "n"])
    ax = charts.response_curve_chart(frame, hours=5)
    assert ax.get_lines()[1].get_xdata() == [5, 5]
    assert description(ax) == "Leads touched by a person of sales by hour 5 after the handover: DACH 50 % of 200."
    assert title(charts.response_curve_chart(frame.head(0), hours=5)) == "No curve is drawn: too few leads were handed over"
    missing = charts.response_curve_chart(frame.head(0), hours=5, because="no touches table")
    assert title(missing) == "No curve is drawn: no touches table"


def test_the_mix_is_drawn_beside_the_last_review():
    frame = pd.DataFrame({"persona": ["IT", "$x", "(missing)"], "leads_share": [0.75, 0.25, np.nan], "before_share": [0.5, 0.5, np.nan]})
    ax = charts.persona_mix_chart(frame)
    assert [bar.get_width() for bar in ax.patches] == [0.75, 0.25, 0.5, 0.5]
    assert description(ax) == "Share of leads by persona, this quarter after the last review: IT 75 % after 50 %; $x 25 % after 50 %."
    assert title(charts.persona_mix_chart(frame.tail(1))) == "No lead has a persona"
