"""What an ingest made, as a value and as the store's `ingest.json`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.compare import Changes
from alignment_toolkit.border.mapped import Mapped
from alignment_toolkit.digests import file_digest
from alignment_toolkit.renewal.before import Before
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.ledger import Entry

if TYPE_CHECKING:
    import pandas as pd

NOTHING_CHANGED = "nothing changed: the files, the mapping and the settings are those of the last ingest (--force reads them again)"


@dataclass(frozen=True)
class IngestedTable:
    """What became of the rows of one canonical table.

    Attributes:
        table: Canonical name.
        read: Rows read (cells, where one column per stage was read).
        used: Rows that were used.
        set_aside: Reason -> rows left out.
        files: Names of the files it comes from.
        not_taken: Columns of the file that the mapping leaves out.
    """

    table: str
    read: int
    used: int
    set_aside: dict[str, int]
    files: tuple[str, ...]
    not_taken: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> IngestedTable:
        """The value of its record in `ingest.json`."""
        return cls(**{**record, "files": tuple(record["files"]), "not_taken": tuple(record["not_taken"])})


@dataclass(frozen=True)
class IngestResult:
    """What an ingest made.

    Attributes:
        out: The store.
        tables: What became of the rows, per table; of a table that was not read, at the ingest that read it.
        files: Source file -> sha256.
        notes: Assumptions made while reading, in words.
        snapshot: Name of the snapshot that is shown now.
        replaced: Name of the one that was shown before; empty: there was none, or it is the same.
        changes: What became of the rows of each table since; none where there was no store before.
        is_unchanged: Whether nothing was read, because nothing changed.
        no_longer_kept: Snapshots that were removed.
        entries: The ledger.
    """

    out: Path
    tables: tuple[IngestedTable, ...]
    files: dict[str, str]
    notes: tuple[str, ...] = ()
    snapshot: str = ""
    replaced: str = ""
    changes: tuple[Changes, ...] = ()
    is_unchanged: bool = False
    no_longer_kept: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def table(self) -> pd.DataFrame:
        """What became of the rows: table, read, used, set_aside, reasons, files; one row per canonical table."""
        import pandas as pd

        rows = [
            {
                "table": made.table,
                "read": made.read,
                "used": made.used,
                "set_aside": sum(made.set_aside.values()),
                "reasons": "; ".join(f"{reason}: {n:,}" for reason, n in made.set_aside.items()),
                "files": ", ".join(made.files),
            }
            for made in self.tables
        ]
        return pd.DataFrame(rows)

    def sentences(self) -> Iterator[str]:
        """What changed, in words: one sentence per table, then the snapshot."""
        if self.is_unchanged:
            yield NOTHING_CHANGED
            return
        for change in self.changes:
            yield change.sentence() if change.is_read or change.is_any else f"{change.table}: not read again, nothing behind it changed"
        if self.replaced:
            yield f"snapshot {self.snapshot} replaces {self.replaced}"
        elif self.changes:
            yield f"snapshot {self.snapshot} is as it was: every row is the same"
        else:
            yield f"snapshot {self.snapshot} is the first of this store"
        if self.no_longer_kept:
            yield f"no longer kept: {', '.join(self.no_longer_kept)}"


def counted(name: str, table: Mapped) -> IngestedTable:
    """What became of the rows of a table that was read."""
    return IngestedTable(name, table.read, table.read - sum(table.aside.values()), table.aside, table.files, table.not_taken)


def journal_text(
    benches: list[Workbench], made: dict[str, Mapped], notes: tuple[str, ...], *, before: Before, kept: Collection[str]
) -> dict[str, Any]:
    """The record of an ingest; what was not read is told as the ingest before told it."""
    texts = "".join(bench.mapping.text for bench in benches)
    tables = {entry["table"]: entry for entry in before.journal.get("tables", ()) if entry["table"] in kept}
    tables |= {name: asdict(counted(name, table)) for name, table in made.items()}
    files = dict(sorted(entry for bench in benches for entry in _digests(bench)))
    names = {file for entry in tables.values() for file in entry["files"]}
    earlier = {name: digest for name, digest in before.journal.get("files", {}).items() if name in names}
    told = (note for note in before.journal.get("notes", ()) if note.partition(":")[0] in {*kept, *earlier} - {*made, *files})
    return {
        "mapping": " and ".join(dict.fromkeys(bench.mapping.name for bench in benches)),
        "mapping_sha256": hashlib.sha256(texts.encode()).hexdigest(),
        "files": dict(sorted((earlier | files).items())),
        "tables": [tables[name] for name in TABLES if name in tables],
        "notes": list(dict.fromkeys([*notes, *told])),
    }


def _digests(bench: Workbench) -> Iterator[tuple[str, str]]:
    """Name and sha256 of every file that was read; a table behind an address has none."""
    for name in bench.rows:
        if path := bench.item(name).path:
            yield name, file_digest(path)
