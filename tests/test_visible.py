"""What has no shape gets one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.visible import escaped, legible, visible

CASES = {
    "a\nb": "a↵b",
    "a\tb": "a→b",
    "\x00": "␀",
    "\x1b[31m": "␛[31m",
    "\x7f": "␡",
    "\x9b": "□",
    "\u202egpj": "⇤gpj",
    "\u2066x\u2069": "⇥x↔",
    "\u200b": "·",
    "\ud800": "□",
    "日本": "日本",
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_marks_become_symbols(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_a_line_is_legible_and_keeps_its_joiners() -> None:
    assert legible("a\u202eb\x1b[2J\rc\nd\u200de\ud800") == "a⇤b␛[2J↵c\nd\u200de□"


@given(st.text())
def test_nothing_shapeless_is_left(text: str) -> None:
    assert not {unicodedata.category(char) for char in visible(text)} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert len(visible(text)) == len(text)


@given(st.text())
def test_escaped_text_holds_no_markup_and_no_control_character(text: str) -> None:
    made = escaped(text)
    assert not set('<>"') & set(made)
    assert not {char for char in made if unicodedata.category(char) in {"Cc", "Cs"}} - {"\n", "\t"}
