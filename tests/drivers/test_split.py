"""The exact split: to the cent on a thousand pairs of quarters, whatever the order; Shapley's definition by all 32,768 coalitions."""

from __future__ import annotations

from itertools import product
from math import factorial

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.counts.bridge import MEASURES
from alignment_toolkit.drivers.parts import FACTORS, RATES, VOLUMES, YIELDS, Parts, parts_of, segments_of
from alignment_toolkit.drivers.split import Split, contributions, split
from tests.drivers.quarters import random_quarter


def split_of(before: pd.DataFrame, after: pd.DataFrame) -> Split:
    segments = segments_of(before, after)
    return split(segments, *(parts_of(frame, segments) for frame in (before, after)))


def pairs(seed: int, n: int):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        segments = int(rng.integers(1, 6))
        yield random_quarter(rng, segments=segments), random_quarter(rng, segments=segments)


@pytest.mark.no_cover
def test_parts_add_up_to_the_cent_on_a_thousand_pairs_of_quarters() -> None:
    seen = {"new": 0, "vanished": 0, "no deals": 0}
    for before, after in pairs(seed=6, n=1000):
        found = split_of(before, after)
        assert found.cents.sum() == after["cents"].sum() - before["cents"].sum()
        assert found.exact.sum(axis=(0, 2))[0] == pytest.approx(found.cents.sum(), abs=1e-3)
        assert np.isfinite(found.exact).all()
        assert np.abs(found.cents - found.exact[:, 0]).max(initial=0) < 2
        old, new = set(before["segment"]), set(after["segment"])
        seen["new"] += bool(new - old)
        seen["vanished"] += bool(old - new)
        seen["no deals"] += not before["won"].sum() or not after["won"].sum()
    assert min(seen.values()) > 20, seen


def test_neither_the_order_of_rows_nor_of_names_matters() -> None:
    for at, (before, after) in enumerate(pairs(seed=7, n=60)):
        shuffled = [frame.sample(frac=1, random_state=at) for frame in (before, after)]
        assert (split_of(*shuffled).cents == split_of(before, after).cents).all()
        renamed = [frame.assign(segment=frame["segment"].map(lambda name: f"z{9 - int(name[1:])}")) for frame in (before, after)]
        turned = split_of(*renamed)
        exact = dict(zip(turned.segments, turned.exact[:, 0].T, strict=True))
        for name, parts in zip(split_of(before, after).segments, split_of(before, after).exact[:, 0].T, strict=True):
            assert exact[f"z{9 - int(name[1:])}"] == pytest.approx(parts, abs=1e-6)


def bookings_by_coalition(before: Parts, after: Parts) -> np.ndarray:
    """Bookings in cents for each of the 2¹⁵ sets of switched players, from the definitions alone."""
    shape = before["cents"].shape[-1]
    rates = {}
    for name in (*YIELDS.values(), *RATES):
        old, new = before.rates()[name][0], after.rates()[name][0]
        rates[name] = [np.nan_to_num(np.where(np.isnan(old), new, old)), np.nan_to_num(np.where(np.isnan(new), old, new))]
    totals, shares = {}, {}
    for volume in VOLUMES:
        counts = [side[volume][0] for side in (before, after)]
        totals[volume] = [each.sum() for each in counts]
        own = [each / each.sum() if each.sum() else None for each in counts]
        known = [each if each is not None else other for each, other in (own, own[::-1])]
        shares[volume] = [np.zeros(shape) if each is None else each for each in known]
    values = np.zeros(2 ** len(FACTORS))
    for code, switched in enumerate(product((0, 1), repeat=len(FACTORS))):
        on = dict(zip(FACTORS, switched, strict=True))
        played = sum(
            totals[v][on[v]] * shares[v][on[f"{v}_mix"]] * (rates[YIELDS[v]][on[YIELDS[v]]] if v in YIELDS else 1.0) for v in VOLUMES
        )
        values[code] = (played * np.prod([rates[name][on[name]] for name in RATES], axis=0)).sum()
    return values


@pytest.mark.parametrize("seed", [11, 12])
def test_the_parts_are_shapley_values_of_all_coalitions(seed: int) -> None:
    before, after = next(pairs(seed=seed, n=1))
    segments = segments_of(before, after)
    sides = [parts_of(frame, segments) for frame in (before, after)]
    value, n = bookings_by_coalition(*sides), len(FACTORS)
    codes = np.arange(2**n)
    size = np.array([bin(code).count("1") for code in codes])
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) if s < n else 0.0 for s in range(n + 1)])
    found = contributions(*sides)
    for at, factor in enumerate(FACTORS):
        bit = 1 << (n - 1 - at)
        without = codes[codes & bit == 0]
        part = (weight[size[without]] * (value[without | bit] - value[without])).sum()
        assert found[factor][0].sum() == pytest.approx(part, rel=1e-9, abs=1e-4), factor


def quarter(**counts: int) -> pd.DataFrame:
    return pd.DataFrame([{"segment": "web", "bucket": 3, **dict.fromkeys(MEASURES, 0), **counts}])


def told(found: Split) -> dict[str, int]:
    return {factor: int(cents) for factor, cents in zip(FACTORS, found.cents.sum(axis=1), strict=True) if cents}


def test_one_factor_at_a_time_by_hand() -> None:
    before = quarter(open_at_start=10, won=5, cents=50_000, cents_today=50_000)
    fewer_won = quarter(open_at_start=10, won=4, cents=40_000, cents_today=40_000)
    assert told(split_of(before, fewer_won)) == {"won_share": -10_000}
    cheaper = quarter(open_at_start=10, won=5, cents=40_000, cents_today=40_000)
    assert told(split_of(before, cheaper)) == {"mean_won_amount": -10_000}
    other_rates = quarter(open_at_start=10, won=5, cents=40_000, cents_today=50_000)
    assert told(split_of(before, other_rates)) == {"exchange_rates": -10_000}
    half = quarter(open_at_start=5, won=5, cents=50_000, cents_today=50_000)
    # in play 10 -> 5 and won share 0.5 -> 1: each the mean of its two turns, (5 − 10) × (0.5 + 1) / 2 × 100 and 0.5 × 7.5 × 100
    assert told(split_of(before, half)) == {"open_at_start": -37_500, "won_share": 37_500}


def test_a_rate_undefined_in_one_quarter_takes_the_other_s_value() -> None:
    nothing, some = quarter(), quarter(leads=4, from_leads=2, won=1, cents=700, cents_today=700)
    assert told(split_of(nothing, some)) == {"leads": 700}
    assert told(split_of(some, nothing)) == {"leads": -700}
    unworked = quarter(leads=4)
    assert told(split_of(unworked, some)) == {"opportunities_per_lead": 700}


def test_leaving_out_a_bucket_that_holds_nothing_leaves_out_nothing() -> None:
    found = split_of(quarter(open_at_start=1), quarter(open_at_start=2))
    assert np.flatnonzero(found.present).tolist() == [3]
