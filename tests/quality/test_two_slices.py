from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.quality.two_slices import conversion_by_two, moved_against, simpson_pairs
from tests.quality.companies import leads_of, study_of


def paradox(quarter: str = "2025Q4"):
    """Kidney-stone figures (Charig 1986): x wins 93 % and 73 % of the two kinds, y 87 % and 69 %, yet y wins more in total."""
    parts = [
        leads_of("x", n=87, won=81, persona="small"),
        leads_of("x", n=263, won=192, persona="large"),
        leads_of("y", n=270, won=234, persona="small"),
        leads_of("y", n=80, won=55, persona="large"),
    ]
    return study_of(*parts, quarter=quarter)


def test_the_shares_of_all_parts_and_totals():
    table = conversion_by_two(paradox(), by="source", and_by="persona").set_index(["segment", "part"])
    assert table["value"].to_dict() == pytest.approx(
        {
            ("(all)", "(all)"): 562 / 700,
            ("(all)", "large"): 247 / 343,
            ("(all)", "small"): 315 / 357,
            ("x", "(all)"): 273 / 350,
            ("x", "large"): 192 / 263,
            ("x", "small"): 81 / 87,
            ("y", "(all)"): 289 / 350,
            ("y", "large"): 55 / 80,
            ("y", "small"): 234 / 270,
        }
    )
    assert table["n"].loc[("x", "small")] == 87
    assert ((table["lower"] < table["value"]) & (table["value"] < table["upper"])).all()


def test_two_segments_that_compare_against_all_their_parts_are_found():
    pairs = simpson_pairs(conversion_by_two(paradox(), by="source", and_by="persona"))
    assert pairs.to_dict("records") == [
        {"higher": "y", "lower": "x", "higher_rate": pytest.approx(289 / 350), "lower_rate": pytest.approx(273 / 350), "parts": 2}
    ]


def test_a_total_that_moves_against_all_its_parts_since_the_quarter_before_is_flagged():
    """Both kinds convert better than in the quarter before, but the hard kind has become the larger one."""
    first, second = datetime(2025, 1, 2), datetime(2025, 4, 2)
    parts = [
        leads_of("x", n=160, won=80, persona="easy", start=first),
        leads_of("x", n=40, won=4, persona="hard", start=first),
        leads_of("x", n=40, won=24, persona="easy", start=second),
        leads_of("x", n=160, won=24, persona="hard", start=second),
    ]
    study = study_of(*parts, quarter="2025Q2", as_of="2025-07-01", cohort="1q")
    table = conversion_by_two(study, by="source", and_by="persona", horizon=30).set_index(["segment", "part"])
    assert table["previous"].loc[("x", "easy")] == pytest.approx(0.5)
    assert table["value"].loc[("x", "easy")] == pytest.approx(0.6)
    assert table["value"].loc[("x", "(all)")] == pytest.approx(48 / 200)
    assert table["reversed"].loc[("x", "(all)")] is True
    assert table["reversed"].loc[("x", "easy")] is None
    assert table["reversed"].loc[("(all)", "easy")] is None  # one source only: a single part


@pytest.mark.parametrize(
    ("total", "parts", "flag"),
    [
        (-0.1, [0.1, 0.2], True),
        (0.1, [-0.1, -0.2], True),
        (-0.1, [0.1, -0.2], False),
        (-0.1, [0.1, 0.0], False),
        (0.0, [0.1, 0.2], False),
        (-0.1, [0.1, np.nan], None),
        (-0.1, [], None),
        (np.nan, [0.1, 0.2], None),
        (-0.1, [0.1, 0.2, np.nan], True),
    ],
)
def test_moved_against(total, parts, flag):
    assert moved_against(total, pd.Series(parts, dtype=float)) is flag


def test_parts_below_min_n_leave_the_flag_null():
    first, second = datetime(2025, 1, 2), datetime(2025, 4, 2)
    parts = [
        leads_of("x", n=40, won=20, persona="a", start=first),
        leads_of("x", n=40, won=20, persona="b", start=first),
        leads_of("x", n=40, won=24, persona="a", start=second),
        leads_of("x", n=40, won=24, persona="b", start=second),
        leads_of("x", n=19, won=0, persona="c", start=second),
    ]
    table = conversion_by_two(
        study_of(*parts, quarter="2025Q2", as_of="2025-07-01", cohort="1q"), by="source", and_by="persona", horizon=30
    )
    rows = table.set_index(["segment", "part"])
    assert rows["reason"].loc[("x", "c")] == (
        "not enough data: only 19 leads were followed at age 0 days; 20 are needed; all history (`--cohort all`) may have them"
    )
    assert rows["reversed"].loc[("x", "(all)")] is None


def test_the_same_slice_twice_is_refused_in_a_sentence():
    with pytest.raises(UsageError) as refused:
        conversion_by_two(paradox(), by="source", and_by="source")
    assert str(refused.value) == "both slices are the same: 'source'. Choose two different ones."
