"""Laws that hold for any data: weights equal repeated rows, order is irrelevant, parts add up, probabilities are probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment_toolkit.stats import (
    incidence,
    probability_interval,
    restricted_mean,
    risk_table,
    state_probabilities,
    survival,
    survival_quantile,
    value_curve,
)
from tests.stats.units import moves_of, random_units, table_of

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 40)
fast = settings(max_examples=25, deadline=None)


@st.composite
def reopening_moves(draw) -> pd.DataFrame:
    """Moves of units that wander between open and lost, until won or out of sight."""
    rng = np.random.default_rng(draw(seeds))
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        state, last = "open", int(rng.integers(0, 10))
        rows += [(0, "enter"), (last, "potential")]
        for day in range(last + 1):
            step = rng.random()
            if state == "open" and step < 0.3:
                state = "won" if step < 0.12 else "lost"
                rows.append((day, "event" if state == "won" else "competing"))
            elif state == "lost" and step < 0.4:
                state = "won" if step < 0.1 else "open"
                rows.append((day, "event_from_lost" if state == "won" else "reopen"))
            if state == "won":
                break
        if state != "won":
            rows.append((last, "censor" if state == "open" else "censor_lost"))
    return pd.DataFrame(rows, columns=["day", "move"]).assign(segment="x", n=1)


def assert_same(one, other) -> None:
    for (name, array), (_, twin) in zip(one.arrays(), other.arrays(), strict=True):
        np.testing.assert_allclose(array, twin, rtol=1e-12, atol=1e-9, err_msg=name)


@fast
@given(seeds, sizes, st.integers(2, 5))
def test_weights_equal_repeated_rows(seed, n, weight):
    units = random_units(np.random.default_rng(seed), n, late=True)
    assert_same(table_of(units.assign(weight=weight)), table_of(pd.concat([units] * weight)))


@fast
@given(seeds, sizes)
def test_row_order_is_irrelevant(seed, n):
    moves = moves_of(random_units(np.random.default_rng(seed), n, late=True))
    assert_same(risk_table(moves)[1], risk_table(moves.sample(frac=1, random_state=1))[1])


@fast
@given(seeds, sizes)
def test_segments_add_up_to_the_total(seed, n):
    units = random_units(np.random.default_rng(seed), n, late=True)
    assert_same(risk_table(moves_of(units))[1].total(), table_of(units))


@fast
@given(reopening_moves())
def test_states_add_up_to_one_and_stay_probabilities(moves):
    shares = state_probabilities(risk_table(moves)[1][0])
    np.testing.assert_allclose(sum(shares), 1.0, atol=1e-12)
    for share in shares:
        assert share.min() >= -1e-12
        assert share.max() <= 1 + 1e-12
    assert (np.diff(shares.won) >= -1e-12).all()


@fast
@given(reopening_moves())
def test_uncensored_shares_are_counts(moves):
    # Up to the first censoring nobody is out of sight, so the estimate is the observed share in the state.
    table = risk_table(moves)[1][0]
    censored = moves.loc[moves["move"].isin(["censor", "censor_lost"]), "day"]
    until = min(int(censored.min()), table.days[-1]) if len(censored) else table.days[-1]
    won = np.cumsum(table.events + table.events_from_lost) / table.n
    np.testing.assert_allclose(state_probabilities(table).won[: until + 1], won[: until + 1], atol=1e-12)


@fast
@given(seeds, sizes)
def test_survival_is_the_share_in_the_open_state(seed, n):
    table = table_of(random_units(np.random.default_rng(seed), n, late=True))
    np.testing.assert_allclose(survival(table).value, state_probabilities(table).open, atol=1e-12)


@fast
@given(seeds, sizes)
def test_limits_hold_the_estimate_and_stay_probabilities(seed, n):
    table = table_of(random_units(np.random.default_rng(seed), n))
    for curve in (incidence(table), survival(table)):
        bounds = probability_interval(*curve, np.array([table.matured(day) for day in table.days]))
        known = ~np.isnan(bounds.lower)
        assert (bounds.lower <= curve.value + 1e-12)[known].all()
        assert (bounds.upper >= curve.value - 1e-12)[known].all()
        assert (bounds.lower >= 0)[known].all()
        assert (bounds.upper <= 1)[known].all()


@fast
@given(seeds, sizes, st.floats(0.05, 0.95))
def test_the_limits_of_a_quantile_are_in_order(seed, n, p):
    found = survival_quantile(survival(table_of(random_units(np.random.default_rng(seed), n))), p)
    lower, value, upper = (np.nan_to_num(limit, nan=np.inf) for limit in (found.lower, found.value, found.upper))
    assert lower <= value <= upper


@fast
@given(seeds, sizes, st.integers(1, 11))
def test_time_shifts_and_money_scales(seed, n, horizon):
    units = random_units(np.random.default_rng(seed), n)
    table = table_of(units)
    np.testing.assert_allclose(value_curve(table_of(units.assign(amount=3 * units["amount"]))), 3 * value_curve(table), rtol=1e-12)
    mean = restricted_mean(table, horizon)
    later = restricted_mean(table_of(units.assign(day=units["day"] + 2, last=units["last"] + 2, entry=0)), horizon + 2)
    np.testing.assert_allclose(later.value, mean.value + 2, rtol=1e-12)
    np.testing.assert_allclose(later.variance, mean.variance, rtol=1e-9, atol=1e-12)
