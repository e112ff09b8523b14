from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from alignment_toolkit.quality.curves import conversion_curves
from alignment_toolkit.quality.names import with_campaign_names
from alignment_toolkit.quality.ranking import ranking
from tests import worlds
from tests.quality.companies import leads_of, study_of


def parts():
    return leads_of("big", n=60, won=30, day=10), leads_of("small", n=40, won=4, day=3), leads_of("tiny", n=5, won=5, day=1)


def test_all_leads_come_first_then_the_groups_by_size_and_those_too_small_are_missing():
    frame = conversion_curves(study_of(*parts()))
    assert list(dict.fromkeys(frame["segment"])) == ["(all)", "big", "small"]


def test_a_curve_steps_up_on_the_day_of_the_wins():
    frame = conversion_curves(study_of(*parts())).set_index(["segment", "day"])
    assert frame.loc[("big", 9), "value"] == 0
    assert frame.loc[("big", 10), "value"] == pytest.approx(0.5)
    assert frame.loc[("small", 3), "value"] == pytest.approx(0.1)
    assert frame.loc[("(all)", 2), "value"] == pytest.approx(5 / 105)
    assert frame.loc[("(all)", 300), "value"] == pytest.approx(39 / 105)
    assert frame.loc[("big", 10), ["at_risk", "n", "events", "matured"]].tolist() == [60, 60, 30, 60]
    inside = frame[frame["value"] > 0]
    assert ((inside["lower"] < inside["value"]) & (inside["value"] < inside["upper"])).all()


def test_a_curve_ends_with_the_last_day_that_enough_leads_were_watched():
    frame = conversion_curves(
        study_of(leads_of("a", n=30, won=3), leads_of("b", n=30, won=3, start=datetime(2025, 12, 1)), as_of="2026-01-01")
    )
    last = frame.groupby("segment")["day"].max()
    assert last.to_dict() == {"(all)": 363, "a": 363, "b": 29}


def test_matured_is_that_of_the_ranking_at_each_horizon():
    study = study_of(*parts(), leads_of("big", n=20, won=0, start=datetime(2025, 11, 1)))
    frame = conversion_curves(study).set_index(["segment", "day"])
    for horizon in (0, 30, 59, 60, 61, 180):
        ranked = ranking(study, horizon=horizon).set_index("segment")
        assert frame.loc[("big", horizon), "matured"] == ranked.loc["big", "matured"]
        assert frame.loc[("big", horizon), "value"] == pytest.approx(ranked.loc["big", "own_rate"])


def test_without_leads_there_is_no_curve():
    lead = {"lead_id": "L", "created_at": "2025-12-31 12:00", "source": "a"}
    study = worlds.study(
        "2025Q4", as_of="2026-01-01", leads=[lead], stage_events=[{"lead_id": "L", "stage": "mql", "entered_at": "2025-12-31 13:00"}]
    )
    assert conversion_curves(study).empty


def test_campaigns_get_their_names_and_keep_their_ids_where_none_is_known():
    group = [leads_of("s", n=30, won=3, campaign_id=name, persona=name) for name in ("c1", "c2")]
    named = study_of(*group, campaigns=[{"campaign_id": "c1", "name": "Spring fair", "channel": "events"}])
    frame = with_campaign_names(named, ranking(named, by="campaign_id"))
    assert dict(zip(frame["segment"], frame["name"], strict=True)) == {"c1": "Spring fair", "c2": "c2"}
    assert list(frame.columns[:2]) == ["segment", "name"]
    bare = study_of(*group)
    assert with_campaign_names(bare, ranking(bare, by="campaign_id"))["name"].tolist() == ["c1", "c2"]
    assert np.isfinite(frame["own_rate"]).all()
