"""The check of page texts finds each kind of slip, and leaves good text alone."""

from __future__ import annotations

import pytest

from tests.page_text import slips


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ("<p>Where bookings moved..</p>", "doubled punctuation"),
        ("<p>9.9 % are won (95 % interval ) so far.</p>", "a blank before a bracket or a stop"),
        ("<p>Leads: 5 ; more.</p>", "a blank before a bracket or a stop"),
        ("<p>12 % ().</p>", "empty brackets"),
        ("<p>1 leads came in.</p>", "several of one"),
        ("<p>2 lead are left out.</p>", "one of several"),
        ("<p>Bookings were nan EUR.</p>", "a missing value"),
        ("<table><thead><tr><th>Part<th>Kept<th>Lower</tr></thead><tr><td>worked<td>0.9176<td>89.5 %</tr></table>", "a raw fraction"),
    ],
)
def test_each_kind_is_found(html: str, kind: str) -> None:
    assert [slip.startswith(kind) for slip in slips(html)] == [True]


@pytest.mark.parametrize(
    "html",
    [
        "<p>Of 1,001 leads 0.5 % are won (0.1 % to 1.2 %); a quarter earlier 1.1 days…</p>",
        "<pre>None, nan, ..</pre><p>1 lead was won, 21 leads were not; 3.1 days. Is it?</p>",
        "<table><thead><tr><th>By<th>P<th>Share</tr></thead><tr><td>source<td>0.0512<td>12.0 %</tr></table>",
    ],
)
def test_good_text_has_none(html: str) -> None:
    assert slips(html) == []
