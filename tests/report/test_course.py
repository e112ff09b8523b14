"""The course of a figure over the quarters, and its drawing: by hand on a few quarters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from alignment_toolkit.report.catalogue import Published
from alignment_toolkit.report.course import BEYOND_CHANCE, MAY_BE_CHANCE, Course, course
from alignment_toolkit.report.trend import HEIGHT, WIDTH, drawing, tick_text, ticks


def entry(quarter: str, value: float | None, *interval: float, unit: str = "share", cohort: str = "4q", **more: Any) -> Published:
    lower, upper = interval or (None, None)
    row = {"kpi": "logo_churn", "value": value, "lower": lower, "upper": upper, "unit": unit, "n": 40, "reason": None} | more
    return Published(quarter, Path(), {"cohort": cohort}, {"logo_churn": row})


def changes(*entries: Published) -> list[tuple[str, str, str, str]]:
    return [(change.against, change.then.quarter, change.words, change.certainty) for change in course("logo_churn", entries).changes()]


def test_every_quarter_from_the_first_to_the_newest_has_a_point() -> None:
    found = course("logo_churn", [entry("2025Q4", 0.1), entry("2026Q3", 0.2)])
    assert [(point.quarter, point.text) for point in found.points] == [
        ("2025Q4", "10.0 %"), ("2026Q1", "not published"), ("2026Q2", "not published"), ("2026Q3", "20.0 %"),
    ]  # fmt: skip
    assert [point.quarter for point in found.known] == ["2025Q4", "2026Q3"]


@pytest.mark.parametrize(
    ("before", "words", "certainty"),
    [
        (entry("2026Q2", 0.10, 0.08, 0.119), "+3.0 points", BEYOND_CHANCE),
        (entry("2026Q2", 0.10, 0.08, 0.12), "+3.0 points", MAY_BE_CHANCE),  # they touch
        (entry("2026Q2", 0.16, 0.141, 0.18), "−3.0 points", BEYOND_CHANCE),
        (entry("2026Q2", 0.13), "±0.0 points", ""),
        (entry("2026Q2", None, reason="not enough data"), "", ""),
        (entry("2026Q2", 0.10, 0.08, 0.12, cohort="all"), "", "not comparable: the two reports count other leads"),
    ],
)
def test_a_change_and_its_certainty(before: Published, words: str, certainty: str) -> None:
    now = entry("2026Q3", 0.13, 0.12, 0.14)
    assert changes(before, now) == [("Quarter before", "2026Q2", words, certainty)]


@pytest.mark.parametrize(("then", "words"), [(800, "+25 %"), (1000, "±0 %"), (2000, "−50 %"), (0, ""), (-5, "")])
def test_what_is_no_share_changes_in_percent(then: float, words: str) -> None:
    assert changes(entry("2026Q2", then, unit="EUR"), entry("2026Q3", 1000, unit="EUR"))[0][2] == words


def test_the_same_quarter_a_year_ago_is_compared_as_far_as_there_is_one() -> None:
    quarters = [entry("2025Q2", 0.05), entry("2025Q3", 0.1), entry("2026Q2", 0.2), entry("2026Q3", 0.3)]
    assert [told[:3] for told in changes(*quarters)] == [
        ("Quarter before", "2026Q2", "+10.0 points"),
        ("Year before", "2025Q3", "+20.0 points"),
    ]
    assert [told[0] for told in changes(*quarters[2:])] == ["Quarter before"]


def test_the_picture_is_described_from_its_numbers() -> None:
    found = course("logo_churn", [entry("2026Q1", 0.25), entry("2026Q2", 0.10, 0.08, 0.12), entry("2026Q3", 0.13, 0.12, 0.14)])
    assert found.described() == (
        "Logo churn, 2026Q1 to 2026Q3: 13.0 % in 2026Q3 (95 % interval 12.0 % to 14.0 %). Quarter before (2026Q2): 10.0 % (+3.0 points, may be chance)."
        " Lowest 10.0 % in 2026Q2, highest 25.0 % in 2026Q1."
    )


def numbers(found: Course, pattern: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, match)) for match in re.findall(pattern, drawing(found))]


def test_the_drawing_by_hand() -> None:
    found = course("logo_churn", [entry("2026Q1", 0.0), entry("2026Q2", 0.2, 0.1, 0.3), entry("2026Q3", 0.1)])
    dots = numbers(found, r'<circle class="\w+" cx="([\d.]+)" cy="([\d.]+)"')
    (left, bottom), (middle, top), (right, half) = dots
    assert (left + right) / 2 == pytest.approx(middle, abs=0.1)
    assert (bottom + top) / 2 == pytest.approx(half, abs=0.1)
    assert numbers(found, r'<line class="range" x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)"') == [
        (middle, half, pytest.approx(top - (bottom - half), abs=0.2))
    ]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in dots)
    assert drawing(found).count('class="newest"') == 1


def test_a_quarter_without_a_value_breaks_the_line() -> None:
    quarters = [entry("2025Q3", 0.1), entry("2025Q4", 0.2), entry("2026Q1", None, reason="not enough data"), entry("2026Q3", 0.1)]
    found = drawing(course("logo_churn", quarters))
    assert found.count("<polyline") == 1
    assert len(re.findall(r'points="([^"]+)"', found)[0].split()) == 2
    assert found.count("<circle") == 3


def test_nothing_known_draws_nothing() -> None:
    assert drawing(course("logo_churn", [entry("2026Q3", None, reason="not enough data")])) == ""


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, (0, 5, 10)),
        (0.112, 0.161, (0.1, 0.12, 0.14, 0.16, 0.18)),
        (7, 7, (5, 7.5)),
        (0, 0, (0, 0.5)),
        (-3, 4, (-5, -2.5, 0, 2.5, 5)),
        (0, 1_435_728, (0, 500_000, 1_000_000, 1_500_000)),
    ],
)
def test_round_values_enclose_the_figures(low: float, high: float, expected: tuple[float, ...]) -> None:
    found = ticks(low, high)
    assert found == pytest.approx(expected)
    assert found[0] <= low <= high <= found[-1]


def test_counts_and_sums_are_drawn_from_zero_and_shares_where_they_are() -> None:
    counts = course("logo_churn", [entry("2026Q2", 950, unit="leads"), entry("2026Q3", 953, unit="leads")])
    shares = course("logo_churn", [entry("2026Q2", 0.95), entry("2026Q3", 0.953)])
    assert ">0</text>" in drawing(counts)
    assert ">0 %</text>" not in drawing(shares)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.125, "share", "12.5 %"),
        (1_500_000, "EUR", "1.5m"),
        (2_000, "EUR", "2k"),
        (-500, "EUR", "−500"),
        (3e9, "EUR", "3bn"),
        (0, "days", "0"),
    ],
)
def test_values_at_the_edge_are_short(value: float, unit: str, text: str) -> None:
    assert tick_text(value, unit) == text
