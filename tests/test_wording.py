"""A share, a name and an owner read the same in every sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from alignment_toolkit.wording import amount, change_words, interval_words, named, people, percent


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.671, "67 %"), (0.5, "50 %"), (1.0, "100 %"), (0.0999, "10.0 %"), (0.05, "5.0 %"), (0.0374, "3.7 %"), (0.0, "0.0 %")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_name_is_whole_up_to_forty_characters_and_shows_its_marks() -> None:
    assert named("x" * 40) == "x" * 40
    assert named("x" * 41) == "x" * 39 + "…"
    assert named("a\u202eb") == "a⇤b"
    assert named("x" * 41, longest=5) == "xxxx…"


@pytest.mark.parametrize(
    ("owner", "said"),
    [("marketing", "marketing"), ("shared", "both teams"), ("nobody", "no team"), ("", "no team"), (None, "no team")],
)
def test_an_owner_is_said_as_people_say_it(owner: str | None, said: str) -> None:
    assert people(owner) == said
    assert people(None, nobody="no owner yet") == "no owner yet"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "share", ""), (float("nan"), "EUR", ""), (0, "share", "0.0 %"), (1, "share", "100.0 %"), (0.0455, "share", "4.5 %"),
        (1234.5, "EUR", "1,234 EUR"), (951, "leads", "951 leads"), (3, "days", "3 days"), (3.25, "days", "3.2 days"), (56.9, "days", "57 days"),
        (-5, "EUR", "−5 EUR"), (1, "quarters", "1 quarter"), (1.0, "days", "1 day"), (1.02, "days", "1.0 days"), (1, "EUR", "1 EUR"),
    ],
)  # fmt: skip
def test_amounts_as_people_read_them(value: float | None, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ({"value": 0.12, "previous": 0.1, "unit": "share"}, "+2.0 points"),
        ({"value": 90.0, "previous": 100.0, "unit": "leads"}, "−10 %"),
        ({"value": 90.0, "previous": 0.0, "unit": "leads"}, ""),
        ({"value": 90.0, "previous": float("nan"), "unit": "leads"}, ""),
        ({"value": float("nan"), "previous": 3.0, "unit": "leads"}, ""),
    ],
)
def test_changes_as_people_read_them(row: dict[str, Any], change: str) -> None:
    assert change_words(pd.Series(row)) == change


def test_an_interval_needs_both_limits() -> None:
    assert interval_words(pd.Series({"lower": 0.1, "upper": float("nan"), "unit": "share"})) == ""
    assert interval_words(pd.Series({"lower": 0.1, "upper": 0.2, "unit": "share"})) == "10.0 % to 20.0 %"
