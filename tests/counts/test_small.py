"""Groups of fewer leads than `min_cell` are counted as one for leaders, and under their names for analysts."""

from __future__ import annotations

import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts import CATALOGUE, counted
from alignment_toolkit.counts.small import small_groups
from alignment_toolkit.headlines import kpis
from alignment_toolkit.quality import conversion, lead_counts, ranking
from tests.quality.companies import leads_of, study_of, won_deals

SMALL = (("fair", 4, 3), ("mailing", 3, 1))


def _study(*sizes, min_cell=5, **config):
    parts = [leads_of(name, n=n, won=won) for name, n, won in (("web", 30, 6), *sizes)]
    return study_of(*parts, quarter="2025Q1", config=Config(min_n=1, min_cell=min_cell, **config), deals=won_deals(*parts))


def _by_source(frame, kpi):
    rows = frame[(frame["kpi"] == kpi) & (frame["slice"] == "source")]
    return rows.set_index("segment")


def test_small_groups_are_counted_together_for_leaders():
    study = _study(*SMALL)
    assert small_groups(study.for_leaders(), "source") == {"fair": 4, "mailing": 3}
    assert small_groups(study, "source") == {}
    told = conversion(study.for_leaders(), by="source", horizons=[30]).set_index("segment")
    assert sorted(told.index) == ["(other)", "web"]
    assert (told.loc["(other)", "n"], told.loc["(other)", "events"]) == (7, 4)
    assert told.loc["(other)", "value"] == pytest.approx(4 / 7)  # of all seven leads, nobody is censored
    assert sorted(conversion(study, by="source", horizons=[30])["segment"]) == ["fair", "mailing", "web"]


@pytest.mark.parametrize(("n", "named"), [(5, True), (4, False)])
def test_a_group_of_exactly_min_cell_leads_keeps_its_name(n, named):
    told = lead_counts(_study(("fair", n, 1), ("mailing", 3, 1)).for_leaders(), by="source")
    assert ("fair" in set(told["segment"])) is named


def test_everything_counted_adds_up_whatever_is_merged():
    study = _study(*SMALL)
    for name in ("lead_moves", "deals_won", "leads_created", "lead_outcomes", "bookings_buckets", "win_amounts"):
        plain, told = counted(name, study, by="source"), counted(name, study.for_leaders(), by="source")
        assert set(told["segment"]) == {"(other)", "web"}, name
        assert list(told.columns) == list(plain.columns)
        assert told["n"].sum() == plain["n"].sum(), name
        pd.testing.assert_frame_equal(counted(name, study), counted(name, study.for_leaders()))


def test_headline_figures_are_told_as_to_leaders():
    told = kpis(_study(*SMALL))
    assert set(told["segment"]).isdisjoint({"fair", "mailing"})
    assert _by_source(told, "leads").loc["(other)", "value"] == 7
    assert _by_source(told, "bookings").loc["(other)", "value"] == 4000
    assert _by_source(told, "won_share_to_date").loc["(other)", ["n", "events"]].tolist() == [7, 4]


def test_an_other_that_is_itself_too_small_is_withheld():
    told = kpis(_study(("fair", 4, 3)))
    row = _by_source(told, "leads").loc["(other)"]
    assert row[["value", "lower", "upper", "n", "events", "previous"]].isna().all()
    assert row["reason"] == "fewer than 5 leads in all"
    assert told.loc[told["slice"] == "all", "value"].notna().any()


def test_one_lead_is_a_group_when_the_company_says_so():
    assert set(lead_counts(_study(("fair", 1, 1), min_cell=1).for_leaders(), by="source")["segment"]) == {"fair", "web"}


def test_the_quarter_before_merges_the_groups_of_today():
    study = _study(*SMALL).for_leaders()
    assert small_groups(study.previous(), "source") == small_groups(study, "source")


def test_stages_and_creation_quarters_keep_their_names():
    study = _study(*SMALL, min_cell=1000).for_leaders()
    assert "2025Q1" in set(lead_counts(study, by="cohort_quarter")["segment"])
    assert "(other)" not in set(counted("stage_moves", study, by="stage")["segment"])


def test_a_ranking_for_leaders_names_no_small_group():
    assert set(ranking(_study(*SMALL).for_leaders())["segment"]) == {"web", "(other)"}


def test_sizes_are_a_query_like_any_other():
    assert "group_sizes" in CATALOGUE
