"""The tidy figure: its columns, its nulls, and the quarter before."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.figures import COLUMNS, NUMBERS, figure, figures, known, with_previous


def test_the_columns_are_those_of_kpis_json_in_their_order() -> None:
    stated = "kpi slice segment value lower upper unit n events matured_share smallest_followed previous target owner reason"
    assert list(COLUMNS) == stated.split()
    assert list(figures([]).columns) == stated.split()
    assert set(NUMBERS) < set(COLUMNS)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, pd.NA, np.float64("nan")])
def test_what_is_undefined_is_null_with_a_reason_and_no_limits(value: float | None) -> None:
    row = figure("k", value=value, unit="share", lower=0.1, upper=0.2)
    assert (row["value"], row["lower"], row["upper"], row["reason"]) == (None, None, None, "not enough data")
    assert figure("k", value=value, unit="share", reason="no deals table")["reason"] == "no deals table"


@pytest.mark.parametrize("value", [0, 0.0, -1.5, 3, np.int64(3), np.float32(0.5), Decimal("1.25"), True])
def test_numbers_become_floats_and_zero_is_a_value(value: float) -> None:
    assert known(value) == float(value)
    row = figure("k", value=value, unit="x", n=np.int64(4))
    assert (row["value"], row["n"], row["reason"]) == (float(value), 4.0, None)


def test_a_figure_has_every_column_and_defaults_to_the_whole() -> None:
    row = figure("k", value=1, unit="leads")
    assert list(row) == list(COLUMNS)
    assert (row["slice"], row["segment"]) == ("all", "(all)")


def test_numbers_of_a_frame_are_floats_even_when_all_are_missing() -> None:
    frame = figures([figure("k", value=None, unit="x")])
    assert all(frame[name].dtype == "float64" for name in NUMBERS)


def test_previous_comes_from_the_same_figure_slice_and_segment() -> None:
    now = figures(
        [figure("a", value=1, unit="x", slice_="source", segment=name) for name in ("web", "new")] + [figure("a", value=9, unit="x")]
    )
    then = figures(
        [figure("a", value=5, unit="x"), figure("a", value=7, unit="x", slice_="source", segment="web"), figure("b", value=8, unit="x")]
    )
    told = with_previous(now, then)
    assert told["previous"].fillna(-1).tolist() == [7, -1, 5]
    assert told["segment"].tolist() == now["segment"].tolist()
    assert with_previous(now, figures([]))["previous"].isna().all()
