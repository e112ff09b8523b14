"""Errors write whole sentences and carry their exit codes."""

from __future__ import annotations

import pytest

from alignment_toolkit import errors
from alignment_toolkit.errors import AlignmentError, DataRefused, UsageError, ended, nearest, quoted


def test_the_sentence_names_thing_value_rule_and_way_out() -> None:
    error = UsageError("the quarter cannot be read", value="2026Q5", rule="A quarter is 1 to 4", way_out="Write 2026Q4")
    assert str(error) == error.sentence() == "the quarter cannot be read: '2026Q5'. A quarter is 1 to 4. Write 2026Q4."


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({}, "it failed."),
        ({"value": None}, "it failed."),
        ({"value": 0}, "it failed: '0'."),
        ({"value": ""}, "it failed: ''."),
        ({"rule": "Is it?"}, "it failed. Is it?"),
        ({"rule": "", "way_out": "Stop!"}, "it failed. Stop!"),
        ({"way_out": "Choose one of:"}, "it failed. Choose one of:"),
    ],
)
def test_parts_that_are_not_given_are_left_out(parts: dict[str, object], sentence: str) -> None:
    assert str(AlignmentError("it failed", **parts)) == sentence  # type: ignore[arg-type]


def test_refused_data_list_every_fault_on_its_line() -> None:
    error = DataRefused("the data of x cannot be used: 2 faults", faults=iter(["one.", "two."]), way_out="Repair them")
    assert str(error) == "the data of x cannot be used: 2 faults. Repair them.\n  - one.\n  - two."
    assert error.faults == ("one.", "two.")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AlignmentError", 1),
        ("UsageError", 2),
        ("DataRefused", 3),
        ("CellFailed", 4),
        ("RunTimeout", 5),
        ("KernelDied", 6),
        ("NotReproduced", 7),
        ("PublishError", 8),
        ("Busy", 75),
    ],
)
def test_exit_codes(name: str, code: int) -> None:
    assert getattr(errors, name)("x").exit_code == code


def test_every_error_class_has_its_own_code() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AlignmentError)]
    assert len({kind.exit_code for kind in classes}) == len(classes) == 9


def test_long_and_hidden_values_are_shown_safely() -> None:
    assert quoted("x" * 41 + "y" * 40) == repr("x" * 39 + "…" + "y" * 39)
    assert quoted("x" * 80) == repr("x" * 80)
    assert quoted("a\nb\x1b[31m\u202e") == r"'a\nb\x1b[31m\u202e'"


@pytest.mark.parametrize(("part", "whole"), [("a", "a."), ("a.", "a."), ("a!", "a!"), ("a?", "a?"), ("a:", "a:"), ("'a.'", "'a.'.")])
def test_ended(part: str, whole: str) -> None:
    assert ended(part) == whole


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("sorce", ["source", "persona"], "Did you mean 'source'?"),
        ("SOURCE", ["source", "persona"], "Did you mean 'source'?"),
        ("zzz", ["source", "persona"], "Known: source, persona."),
        ("zzz", [], "None are known here."),
        ("", ["source"], "Known: source."),
    ],
)
def test_the_nearest_known_word(word: str, known: list[str], hint: str) -> None:
    assert nearest(word, known) == hint
