"""A real browser on the published report of the sample: `make test-browser`.

Needs Debian's Chromium (or ALIGNMENT_CHROMIUM) and a published report (`make report`, or ALIGNMENT_REPORTS).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
REPORTS = Path(os.environ.get("ALIGNMENT_REPORTS", ROOT / "reports")).resolve()
CHROMIUM = os.environ.get("ALIGNMENT_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


def published() -> list[Path]:
    """The catalogue and every page of the newest published quarter.

    Raises:
        AssertionError: When nothing is published: a suite without pages would pass in vain.
    """
    quarters = sorted(path for path in REPORTS.glob("[0-9]*") if (path / "index.html").is_file())
    assert quarters, f"no report is published in {REPORTS}: run make report first"
    return [REPORTS / "index.html", *sorted(quarters[-1].glob("*.html"))]


PAGES = published()
NAMES = [str(path.relative_to(REPORTS)) for path in PAGES]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(params=PAGES, ids=NAMES)
def path(request: pytest.FixtureRequest) -> Path:
    """One published page."""
    found: Path = request.param
    return found


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    """That page opened from its file at desktop width."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(path.as_uri())
    yield opened
    context.close()
