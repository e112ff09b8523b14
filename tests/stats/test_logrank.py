"""Log-rank: by hand, choice of the outcome, and groups that cannot be compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.stats import logrank, risk_table, table_from_counts
from tests.stats.units import moves_of, random_units


def test_two_groups_by_hand():
    units = pd.DataFrame({"segment": ["a", "a", "b", "b"], "day": [0, 1, 1, 2], "kind": ["won", "won", "open", "won"]})
    # Day 0: 1 event, a has 2 of 4. Day 1: 1 event, a has 1 of 3. Day 2: b alone, nothing to compare.
    excess = 2 - (2 / 4 + 1 / 3)
    variance = 1 / 2 * 1 / 2 + 1 / 3 * 2 / 3
    found = logrank(risk_table(moves_of(units))[1])
    assert found.statistic == pytest.approx(excess**2 / variance)
    assert found.freedom == 1


def test_lost_leads_leave_the_risk_set_but_are_events_only_of_leaving():
    units = random_units(np.random.default_rng(1), 120)
    as_open = units.assign(kind=units["kind"].replace("lost", "open"))
    as_won = units.assign(kind=units["kind"].replace("lost", "won"))
    table = risk_table(moves_of(units))[1]
    assert logrank(table).statistic == pytest.approx(float(logrank(risk_table(moves_of(as_open))[1]).statistic))
    assert logrank(table, outcome="leaving").statistic == pytest.approx(float(logrank(risk_table(moves_of(as_won))[1]).statistic))


def test_an_empty_group_takes_no_part():
    units = random_units(np.random.default_rng(1), 120)
    with_empty = logrank(risk_table(moves_of(units), segments=["a", "nobody", "b", "c"])[1])
    without = logrank(risk_table(moves_of(units))[1])
    assert with_empty.freedom == without.freedom == 2
    assert with_empty.statistic == pytest.approx(float(without.statistic))


@pytest.mark.parametrize("units", [random_units(np.random.default_rng(1), 30).assign(segment="a"),
                                   random_units(np.random.default_rng(1), 30).assign(kind="lost")])  # fmt: skip
def test_one_group_or_no_event_is_null(units):
    found = logrank(risk_table(moves_of(units))[1])
    assert np.isnan([found.statistic, found.freedom, found.p]).all()


def test_leading_axes_are_separate_tests():
    table = risk_table(moves_of(random_units(np.random.default_rng(1), 120)))[1]
    twice = type(table)(**{name: np.stack([array, array[[1, 2, 0]]]) for name, array in table.arrays()})
    found = logrank(twice)
    assert found.statistic.shape == (2,)
    assert found.statistic[0] == pytest.approx(found.statistic[1])


def test_p_is_uniform_without_a_difference():
    rng = np.random.default_rng(11)
    shape = (600, 3, 9)
    events, lost = rng.binomial(20, 0.05, shape).astype(float), rng.binomial(15, 0.05, shape).astype(float)
    enter = np.zeros(shape)
    enter[..., 0] = 250
    p = logrank(table_from_counts({"enter": enter, "event": events, "competing": lost})).p
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 600) ** 0.5)
    assert p.mean() == pytest.approx(0.5, abs=0.05)
