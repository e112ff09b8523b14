"""The headline frame of lead quality: names, slices, and the quarter before."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from alignment_toolkit.figures import COLUMNS
from alignment_toolkit.quality import conversion, lead_counts, quality_kpis
from alignment_toolkit.study import Study, open_study
from tests.conftest import SAMPLE
from tests.sample import sample_study

NAMES = (
    "leads", "conversion_30d", "conversion_90d", "conversion_180d", "conversion_365d", "acceptance_rate", "value_per_lead_180d", "bookings",
    "won_share_to_date", "win_rate_closed_naive", "win_rate_created_naive",
)  # fmt: skip


@cache
def _study() -> Study:
    return sample_study()


@cache
def _told() -> pd.DataFrame:
    return quality_kpis(_study())


def test_every_stable_name_is_there_for_the_whole_and_by_source() -> None:
    told = _told()
    assert list(told.columns) == list(COLUMNS)
    for by in ("all", "source", "persona"):
        assert set(NAMES) <= set(told[told["slice"] == by]["kpi"])
    assert {"leads", "conversion_90d"} <= set(told[told["slice"] == "cohort_quarter"]["kpi"])


def test_a_figure_stands_once() -> None:
    assert not _told().duplicated(["kpi", "slice", "segment"]).any()


def test_null_values_have_reasons_and_no_limits_and_others_have_none() -> None:
    told = _told()
    missing = told["value"].isna()
    assert missing.any()
    assert told[missing]["reason"].str.len().gt(5).all()
    assert told[missing][["lower", "upper"]].isna().all(axis=None)
    assert told[~missing]["reason"].isna().all()


def test_limits_enclose_the_value_and_shares_lie_in_the_unit_interval() -> None:
    told = _told()[lambda frame: frame["lower"].notna()]
    assert ((told["lower"] <= told["value"]) & (told["value"] <= told["upper"])).all()
    shares = told[told["unit"] == "share"]
    assert shares[["value", "lower", "upper"]].stack().between(0, 1).all()


def test_segments_add_up_to_the_whole_for_counts_and_bookings() -> None:
    told = _told()
    for kpi in ("leads", "bookings"):
        rows = told[told["kpi"] == kpi]
        whole = rows[rows["slice"] == "all"]["value"].iloc[0]
        for by in ("source", "persona"):
            assert rows[rows["slice"] == by]["value"].sum() == pytest.approx(whole, abs=0.005)


def test_previous_is_the_same_estimator_one_quarter_earlier() -> None:
    told, before = _told(), open_study(str(SAMPLE), quarter="2026Q2")
    merges = before.crm.tables["merges"]  # on today's data: what was merged since is merged then, too
    before.crm.tables["merges"] = merges.mutate(merged_at=merges.merged_at.min())
    for figures in (conversion, lead_counts):
        for by in ("all", "source"):
            mine = told[told["slice"] == by].set_index(["kpi", "segment"])["previous"]
            theirs = figures(before, by=by).set_index(["kpi", "segment"])["value"].dropna()
            common = mine.index.intersection(theirs.index)
            assert len(common) > 0
            pd.testing.assert_series_equal(mine[common], theirs[common], check_names=False, rtol=1e-12)
