"""The catalogue: every published quarter with its headline figures, made again from the manifests at the end of every run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.errors import PublishError
from alignment_toolkit.report.manifest import Manifest, read_manifest

HEADLINES = ("leads", "conversion_180d", "bookings", "sales_velocity", "cycle_mean", "net_revenue_retention", "early_churn_90d")
_WIDTH, _HEIGHT, _MARGIN = 96, 24, 3


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
        fresh.write_text(render_catalogue(catalogue_context(published(out))), encoding="utf-8")
        fresh.replace(page)
    except OSError as error:
        raise PublishError(f"the catalogue {page} cannot be written", value=error.strerror) from error
    return page


def catalogue_context(entries: Sequence[Published]) -> dict[str, Any]:
    """What the catalogue's template shows: the quarters, newest first, each with its headline figures and their course."""
    shown = [kpi for kpi in HEADLINES if any(kpi in entry.figures for entry in entries)]
    quarters = []
    for at in reversed(range(len(entries))):
        entry = entries[at]
        figures = [_figure(kpi, entries[: at + 1]) for kpi in shown if kpi in entry.figures]
        quarters.append(
            {"quarter": entry.quarter, "manifest": entry.manifest, "link": f"{entry.quarter}/{entry.page.name}", "figures": figures}
        )
    return {"quarters": quarters}


def _figure(kpi: str, history: Sequence[Published]) -> dict[str, Any]:
    from alignment_toolkit.glossary import label
    from alignment_toolkit.report.pieces import with_unit

    row = history[-1].figures[kpi]
    course = [entry.figures.get(kpi, {}).get("value") for entry in history]
    known = [value for value in course if value is not None]
    text = row["reason"] or "not known" if row["value"] is None else with_unit(row["value"], column="value", unit=row["unit"])
    words = f"Course over {len(known)} quarters: " + ", ".join(with_unit(value, column="value", unit=row["unit"]) for value in known)
    return {"label": label(kpi), "value": text, "line": sparkline(course), "course": words}


def sparkline(values: Sequence[float | None]) -> str:
    """The points of a small line through the known values, left to right; empty when fewer than two are known.

    Args:
        values: One per quarter, oldest first; a null leaves a gap that the line crosses.
    """
    points = [(at, value) for at, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    across, up = (_WIDTH - 2 * _MARGIN) / (len(values) - 1), (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1)
    return " ".join(f"{_MARGIN + at * across:.1f},{_HEIGHT - _MARGIN - (value - low) * up:.1f}" for at, value in points)


def _figures(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = json.loads((folder / "kpis.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {row["kpi"]: row for row in rows if row["slice"] == "all"}
