"""Every page under axe (WCAG 2.2 A and AA, and best practice), light and dark, on phone, tablet and desktop."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
WIDTHS = (360, 768, 1280)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, path: Path, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(path.as_uri())
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    # of what passes one element per rule is told, which halves the time
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}).response
    context.close()
    assert len(found["passes"]) > 10  # it looked
    assert [_told(violation) for violation in found["violations"]] == []


def _told(violation: dict) -> str:
    nodes = violation["nodes"]
    return f"{violation['id']} ({len(nodes)}): {nodes[0]['target']} {nodes[0].get('failureSummary', '')} {nodes[0]['html'][:200]}"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways_but_tables(browser: Browser, path: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert wide <= 0


def test_at_twice_the_size_nothing_is_lost(browser: Browser, path: Path) -> None:
    context = browser.new_context(viewport={"width": 640, "height": 450})  # 1280 pixels at 200 %
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    clipped = page.evaluate(
        """() => [...document.querySelectorAll('h1, h2, h3, p, li, td, th, summary, figcaption')].filter(part => {
            const style = getComputedStyle(part), box = part.getBoundingClientRect();
            return box.width && style.overflow === 'hidden' && !['clip', 'absolute'].includes(style.position)
                && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1);
        }).map(part => part.textContent.slice(0, 80))"""
    )
    context.close()
    assert clipped == []


def test_headings_are_in_order_and_the_language_is_said(page: Page) -> None:
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(part => Number(part.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    assert page.evaluate("document.documentElement.lang") == "en"


def test_every_chart_is_described_and_every_table_has_a_caption_and_scopes(page: Page) -> None:
    pictures = page.evaluate("[...document.querySelectorAll('img')].map(part => part.alt)")
    assert all(len(text) > 40 for text in pictures)
    drawn = page.evaluate("[...document.querySelectorAll('svg')].map(part => part.ariaHidden || part.ariaLabel || '')")
    assert all(drawn)
    tables = page.evaluate("[...document.querySelectorAll('table')].map(part => [part.caption?.textContent.trim() || '', "
                           "[...part.querySelectorAll('th')].every(head => head.scope)])")  # fmt: skip
    assert all(caption and scoped for caption, scoped in tables)


def test_the_keyboard_reaches_every_link_and_disclosure_and_shows_where_it_is(page: Page) -> None:
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(part => part.checkVisibility()).length"
    )
    seen, unmarked = set(), []
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place, style = page.evaluate(
            """() => { const part = document.activeElement, style = getComputedStyle(part);
            return [[...document.querySelectorAll('*')].indexOf(part), style.outlineStyle + ' ' + style.outlineWidth]; }"""
        )
        tag = page.evaluate("document.activeElement.tagName")
        if tag == "BODY":
            break
        seen.add(place)
        if style.startswith("none") or style.endswith(" 0px"):
            unmarked.append(tag)
    assert len(seen) == wanted
    assert unmarked == []


def test_a_disclosure_opens_by_keyboard(page: Page) -> None:
    closed = page.locator("details:not([open]) > summary")
    if not closed.count():
        assert page.locator("details").count() == 0  # the catalogue has none
        return
    first = closed.first
    first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True
