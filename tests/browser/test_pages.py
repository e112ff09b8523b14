"""Every page opens from its file without a request, a script or a message, leads to the others and prints."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PAGES

pytestmark = pytest.mark.browser


def test_opening_asks_for_nothing_and_says_nothing(browser: Browser, path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri(), wait_until="networkidle")
    scripts = page.locator("script").count()
    context.close()
    assert asked == [path.as_uri()]
    assert said == []
    assert scripts == 0
    assert path.stat().st_size < 1_000_000


def test_injected_script_does_not_run(browser: Browser, path: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\"><b onclick=\"document.title=2\" id=h>h</b>')"
    )
    page.evaluate("document.getElementById('h').click()")
    page.wait_for_load_state("networkidle")
    title = page.title()
    context.close()
    assert title not in {"1", "2"}


def test_every_link_leads_to_a_page_or_a_place_on_it(page: Page, path: Path) -> None:
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map(part => part.getAttribute('href'))")
    assert links
    for link in links:
        if link.startswith("#"):
            assert page.evaluate("name => document.getElementById(name) !== null", link[1:]), link
        else:
            assert not re.match(r"[a-z]+:", link), link
            target, _, anchor = link.partition("#")
            there = Path(os.path.normpath(path.parent / target))  # as a browser does: `..` by the address, not through a link
            assert there.is_file(), link
            if anchor:
                assert f'id="{anchor}"' in there.read_text(encoding="utf-8"), link


def test_links_can_be_followed_there_and_back(page: Page, path: Path) -> None:
    link = page.locator("a[href$='.html']:not([aria-current])").first
    with page.expect_navigation():
        link.click()
    assert page.url != path.as_uri()
    assert page.title()
    page.go_back()
    assert page.url == path.as_uri()


def test_it_prints_and_no_chart_is_split(page: Page) -> None:
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('figure img')].map(part => part.getBoundingClientRect().height)")
    assert all(0 < height < 1000 for height in heights)  # browsers split no picture that a sheet (A4: 1,123 pixels high) can hold
    apart = page.evaluate(
        "[...document.querySelectorAll('figure')].filter(part => part.getBoundingClientRect().height < 900 && "
        "getComputedStyle(part).breakInside !== 'avoid').length"
    )
    assert apart == 0
    printed = page.pdf(format="A4", print_background=True)
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 1
    assert re.search(rb"/Type\s*/Font\b", printed)  # text, not a picture of it


@pytest.mark.parametrize("path", [path for path in PAGES if path.name == "meeting-pack.html"], ids=lambda path: path.name)
def test_a_team_s_part_of_the_meeting_pack_prints_on_one_sheet(page: Page, path: Path) -> None:
    assert page.url == path.as_uri()
    page.set_viewport_size({"width": 718, "height": 1040})  # A4 less the margins
    page.emulate_media(media="print")
    tops = page.evaluate("[...document.querySelectorAll('h2')].map(part => [part.id, part.getBoundingClientRect().top])")
    starts = [at for at, (anchor, _) in enumerate(tops) if anchor in {"s-for-marketing", "s-for-sales"}]
    assert len(starts) == 2
    assert all(tops[at + 1][1] - tops[at][1] < 1040 for at in starts)
    broken = page.evaluate("['s-for-marketing', 's-for-sales'].map(name => getComputedStyle(document.getElementById(name)).breakBefore)")
    assert broken == ["page", "page"]
