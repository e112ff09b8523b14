"""Sentences of data health, from frames written by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from alignment_toolkit.health import arrival_sentences, bound_sentences, in_short, what_to_do
from alignment_toolkit.health.bounds import COLUMNS, PARTS

ROWS = [
    {
        "figure": "Bookings",
        "unit": "EUR",
        "value": 1000.0,
        "lowest": 900.0,
        "highest": 1500.0,
        "gaps": 2,
        "widest_gap": "won deals without an amount",
    },
    {"figure": "Leads", "unit": "leads", "value": 40.0, "lowest": 40.0, "highest": 40.0, "gaps": 0},
    {"figure": "Logo churn", "unit": "share", "value": None, "gaps": 0, "reason": "not enough data"},
]
BOUNDS = pd.DataFrame(ROWS, columns=list(COLUMNS)).assign(owner="sales operations")
FOUND = pd.DataFrame({"finding": ["a", "b"]})
LAST = "A bound says how far mistakes in the records may reach, an interval how far chance may: they do not contain each other."


def test_in_short() -> None:
    assert in_short(BOUNDS, FOUND) == [
        "2 kinds of gaps were found in the records; they leave 1 of 2 headline figures open to some degree.",
        "Most is left open of Bookings: 1,000 EUR as recorded, 900 EUR to 1,500 EUR with every gap resolved one way or the other; "
        "it hangs most on won deals without an amount (sales operations).",
        LAST,
    ]
    assert in_short(BOUNDS[1:], FOUND[:0]) == [
        "No gap was found in the records.",
        LAST,
    ]
    sure = pd.concat([BOUNDS[1:2]] * 13)
    assert in_short(sure, FOUND[:1])[0] == "One kind of gap was found in the records; it leaves none of the 13 headline figures open."
    assert in_short(BOUNDS[1:], FOUND)[0] == "2 kinds of gaps were found in the records; they leave no headline figure open."
    assert in_short(BOUNDS, FOUND[:0])[0] == (
        "No gap was found in the records; what they lack leaves 1 of 2 headline figures open to some degree."
    )


def test_the_widest_first_and_those_that_nothing_moves() -> None:
    assert bound_sentences(BOUNDS) == [
        "Bookings: 1,000 EUR as recorded, 900 EUR to 1,500 EUR with every gap resolved one way or the other; "
        "the most by won deals without an amount.",
        "No gap in the records moves Leads.",
    ]


def test_what_to_mend_first() -> None:
    parts = pd.DataFrame(
        [
            {"kpi": "leads", "owner": "data team", "what": "orphans", "fix": "Export them", "n": 3},
            {"kpi": "bookings", "owner": "sales operations", "what": "wins", "fix": "Enter the deal", "n": 8},
            {"kpi": "leads", "owner": "sales operations", "what": "wins", "fix": "Enter the deal", "n": 5},
        ],
        columns=list(PARTS),
    )
    assert what_to_do(parts, FOUND) == [
        "Sales operations: enter the deal (8 wins; 2 headline figures).",
        "Data team: export them (3 orphans; one headline figure).",
    ]
    assert what_to_do(parts[:0], FOUND[:0]) == ["Nothing in the records asks for mending."]
    assert what_to_do(parts[:0], FOUND) == ["No gap moves a headline figure; the table of findings below says what else they touch."]


@pytest.mark.parametrize(
    ("days_old", "said"),
    [
        ([0, 7], ["Every table of events reaches into the last week before the as-of."]),
        ([0, 9], ["The newest row of deals is 9 days older than the as-of."]),
        (
            [0, None],
            [
                "No row of deals has a visible date, so its freshness is not known.",
                "Every other table of events reaches into the last week before the as-of.",
            ],
        ),
        (
            [9, None],
            [
                "The newest row of leads is 9 days older than the as-of.",
                "No row of deals has a visible date, so its freshness is not known.",
            ],
        ),
    ],
)
def test_a_table_without_a_date_is_not_called_fresh(days_old: list[float | None], said: list[str]) -> None:
    told = pd.DataFrame({"table": ["leads", "deals"], "read": 5, "used": 5, "set_aside": 0, "days_old": days_old, "after_as_of": 0})
    assert arrival_sentences(told) == ["10 rows of 2 tables were read, 10 used and 0 set aside.", *said]
