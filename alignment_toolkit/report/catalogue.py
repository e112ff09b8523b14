"""The catalogue: every published quarter and its headline figures over time, made again from the manifests at the end of every run.

A figure is shown as the quarter's own report gave it; what a later run of a quarter changed stands under "Restated", and a run that did not
end well under "Runs without a report", while the last good report stays where it is.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import AlignmentError, PublishError, UsageError
from alignment_toolkit.report.attempts import Attempt, attempts, minute
from alignment_toolkit.report.course import Course, course
from alignment_toolkit.report.manifest import Manifest, read_manifest
from alignment_toolkit.report.publish import VERSIONS

HEADLINES = (
    "leads",
    "conversion_180d",
    "acceptance_rate",
    "value_per_lead_180d",
    "bookings",
    "sales_velocity",
    "cycle_mean",
    "net_revenue_retention",
    "early_churn_90d",
)
STILL_PUBLISHED = "The reports that it lists are published and whole"


@dataclass(frozen=True)
class Published:
    """One published quarter.

    Attributes:
        quarter: Label.
        folder: Where it is.
        manifest: What it says about itself.
        figures: Its headline figures: kpi -> row of `kpis.json` for all segments.
    """

    quarter: str
    folder: Path
    manifest: Manifest
    figures: dict[str, dict[str, Any]]

    @property
    def page(self) -> Path:
        """The page to open first."""
        return self.folder / self.manifest["pages"][0]["page"]

    @property
    def at(self) -> str:
        """When it was published, to the minute; empty where the manifest does not say."""
        return _published_at(self.manifest)

    def __str__(self) -> str:
        return f"{self.quarter}  as of {self.manifest['as_of'][:10]}  {self.manifest['status']}  {self.page}"


def published(out: Path) -> list[Published]:
    """The published quarters of a reports folder, newest last; a folder without a manifest that can be read is left out."""
    folders = sorted(path for path in out.glob("????Q?") if path.is_dir())
    return [Published(folder.name, folder, manifest, _figures(folder)) for folder in folders if (manifest := read_manifest(folder))]


def rebuild(out: Path) -> Path:
    """Write the catalogue of a reports folder; a reader sees the old one or the new one.

    Raises:
        PublishError: When it cannot be written.
    """
    from alignment_toolkit.report.look import render_catalogue

    page = out / "index.html"
    fresh = out / ".index.html.new"
    try:
        fresh.write_text(render_catalogue(catalogue_context(out)), encoding="utf-8")
        fresh.replace(page)
    except OSError as error:
        way_out = f"{STILL_PUBLISHED}; run again when it can be written"
        raise PublishError(f"the catalogue {page} cannot be written", value=error.strerror, way_out=way_out) from error
    return page


@contextlib.contextmanager
def told_of_failure(out: Path) -> Iterator[None]:
    """When this ends in a failure, the catalogue is made again, so that readers learn of it; the error stays what it was."""
    try:
        yield
    except UsageError:
        raise
    except AlignmentError:
        with contextlib.suppress(AlignmentError, OSError):
            rebuild(out)
        raise


def catalogue_context(out: Path) -> dict[str, Any]:
    """What the catalogue's template shows.

    Args:
        out: The reports folder.

    Returns:
        quarters (newest first: quarter, link, as_of, at, status, restated: how often), newest (the first of them, None without any),
        trends (of the headline figures it holds), restated (newest first: quarter, at, lead, lines, table), failed (attempts with the last
        good report of their quarter).
    """
    entries = published(out)
    restated = [told for entry in reversed(entries) for told in _restatements(out, entry.quarter)]
    quarters = [_line(entry, sum(told["quarter"] == entry.quarter for told in restated)) for entry in reversed(entries)]
    return {
        "quarters": quarters,
        "newest": quarters[0] if quarters else None,
        "trends": list(_trends(entries)),
        "restated": restated,
        "failed": [_failure(attempt, entries) for attempt in reversed(attempts(out))],
    }


def _line(entry: Published, n_restated: int) -> dict[str, Any]:
    link = f"{entry.quarter}/{entry.page.name}"
    known = {"as_of": entry.manifest["as_of"][:10], "status": entry.manifest["status"], "at": entry.at}
    return {"quarter": entry.quarter, "link": link, "restated": n_restated, **known}


def _trends(entries: Sequence[Published]) -> Iterator[dict[str, Any]]:
    from alignment_toolkit.report.trend import drawing

    for kpi in HEADLINES if entries else ():
        found = course(kpi, entries)
        if found.newest.row is not None:
            yield {"kpi": kpi, "course": found, "drawing": drawing(found), "table": _numbers(found)}


def _numbers(found: Course) -> Any:
    """The numbers behind a drawing, newest first."""
    from markupsafe import Markup

    from alignment_toolkit.tables import table_html

    columns = ["quarter", "value", "lower", "upper", "n", "unit", "reason"]
    rows = [[point.quarter, *((point.row or {"reason": point.text}).get(name) for name in columns[1:])] for point in reversed(found.points)]
    return Markup(table_html({"name": found.kpi, "caption": f"{found.label} by quarter", "columns": columns, "rows": rows}))  # noqa: S704 - escaped


def _restatements(out: Path, quarter: str) -> Iterator[dict[str, Any]]:
    """The figures that versions of a quarter changed about the one before, newest first, as far as they are still there."""
    versions = (read_manifest(path) for path in (out / VERSIONS).glob(f"{quarter}-*"))
    told = [manifest for manifest in versions if manifest and manifest.get("restated", {}).get("figures")]
    for manifest in sorted(told, key=_published_at, reverse=True):
        yield _restatement(quarter, manifest)


def _restatement(quarter: str, manifest: Manifest) -> dict[str, Any]:
    from markupsafe import Markup

    from alignment_toolkit.report.restate import figures_payload, headline, sentences
    from alignment_toolkit.tables import table_html

    told = manifest["restated"]
    payload = figures_payload(told, whole_only=True) | {"caption": f"{quarter}, run of {_published_at(manifest)}: figures before and after"}
    table = Markup(table_html(payload)) if payload["rows"] else ""  # noqa: S704 - escaped
    lines = [f"{line[:1].upper()}{line[1:]}." for line in sentences(told, with_ids=False)]
    return {"quarter": quarter, "at": _published_at(manifest), "lead": headline(told), "lines": lines, "table": table}


def _failure(attempt: Attempt, entries: Sequence[Published]) -> dict[str, Any]:
    good = next((entry for entry in entries if entry.quarter == attempt.quarter), None)
    return {"attempt": attempt, "good": _line(good, 0) if good else None}


def _published_at(manifest: Manifest) -> str:
    steps = manifest.get("steps") or [{}]
    return minute(steps[-1]["end"]) if steps[-1].get("end") else ""


def _figures(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = json.loads((folder / "kpis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {row["kpi"]: row for row in rows if row["slice"] == "all"}
