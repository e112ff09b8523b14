"""Frames on stdout: for people, as CSV, as strict JSON."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd

from alignment_toolkit.printing import as_csv, as_json, as_table

FRAME = pd.DataFrame(
    {
        "segment": ["web", 'a,b\n"c"', "=1+1", "\x1b[31mred\u202e"],
        "value": [0.123456789, float("nan"), 1234567.891, 3.0],
        "n": [1, 2, 3, 4],
        "reason": [None, "not enough data", None, None],
        "empty": [None, None, None, None],
    }
)


def test_csv_reads_back_with_nulls_empty_and_formulas_harmless() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(FRAME))))
    assert [row["segment"] for row in rows] == ["web", 'a,b\n"c"', "'=1+1", "\x1b[31mred\u202e"]
    assert [row["value"] for row in rows] == ["0.123457", "", "1234568", "3"]
    assert [row["reason"] for row in rows] == ["", "not enough data", "", ""]


def test_json_is_strict_and_keeps_columns_in_order() -> None:
    text = as_json(FRAME)
    told = json.loads(text, parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))
    assert list(told[0]) == list(FRAME.columns)
    assert told[1]["value"] is None
    assert told[3]["value"] == 3
    assert text.endswith("\n")


def test_a_table_leaves_out_empty_columns_and_shows_control_characters() -> None:
    text = as_table(FRAME)
    assert "empty" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "␛[31mred⇤" in text
    assert "0.123457" in text
    assert "nan" not in text.casefold()


def test_markup_in_names_is_text() -> None:
    assert "[bold]x[/bold] :smile:" in as_table(pd.DataFrame({"a": ["[bold]x[/bold] :smile:"]}))


def test_a_frame_without_rows_is_an_empty_list() -> None:
    none = FRAME.iloc[:0]
    assert json.loads(as_json(none)) == []
    assert as_csv(none).splitlines() == ["segment,value,n,reason,empty"]
    assert isinstance(as_table(none), str)
