"""A page that a leader can open anywhere: nothing in it runs, nothing is fetched, nothing from the data is markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pandas as pd
import pytest

from alignment_toolkit.charts.style import DARK, INK, describe, new_axes, safe_label, to_svg
from alignment_toolkit.display import CHART_MIME, TABLE_MIME, TEXT_MIME
from alignment_toolkit.errors import PublishError
from alignment_toolkit.figures import COLUMNS, figure, figures
from alignment_toolkit.report.checked import check_page
from alignment_toolkit.report.markdown import Markdown
from alignment_toolkit.report.pieces import picture
from alignment_toolkit.report.render import render_page
from alignment_toolkit.tables import table_payload
from tests.report.test_preflight import shown

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x00'
PAGES = [{"page": "index.html", "title": "Summary"}, {"page": "lead-quality.html", "title": f"Quality {HOSTILE}"}]
FACTS = {
    "quarter": "2026Q3",
    "as_of": "2026-10-01",
    "cohort": "4q",
    "data": {"where": HOSTILE, "digest": "ab" * 32, "rows": {"leads": 8000, "deals": None}},
    "code": {"version": "0.1.0", "digest": "cd" * 32},
    "packages": {"python": "3.11", "pandas": "2.3"},
}


def page(*cells: dict[str, Any], stem: str = "00_executive_summary", **facts: Any) -> str:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [words("# The title"), *cells]}
    return render_page(notebook, stem=stem, frame={"facts": FACTS | facts, "pages": PAGES})


def test_the_badge_of_data_health_leads_to_its_page_where_there_is_one() -> None:
    assert 'href="data-health.html"' not in page()
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [words("# The title")]}
    pages = [*PAGES, {"page": "data-health.html", "title": "Data health"}]
    made = render_page(notebook, stem="00_executive_summary", frame={"facts": FACTS, "pages": pages})
    badges = re.search(r'<ul class="badges">.*?</ul>', made, re.S)
    assert badges is not None
    assert '<li><a href="data-health.html">Data health</a></li>' in badges[0]


def words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(*outputs: dict[str, Any], source: str = "show()") -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": 1, "outputs": list(outputs)}


def table(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    return shown({TABLE_MIME: table_payload(frame, name=name), "text/html": "<b>never used</b>", "text/plain": "t"})


def chart(name: str = "by_source", title: str = "Leads") -> dict[str, Any]:
    ax = new_axes()
    ax.bar([safe_label(HOSTILE)], [1])
    svg = to_svg(describe(ax, HOSTILE))
    return shown({"image/svg+xml": svg, "text/plain": HOSTILE, CHART_MIME: {"name": name, "title": title, "description": HOSTILE}})


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


HOSTILE_CELLS = (
    words(f"## Question\n\n{HOSTILE} [link](javascript:alert(3)) ![image](http://example.com/x.png) <b onclick=alert(4)>b</b>"),
    code(chart(), table(pd.DataFrame({HOSTILE: [HOSTILE], "n": [1]}), "by_source"), table(pd.DataFrame({"a": [HOSTILE]}), "other")),
    code(
        shown({TEXT_MIME: {"role": "summary", "sentences": [HOSTILE]}, "text/html": HOSTILE}),
        shown({"text/html": "<script>alert(5)</script>", "text/plain": "plain <i>text</i>"}),
        shown({"image/svg+xml": "<svg onload='alert(6)'/>", "text/plain": "not ours"}),
        shown({"application/javascript": "alert(7)", "text/markdown": "**x**"}),
        {"output_type": "stream", "name": "stdout", "text": HOSTILE},
        source=f"# {HOSTILE}",
    ),
)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    text = page(*HOSTILE_CELLS)
    elements = Elements(text)
    assert not {"script", "b", "i", "iframe"} & {tag for tag, _ in elements.found}
    assert not [name for _, attrs in elements.found for name in attrs if name.startswith("on")]
    assert [image["alt"] for image in elements.of("img")] == [HOSTILE.replace("\x00", "␀")]
    assert "plain &lt;i&gt;text&lt;/i&gt;" in text
    assert "not ours" in text
    assert "never used" not in text
    assert "\x00" not in text
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    check_page(tmp_path / "index.html")


def test_nothing_is_fetched_and_the_policy_allows_only_its_own_style() -> None:
    text = page(*HOSTILE_CELLS)
    elements = Elements(text)
    sources = [value for _, attrs in elements.found for name, value in attrs.items() if name in {"src", "srcset", "data", "poster"}]
    assert sources
    assert all(str(value).startswith("data:image/svg+xml,") for value in sources)
    css = re.search(r"<style>(.*?)</style>", text, re.S)
    assert css is not None
    assert "url(" not in css[1]
    assert "@import" not in css[1]
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    policy = next(attrs["content"] for attrs in elements.of("meta") if attrs.get("http-equiv"))
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    assert not [attrs for _, attrs in elements.found if "style" in attrs]


def test_only_relative_links_leave_the_page() -> None:
    links = [attrs["href"] for attrs in Elements(page(*HOSTILE_CELLS)).of("a")]
    assert "#harmful-link" in links
    assert not [link for link in links if str(link).lower().startswith(("javascript", "data", "vbscript"))]


def test_the_header_says_quarter_as_of_and_reproduced_and_the_footer_how() -> None:
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page(), flags=re.S).split())
    assert "Alignment report · 2026Q3 The title Quarter 2026Q3 As of 2026-10-01 ✓ reproduced" in text
    assert "Rows read leads 8,000, deals not counted" in text
    assert "Leads counted the four quarters up to this one" in text
    assert "Packages python 3.11, pandas 2.3" in text


def test_pages_are_linked_and_the_present_one_marked() -> None:
    links = Elements(page(stem="01_lead_quality")).of("a")
    assert [(link["href"], link.get("aria-current")) for link in links if link["href"] in {"index.html", "lead-quality.html"}] == [
        ("index.html", None),
        ("lead-quality.html", "page"),
    ]


def test_a_chart_has_its_numbers_behind_a_disclosure_and_they_are_not_shown_twice() -> None:
    text = page(code(chart("leads")), code(table(pd.DataFrame({"source": ["web"], "n": [1]}), "leads")))
    assert text.count("<table") == 1
    assert re.search(r"<figure>.*<details><summary>The numbers .*<table.*</figure>", text, re.S)


def test_headline_figures_are_cards_with_labels_of_the_glossary() -> None:
    rows = [
        figure("leads", value=8000, unit="leads", owner="marketing", previous=7500),
        figure("conversion_90d", value=0.1053, lower=0.09, upper=0.12, unit="share", target=0.11),
        figure("bookings", value=None, unit="EUR"),
        figure("leads", value=3, unit="leads", slice_="source", segment="web"),
    ]
    text = " ".join(re.sub(r"<[^>]+>", " ", page(code(table(figures(rows), "kpis")))).split())
    assert "Leads 8,000 Quarter before 7,500 Owner marketing" in text
    assert "Conversion within 90 days 10.5 % 95 % interval 9.0 % to 12.0 % Target 11.0 %" in text
    assert "Bookings – not enough data" in text
    assert "kpis: all 4 rows".casefold() in text.casefold()


def test_a_percent_sign_stays_on_the_line_of_its_number() -> None:
    said = shown({TEXT_MIME: {"role": "prose", "sentences": ["It was 10.5 % of 5 % more."]}, "text/html": ""})
    rows = pd.DataFrame({"source": ["web"], "won_share": [0.105]})
    cards = figures([figure("logo_churn", value=0.06, lower=0.04, upper=0.08, unit="share")])
    text = page(code(said), code(table(rows, "shares")), code(table(cards, "kpis")), code(source="10 % 3"))
    kept = "\N{NO-BREAK SPACE}%"
    assert f"It was 10.5{kept} of 5{kept} more." in text
    assert f">10.5{kept}</td>" in text
    assert f"4.0{kept} to 8.0{kept}" in text
    assert "10 % 3" in text  # code stays as it can be copied


def test_a_table_without_rows_says_so() -> None:
    note = '<p class="note">Nothing to show here. <a href="tables/claims.csv">claims.csv</a></p>'
    assert note in page(code(table(pd.DataFrame({"team": []}), "claims")))
    assert "Nothing to show here" not in page(code(table(pd.DataFrame({"team": ["sales"]}), "claims")))


GUIDE = "**How to read it.** Compare down a column."


def test_a_section_in_which_every_table_is_empty_is_its_heading_and_the_reason() -> None:
    empty, full = table(pd.DataFrame({"lead": []}), "none"), table(pd.DataFrame({"lead": ["x"]}), "one")
    reason = shown({TEXT_MIME: {"role": None, "sentences": ["No touches table."]}, "text/html": "", "text/plain": ""})
    heading = words("## Touched in time?\n\n**What it shows.** Touches by hour.")
    made = page(heading, code(reason, empty), words(GUIDE), words("## The next one"))
    assert "Touched in time?" in made
    assert "No touches table." in made
    assert "Nothing to show here" not in made
    assert "How to read it" not in made
    assert "What it shows" not in made
    assert "The next one" in made
    assert "How to read it" in page(heading, code(reason, empty, full), words(GUIDE))
    assert "None: nothing is on record." in page(heading, code(empty), words(GUIDE))


def test_a_long_table_is_folded_and_a_very_long_one_cut() -> None:
    long = page(code(table(pd.DataFrame({"a": range(16)}), "long")))
    assert "<details><summary>Long (16 rows)</summary>" in long
    cut = page(code(table(pd.DataFrame({"a": range(5000)}), "cut")))
    assert cut.count("<tr>") == 101
    assert "The first 100 of 5000 rows; all of them in <a href=" in cut


def test_neighbouring_code_has_one_disclosure() -> None:
    text = page(code(source="one"), code(source="two"), words("between"), code(source="three"))
    assert text.count("<summary>Code") == 2


def test_a_picture_is_the_same_svg_with_a_dark_side() -> None:
    svg = "".join(chart()["data"]["image/svg+xml"])
    made = unquote(picture(svg).removeprefix("data:image/svg+xml,"))
    root = ElementTree.fromstring(made)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert f'[style*="fill: {INK}"]{{fill:{DARK[INK]}!important}}' in made
    assert [element.get("d", "").split() for element in root.iter() if element.get("d")] == [
        element.get("d", "").split() for element in ElementTree.fromstring(svg).iter() if element.get("d")
    ]


def test_headings_stay_in_order() -> None:
    markdown = Markdown()
    assert markdown("# Title\n\n#### Deep\n\n### Less\n\n# Again\n\n## Less") == (
        '<h2 id="s-deep">Deep</h2>\n<h3 id="s-less">Less</h3>\n<h2 id="s-again">Again</h2>\n<h2>Less</h2>\n'
    )


GOOD = '<html lang="en"><head><title>t</title><meta http-equiv="Content-Security-Policy" content="x"></head><body><main><h1>a</h1>{}</main></body></html>'
BAD = {
    "<script>1</script>": "it holds <script>",
    "<p onclick='a()'>x</p>": "<p> has onclick",
    "<p style='a'>x</p>": "<p> has style",
    "<img alt='a' src='http://example.com/a.png'>": "<img> loads http://example.com/a.png",
    "<img src='data:image/svg+xml,a' alt=' '>": "a picture has no description",
    "<h3>x</h3>": "a heading of level 3 follows one of level 1",
    "<p id='a'></p><p id='a'></p>": "the id a stands twice",
    "<h1>x</h1>": "it has not exactly one first-level heading",
    "x" * 1_000_000: f"it has {1_000_000 + len(GOOD) - 2:,} bytes, more than 1,000,000",
}


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:20])
def test_a_page_that_breaks_a_promise_is_not_published(tmp_path: Path, body: str) -> None:
    path = tmp_path / "one.html"
    path.write_text(GOOD.format(body))
    with pytest.raises(PublishError) as caught:
        check_page(path)
    assert str(caught.value) == f"the page one.html cannot be published. {BAD[body]}."


def test_a_page_lacking_its_frame_is_not_published(tmp_path: Path) -> None:
    path = tmp_path / "one.html"
    path.write_text("<html><h1>a</h1></html>")
    with pytest.raises(PublishError) as caught:
        check_page(path)
    assert caught.value.rule == "it does not name its language; it lacks a main part; it lacks a title; it lacks a Content-Security-Policy"
    path.write_text(GOOD.format(""))
    assert check_page(path) is None


def test_figure_columns_are_those_of_the_card() -> None:
    assert {"value", "lower", "upper", "previous", "target", "owner", "reason", "unit", "slice", "kpi"} <= set(COLUMNS)
