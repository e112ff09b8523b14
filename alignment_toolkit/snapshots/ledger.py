"""The ledger of a store: which snapshots there were, when, from which source, with how many rows.

It is written before the snapshot is shown. So a last entry that is not shown belongs to an ingest that was killed in between, and does not
count; one snapshot never follows itself, which makes this certain.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.digests import digest_of, file_digest
from alignment_toolkit.errors import DataRefused, UsageError, nearest
from alignment_toolkit.snapshots.layout import LENGTH, current_of, snapshots_folder

LEDGER = "ledger.json"
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """One snapshot as it came to be shown.

    Attributes:
        digest: Its digest, the one that reports pin: over the files of its tables and its settings.
        at: Wall time of the ingest in ISO form; None: not known.
        sources: What was read, as typed, without passwords.
        merge: `replace` or `upsert`; empty: made by a version without snapshots.
        files: File name -> SHA-256.
        sizes: File name -> bytes.
        rows: Table -> rows.
        changes: Table -> new, changed and gone rows against the snapshot before; only tables in which there are any.
        made_from: Table -> what it was made from, see `border/fingerprints.py`.
    """

    digest: str
    at: str | None
    sources: tuple[str, ...]
    merge: str
    files: dict[str, str]
    sizes: dict[str, int]
    rows: dict[str, int]
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    made_from: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.digest[:LENGTH]


def entry_of(snapshot: Path, **told: Any) -> Entry:
    """The entry of a folder with the files of a snapshot, measured now."""
    paths = {path.name: path for path in sorted(snapshot.iterdir()) if path.suffix == ".parquet" or path.name == CONFIG_FILE}
    files = {name: file_digest(path) for name, path in paths.items()}
    sizes = {name: path.stat().st_size for name, path in paths.items()}
    rows = {path.stem: _rows(path) for name, path in paths.items() if name != CONFIG_FILE}
    return Entry(digest_of(files), files=files, sizes=sizes, rows=rows, **{"at": None, "sources": (), "merge": "", **told})


def read_ledger(store: Path) -> list[Entry]:
    """The entries of a store that count, oldest first; none where it has no snapshots.

    A ledger that is not there any more is made up from the snapshots that are: the order of their folders' times, the shown one last.

    Raises:
        DataRefused: When the ledger cannot be read.
    """
    shown, path = current_of(store), snapshots_folder(store) / LEDGER
    if shown is None:
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _made_up(shown)
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    return _counting(_parsed(text, path), shown)


def write_ledger(store: Path, entries: Sequence[Entry]) -> None:
    """Write the ledger; a reader sees the old one or the new one."""
    record = {"format": FORMAT, "snapshots": [asdict(entry) for entry in entries]}
    path = snapshots_folder(store) / LEDGER
    fresh = path.with_name(f".{LEDGER}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def kept(store: Path, entries: Sequence[Entry]) -> list[Entry]:
    """The last entry of every snapshot whose folder is still there, oldest first."""
    last = {entry.digest: entry for entry in entries}
    there = [entry for entry in entries if last[entry.digest] is entry]
    return [entry for entry in there if (snapshots_folder(store) / entry.name).is_dir()]


def named(text: str, store: Path, entries: Sequence[Entry]) -> Entry:
    """The snapshot whose digest begins with these digits.

    Raises:
        UsageError: When there is none, it is no longer kept, or several begin so.
    """
    here = kept(store, entries)
    fits = [entry for entry in here if entry.digest.startswith(text.strip().lower())] if text.strip() else []
    if len(fits) == 1:
        return fits[0]
    names = [entry.name for entry in here]
    if fits:
        raise UsageError("several snapshots begin so", value=text, rule=", ".join(entry.name for entry in fits), way_out="Give more digits")
    if any(entry.digest.startswith(text.strip().lower()) for entry in entries if text.strip()):
        raise UsageError("the snapshot is no longer kept", value=text, rule=f"Kept: {', '.join(names)}", way_out="Name one of them")
    raise UsageError("no snapshot has this digest", value=text, way_out=nearest(text.strip().lower()[:LENGTH], names))


def _counting(entries: list[Entry], shown: Path) -> list[Entry]:
    """The entries up to the one that is shown."""
    last = max((place for place, entry in enumerate(entries) if entry.name == shown.name), default=None)
    return _made_up(shown) if last is None else entries[: last + 1]


def _made_up(shown: Path) -> list[Entry]:
    folders = [path for path in shown.parent.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")]
    others = sorted((path for path in folders if path.name != shown.name), key=lambda path: path.stat().st_mtime_ns)
    return [entry_of(path) for path in (*others, shown) if path.is_dir()]


def _parsed(text: str, path: Path) -> list[Entry]:
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise _unreadable(path, f"its format is {record['format']}, known is {FORMAT}")
        return [Entry(**{**entry, "sources": tuple(entry["sources"])}) for entry in record["snapshots"]]
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, why: str) -> DataRefused:
    way_out = "Bring it back, or move it away: a new one is begun from the snapshots that are there"
    return DataRefused("the ledger of the store cannot be read", value=path, rule=why, way_out=way_out)


def _rows(path: Path) -> int:
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows)
