"""Whether a snapshot still is what it was made as: every file there, and none changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.digests import file_digest
from alignment_toolkit.snapshots.layout import current_of

JOURNAL, SEAL = "ingest.json", ".checked.json"  # beside the tables and the settings


def journal_of(snapshot: Path) -> dict[str, Any]:
    """What the ingest of a snapshot wrote about it; empty where nothing can be read."""
    try:
        journal = json.loads((snapshot / JOURNAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return journal if isinstance(journal, dict) else {}


def lost_files(store: Path) -> list[Fault]:
    """A fault for each table of the snapshot shown whose file is not there any more."""
    shown = current_of(store)
    if shown is None:
        return []
    way_out = "Bring it back, or run alignment ingest again"
    if not shown.is_dir():
        return [Fault(shown.name, "the snapshot that the store shows is not there", f"It lies in {shown.parent.name}", way_out)]
    names = [f"{entry['table']}.parquet" for entry in journal_of(shown).get("tables", ())]
    rule = f"The snapshot {shown.name} was made with it"
    return [Fault(name, "the file is not there any more", rule, way_out) for name in names if not (shown / name).is_file()]


def damaged(snapshot: Path, files: Mapping[str, str], *, sizes: Mapping[str, int] | None = None) -> dict[str, str]:
    """What differs between a snapshot and its record: file name -> `is missing` or `was changed`.

    Args:
        snapshot: Its folder.
        files: Name -> SHA-256 when it was made.
        sizes: Name -> bytes; given: files are compared by size alone, which takes no time.
    """
    found = {}
    for name, digest in files.items():
        path = snapshot / name
        if not path.is_file():
            found[name] = "is missing"
        elif (path.stat().st_size != sizes.get(name)) if sizes is not None else (file_digest(path) != digest):
            found[name] = "was changed"
    return found
