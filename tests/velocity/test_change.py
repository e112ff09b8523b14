"""Did winning change? Against lifelines on rows, both groups cut at the age that both have reached."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.velocity import change, win_hazard_test
from tests.velocity.funnels import funnel, settings

AS_OF, LAST_AGE = 91, 90


def rows():
    """Days of creation, of leaving and the outcome of 240 leads; those of the report quarter win half as often."""
    draw = np.random.default_rng(7)
    created = np.concatenate([draw.integers(0, 88, 90), draw.integers(-360, 0, 150)])
    left = created + draw.integers(0, 60, 240)
    won = draw.random(240) < np.where(created >= 0, 0.2, 0.45)
    return pd.DataFrame({"created": created, "left": left, "won": won, "now": created >= 0})


@pytest.fixture(scope="module")
def frame():
    return rows()


@pytest.fixture(scope="module")
def study(frame):
    leads = {
        f"lead {row.Index}": (int(row.created), {"won" if row.won else "lost": int(row.left)} if row.left < AS_OF else {})
        for row in frame.itertuples()
    }
    return funnel(leads, as_of=AS_OF, cohort="4q")


def seen(frame):
    """Whole observed days and whether a win was seen in them, up to the common age."""
    last = AS_OF - frame["created"] - 1
    days = frame["left"] - frame["created"]
    common = min(last[frame["now"]].max(), last[~frame["now"]].max())
    gone = (days <= last) & (days <= common)
    return days.where(gone, np.minimum(last, common)), gone & frame["won"], common


def test_log_rank_equals_lifelines_on_rows(frame, study):
    from lifelines.statistics import logrank_test

    days, won, common = seen(frame)
    now = frame["now"]
    oracle = logrank_test(days[now], days[~now], won[now], won[~now])
    row = win_hazard_test(study).iloc[0]
    assert row["days"] == common
    assert row["statistic"] == pytest.approx(oracle.test_statistic, rel=1e-9)
    assert row["p_value"] == pytest.approx(oracle.p_value, rel=1e-9)
    assert (row["won_now"], row["won_before"]) == (won[now].sum(), won[~now].sum())


def test_the_effects_have_the_sign_and_their_difference(study):
    frame = change(study).set_index("measure")
    for measure in ("won_share", "cycle_days"):
        row = frame.loc[measure]
        assert row["difference"] == pytest.approx(row["now"] - row["before"])
        assert row["lower"] < row["difference"] < row["upper"]
    assert frame.loc["won_share", "difference"] < 0


def test_only_the_four_quarters_before_are_compared(frame, study):
    assert win_hazard_test(study)["n_before"][0] == (~frame["now"]).sum()


def test_too_few_leads_in_a_group():
    study = funnel({"a": (0, {}), "b": (-30, {}), "c": (-30, {})}, as_of=AS_OF)
    few = "not enough data: only 1 lead was followed at age 0 days; 2 are needed"
    assert win_hazard_test(study)["reason"].tolist() == [few]
    assert change(study)["reason"].tolist() == [few, few]


def test_nobody_won_in_one_of_the_two():
    before = {f"b{n}": (-100, {"won": -80}) for n in range(3)}
    now = {f"n{n}": (0, {}) for n in range(3)}
    frame = change(funnel(before | now, as_of=AS_OF, config=settings(min_n=3))).set_index("measure")
    assert frame.loc["won_share", "difference"] == pytest.approx(-1)
    assert frame.loc["cycle_days", "reason"] == "nobody was won in one of the two"
