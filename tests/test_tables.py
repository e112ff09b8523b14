"""A frame as a table: exact where people count, rounded where processors differ, null where nothing is known."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from alignment_toolkit.errors import UsageError
from alignment_toolkit.report.extract import csv_text, kpis_json
from alignment_toolkit.tables import plain, shown, table_html, table_payload, table_text, words

CASES = [
    (None, None),
    (float("nan"), None),
    (float("inf"), None),
    (pd.NA, None),
    (pd.NaT, None),
    (np.float64(0.123456789), 0.123457),
    (0.1 + 0.2, 0.3),
    (123456.7, 123456.7),  # whole cents are exact (metrics.md, Rounding)
    (464704.15, 464704.15),
    (1234567.89, 1234567.89),
    (-1234567.89, -1234567.89),
    (0.1 + 0.2 + 464704, 464704.3),
    (70368744177663.99, 70368744177663.99),
    (1e15, 1000000000000000),
    (2.5e15 + 0.5, 2500000000000000),
    (2e16, 20000000000000000),
    (123456.789, 123457),  # an estimate
    (1234567.891, 1234568),
    (8000.0, 8000),
    (np.int64(12345678), 12345678),
    (Decimal("1234567.89"), 1234567.89),
    (Decimal("NaN"), None),
    (True, True),
    (np.bool_(False), False),
    ("web", "web"),
    (date(2026, 7, 1), "2026-07-01"),
    (pd.Timestamp("2026-07-01 12:00"), "2026-07-01T12:00:00"),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[repr(value) for value, _ in CASES])
def test_a_value_as_json_knows_it(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)
    json.dumps(plain(value), allow_nan=False)


def test_cents_of_every_size_survive_the_writers_and_add_up() -> None:
    cents = [7, -30, 1999, 46470415, 282891217, 10**12 + 1, 2**52 - 1]
    payload = table_payload(pd.DataFrame({"value": [amount / 100 for amount in cents]}), name="money")
    for text in (csv_text(payload), kpis_json(payload)):
        assert "e+" not in text.casefold()
    written = [Decimal(line) for line in csv_text(payload).split()[1:]]
    assert sum(written) == Decimal(sum(cents)) / 100
    assert [Decimal(str(row["value"])) for row in json.loads(kpis_json(payload))] == written


def test_a_last_bit_does_not_show() -> None:
    below, above = np.nextafter(0.1234565, 0) + 1e-9, np.nextafter(0.1234565, 1) + 1e-9
    assert plain(below) == plain(above)


SHOWN = [
    (None, "value", None, "–"),
    (True, "flag", None, "yes"),
    (8000, "leads", None, "8,000"),
    (0.1053, "won_rate", None, "10.5 %"),
    (0.1053, "value", "share", "10.5 %"),
    (1, "value", "share", "100.0 %"),
    (-0.0001, "value", "share", "0.0 %"),
    (0.1053, "n", "share", "0.1053"),
    (1234.5678, "value", "EUR", "1,235"),
    (12.345, "value", "days", "12.35"),
    (0.00012345, "hazard", None, "0.0001"),
    ("text", "source", None, "text"),
    ("conversion_90d", "kpi", None, "Conversion within 90 days"),
    ("own_figure", "kpi", None, "own_figure"),
]


@pytest.mark.parametrize(("value", "column", "unit", "expected"), SHOWN)
def test_a_value_as_people_read_it(value: object, column: str, unit: str | None, expected: str) -> None:
    assert shown(value, column=column, unit=unit) == expected


def test_html_has_caption_headers_and_scope() -> None:
    payload = table_payload(pd.DataFrame({"source": ['a"<b>&\x00'], "n_leads": [5]}), name="by_source", caption="Leads & more")
    assert table_html(payload) == (
        "<table>\n<caption>Leads &amp; more</caption>\n"
        '<thead><tr><th scope="col">Source</th><th scope="col" class="num">N leads</th></tr></thead>\n'
        '<tbody>\n<tr><th scope="row" dir="auto">a&quot;&lt;b&gt;&amp;␀</th><td class="num">5</td></tr>\n</tbody>\n</table>'
    )


def test_an_empty_frame_is_an_empty_table() -> None:
    payload = table_payload(pd.DataFrame(columns=["a", "b"]), name="none")
    assert payload["rows"] == []
    assert table_text(payload) == "a  b"
    assert "<tbody>\n\n</tbody>" in table_html(payload)


def test_a_newline_in_a_name_stays_in_its_row() -> None:
    payload = table_payload(pd.DataFrame({"source": ["a\nb"], "n": [1]}), name="lines")
    assert table_text(payload) == "source  n\na↵b     1"


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        table_payload(pd.DataFrame([[1, 2]], columns=["n", "n"]), name="twice")
    assert str(caught.value) == "the table twice cannot be shown: 'n'. A column name stands once in a table."


def test_a_name_in_words() -> None:
    assert words("won_share_to_date") == "Won share to date"
    assert words("kpi") == "Figure"


def test_a_page_of_the_report_is_a_link_by_its_title_and_nothing_else_is() -> None:
    frame = pd.DataFrame({"item": ["alignment.html", "b", "c"], "page": ["alignment.html", "churn.html", '"><script>']})
    html = table_html(table_payload(frame, name="agenda"), pages={"alignment.html": "How aligned <they> are", '"><script>': "x"})
    assert (
        '<th scope="row" dir="auto">alignment.html</th><td dir="auto"><a href="alignment.html">How aligned &lt;they&gt; are</a></td>'
        in html
    )
    assert '<td dir="auto">churn.html</td>' in html
    assert html.count("<a ") == 2
    assert "<script>" not in html
