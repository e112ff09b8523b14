"""Removal effects: the published set to its digits, hand-made chains, and what open journeys may not change."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats.markov import reaches_an_end, removal_effects
from tests.conftest import shared_data


def counted(paths: list[tuple[str, int, int, int]], names: list[str]) -> np.ndarray:
    """Steps of paths written as letters with how often each was won, lost and is still open."""
    steps = np.zeros((len(names) + 1, len(names) + 2))
    for path, won, lost, still in paths:
        places = [names.index(name) for name in path.split(">")]
        steps[0, places[0]] += won + lost + still
        for origin, target in pairwise(places):
            steps[origin + 1, target] += won + lost + still
        steps[places[-1] + 1, -2] += won
        steps[places[-1] + 1, -1] += lost
    return steps


def published() -> tuple[list[tuple[str, int, int, int]], list[str]]:
    frame = pd.read_csv(shared_data("channelattribution", "Data.csv"), sep=";")
    frame["path"] = frame["path"].str.replace(" > ", ">", regex=False)
    summed = frame.groupby("path")[["total_conversions", "total_null"]].sum()
    rows = [(path, won, lost, 0) for path, won, lost in summed.itertuples(name=None)]
    return rows, sorted({name for path in summed.index for name in path.split(">")})


@pytest.mark.parametrize("with_lost", [True, False])
def test_the_published_paths_to_the_digits_of_the_reference(with_lost: bool) -> None:
    rows, names = published()
    kept = [(path, won, lost if with_lost else 0, 0) for path, won, lost, _ in rows if won or with_lost]
    found = removal_effects(counted(kept, names))
    file = f"derived_markov1_exact_null{int(with_lost)}_self0.csv"
    expected = pd.read_csv(shared_data("channelattribution", file), index_col=0).loc[names]
    assert found.effect == pytest.approx(expected["removal_effect"], abs=6e-7)
    credit = found.effect / found.effect.sum() * 19_785
    assert credit == pytest.approx(expected["conversions"], abs=6e-7)
    assert credit.sum() == pytest.approx(19_785, rel=1e-12)
    if with_lost:
        assert found.won == pytest.approx(19_785 / (19_785 + 68_602), rel=1e-12)


def test_the_same_answer_on_every_run() -> None:
    steps = np.random.default_rng(5).integers(0, 9, (31, 32)).astype(float)
    first, second = removal_effects(steps), removal_effects(steps.copy())
    assert (first.effect == second.effect).all()


def test_a_chain_by_hand() -> None:
    # a leads to b in half of its steps and to lost in the other half; b wins two of three.
    found = removal_effects(counted([("a>b", 1, 1, 0), ("a", 0, 2, 0), ("b", 1, 0, 0)], ["a", "b"]))
    assert found.won == pytest.approx(4 / 5 * 1 / 2 * 2 / 3 + 1 / 5 * 2 / 3)
    assert found.visited == pytest.approx([4 / 5, 4 / 5 * 1 / 2 + 1 / 5])
    assert found.wins_from == pytest.approx([1 / 3, 2 / 3])
    assert found.effect == pytest.approx([(4 / 5 / 3) / 0.4, 1.0])


def test_removal_by_algebra_is_removal_by_solving_again() -> None:
    rng = np.random.default_rng(11)
    steps = rng.integers(0, 20, (9, 10)) * (rng.random((9, 10)) < 0.6)
    found = removal_effects(steps)
    for gone in range(8):
        assert found.effect[gone] == pytest.approx(1 - won_without(steps, gone) / found.won, abs=1e-12)


def test_many_channels_go_through_the_sparse_factorisation_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    steps = rng.integers(0, 9, (301, 302)) * (rng.random((301, 302)) < 0.02)
    sparse = removal_effects(steps)
    monkeypatch.setattr("alignment_toolkit.stats.markov.DENSE_UP_TO", 1000)
    dense = removal_effects(steps)
    assert sparse.effect == pytest.approx(dense.effect, abs=1e-10)
    assert sparse.won == pytest.approx(dense.won, abs=1e-12)


def won_without(steps: np.ndarray, gone: int) -> float:
    """P(won) of the chain in which every step to a channel is lost, by solving its equations densely."""
    share = steps / np.maximum(steps.sum(axis=1, keepdims=True), 1)
    n = len(steps) - 1
    inner = np.hstack([np.zeros((n + 1, 1)), share[:, :n]])
    inner[:, gone + 1] = 0
    return float(np.linalg.solve(np.eye(n + 1) - inner, share[:, n])[0])


def test_steps_to_oneself_change_nothing() -> None:
    steps = counted([("a>b", 3, 2, 0), ("b>c>a", 2, 5, 0), ("c", 1, 4, 0)], ["a", "b", "c"])
    repeated = steps.copy()
    repeated[np.arange(1, 4), np.arange(3)] += [7, 2, 30]
    assert removal_effects(repeated).effect == pytest.approx(removal_effects(steps).effect, abs=1e-12)


def test_an_open_journey_is_not_a_lost_one() -> None:
    ended = [("a", 2, 2, 0), ("b", 1, 3, 0)]
    still_open = removal_effects(counted([*ended, ("a", 0, 0, 40)], ["a", "b"]))
    called_lost = removal_effects(counted([*ended, ("a", 0, 40, 0)], ["a", "b"]))
    assert still_open.wins_from == pytest.approx([0.5, 0.25])
    assert called_lost.wins_from[0] < 0.1


def test_a_channel_that_nobody_has_left_yet_takes_no_part() -> None:
    steps = counted([("a", 2, 2, 0), ("a>b", 0, 0, 9), ("c>d>c", 0, 0, 3)], ["a", "b", "c", "d"])
    assert reaches_an_end(steps).tolist() == [True, False, False, False, True, True]
    found = removal_effects(steps)
    assert found.effect.tolist() == [1, 0, 0, 0]
    assert found.won == 0.5


@pytest.mark.parametrize("steps", [np.zeros((3, 4)), counted([("a", 0, 5, 0), ("b", 0, 1, 0)], ["a", "b"])])
def test_without_a_win_there_is_no_effect(steps: np.ndarray) -> None:
    assert np.isnan(removal_effects(steps).effect).all()
