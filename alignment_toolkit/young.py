"""Where outcomes were not recorded from the start: which figures must not be compared, and of which cohorts nothing can be told.

A figure of what was won rises for as long as earlier outcomes are missing from what it is compared with: a year, since the quarter before
looks back on its own last four quarters.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts.volumes import leads_left_out
from alignment_toolkit.coverage import coverage_sentences
from alignment_toolkit.figures import NUMBERS
from alignment_toolkit.periods import Quarter
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, verb

OF_OUTCOMES = (
    "attributed_bookings", "bookings", "conversion_", "cycle_mean", "influenced_bookings", "sales_velocity", "sourced_bookings",
    "stage_conversion_", "value_per_lead_", "win_rate_", "won_share_",
)  # fmt: skip


def without_unrecorded(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The figures without what unrecorded outcomes would make of them.

    Args:
        frame: Figure frame.
        study: With `outcome_observed_from`, or nothing is changed.

    Returns:
        Figures of what was won without the quarter before while that does not compare (`Study.outcomes_are_young`), and null, with the
        reason, for cohorts that began before outcomes were recorded.
    """
    recorded = study.config.outcome_observed_from
    if recorded is None:
        return frame
    of_outcomes = frame["kpi"].str.startswith(OF_OUTCOMES)
    start = study.config.fiscal_year_start_month
    early = [label for label in _cohorts(frame) if Quarter.parse(label, start_month=start).first_on < recorded]
    unknown = of_outcomes & (frame["slice"] == "cohort_quarter") & frame["segment"].isin(early)
    told = frame.assign(previous=frame["previous"].mask(of_outcomes)) if study.outcomes_are_young else frame
    kept = {name: told[name].mask(unknown) for name in NUMBERS if name in told}
    return told.assign(**kept, reason=told["reason"].mask(unknown, f"outcomes are recorded from {recorded} only"))


def left_out(study: Study) -> str:
    """From when on outcomes are recorded and how many leads conversions leave out for that, as the beginning of a sentence."""
    recorded, n = study.config.outcome_observed_from, leads_left_out(study)
    early = f"{counted_words(n, 'lead')} created before that day {verb(n, 'is', 'are')} left out of conversions"
    return f"Outcomes are recorded only from {recorded} on: {early}"


def left_out_sentences(study: Study) -> list[str]:
    """Which days the records lack, and how many leads are left out, where outcomes were not recorded from the start."""
    uncovered = coverage_sentences(study)
    if study.config.outcome_observed_from is None:
        return uncovered
    young = ", and nothing that was won is compared with the quarter before" if study.outcomes_are_young else ""
    return [*uncovered, f"{left_out(study)}{young}."]


def _cohorts(frame: pd.DataFrame) -> list[str]:
    """The creation quarters among the segments of a figure frame."""
    cohorts = frame.loc[frame["slice"] == "cohort_quarter", "segment"].dropna().unique()
    return [str(label) for label in cohorts if not str(label).startswith("(")]
