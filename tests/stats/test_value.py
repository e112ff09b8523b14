"""Value per unit: by hand, with re-openings, and what is null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import risk_table, value_curve, value_of_one, value_per_unit
from tests.stats.units import table_of


def test_by_hand_with_censoring():
    # At risk 5, 4, 2: 100 on day 0 at 1/5, then half of the 3/5 still open is won on day 3 for 40.
    units = pd.DataFrame({"day": [0, 1, 1, 3, 4], "kind": ["won", "lost", "open", "won", "open"], "amount": [100, 0, 0, 40, 0]})
    assert value_curve(table_of(units)) == pytest.approx([20, 20, 20, 32, 32])
    assert value_per_unit(table_of(units), 2) == pytest.approx(20)
    assert np.isnan(value_per_unit(table_of(units), 5))


def test_without_censoring_it_is_the_money_over_the_units():
    units = pd.DataFrame({"day": [0, 2, 5, 5], "kind": ["won", "lost", "won", "lost"], "amount": [10.5, 0, 4.5, 0]})
    assert value_per_unit(table_of(units), 5) == pytest.approx(15 / 4)


def test_wins_after_reopening_and_straight_from_lost_count():
    rows = [("enter", 0, 4, 0.0), ("competing", 0, 2, 0.0), ("reopen", 1, 1, 0.0), ("event", 2, 1, 30.0), ("event_from_lost", 2, 1, 8.0),
            ("censor", 3, 2, 0.0)]  # fmt: skip
    moves = pd.DataFrame(rows, columns=["move", "day", "n", "amount"]).assign(segment="x", amount_sq=lambda f: f["amount"] ** 2)
    table = risk_table(moves)[1][0]
    assert value_curve(table) == pytest.approx([0, 0, 38 / 4, 38 / 4])
    assert table.amount_sq.tolist() == [0, 0, 30**2 + 8**2, 0]


def test_unknown_amounts_add_nothing_and_nobody_is_null():
    moves = pd.DataFrame({"segment": "x", "day": [0, 1, 1], "move": ["enter", "event", "event"], "n": [4, 1, 1], "amount": [0, 50, None]})
    table = risk_table(moves, segments=["x", "nobody"])[1]
    assert value_per_unit(table, 1)[0] == pytest.approx(12.5)
    assert np.isnan(value_per_unit(table, 1)[1])


def test_the_value_is_the_sum_of_what_each_win_adds():
    rows = [("enter", 0, 4, 0.0), ("competing", 0, 2, 0.0), ("reopen", 1, 1, 0.0), ("event", 2, 1, 30.0), ("event_from_lost", 2, 1, 8.0),
            ("censor", 3, 2, 0.0)]  # fmt: skip
    moves = pd.DataFrame(rows, columns=["move", "day", "n", "amount"]).assign(segment="x", amount_sq=lambda f: f["amount"] ** 2)
    table = risk_table(moves)[1][0]
    worth = value_of_one(table)
    assert worth["event"][2] == pytest.approx(1 / 4)  # three of four open, three at risk
    assert worth["event_from_lost"][2] == pytest.approx(1 / 4)
    assert worth["event"][2] * 30 + worth["event_from_lost"][2] * 8 == pytest.approx(value_per_unit(table, 3))
