"""Each thing shown is one bundle whose forms say the same."""

from __future__ import annotations

import pandas as pd
import pytest

from alignment_toolkit.charts.style import describe, new_axes
from alignment_toolkit.display import CHART_MIME, TABLE_MIME, TEXT_MIME, show_chart, show_kpis, show_table, show_text
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import figure, figures


@pytest.fixture
def bundles(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    shown: list[dict] = []

    def display(data, *, raw):
        assert raw
        shown.append(data)

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def test_a_table_is_html_text_and_json(bundles: list[dict]) -> None:
    show_table(pd.DataFrame({"source": ["<b>web</b>", "mail"], "won_rate": [0.123456789, None]}), name="by_source")
    (bundle,) = bundles
    assert list(bundle) == ["text/html", "text/plain", TABLE_MIME]
    assert bundle[TABLE_MIME] == {
        "name": "by_source",
        "caption": "By source",
        "columns": ["source", "won_rate"],
        "rows": [["<b>web</b>", 0.123457], ["mail", None]],
    }
    assert "&lt;b&gt;web&lt;/b&gt;" in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
    assert bundle["text/plain"] == "source      won_rate\n<b>web</b>  12.3 %\nmail        –"


def test_a_chart_is_svg_and_its_description(bundles: list[dict]) -> None:
    ax = new_axes()
    ax.plot([1, 2])
    ax.set_title("漢字")
    show_chart(describe(ax, "It rises\n from 1 to 2."), name="rise")
    (bundle,) = bundles
    assert list(bundle) == ["image/svg+xml", "text/plain", CHART_MIME]
    assert bundle["text/plain"] == "It rises from 1 to 2."
    assert bundle[CHART_MIME] == {"name": "rise", "title": "漢字", "description": "It rises from 1 to 2."}
    assert bundle["image/svg+xml"].startswith("<svg")


def test_a_chart_without_a_description_is_refused(bundles: list[dict]) -> None:
    with pytest.raises(UsageError) as caught:
        show_chart(new_axes(), name="mute")
    way_out = "Call describe(ax, sentence) with a sentence computed from the data."
    assert str(caught.value) == f"the chart has no description: 'mute'. {way_out}"
    assert bundles == []


def test_a_chart_is_closed_once_shown(bundles: list[dict]) -> None:
    from matplotlib import pyplot

    _, ax = pyplot.subplots()
    show_chart(describe(ax, "Nothing."), name="empty")
    assert pyplot.get_fignums() == []


def test_prose_has_one_paragraph_per_sentence(bundles: list[dict]) -> None:
    show_text(["5 leads came.", "", "<script> stays text."], role="summary")
    assert bundles == [
        {
            "text/html": "<p>5 leads came.</p>\n<p>&lt;script&gt; stays text.</p>",
            "text/plain": "5 leads came.\n<script> stays text.",
            TEXT_MIME: {"role": "summary", "sentences": ["5 leads came.", "<script> stays text."]},
        }
    ]


def test_one_sentence_needs_no_list(bundles: list[dict]) -> None:
    show_text("Fine.")
    assert bundles[0][TEXT_MIME] == {"role": None, "sentences": ["Fine."]}


def test_headline_figures_are_the_table_kpis(bundles: list[dict]) -> None:
    show_kpis(figures([figure("leads", value=3, unit="leads"), figure("bookings", value=None, unit="EUR")]))
    payload = bundles[0][TABLE_MIME]
    assert payload["name"] == "kpis"
    assert payload["rows"] == [
        ["leads", "all", "(all)", 3, None, None, "leads", None, None, None, None, None, None, None, None],
        ["bookings", "all", "(all)", None, None, None, "EUR", None, None, None, None, None, None, None, "not enough data"],
    ]


def test_other_columns_are_no_headline_figures() -> None:
    with pytest.raises(UsageError) as caught:
        show_kpis(pd.DataFrame({"kpi": ["leads"], "value": [1]}))
    rule = (
        "The columns of the headline figures are kpi, slice, segment, value, lower, upper, unit, n, events, matured_share,"
        " smallest_followed, previous, target, owner, reason, in this order."
    )
    assert str(caught.value) == f"these are no headline figures: 'kpi, value'. {rule}"


@pytest.mark.parametrize("name", ["../kpis", "By source", "", "1st", "a" * 65, "a/b"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        show_table(pd.DataFrame({"a": [1]}), name=name)
    rule = "A name starts with a lower-case letter and has at most 64 lower-case letters, digits, '_' and '-'."
    assert str(caught.value) == f"the name of a table or chart cannot be used: {name!r}. {rule}"
