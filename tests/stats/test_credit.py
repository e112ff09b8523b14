"""Rules of credit: the published results, hand-made journeys, and weights that always add up to one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.errors import UsageError
from alignment_toolkit.stats.credit import RULES, to_whole, touch_weights
from tests.conftest import shared_data


def kinds(length: int, *, anchors: list[int] | None = None) -> pd.DataFrame:
    """The touches of one win in order."""
    held = anchors or [1, *[0] * (length - 1)]
    places = ["only"] if length == 1 else ["first", *["middle"] * (length - 2), "last"]
    return pd.DataFrame({"place": places, "length": length, "anchors": held, "held": sum(count > 0 for count in held), "named": sum(held)})


def published_touches() -> pd.DataFrame:
    """The touches of the published paths, counted as the engine counts them."""
    frame = pd.read_csv(shared_data("channelattribution", "Data.csv"), sep=";")
    rows: Counter[tuple[str, str, int]] = Counter()
    for path, won in zip(frame["path"], frame["total_conversions"], strict=True):
        names = path.split(" > ")
        for name, place in zip(names, kinds(len(names))["place"], strict=True):
            rows[name, place, len(names)] += won
    told = pd.DataFrame([(*key, n) for key, n in rows.items()], columns=["segment", "place", "length", "n"])
    return told.assign(anchors=told["place"].isin(["only", "first"]).astype(int), held=1, named=1)


@pytest.mark.no_cover
def test_first_last_and_linear_are_the_published_ones() -> None:
    touches = published_touches()
    expected = pd.read_csv(shared_data("channelattribution", "ref_heuristics.csv"), index_col=0)
    for rule in ("first", "last", "linear"):
        credit = (touch_weights(touches, rule=rule) * touches["n"]).groupby(touches["segment"]).sum()
        column = expected[f"{rule}_touch_conversions"]
        assert credit[column.index].to_numpy() == pytest.approx(column.to_numpy(), abs=1e-9)


@pytest.mark.no_cover
def test_u_is_the_derived_one() -> None:
    touches = published_touches()
    credit = (touch_weights(touches, rule="u") * touches["n"]).groupby(touches["segment"]).sum()
    told = {"alpha": 7444.82, "iota": 3944.95, "eta": 3618.80, "beta": 1969.77, "theta": 1092.74, "lambda": 1046.90, "mi": 2.06}
    assert {name: round(credit[name], 2) for name in told} == told


@pytest.mark.parametrize(
    ("rule", "length", "expected"),
    [
        ("first", 3, [1, 0, 0]),
        ("last", 3, [0, 0, 1]),
        ("linear", 4, [0.25] * 4),
        ("u", 1, [1]),
        ("u", 2, [0.5, 0.5]),
        ("u", 3, [0.4, 0.2, 0.4]),
        ("u", 6, [0.4, 0.05, 0.05, 0.05, 0.05, 0.4]),
    ],
)
def test_rules_by_hand(rule: str, length: int, expected: list[float]) -> None:
    assert touch_weights(kinds(length), rule=rule) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("anchors", "expected"),
    [
        ([1, 1, 1, 0], [0.3, 0.3, 0.3, 0.1]),
        ([1, 0, 1, 0, 1], [0.3, 0.05, 0.3, 0.05, 0.3]),
        ([2, 0, 1], [0.6, 0.1, 0.3]),
        ([3], [1]),
        ([1, 1, 1], [1 / 3] * 3),
        ([1, 0], [0.75, 0.25]),
        ([2, 0, 0], [6 / 7, 1 / 14, 1 / 14]),
    ],
)
def test_w_by_hand(anchors: list[int], expected: list[float]) -> None:
    assert touch_weights(kinds(len(anchors), anchors=anchors), rule="w") == pytest.approx(expected)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.sampled_from(sorted(RULES)))
def test_weights_add_up_to_one(anchors: list[int], rule: str) -> None:
    held = [max(anchors[0], 1), *anchors[1:]]
    weights = touch_weights(kinds(len(held), anchors=held), rule=rule)
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    assert (weights >= 0).all()


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        touch_weights(kinds(2), rule="linaer")
    assert str(refused.value) == "the attribution rule is unknown: 'linaer'. Did you mean 'linear'?"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.integers(0, 10**9))
def test_whole_cents_add_up_and_stay_near(weights: list[int], total: int) -> None:
    share = np.array(weights, dtype=float)
    exact = share / share.sum() * total if share.sum() else np.r_[float(total), np.zeros(len(share) - 1)]
    whole = to_whole(exact, total=total)
    assert whole.sum() == total
    assert (np.abs(whole - exact) < 1 + 1e-6).all()


def test_the_largest_remainder_gets_the_cent() -> None:
    assert to_whole([1.2, 1.5, 1.3], total=4).tolist() == [1, 2, 1]
    assert to_whole([0.5, 0.5], total=1).tolist() == [1, 0]
    assert to_whole([], total=0).tolist() == []
