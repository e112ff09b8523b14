"""Pictures of the published pages for the docs: `make screenshots`. Desktop and phone, light, as a reader first sees them.

Publish several quarters of the sample first (`alignment report --data data/sample --out reports --all-quarters`), or the catalogue shows one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET, REPORTS, ROOT

IMAGES = ROOT / "docs" / "images"
MOST = 600_000  # bytes, all of them


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page within a reports folder (`newest` is the newest quarter), width and height, and what to scroll to."""

    name: str
    page: str
    width: int
    height: int
    place: str = ""


DESKTOP, PHONE = (1160, 900), (390, 844)
SHOTS = (
    Shot("executive-summary", "newest/index.html", *DESKTOP),
    Shot("executive-summary-phone", "newest/index.html", *PHONE, place=".summary"),
    Shot("catalogue", "index.html", *DESKTOP),
    Shot("catalogue-phone", "index.html", *PHONE, place=".trends"),
    Shot("drivers-and-targets", "newest/drivers-and-targets.html", *DESKTOP, place="figure"),
)


def taken(browser: Browser, shot: Shot, *, reports: Path, into: Path) -> Path:
    """Take a picture; the file it is in."""
    newest = max(path.name for path in reports.glob("[0-9]*") if (path / "index.html").is_file())
    context = browser.new_context(viewport={"width": shot.width, "height": shot.height}, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    page.goto((reports / shot.page.replace("newest", newest)).as_uri())
    if shot.place:
        page.locator(shot.place).first.evaluate("part => scrollTo(0, part.getBoundingClientRect().top - 16)")
    path = into / f"{shot.name}.png"
    page.screenshot(path=path, animations="disabled")
    context.close()
    return path


def main() -> int:
    """Take every picture, print where it is and how large; 1 when they are too large together."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        paths = [taken(browser, shot, reports=REPORTS, into=IMAGES) for shot in SHOTS]
        browser.close()
    for path in paths:
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size:,} bytes")
    whole = sum(path.stat().st_size for path in paths)
    print(f"{whole:,} of at most {MOST:,} bytes")
    return int(whole > MOST)


if __name__ == "__main__":
    sys.exit(main())
