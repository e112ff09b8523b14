from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.counts import counted
from alignment_toolkit.quality.calibration import score_measures, score_reliability, score_threshold
from tests import worlds
from tests.quality.companies import won_deals

HOUR = timedelta(hours=1)


def scored(size: int = 300, *, seed: int = 4, config: Config | None = None, scale: float = 100, deals: bool = True):
    """Finished leads whose chance of winning rises with the score, and the rows behind them."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(2, 3, size) * scale)
    won = rng.random(size) < 0.6 * score / scale
    leads, events = [], []
    for number in range(size):
        created = datetime(2025, 1, 1) + number * HOUR
        leads.append(
            {
                "lead_id": f"L{number}",
                "created_at": created.isoformat(),
                "source": "a",
                "score": float(score[number]),
                "score_at": created.isoformat(),
            }
        )
        events.append(
            {"lead_id": f"L{number}", "stage": "won" if won[number] else "lost", "entered_at": (created + timedelta(days=20)).isoformat()}
        )
    tables = {"deals": won_deals((leads, events), amount=500.0)} if deals else {}
    study = worlds.study("2025Q4", as_of="2026-01-01", config=config, leads=leads, stage_events=events, **tables)
    return study, pd.DataFrame({"score": score, "won": won.astype(int)})


def test_the_measures_are_those_of_scikit_learn_on_the_leads():
    from sklearn.metrics import brier_score_loss, roc_auc_score

    study, rows = scored()
    found = score_measures(study).set_index("measure")
    assert found.loc["auc", "value"] == pytest.approx(roc_auc_score(rows["won"], rows["score"]))
    assert found.loc["brier", "value"] == pytest.approx(brier_score_loss(rows["won"], rows["score"] / 100))
    base = rows["won"].mean()
    assert found.loc["brier_of_base_rate", "value"] == pytest.approx(base * (1 - base))
    assert found["n"].eq(300).all()
    assert found["base_rate"].tolist() == pytest.approx([base] * 5)
    assert ((found["lower"] < found["value"]) & (found["value"] < found["upper"])).all()


def test_the_deciles_add_up_and_rise_as_planted():
    study, rows = scored(2000)
    table = score_reliability(study)
    assert table["n"].sum() == 2000
    assert table["events"].sum() == rows["won"].sum()
    assert table["conversion_rate"].tolist() == pytest.approx((table["events"] / table["n"]).tolist())
    assert table["conversion_rate"].iloc[-1] > 3 * table["conversion_rate"].iloc[0]
    last = rows[rows["score"] >= table["lowest_score"].iloc[-1]]
    assert table["claimed_rate"].iloc[-1] == pytest.approx(last["score"].mean() / 100)
    assert (table["highest_score"].shift().dropna().to_numpy() < table["lowest_score"].iloc[1:].to_numpy()).all()


def test_the_threshold_is_the_best_of_all_scores_on_the_leads():
    study, rows = scored(config=Config(cost_to_work=100))
    gain = {score: (500 * rows["won"] - 100)[rows["score"] >= score].sum() for score in rows["score"].unique()}
    row = score_threshold(study).iloc[0]
    assert row["net"] == pytest.approx(max(gain.values()))
    assert gain[row["threshold"]] == pytest.approx(max(gain.values()))
    assert row["net_of_all"] == pytest.approx((500 * rows["won"] - 100).sum())
    assert row["lower"] <= row["threshold"] <= row["upper"]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "cost_to_work is not configured"),
        ({"config": Config(cost_to_work=1), "deals": False}, "no deals table"),
        ({"config": Config(cost_to_work=1, min_n=301)}, "not enough data"),
        ({"config": Config(cost_to_work=10_000)}, "no threshold pays: working nobody would have been best"),
    ],
)
def test_the_threshold_is_null_with_its_reason(settings, reason):
    row = score_threshold(scored(**settings)[0]).iloc[0]
    assert (row["threshold"], row["reason"]) == (None, reason)


@pytest.mark.no_cover
def test_brier_is_null_for_a_score_that_is_no_probability_and_the_area_is_not():
    found = score_measures(scored(scale=250)[0]).set_index("measure")
    assert np.isnan(found.loc["brier", "value"])
    assert found.loc["brier", "reason"] == "the score is on no scale of probability (0 to 1, or 0 to 100)"
    assert found.loc["auc", "value"] > 0.6
    assert score_reliability(scored(scale=250)[0])["claimed_rate"].isna().all()


# Decision table of the score at the handover: created on 1 January, handed over on the 5th at noon, seen until 1 December.
HANDED = "2025-01-05 12:00"
TIMINGS = {
    "before": {"score": 5.0, "score_at": "2025-01-05 11:59", "assigned_at": HANDED},
    "at": {"score": 5.0, "score_at": HANDED, "assigned_at": HANDED},
    "after": {"score": 5.0, "score_at": "2025-01-05 12:01", "assigned_at": HANDED},
    "never handed over": {"score": 5.0, "score_at": "2025-06-01"},
    "no time": {"score": 5.0, "assigned_at": HANDED},
    "no score": {"score_at": HANDED, "assigned_at": HANDED},
    "after as_of": {"score": 5.0, "score_at": "2025-12-01"},
}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("case", "timing"),
    [
        ("before", "before"),
        ("at", "before"),
        ("after", "after"),
        ("never handed over", "before"),
        ("no time", "unknown"),
        ("no score", "none"),
        ("after as_of", "after"),
    ],
)
def test_which_score_may_be_judged(case, timing):
    study = worlds.study(
        "2025Q4",
        as_of="2025-12-01",
        leads=[{"lead_id": "L", "created_at": "2025-01-01", "source": "a"} | TIMINGS[case]],
        stage_events=[{"lead_id": "L", "stage": "mql", "entered_at": "2025-01-02"}],
    )
    assert counted("score_counts", study)["timing"].tolist() == [timing]


def test_a_score_after_the_stage_of_sales_is_after_the_handover_where_nobody_was_assigned():
    lead = {"lead_id": "L", "created_at": "2025-01-01", "source": "a", "score": 1.0, "score_at": "2025-01-04"}
    study = worlds.study(
        "2025Q4", as_of="2025-12-01", leads=[lead], stage_events=[{"lead_id": "L", "stage": "sal", "entered_at": "2025-01-03"}]
    )
    assert counted("score_counts", study)["timing"].tolist() == ["after"]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("created", "cohort", "counts"),
    [
        ("2025-07-04 00:00", "all", 1),  # 180 whole days and one more before as_of: index 180 is its last whole day
        ("2025-07-04 00:01", "all", 0),
        ("2025-07-04 00:00", "4q", 1),
        ("2024-07-05 00:00", "4q", 1),  # index 180 is the window's first day
        ("2024-07-03 23:00", "4q", 0),  # index 180 ended before the window opened
        ("2024-07-03 23:00", "all", 1),
    ],
)
def test_matured_leads_reach_the_horizon_inside_the_window(created, cohort, counts):
    lead = {"lead_id": "L", "created_at": created, "source": "a", "score": 1.0}
    events = [{"lead_id": "L", "stage": "mql", "entered_at": created}]
    study = worlds.study("2025Q4", as_of="2026-01-01", cohort=cohort, leads=[lead], stage_events=events)
    assert counted("score_counts", study)["n"].sum() == counts


@pytest.mark.parametrize(("won_at", "events"), [("2025-06-30 23:59", 1), ("2025-07-01 00:00", 0)])
def test_a_win_counts_up_to_the_end_of_the_day_of_the_horizon(won_at, events):
    lead = {"lead_id": "L", "created_at": "2025-01-01", "source": "a", "score": 1.0}
    study = worlds.study("2025Q4", as_of="2025-12-01", leads=[lead], stage_events=[{"lead_id": "L", "stage": "won", "entered_at": won_at}])
    assert counted("score_counts", study)["events"].tolist() == [events]


def test_without_scores_everything_is_null_with_the_reason():
    study = worlds.study(
        "2025Q4",
        as_of="2025-12-01",
        leads=[{"lead_id": "L", "created_at": "2025-01-01", "source": "a"}],
        stage_events=[{"lead_id": "L", "stage": "mql", "entered_at": "2025-01-02"}],
    )
    found = score_measures(study)
    assert found["reason"].eq("no lead has a score").all()
    assert found["value"].isna().all()
    assert found["unscored"].eq(1).all()
    assert score_reliability(study).empty


def test_one_outcome_only_has_no_area():
    study, _ = scored(40, seed=1)
    lost = worlds.study(
        "2025Q4",
        as_of="2026-01-01",
        leads=[{"lead_id": f"L{i}", "created_at": "2025-01-01", "source": "a", "score": float(i)} for i in range(40)],
        stage_events=[{"lead_id": "L1", "stage": "lost", "entered_at": "2025-01-09"}],
    )
    assert score_measures(lost)["reason"].eq("every lead has the same outcome").all()
    assert score_measures(study)["reason"].isna().all()
