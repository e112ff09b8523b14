"""Spells under another reading, on a handful of leads: the moves that come out, and the incidence worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from alignment_toolkit.health.spells import (
    AtHand,
    begun,
    ended_last,
    instead,
    lost_instead,
    moves_of,
    nothing,
    turned,
    won_on,
    worth,
)
from alignment_toolkit.stats import incidence, value_per_unit

COLUMNS = ["entry", "entry_move", "exit", "exit_move", "last_index", "n", "amount"]
WON = (0, "enter", 5, "event", 9, 2, 30.0)
LOST = ((0, "enter", 3, "competing", 9, 1, 0.0), (3, None, 9, "censor_lost", 9, 1, 0.0))
OPEN = (0, "enter", 9, "censor", 9, 1, 0.0)
BACK = ((2, "enter_lost", 4, "event_from_lost", 9, 1, 7.0),)


def spells(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS)


def won_by(day, *changes):
    return float(incidence(AtHand.of(moves_of(spells(WON, *LOST, OPEN)), last_day=10).changed(changes)).value[day])


def totals(moves):
    summed = moves.groupby(["day", "move"])[["n", "amount"]].sum()
    return {key: tuple(row) for key, row in summed[(summed != 0).any(axis=1)].iterrows()}


def test_the_moves_of_spells() -> None:
    assert totals(moves_of(spells(WON, *LOST))) == {
        (0, "enter"): (3, 0),
        (3, "competing"): (1, 0),
        (5, "event"): (2, 30),
        (9, "censor_lost"): (1, 0),
        (9, "potential"): (3, 0),
    }
    assert totals(moves_of(spells(*BACK))) == {(2, "enter_lost"): (1, 0), (4, "event_from_lost"): (1, 7)}
    assert moves_of(spells()).equals(nothing())


def test_as_they_are_two_of_four_leads_are_won() -> None:
    assert won_by(9) == pytest.approx(0.5)
    assert won_by(4) == 0


def test_wins_that_were_none() -> None:
    lost = lost_instead(spells(WON))
    assert totals(moves_of(lost)) == {(0, "enter"): (2, 0), (5, "competing"): (2, 0), (9, "censor_lost"): (2, 0), (9, "potential"): (2, 0)}
    assert won_by(9, instead(spells(WON), lost)) == 0
    assert totals(moves_of(lost_instead(spells(*BACK)))) == {(2, "enter_lost"): (1, 0), (9, "censor_lost"): (1, 0)}


def test_losses_that_were_wins() -> None:
    change = instead(spells(*LOST), won_on(spells(*LOST), 6, amount=11.0))
    assert totals(change)[(6, "event")] == (1, 11)
    assert won_by(9, change) == pytest.approx(0.75)
    assert won_by(5, change) == pytest.approx(0.5)


@pytest.mark.parametrize(("day", "move"), [(1, None), (2, "event"), (9, "event"), (10, "censor")])
def test_a_win_counts_from_the_first_day_seen_to_the_last(day: int, move: str | None) -> None:
    late = spells((2, "enter", 9, "censor", 9, 1, 0.0))
    assert won_on(late, day)["exit_move"].tolist() == ([move] if move else [])


def test_leads_left_out_and_leads_put_in() -> None:
    assert won_by(9, instead(spells(*LOST))) == pytest.approx(2 / 3)
    assert won_by(9, moves_of(spells(OPEN, OPEN))) == pytest.approx(2 / 6)


def test_ends_on_the_last_day_and_no_end_at_all() -> None:
    assert won_by(8, instead(spells(WON), ended_last(spells(WON)))) == 0
    assert won_by(9, instead(spells(WON), ended_last(spells(WON)))) == pytest.approx(0.5)
    assert won_by(9, instead(spells(WON), begun(spells(WON)))) == 0


def test_wins_worth_more() -> None:
    base = moves_of(spells(WON, *LOST, OPEN))
    more = worth(pd.Series([5]), pd.Series(["event"]), pd.Series([10.0]))
    assert float(value_per_unit(AtHand.of(base, last_day=10).changed(), 9)) == pytest.approx(30 / 4)
    assert float(value_per_unit(AtHand.of(base, last_day=10).changed([more]), 9)) == pytest.approx(40 / 4)


def test_unnamed_units_end_otherwise_the_latest_or_the_earliest_first() -> None:
    base = moves_of(spells((0, "enter", 2, "competing", 9, 1, 0.0), (0, "enter", 6, "competing", 9, 2, 0.0)))
    late = turned(base, n=2, source="competing", to="event", by=9, amount=5.0)
    assert totals(late) == {(6, "competing"): (-2, 0), (6, "event"): (2, 10)}
    early = turned(base, n=2, source="competing", to="event", by=9, latest=False)
    assert totals(early) == {(2, "competing"): (-1, 0), (2, "event"): (1, 0), (6, "competing"): (-1, 0), (6, "event"): (1, 0)}
    assert totals(turned(base, n=9, source="competing", to="event", by=5)) == {(2, "competing"): (-1, 0), (2, "event"): (1, 0)}
