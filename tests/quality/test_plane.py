from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.quality.plane import dominated_by, quality_quantity
from alignment_toolkit.quality.ranking import ABOVE, ALIKE, BELOW
from tests.quality.companies import leads_of, study_of, won_deals


def frame(different: str | None = BELOW, **groups: tuple[int, float | None]) -> pd.DataFrame:
    """Groups by leads and conversion, all of them alike in how they compare with the rest."""
    rows = [(name, n, np.nan if rate is None else rate) for name, (n, rate) in groups.items()]
    return pd.DataFrame(rows, columns=["segment", "leads", "conversion_rate"]).assign(different=different)


@pytest.mark.parametrize(
    ("other", "beaten"),
    [
        ((101, 0.21), True),  # more and better
        ((100, 0.21), True),  # as many and better
        ((99, 0.21), False),  # fewer
        ((101, 0.20), False),  # more but just as good
        ((101, 0.19), False),  # more but worse
        ((101, None), False),  # not known
    ],
)
def test_a_group_is_dominated_by_another_with_at_least_as_many_leads_and_a_better_conversion(other, beaten):
    assert dominated_by(frame(mine=(100, 0.2), other=other))[0] == ("other" if beaten else None)


def test_the_best_of_several_dominating_groups_is_named_and_an_unknown_group_is_not_dominated():
    assert dominated_by(frame(mine=(10, 0.1), good=(20, 0.2), best=(20, 0.3), dark=(1, None))) == ["best", "best", None, None]


@pytest.mark.parametrize(
    ("mine", "other", "beaten"),
    [(BELOW, ALIKE, True), (ALIKE, ABOVE, True), (ALIKE, ALIKE, False), (ABOVE, ALIKE, False), (ALIKE, BELOW, False), (None, None, False)],
)
def test_a_group_is_dominated_only_where_one_of_the_two_is_told_apart_from_the_rest(mine, other, beaten):
    told = frame(mine=(10, 0.1), other=(20, 0.2)).assign(different=[mine, other])
    assert dominated_by(told)[0] == ("other" if beaten else None)


def test_expected_wins_are_leads_times_conversion_and_bookings_are_those_of_the_quarter():
    parts = [leads_of("many", n=100, won=10), leads_of("good", n=50, won=20)]
    deals = won_deals(*parts, amount=250.5)
    table = quality_quantity(study_of(*parts, quarter="2025Q1", as_of="2026-01-01", deals=deals)).set_index("segment")
    assert list(table.index) == ["good", "many"]
    assert table["leads"].to_dict() == {"good": 50, "many": 100}
    assert table["expected_wins"].to_dict() == pytest.approx({"good": 20, "many": 10})
    assert table["bookings"].to_dict() == pytest.approx({"good": 5010.0, "many": 2505.0})
    assert not table["is_shrunk"].any()
    assert table["dominated_by"].isna().all()


def test_bookings_are_null_without_deals_and_a_conversion_without_enough_leads_has_its_reason():
    table = quality_quantity(study_of(leads_of("a", n=30, won=3), leads_of("b", n=19, won=3))).set_index("segment")
    assert table["bookings"].isna().all()
    assert table.loc["a", "conversion_rate"] == pytest.approx(0.1)
    assert table.loc["a", "reason"] is None
    assert np.isnan(table.loc["b", "conversion_rate"])
    assert np.isnan(table.loc["b", "expected_wins"])
    assert table.loc["b", "reason"] == "too few to rank"
