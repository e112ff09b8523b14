"""Since when a decision is open: asked of earlier periods, until one of them says no or cannot say."""

from __future__ import annotations

from datetime import datetime

import pytest

from alignment_toolkit.config import Config
from alignment_toolkit.meeting.choices import UNTOLD, Choice
from alignment_toolkit.meeting.decisions import since
from alignment_toolkit.periods import Month, Period, Quarter
from alignment_toolkit.store import Crm
from alignment_toolkit.study import Cohort, Study

OWED = Choice("Agree.", "So it is.", "gap.words", "alignment.html")
Q3, SEPTEMBER = Quarter(2026, 3), Month(2026, 9)


@pytest.mark.parametrize(
    ("period", "cohort", "before", "periods", "told"),
    [
        (Q3, "4q", {}, 2, "2026Q3"),
        (Q3, "4q", {"2026Q2": OWED}, 2, "2026Q2"),
        (Q3, "4q", {"2026Q2": OWED, "2026Q1": OWED}, 2, "2026Q1 or earlier"),
        (Q3, "4q", {"2026Q2": OWED}, 1, "2026Q2 or earlier"),
        (Q3, "4q", {"2026Q1": OWED}, 2, "2026Q3"),
        (Q3, "4q", {"2026Q2": UNTOLD, "2026Q1": OWED}, 2, "2026Q3 or earlier"),
        (Q3, "4q", {"2026Q2": OWED, "2026Q1": UNTOLD}, 2, "2026Q2 or earlier"),
        (SEPTEMBER, "1q", {"2026-08": OWED, "2026-07": OWED}, 2, "2026-07 or earlier"),
        (SEPTEMBER, "4q", {"2026-08": OWED}, 2, "2026-08"),
        (Q3, "all", {"2026Q2": OWED}, 2, "not known"),
    ],
)
def test_the_first_period_without_a_break(period: Period, cohort: Cohort, before: dict[str, Choice], periods: int, told: str) -> None:
    made = Study(Crm({}, Config(), datetime(2026, 10, 1)), period, cohort)
    assert since(made, lambda each: before.get(each.quarter.label), periods=periods) == told


def test_the_period_before_is_the_one_that_figures_are_compared_with_and_others_are_seen_from_today() -> None:
    made = Study(Crm({}, Config(), datetime(2026, 10, 1)), Q3)
    asked: list[tuple[str, datetime]] = []

    def rule(each: Study) -> Choice:
        asked.append((each.quarter.label, each.as_of))
        return OWED

    since(made, rule, periods=3)
    assert asked == [("2026Q2", datetime(2026, 7, 1)), ("2026Q1", datetime(2026, 10, 1)), ("2025Q4", datetime(2026, 10, 1))]
