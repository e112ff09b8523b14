"""What a published report says about itself: `manifest.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alignment_toolkit import __version__
from alignment_toolkit.digests import digest_of, file_digest
from alignment_toolkit.report.digest import DataDigest
from alignment_toolkit.report.journal import Event
from alignment_toolkit.report.notebooks import Notebook, page_name, page_title, text_of

MANIFEST = "manifest.json"
FORMAT = 1
Manifest = dict[str, Any]


def facts(
    *,
    quarter: str,
    as_of: str,
    cohort: str,
    parameters: Mapping[str, Any],
    data: str,
    digest: DataDigest,
    code: str,
    packages: Mapping[str, str],
) -> Manifest:
    """What is known before the first kernel starts.

    Args:
        quarter: Label.
        as_of: ISO instant.
        cohort: `4q`, `1q` or `all`.
        parameters: The values injected, the data as typed.
        data: As typed.
        digest: Of the data.
        code: Digest of the code.
        packages: Name -> version.

    Returns:
        The facts; `key` is the same for the same quarter, data, code and parameters.
    """
    asked = {name: value for name, value in parameters.items() if name not in {"data", "config"}}
    key = digest_of({"quarter": quarter, "as_of": as_of, "cohort": cohort, "parameters": asked, "data": digest.digest, "code": code})
    return {
        "format": FORMAT,
        "quarter": quarter,
        "as_of": as_of,
        "cohort": cohort,
        "parameters": dict(parameters),
        "data": {"where": data, "digest": digest.digest, "files": digest.files, "rows": digest.rows, "snapshot": digest.snapshot},
        "code": {"version": __version__, "digest": code},
        "packages": dict(packages),
        "key": key,
    }


def finished(known: Manifest, *, notebooks: Mapping[str, Notebook], events: Iterable[Event], folder: Path) -> Manifest:
    """The whole manifest of a report whose files lie in `folder`.

    Args:
        known: As `facts` gives it.
        notebooks: Stem -> executed notebook, in page order.
        events: The finished steps.
        folder: The report; every file in it is listed with its SHA-256.
    """
    pages = [
        {"notebook": stem, "page": page_name(stem), "title": page_title(notebook, default=stem), "cells": cell_digests(notebook)}
        for stem, notebook in notebooks.items()
    ]
    steps = [event.record() for event in events]
    return known | {"status": "reproduced", "pages": pages, "steps": steps, "files": file_digests(folder)}


def cell_digests(notebook: Notebook) -> list[str]:
    """A short digest of each cell's source: nbval compares outputs, this what stands around them."""
    return [digest_of([cell["cell_type"], text_of(cell["source"])])[:16] for cell in notebook["cells"]]


def file_digests(folder: Path) -> dict[str, str]:
    """Path within the folder -> SHA-256 of every file but the manifest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in paths}


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest into its report."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a report, None when there is none that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(manifest, dict) and {"key", "quarter", "pages", "files", "data"} <= manifest.keys()
    return manifest if whole else None


def damage(manifest: Manifest, folder: Path) -> list[str]:
    """What differs between a report's files and its manifest: `index.html is missing`, `kpis.json was changed`."""
    found = []
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif file_digest(path) != digest:
            found.append(f"{name} was changed")
    return found
