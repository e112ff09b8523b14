"""The new snapshot of a store: tables that were read, tables taken over, and what became of the rows of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.compare import Changes, compared, dates_in, rows_in
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.writing import write_settings, write_table, write_upserted
from alignment_toolkit.renewal.before import Before
from alignment_toolkit.renewal.plan import Plan
from alignment_toolkit.renewal.result import IngestedTable, IngestResult
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.ledger import entry_of, read_ledger
from alignment_toolkit.snapshots.showing import adopted, begun, discarded, refuse_conflicts, shown, taken_over
from alignment_toolkit.snapshots.whole import JOURNAL
from alignment_toolkit.store import seal_store


@dataclass(frozen=True)
class Making:
    """What a snapshot is made with, besides the tables that were read.

    Attributes:
        plan: What is read and what is kept.
        before: What the store held.
        settings: The configuration.
        config: The file that the user gave for it, if any.
        ledger: What the ledger says of the ingest: at, sources, merge.
    """

    plan: Plan
    before: Before
    settings: dict[str, Any]
    config: Path | None
    ledger: dict[str, Any]


def made_snapshot(store: Path, bench: Workbench, sources: dict[str, Source], *, making: Making, journal: dict[str, Any]) -> IngestResult:
    """Write a snapshot and show it.

    Args:
        store: The store, whose lock is held.
        bench: Whose engine holds the tables.
        sources: Tables that were read, checked.
        making: What else goes into it.
        journal: The record of the ingest.

    Raises:
        UsageError: When a file that somebody put there by hand would be replaced.
        DataRefused: When rows cannot be merged.
        OSError: When the disk refuses.
    """
    before = making.before
    entries = before.entries or (adopted(store) if before.files else [])
    staging = begun(store)
    try:
        for name, source in sources.items():
            write_table(bench, source, staging / f"{name}.parquet")
        changes = [change for name in TABLES if (change := _settled(name, staging, making)) is not None] if entries else []
        write_settings(making.settings, staging)
        (staging / JOURNAL).write_text(json.dumps(journal, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        seal_store(staging, is_checked=True)
        moved = {change.table: {"new": change.new, "changed": change.changed, "gone": change.gone} for change in changes if change.is_any}
        entry = entry_of(staging, changes=moved, made_from=making.plan.made_from, **making.ledger)
        refuse_conflicts(store, entry.files, config=making.config)
        shown(store, staging, entry, before=entries)
    finally:
        discarded(staging)
    was = entries[-1].name if entries and entries[-1].digest != entry.digest else ""
    tables, notes = tuple(IngestedTable.of(record) for record in journal["tables"]), tuple(journal["notes"])
    ledger = tuple(read_ledger(store))
    return IngestResult(store, tables, journal["files"], notes, entry.name, was, changes=tuple(changes), entries=ledger)


def _settled(name: str, staging: Path, making: Making) -> Changes | None:
    """One table of a new snapshot, taken over, merged or as it was written, and what became of its rows; None where there never was any."""
    old, path = making.before.files.get(name), staging / f"{name}.parquet"
    if old and name in making.plan.kept(making.before):
        taken_over(old, staging)
        return Changes(name, n := rows_in(old), n, is_read=False)
    if not path.is_file():
        return compared(name, old, None) if old else None
    if old and making.plan.merge == "upsert":
        news = path.rename(staging / f".{name}.news")
        write_upserted(name, before=old, news=news, path=path)
        news.unlink()
    change = compared(name, old, path)
    if (
        old and not change.is_any and dates_in(name, old) == dates_in(name, path)
    ):  # the same rows in another order, or written by another version: the file stays
        path.unlink()
        taken_over(old, staging)
    return change
