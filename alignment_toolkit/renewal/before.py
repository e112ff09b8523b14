"""What a store held before an ingest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import current_of, files_of
from alignment_toolkit.snapshots.ledger import Entry, read_ledger
from alignment_toolkit.snapshots.whole import damaged, journal_of


@dataclass(frozen=True)
class Before:
    """What a store held.

    Attributes:
        entries: The ledger, oldest first; none where there are no snapshots.
        files: Table -> Parquet file that an ingest made of it; damaged ones are left out.
        damage: File of the snapshot shown -> what is wrong with it.
        journal: What the last ingest wrote about itself.
    """

    entries: list[Entry] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    damage: dict[str, str] = field(default_factory=dict)
    journal: dict[str, Any] = field(default_factory=dict)

    @property
    def made_from(self) -> dict[str, Any]:
        """Table -> what it was made from, as the last ingest recorded it."""
        return self.entries[-1].made_from if self.entries else {}


def what_was(store: Path) -> Before:
    """What a store held, with or without snapshots; nothing where it is new.

    Raises:
        DataRefused: When its ledger cannot be read.
    """
    shown = current_of(store)
    if shown is None:
        journal = journal_of(store)
        names = [entry["table"] for entry in journal.get("tables", ())]
        there = files_of(store)
        return Before([], {name: there[f"{name}.parquet"] for name in names if f"{name}.parquet" in there}, {}, journal)
    entries = read_ledger(store)
    entry = entries[-1] if entries else None
    damage = damaged(shown, entry.files, sizes=entry.sizes) if entry else {}
    damage.pop(CONFIG_FILE, None)  # settings may be changed by hand, which is no damage
    tables = [name for name in TABLES if entry and f"{name}.parquet" in entry.files]
    return Before(
        entries, {name: shown / f"{name}.parquet" for name in tables if f"{name}.parquet" not in damage}, damage, journal_of(shown)
    )


def currencies(before: Before) -> frozenset[str]:
    """Currencies that had a rate."""
    from pyarrow.parquet import read_table

    path = before.files.get("exchange_rates")
    return frozenset(read_table(path, columns=["currency"])["currency"].unique().to_pylist()) if path else frozenset()
