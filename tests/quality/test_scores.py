from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.quality.scores import area_under_curve, as_probability, best_threshold, brier, deciles, lift


def rows_of(seed: int = 3, size: int = 400) -> pd.DataFrame:
    """Leads with a coarse score, so that there are many ties, and a chance of winning that rises with it."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(2, 3, size), 1)
    return pd.DataFrame({"score": score, "won": (rng.random(size) < 0.1 + 0.5 * score).astype(int)})


def counts_of(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = rows.groupby("score")["won"].agg(["size", "sum"])
    return table.index.to_numpy(), table["size"].to_numpy(dtype=float), table["sum"].to_numpy(dtype=float)


@pytest.mark.parametrize("seed", range(5))
def test_area_and_brier_are_those_of_scikit_learn_on_the_rows(seed):
    from sklearn.metrics import brier_score_loss, roc_auc_score

    rows = rows_of(seed)
    score, n, won = counts_of(rows)
    assert area_under_curve(n, won).value == pytest.approx(roc_auc_score(rows["won"], rows["score"]), abs=1e-12)
    assert brier(score, n, won).value == pytest.approx(brier_score_loss(rows["won"], rows["score"]), abs=1e-12)


def test_the_variance_of_the_area_is_delongs_on_the_rows():
    rows = rows_of()
    won, other = rows[rows["won"] == 1]["score"].to_numpy(), rows[rows["won"] == 0]["score"].to_numpy()
    wins = (won[:, None] > other) + 0.5 * (won[:, None] == other)
    area, spread = wins.mean(), wins.mean(axis=1).var(ddof=1) / len(won) + wins.mean(axis=0).var(ddof=1) / len(other)
    _, n, events = counts_of(rows)
    found = area_under_curve(n, events)
    logit = np.log(area / (1 - area)) + np.array([-1, 1]) * 1.959963984540054 * np.sqrt(spread) / (area * (1 - area))
    assert (found.lower, found.upper) == pytest.approx(tuple(1 / (1 + np.exp(-logit))))


def test_area_by_hand():
    n, won = np.array([2.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0])
    assert area_under_curve(n, won).value == pytest.approx((2 + 2.5) / (2 * 3))
    assert area_under_curve(np.array([1.0, 1.0]), np.array([0.0, 1.0])).value == 1
    assert np.isnan(area_under_curve(np.array([1.0, 1.0]), np.array([0.0, 1.0])).lower)


@pytest.mark.parametrize("won", [[0.0, 0.0], [3.0, 4.0]])
def test_area_is_null_where_nobody_or_everybody_was_won(won):
    assert np.isnan(area_under_curve(np.array([3.0, 4.0]), np.array(won))).all()


def test_brier_limits_are_those_of_a_mean_of_squares():
    rows = rows_of()
    squares = np.square(rows["won"] - rows["score"])
    reach = 1.959963984540054 * squares.std(ddof=1) / np.sqrt(len(squares))
    found = brier(*counts_of(rows))
    assert (found.lower, found.upper) == pytest.approx((squares.mean() - reach, squares.mean() + reach))


def test_lift_by_hand_takes_whole_scores_until_the_share_is_reached():
    n, won = np.array([50.0, 40.0, 5.0, 5.0]), np.array([2.0, 4.0, 1.0, 3.0])
    assert lift(n, won, top=0.05).value == pytest.approx((3 / 5) / (10 / 100))
    assert lift(n, won, top=0.10).value == pytest.approx((4 / 10) / (10 / 100))
    assert lift(n, won, top=0.11).value == pytest.approx((8 / 50) / (10 / 100))
    assert np.isnan(lift(n, 0 * won)).all()


def test_the_limits_of_the_lift_cover_its_true_value():
    rng = np.random.default_rng(11)
    n, chance = np.array([700.0, 300.0]), np.array([0.05, 0.2])
    true = 0.2 / (0.7 * 0.05 + 0.3 * 0.2)
    found = [lift(n, rng.binomial(n.astype(int), chance).astype(float), top=0.3) for _ in range(2000)]
    assert np.mean([one.lower <= true <= one.upper for one in found]) == pytest.approx(0.95, abs=0.015)


def test_deciles_never_split_ties_and_hold_a_tenth_each_without_them():
    assert deciles(np.ones(20)).tolist() == [place // 2 for place in range(20)]
    assert deciles(np.array([90.0, 10.0])).tolist() == [4, 9]
    assert deciles(np.array([])).tolist() == []


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_deciles_rise_and_stay_between_0_and_9(sizes):
    found = deciles(np.array(sizes, dtype=float))
    assert (np.diff(found) >= 0).all()
    assert 0 <= found.min() <= found.max() <= 9


@pytest.mark.parametrize(
    ("score", "claimed"),
    [([0.0, 0.4, 1.0], [0.0, 0.4, 1.0]), ([0.0, 40.0, 100.0], [0.0, 0.4, 1.0]), ([-1.0, 0.5], None), ([5.0, 101.0], None), ([], None)],
)
def test_a_score_is_a_probability_between_0_and_1_or_a_percentage(score, claimed):
    found = as_probability(np.array(score))
    assert (found is None) == (claimed is None)
    assert found is None or found.tolist() == claimed


def test_the_best_threshold_is_the_one_a_search_over_all_finds():
    rng = np.random.default_rng(5)
    score, n = np.arange(10.0), rng.integers(5, 30, 10).astype(float)
    amount = rng.integers(0, 40, 10) * np.linspace(0, 2, 10) * 10
    gains = {threshold: (amount - 12 * n)[score >= threshold].sum() for threshold in score}
    best = best_threshold(score, n, amount, np.square(amount), cost_to_work=12)
    assert best.value == max(gains, key=gains.get)
    assert best.net == pytest.approx(max(gains.values()))
    assert best.net_of_all == pytest.approx(gains[0.0])
    assert best.worked == n[score >= best.value].sum()
    assert best.lower <= best.value <= best.upper


def test_without_a_cost_everybody_is_worked_and_with_a_huge_one_nobody():
    score, n, amount = np.array([1.0, 2.0]), np.array([10.0, 10.0]), np.array([5.0, 50.0])
    assert best_threshold(score, n, amount, np.square(amount), cost_to_work=0).value == 1
    nobody = best_threshold(score, n, amount, np.square(amount), cost_to_work=1000)
    assert np.isnan(nobody.value)
    assert (nobody.net, nobody.worked, nobody.net_of_all) == (0, 0, -19945)


@pytest.mark.parametrize(("wins", "lowest"), [(1, 1.0), (99, 2.0)])
def test_thresholds_that_are_not_clearly_worse_are_told_by_the_spread_of_the_difference(wins, lowest):
    """From 3 on pays best. Taking in 2 loses 10, taking in 1 as well 1,010: within chance when that hangs on one win, not when on many."""
    score, n, amount = np.array([1.0, 2.0, 3.0]), np.array([100.0, 100.0, 100.0]), np.array([0.0, 990.0, 5000.0])
    squares = np.array([0.0, 990.0**2 / wins, 1e6])
    shortfall, spread = 1010.0, 990.0**2 / wins - 2 * 10 * 990 + 2 * 100 * 100
    assert (shortfall <= 1.959963984540054 * np.sqrt(spread)) == (lowest == 1.0)
    best = best_threshold(score, n, amount, squares, cost_to_work=10)
    assert (best.lower, best.value, best.upper) == (lowest, 3.0, 3.0)
