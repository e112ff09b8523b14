"""Exports as real companies have them, from the files to the published pages, by the commands that a user types."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from tests.end_to_end.companies import COMPANIES, Company
from tests.end_to_end.conftest import alignment

pytestmark = pytest.mark.slow
NOT_A_STATEMENT = re.compile(
    r"\bnan\b|\bNaT\b|\bNone\b(?! (?:of|is|are|was|were)\b)|\binf\b|Traceback|\b0 \(0 %\)|rose from 0\b|from 0 to \d|by marketing 0\b"
)
WITHOUT_TOUCHES = ("sourced_bookings", "influenced_bookings", "speed_to_lead_median", "sla_met_rate")


@dataclass(frozen=True)
class Published:
    """A company with its store and its pages."""

    company: Company
    store: Path
    pages: Path

    def rows(self, kpi: str) -> list[dict]:
        """The rows of a KPI in kpis.json that stand for the whole company."""
        rows = json.loads((self.pages / "kpis.json").read_text(encoding="utf-8"))
        return [row for row in rows if row["kpi"] == kpi and row["slice"] == "all"]

    def texts(self) -> dict[str, str]:
        """Page -> what a reader sees, without code."""
        return {page.name: _text(page.read_text(encoding="utf-8")) for page in sorted(self.pages.glob("*.html"))}


@pytest.fixture(scope="module", params=COMPANIES)
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Published:
    place = tmp_path_factory.mktemp(request.param)
    company = COMPANIES[request.param](place / "export")
    taken = alignment("ingest", *company.mapping, "--source", str(company.source), "--out", str(place / "store"))
    assert taken.code == 0, taken.err
    done = alignment("report", "--data", str(place / "store"), "--quarter", "2026Q3", "--out", str(place / "reports"))
    assert done.code == 0, done.err
    return Published(company, place / "store", place / "reports" / "2026Q3")


def test_the_headlines_are_what_counting_gives(published: Published) -> None:
    for kpi, expected in published.company.expected.items():
        (row,) = published.rows(kpi)
        assert row["value"] == (None if expected is None else pytest.approx(expected, rel=1e-5)), row
        assert row["value"] is not None or row["reason"]


def test_what_no_table_answers_is_null_with_a_reason(published: Published) -> None:
    assert not (published.store / "touches.parquet").exists()
    for kpi in WITHOUT_TOUCHES:
        (row,) = published.rows(kpi)
        assert row["value"] is None
        assert row["reason"]


def test_no_page_states_what_nobody_knows(published: Published) -> None:
    for page, text in published.texts().items():
        assert NOT_A_STATEMENT.findall(text) == [], page


def _text(html: str) -> str:
    for element in ("style", "script", "svg", "pre"):
        html = re.sub(rf"<{element}\b.*?</{element}>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))
