"""The envelope of a figure over what may be true, on counts of two or three numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from alignment_toolkit.health.resolve import Bound, Part, Resolution, bounded


def share(changes):
    won, n = 2 + sum(won for won, _ in changes), 10 + sum(n for _, n in changes)
    return {"share": won / n if n else math.nan, "n": float(n)}


def test_without_gaps_a_figure_is_its_own_bound() -> None:
    assert bounded(share, []) == {"share": Bound("share", 0.2, 0.2, 0.2), "n": Bound("n", 10, 10, 10)}


def test_each_gap_alone_and_all_together() -> None:
    found = bounded(share, [Resolution("doubted", 1, (-1, 0)), Resolution("unlinked", 3, (3, 0)), Resolution("stray", 2, (0, 2))])
    bound = found["share"]
    assert (bound.lowest, bound.highest) == (pytest.approx(1 / 12), pytest.approx(5 / 10))
    assert bound.parts == (
        Part("doubted", 1, 0.1, 0.2),
        Part("unlinked", 3, 0.2, 0.5),
        Part("stray", 2, pytest.approx(2 / 12), 0.2),
    )
    assert found["n"].parts[0] == Part("doubted", 0.0, 10, 10), "records that move nothing are not counted"


def test_of_one_group_only_one_resolution_is_true() -> None:
    either = [Resolution("amount", 1, (1, 0), group="deal"), Resolution("link", 1, (2, 0), group="deal")]
    assert bounded(share, either)["share"].highest == pytest.approx(0.4)
    apart = [Resolution("amount", 1, (1, 0)), Resolution("link", 1, (2, 0))]
    assert bounded(share, apart)["share"].highest == pytest.approx(0.5)


def test_a_gap_with_two_ends_reaches_both_ways() -> None:
    both = [Resolution("early", 2, (-2, -2)), Resolution("early", 2, (1, 0))]
    bound = bounded(share, both)["share"]
    assert (bound.lowest, bound.highest, bound.parts[0].n) == (0.0, pytest.approx(0.3), 2)


def test_a_figure_that_does_not_add_up_still_lies_inside_its_bound() -> None:
    def bent(changes):
        return {"bent": -1.0 if len(changes) == 2 else float(len(changes))}

    bound = bounded(bent, [Resolution("a", 1, 1), Resolution("b", 1, 1)])["bent"]
    assert (bound.value, bound.lowest, bound.highest) == (0.0, -1.0, 1.0)


def test_what_is_undefined_has_no_bounds_and_makes_none() -> None:
    nothing = bounded(lambda changes: {"x": math.nan}, [Resolution("a", 1, 1)])["x"]
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.lowest)
    assert nothing.parts == ()
    gone = bounded(share, [Resolution("all", 10, (-2, -10))])["share"]
    assert (gone.lowest, gone.highest) == (0.2, 0.2)
