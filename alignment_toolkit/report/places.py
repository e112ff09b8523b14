"""Where the data of a report lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from alignment_toolkit.errors import UsageError


def call_root() -> Path:
    """The folder that a relative `data` is looked up from: `$ALIGNMENT_ROOT`, else where the command was called."""
    return Path(os.environ.get("ALIGNMENT_ROOT") or Path.cwd())


def find_store(data: str, *, root: Path) -> Path | None:
    """The store's folder or file; None for a connection address (`env:NAME`), which is never written anywhere.

    Args:
        data: As typed; a relative path is looked up from `root`.
        root: The folder the report was called in.

    Raises:
        UsageError: When nothing is there; it lists the places tried.
    """
    if data.startswith("env:"):
        return None
    if "://" in data:
        rule = "A report is read by others, and an address may hold a password"
        raise UsageError(
            "the address of a store cannot stand in a report", rule=rule, way_out="Set it as an environment variable and give env:NAME"
        )
    path = Path(data) if Path(data).is_absolute() else root / data
    if not path.exists():
        raise UsageError("the data are not there", value=data, rule=f"Tried: {path}", way_out="Check the path given with --data")
    return path
