"""The change of conversion between two quarters whose leads overlap."""

from __future__ import annotations

import pytest

from alignment_toolkit.quality import conversion
from alignment_toolkit.summary import conversion_change
from alignment_toolkit.summary.change import Change
from tests.sample import sample_study
from tests.worlds import study


@pytest.mark.parametrize(
    ("lower", "upper", "clear"),
    [
        (0.01, 0.02, True),
        (-0.02, -0.01, True),
        (-0.01, 0.01, False),
        (0.0, 0.01, False),
        (-0.01, 0.0, False),
        (None, None, False),
        (0.1, None, False),
    ],
)
def test_a_change_is_clear_when_its_interval_leaves_out_zero(lower: float | None, upper: float | None, clear: bool) -> None:
    assert Change(0.0, lower, upper).is_clear is clear


def test_the_difference_is_that_of_the_two_reports_and_its_interval_is_narrower_than_of_strangers() -> None:
    now = sample_study("2026Q2")
    told = conversion_change(now, horizon=90)
    mine, theirs = (conversion(each, horizons=[90]).iloc[0] for each in (now, now.previous()))
    assert told.value == pytest.approx(mine["value"] - theirs["value"], abs=1e-12)
    assert told.lower is not None
    assert told.upper is not None
    assert told.lower < told.value < told.upper
    strangers = ((mine["upper"] - mine["lower"]) ** 2 + (theirs["upper"] - theirs["lower"]) ** 2) ** 0.5
    assert told.upper - told.lower < strangers


def test_below_min_n_in_either_quarter_nothing_is_told() -> None:
    days = ["2026-01-05"] * 30 + [f"2025-{month}-{day}" for month in (10, 11, 12) for day in ("01", "15")] + ["2026-02-01", "2026-03-15"]
    leads = [{"lead_id": str(place), "created_at": day, "source": "web"} for place, day in enumerate(days)]
    events = [{"lead_id": "0", "stage": "won", "entered_at": "2026-01-06"}]
    made = study("2026Q1", cohort="4q", as_of="2026-07-01", leads=leads, stage_events=events)
    assert conversion_change(made, horizon=30) == Change(None, None, None)
