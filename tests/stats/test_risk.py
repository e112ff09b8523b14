"""Risk tables: who is at risk on which day, by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.stats import bucket_tables, leave_one_out, risk_table
from tests.stats.units import moves_of, table_of

# day of the outcome or last look, kind, last index that could have been observed
UNITS = pd.DataFrame(
    [(0, "won", 4, 100.0), (1, "lost", 4, 0.0), (1, "open", 1, 0.0), (3, "won", 3, 40.0), (4, "open", 4, 0.0)],
    columns=["day", "kind", "last", "amount"],
)


def moves(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["segment", "day", "move", "n"])


def test_counts_by_hand():
    table = table_of(UNITS)
    assert table.days.tolist() == [0, 1, 2, 3, 4]
    assert table.at_risk.tolist() == [5, 4, 2, 2, 1]
    assert table.events.tolist() == [1, 0, 0, 1, 0]
    assert table.competing.tolist() == [0, 1, 0, 0, 0]
    assert table.censored.tolist() == [0, 1, 0, 0, 1]  # at risk on its last day, gone the day after
    assert table.lost_at_risk.tolist() == [0, 0, 1, 1, 1]
    assert table.amount.tolist() == [100, 0, 0, 40, 0]
    assert table.amount_sq.tolist() == [10_000, 0, 0, 1_600, 0]
    assert table.n == 5


@pytest.mark.parametrize(("horizon", "matured"), [(0, 5), (1, 5), (2, 4), (3, 4), (4, 3), (5, 0), (9, 0)])
def test_matured_counts_potential_observation_whatever_became_of_the_unit(horizon, matured):
    assert table_of(UNITS).matured(horizon) == matured
    assert table_of(UNITS).matured_share(horizon) == matured / 5


def test_a_cut_table_does_not_know_who_matures_beyond_it():
    table = table_of(UNITS)
    cut = table.cut(2)
    assert cut.at_risk.tolist() == [5, 4, 2]
    assert cut.matured(2) == 4
    assert np.isnan(cut.matured(3))
    assert table.cut(9).at_risk.tolist() == table.at_risk.tolist()


def test_late_entry_is_at_risk_from_its_day_on_and_matures_only_then():
    table = table_of(pd.DataFrame({"entry": [0, 2, 2], "day": [3, 2, 4], "kind": ["won", "won", "open"], "last": [4, 5, 4]}))
    assert table.at_risk.tolist() == [1, 1, 3, 2, 1, 0]
    assert table.matured(1) == 1
    assert table.matured(2) == 3
    assert table.matured_share(5) == pytest.approx(1 / 3)


def test_a_reopened_unit_leaves_and_comes_back_the_day_after():
    found = risk_table(moves(("x", 0, "enter", 3), ("x", 1, "competing", 2), ("x", 3, "reopen", 1), ("x", 4, "event_from_lost", 1),
                             ("x", 5, "event", 1), ("x", 5, "censor", 1), ("x", 5, "potential", 3)))[1][0]  # fmt: skip
    assert found.at_risk.tolist() == [3, 3, 1, 1, 2, 2]
    assert found.lost_at_risk.tolist() == [0, 0, 2, 2, 1, 0]
    assert found.reopened.tolist() == [0, 0, 0, 1, 0, 0]
    assert found.won_by(5) == 2


def test_units_that_enter_lost_are_at_risk_of_reopening_only():
    found = risk_table(moves(("x", 0, "enter", 1), ("x", 1, "enter_lost", 2), ("x", 2, "reopen", 1), ("x", 3, "censor_lost", 1),
                             ("x", 3, "censor", 2)))[1][0]  # fmt: skip
    assert found.lost_at_risk.tolist() == [0, 2, 2, 1]
    assert found.at_risk.tolist() == [1, 1, 1, 2]
    assert found.n == 1


def test_segments_are_the_leading_axis_sorted_or_as_asked_for():
    units = UNITS.assign(segment=["b", "a", "b", "c", "a"])
    labels, table = risk_table(moves_of(units))
    assert labels == ["a", "b", "c"]
    assert table.n.tolist() == [2, 2, 1]
    labels, table = risk_table(moves_of(units), segments=["c", "nobody", "a"], max_day=3)
    assert labels == ["c", "nobody", "a"]
    assert table.at_risk.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0], [2, 2, 1, 1]]


def test_parts_add_up_to_the_total():
    _, parts = risk_table(moves_of(UNITS.assign(segment=["b", "a", "b", "c", "a"])))
    for (name, array), (_, whole) in zip(parts.total().arrays(), table_of(UNITS).arrays(), strict=True):
        assert array.tolist() == whole.tolist(), name


def test_buckets_and_what_is_left_without_each():
    _, table = bucket_tables(moves_of(UNITS.assign(segment="(all)", bucket=[3, 3, 7, 255, 0])))
    assert table.shape == (1, 256)
    assert table.n[0, [0, 3, 7, 255]].tolist() == [1, 2, 1, 1]
    rest = leave_one_out(table)
    assert rest.n[0, [0, 3, 9]].tolist() == [4, 3, 5]
    assert rest.at_risk[0, 3].tolist() == table_of(UNITS.iloc[2:]).at_risk.tolist()


def test_no_moves_make_an_empty_table():
    labels, table = risk_table(moves())
    assert labels == []
    assert table.at_risk.shape == (0, 1)
    labels, table = risk_table(moves(), segments=["a"], max_day=2)
    assert table.at_risk.tolist() == [[0, 0, 0]]
    assert np.isnan(table.matured_share(1)).all()


def test_an_unknown_move_names_the_nearest():
    with pytest.raises(DataRefused) as refused:
        risk_table(moves(("x", 0, "enters", 1)))
    assert str(refused.value) == "Unknown move: 'enters'. Did you mean 'enter'?"


def test_a_negative_day_is_refused():
    with pytest.raises(DataRefused) as refused:
        risk_table(moves(("x", -1, "enter", 1)))
    assert str(refused.value) == "A move has a negative day index: '-1'. Day indices start at 0."


def test_missing_columns_are_listed():
    with pytest.raises(UsageError) as refused:
        bucket_tables(moves(("x", 0, "enter", 1)).drop(columns="n"))
    assert str(refused.value) == "A table of moves lacks columns: 'bucket, n'."


@pytest.mark.parametrize(("move", "state"), [("event", "open"), ("reopen", "lost")])
def test_more_leave_than_are_there_is_refused(move, state):
    with pytest.raises(DataRefused) as refused:
        risk_table(moves(("ok", 0, "enter", 1), ("x", 0, "enter", 1), ("x", 2, move, 2)))
    assert str(refused.value) == (
        f"On day 2 of segment 'x' more units leave the {state} state than are in it. Every unit needs an enter move before it can leave."
    )
