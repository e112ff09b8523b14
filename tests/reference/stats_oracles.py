"""Oracle values for the statistics, by libraries that nobody on the project wrote, on rows that have not been aggregated.

    python -m tests.reference.stats_oracles

writes stats_oracles.json: the rows (seeded, with many ties) and what lifelines, scikit-survival and statsmodels make of them. Those
libraries know no day index 0, so their times are index + 1. `tests/stats/test_oracles.py` compares, and checks that the file is what this
script writes.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_suffix(".json")
HORIZON = 60


def rows(seed: int = 20261121, n: int = 240) -> pd.DataFrame:
    """Units with group, entry, day, kind (0 open, 1 won, 2 lost) and two attributes."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    score = np.round(rng.standard_normal(n), 3)
    slow = np.exp(-0.4 * score + 0.3 * group)
    end = np.minimum(rng.exponential(40 * slow, n), rng.uniform(5, 90, n)).astype(int)
    entry = np.where(rng.random(n) < 0.4, rng.integers(0, 12, n), 0)
    kind = rng.choice([0, 1, 2], n, p=[0.25, 0.35, 0.4])
    frame = pd.DataFrame({"group": group, "entry": entry, "day": end, "kind": kind, "score": score, "size": rng.integers(0, 2, n)})
    frame.loc[frame["day"] == frame["day"].max(), "kind"] = (
        0  # scikit-survival's variance is 0 / 0 throughout when all leave on the last day
    )
    return frame[frame["day"] >= frame["entry"]].reset_index(drop=True)


def oracles(frame: pd.DataFrame) -> dict:
    """Every oracle value by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the oracles are not ours
        return {**kaplan_meier(frame), **cumulative_incidence(frame), **tests(frame), **regression(frame)}


def kaplan_meier(frame: pd.DataFrame) -> dict:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time
    from statsmodels.duration.survfunc import SurvfuncRight

    time, left, days = frame["day"] + 1, frame["kind"] > 0, np.arange(HORIZON) + 1
    plain = KaplanMeierFitter().fit(time, left)
    late = KaplanMeierFitter().fit(time, left, entry=frame["entry"])
    mean = restricted_mean_survival_time(plain, t=HORIZON + 1)
    other = SurvfuncRight(time, left.astype(int))
    band = plain.confidence_interval_survival_function_
    steps = band.index.get_indexer(days, method="ffill")
    return {
        "survival": plain.survival_function_at_times(days).tolist(),
        "survival_lower": band.iloc[steps, 0].tolist(),
        "survival_upper": band.iloc[steps, 1].tolist(),
        "survival_late_entry": late.survival_function_at_times(days).tolist(),
        "median": float(plain.median_survival_time_) - 1,
        "restricted_mean": float(mean) - 1,  # times of index + 1: nobody leaves in the first day
        "survival_days": (other.surv_times - 1).tolist(),
        "survival_se": other.surv_prob_se.tolist(),
    }


def cumulative_incidence(frame: pd.DataFrame) -> dict:
    from sksurv.nonparametric import cumulative_incidence_competing_risks
    from statsmodels.duration.survfunc import CumIncidenceRight

    kind, time = frame["kind"].to_numpy(), frame["day"].to_numpy() + 1
    given = {"conf_type": "log-log", "var_type": "Dinse_Approx"}
    days, share, band = cumulative_incidence_competing_risks(kind, time, **given)
    other = CumIncidenceRight(time, kind)
    return {
        "incidence_days": (days - 1).tolist(),
        "incidence": share[1].tolist(),
        "incidence_lower": band[1, 0].tolist(),
        "incidence_upper": band[1, 1].tolist(),
        "incidence_statsmodels_days": (other.times - 1).tolist(),
        "incidence_statsmodels": other.cinc[0].tolist(),
    }


def tests(frame: pd.DataFrame) -> dict:
    from lifelines.statistics import multivariate_logrank_test
    from statsmodels.duration.survfunc import survdiff
    from statsmodels.stats.proportion import proportion_confint

    won = multivariate_logrank_test(frame["day"] + 1, frame["group"], frame["kind"] == 1)
    leaving = survdiff(frame["day"].to_numpy() + 1, (frame["kind"] > 0).to_numpy().astype(int), frame["group"].to_numpy())
    return {
        "logrank_won": [float(won.test_statistic), float(won.p_value)],
        "logrank_leaving": [float(value) for value in leaving],
        "wilson": [[x, n, *map(float, proportion_confint(x, n, method="wilson"))] for x, n in ((0, 20), (3, 25), (25, 25), (163, 1000))],
    }


def regression(frame: pd.DataFrame) -> dict:
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    data = frame.assign(won=(frame["kind"] == 1).astype(int), time=frame["day"] + 1)[["time", "won", "score", "size", "group"]]
    fit = CoxPHFitter().fit(data, "time", "won", fit_options={"precision": 1e-11})
    check = proportional_hazard_test(fit, data, time_transform="km").summary.loc[["score", "size", "group"]]
    return {
        "cox_coef": fit.params_.tolist(),
        "cox_se": fit.standard_errors_.tolist(),
        "cox_log_likelihood": float(fit.log_likelihood_),
        "cox_concordance": float(fit.concordance_index_),
        "cox_ph_statistic": check["test_statistic"].tolist(),
        "cox_ph_p": check["p"].tolist(),
    }


def written() -> dict:
    """The content of the file: the rows and the oracles."""
    frame = rows()
    return {"rows": frame.to_dict("list"), **oracles(frame)}


if __name__ == "__main__":
    FILE.write_text(json.dumps(written(), indent=1) + "\n")
