"""The snapshots of a store, for people: when, from which source, how many rows, what changed, and whether they are whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alignment_toolkit.border import address
from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.digests import file_digest
from alignment_toolkit.errors import UsageError
from alignment_toolkit.snapshots.layout import current_of, snapshots_folder
from alignment_toolkit.snapshots.ledger import Entry, kept, read_ledger
from alignment_toolkit.store import locate

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("snapshot", "shown", "at", "sources", "merge", "rows", "new", "changed", "gone", "state")


def snapshots_of(where: str | Path) -> pd.DataFrame:
    """The snapshots that a store keeps, oldest first; every file is read to see whether it is what it was.

    Args:
        where: The store; one behind an address or in a database file has none.

    Returns:
        snapshot (how its digest begins), shown (`shown` or empty), at (minutes, UTC; null: not known), sources, merge, rows (of all
        tables), new, changed and gone (rows against the snapshot before), state (`whole`, or what is missing or changed).

    Raises:
        DataRefused: When the ledger cannot be read.
    """
    import pandas as pd

    store = _folder(where)
    entries = read_ledger(store) if store else []
    digests: dict[tuple[int, int], str] = {}
    rows = [_row(entry, store, digests) for entry in kept(store, entries)] if store else []
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _folder(where: str | Path) -> Path | None:
    if address.is_address(where):
        return None
    try:
        place = locate(where)
    except UsageError:
        return None
    return place if place.is_dir() else None


def _row(entry: Entry, store: Path, digests: dict[tuple[int, int], str]) -> dict[str, object]:
    shown = current_of(store)
    totals = {name: sum(change[name] for change in entry.changes.values()) for name in ("new", "changed", "gone")}
    at = entry.at[:16].replace("T", " ") if entry.at else None
    state = "; ".join(_faults(entry, snapshots_folder(store) / entry.name, digests)) or "whole"
    told = {"snapshot": entry.name, "shown": "shown" if shown and shown.name == entry.name else "", "at": at}
    return {**told, "sources": ", ".join(entry.sources), "merge": entry.merge, "rows": sum(entry.rows.values()), **totals, "state": state}


def _faults(entry: Entry, folder: Path, digests: dict[tuple[int, int], str]) -> list[str]:
    """What is not as it was; a file that snapshots share is read once."""
    found = []
    for name, digest in entry.files.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
            continue
        told = path.stat()
        key = (told.st_dev, told.st_ino)
        if digests.setdefault(key, "") == "":
            digests[key] = file_digest(path)
        if digests[key] != digest:
            found.append(f"{name} was changed by hand" if name == CONFIG_FILE else f"{name} was changed")
    return found
