from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.quality.ranking import ABOVE, ALIKE, BELOW, ranking, two_shares_p
from alignment_toolkit.study import open_study
from tests.conftest import SAMPLE
from tests.quality.companies import leads_of, study_of

SIX = [("a", 200, 20), ("b", 200, 22), ("c", 200, 18), ("d", 200, 60), ("e", 200, 2), ("f", 200, 20)]


def six(*, tiny: bool = True):
    parts = [leads_of(name, n=n, won=won) for name, n, won in SIX]
    return study_of(*parts, *([leads_of("two", n=2, won=2)] if tiny else []))


def test_own_rate_of_finished_leads_is_the_raw_share():
    frame = ranking(six()).set_index("segment")
    for name, n, won in SIX:
        row = frame.loc[name]
        assert (row["n"], row["events"], row["matured"], row["matured_share"]) == (n, won, n, 1.0)
        assert row["own_rate"] == pytest.approx(won / n)


def test_a_source_with_two_leads_is_listed_as_too_few_to_rank_whatever_it_won():
    frame = ranking(six())
    row = frame.iloc[-1]
    assert row["segment"] == "two"
    assert row["reason"] == "too few to rank"
    assert row[["rank", "shrunk_rate", "own_rate", "p_best", "p_adjusted", "different"]].isna().all()
    assert (row["n"], row["events"]) == (2, 2)


def test_shrinkage_pulls_towards_the_middle_and_probabilities_of_the_best_add_up():
    frame = ranking(six()).dropna(subset=["rank"])
    assert list(frame["rank"]) == [1, 2, 3, 4, 5, 6]
    assert frame["p_best"].sum() == pytest.approx(1)
    best, worst = frame.iloc[0], frame.iloc[-1]
    assert (best["segment"], worst["segment"]) == ("d", "e")
    assert best["shrunk_rate"] < best["own_rate"]
    assert worst["shrunk_rate"] > worst["own_rate"]
    assert best["p_best"] > 0.99
    assert ((frame["lower"] < frame["shrunk_rate"]) & (frame["shrunk_rate"] < frame["upper"])).all()


def test_flags_are_those_of_the_score_test_adjusted_by_benjamini_hochberg():
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import proportions_ztest

    total, wins = sum(n for _, n, _ in SIX), sum(won for *_, won in SIX)
    raw = [proportions_ztest([won, wins - won], [n, total - n])[1] for _, n, won in SIX]
    expected = multipletests(raw, method="fdr_bh")[1]
    frame = ranking(six(tiny=False)).set_index("segment").loc[[name for name, *_ in SIX]]
    assert frame["p_adjusted"].to_numpy() == pytest.approx(expected, rel=1e-6)
    assert list(frame["different"]) == [ALIKE, ALIKE, ALIKE, ABOVE, BELOW, ALIKE]
    assert frame.loc["d", "rest_rate"] == pytest.approx((wins - 60) / (total - 200))


def test_below_five_groups_nothing_is_shrunk_but_each_keeps_its_own_rate():
    frame = ranking(study_of(*(leads_of(name, n=n, won=won) for name, n, won in SIX[:4])))
    assert set(frame["reason"]) == {"fewer than five groups to compare"}
    assert frame["shrunk_rate"].isna().all()
    assert frame["rank"].isna().all()
    assert list(frame["segment"]) == ["d", "b", "a", "c"]
    assert frame["own_rate"].tolist() == pytest.approx([0.3, 0.11, 0.1, 0.09])


def test_order_of_rows_and_order_of_sources_change_nothing():
    parts = [leads_of(name, n=n, won=won) for name, n, won in SIX]
    pd.testing.assert_frame_equal(
        ranking(study_of(*parts)), ranking(study_of(*(([*leads][::-1], [*events][::-1]) for leads, events in parts[::-1])))
    )


def test_young_leads_lower_the_matured_share_and_leave_the_conversion_where_it_was():
    parts = [leads_of(name, n=n, won=won) for name, n, won in SIX]
    young = leads_of("a", n=100, won=0, day=400, start=datetime(2025, 12, 28))  # last seen at index 2, before anything happens
    frame = ranking(study_of(*parts, young)).set_index("segment")
    assert frame.loc["a", "n"] == 300
    assert frame.loc["a", "matured_share"] == pytest.approx(200 / 300)
    assert frame.loc["a", "own_rate"] == pytest.approx(20 / 200)


def test_an_unknown_attribute_is_refused_in_a_sentence():
    with pytest.raises(UsageError) as refused:
        ranking(six(), by="sourc")
    assert str(refused.value) == (
        "Unknown slice 'sourc' for ranking. Did you mean 'source'?"
        " Choose all, source, campaign_id, persona, segment, region or cohort_quarter."
    )


def test_an_attribute_known_of_won_leads_only_gives_its_reason_and_no_figure():
    won, lost = leads_of("a", n=30, won=30, segment="big"), leads_of("b", n=30, won=0)
    frame = ranking(study_of(won, lost), by="segment")
    assert frame["segment"].tolist() == ["(all)"]
    assert frame["reason"].tolist() == ["known only of won leads: it says what happened, not who the lead was"]
    assert frame[["own_rate", "shrunk_rate", "n"]].isna().all(axis=None)


def test_two_shares_p_is_null_where_nothing_can_be_compared():
    one = np.array([10.0])
    assert np.isnan(two_shares_p(one, 0 * one, one, 0 * one)).all()
    assert np.isnan(two_shares_p(one * np.nan, one, one, one)).all()
    assert two_shares_p(one, one / 2, one, one / 2) == pytest.approx([1.0])


@pytest.mark.skipif(not (SAMPLE / "truth.json").is_file(), reason="the sample has not been made")
def test_the_planted_excellent_and_poor_source_of_the_sample_are_found_and_the_tiny_one_is_not_ranked():
    from alignment_toolkit.samples.company import PLANTED

    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["incidence"]["won"]
    frame = ranking(open_study(str(SAMPLE), quarter="2026Q2", cohort="all")).set_index("segment")
    ranked = frame[frame["rank"].notna()]
    assert ranked.index[0] == PLANTED.excellent_source
    assert ranked["p_best"].iloc[0] > 0.95
    assert frame.loc[PLANTED.excellent_source, "different"] == ABOVE
    assert frame.loc[PLANTED.poor_source, "different"] == BELOW
    known = ranked.index.intersection(list(truth))
    assert known[-1] == PLANTED.poor_source
    assert frame.loc[PLANTED.tiny_source, "reason"] == "too few to rank"
    covered = [frame.loc[name, "own_lower_rate"] <= truth[name]["180"] <= frame.loc[name, "own_upper_rate"] for name in known]
    assert sum(covered) >= len(known) - 1
