"""How a snapshot comes to be shown: made aside, moved to its place, recorded, and shown by replacing one link.

Killed at any point, a store shows the snapshot before or the new one, whole; what lies about besides is removed by the next ingest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.digests import file_digest
from alignment_toolkit.errors import UsageError
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import CURRENT, current_of, is_own_link, link_target, snapshots_folder
from alignment_toolkit.snapshots.ledger import Entry, entry_of, write_ledger
from alignment_toolkit.snapshots.whole import JOURNAL, SEAL, damaged, journal_of

_NEW, GOING = ".new-", ".going-"


def begun(store: Path) -> Path:
    """An empty folder for a new snapshot; what killed ingests left is removed. Asked under the lock, so that no other is alive."""
    base = snapshots_folder(store)
    base.mkdir(exist_ok=True)
    for rest in (*base.glob(f"{_NEW}*"), *base.glob(f"{GOING}*")):
        shutil.rmtree(rest, ignore_errors=True)
    staging = base / f"{_NEW}{os.getpid()}"
    staging.mkdir()
    return staging


def discarded(staging: Path) -> None:
    """Remove what was begun, and the folder of snapshots where it is the only thing in it."""
    shutil.rmtree(staging, ignore_errors=True)
    if not any(staging.parent.iterdir()):
        staging.parent.rmdir()


def taken_over(file: Path, staging: Path) -> None:
    """A file that did not change, in a new snapshot: stored once where the disk knows hard links, else copied."""
    real = file.resolve()  # a link to a link would lead nowhere from the new place
    try:
        (staging / file.name).hardlink_to(real)
    except OSError:
        shutil.copy2(real, staging / file.name)


def adopted(store: Path) -> list[Entry]:
    """Make the tables of a store without snapshots its first snapshot; whoever reads it meanwhile sees the same files."""
    names = [f"{entry['table']}.parquet" for entry in journal_of(store).get("tables", ())] + [CONFIG_FILE, JOURNAL, SEAL]
    there = [store / name for name in names if (store / name).is_file()]
    staging = begun(store)
    for path in there:
        taken_over(path, staging)
    entry = entry_of(staging)
    shown(store, staging, entry, before=[])
    return [entry]


def shown(store: Path, staging: Path, entry: Entry, *, before: Sequence[Entry]) -> None:
    """Show a finished snapshot.

    Args:
        store: The store.
        staging: The folder in which it was made.
        entry: What the ledger will say about it.
        before: The entries of the ledger that count.

    Raises:
        OSError: When the disk refuses; the store shows what it did.
    """
    _synced(staging)
    _placed(staging, snapshots_folder(store) / entry.name, entry)
    again = bool(before) and before[-1].digest == entry.digest
    write_ledger(store, [*before[:-1], replace(before[-1], made_from=entry.made_from)] if again else [*before, entry])
    names = {*entry.files, JOURNAL, SEAL}
    for name in sorted(name for name in names if (snapshots_folder(store) / entry.name / name).is_file()):
        if not os.path.lexists(store / name):
            _link(store / name, link_target(name))
    current = snapshots_folder(store) / CURRENT
    if current.is_dir() and not current.is_symlink():  # a copy of a store that followed its links
        current.rename(current.with_name(f"{GOING}{CURRENT}"))
    _link(current, entry.name)
    for path in store.iterdir():
        if path.name in names and not is_own_link(path):
            _link(path, link_target(path.name))
        elif path.name not in names and is_own_link(path):
            path.unlink()


def refuse_conflicts(store: Path, names: Iterable[str], *, config: Path | None) -> None:
    """Refuse to replace what somebody put into the store by hand.

    Args:
        store: The store.
        names: Names of the files of the new snapshot.
        config: The configuration file that the user gave.

    Raises:
        UsageError: When a file of the store that no ingest made holds a table of the new snapshot, or other settings.
    """
    stems = {Path(name).stem for name in names if name != CONFIG_FILE}
    for path in sorted(store.iterdir()):
        is_table = path.suffix.lower() in (".parquet", ".csv") and path.stem in stems & set(TABLES)
        if is_table and path.is_file() and not is_own_link(path) and not _is_copy(path, store):
            what, rule = "a file of the store would be replaced that no ingest made", f"The extract has {path.stem} too"
            raise UsageError(what, value=path, rule=rule, way_out="Move it away, or leave that table out of the mapping")
    mine = store / CONFIG_FILE
    if CONFIG_FILE in names and mine.is_file() and config is None and _is_edited(mine, store):
        way_out = f"Move the change into the mapping's [config], or keep the file with --config {mine}"
        raise UsageError("the settings of the store were changed by hand, and the mapping brings its own", value=mine, way_out=way_out)


def _is_copy(path: Path, store: Path) -> bool:
    """Whether a file of the store is that of the snapshot shown: a copy of a store may have followed its links."""
    shown_now = current_of(store)
    there = shown_now / path.name if shown_now else snapshots_folder(store) / CURRENT / path.name
    return there.is_file() and file_digest(there) == file_digest(path)


def _is_edited(path: Path, store: Path) -> bool:
    from alignment_toolkit.snapshots.ledger import read_ledger

    entries = read_ledger(store)
    return bool(entries) and entries[-1].files.get(path.name) != file_digest(path)


def _placed(staging: Path, folder: Path, entry: Entry) -> None:
    """The snapshot in its place; where it is kept from an earlier time, only what is damaged in it is replaced."""
    if not folder.exists():
        staging.replace(folder)
        return
    for name in (*damaged(folder, entry.files), JOURNAL, SEAL):
        if (staging / name).is_file():
            (staging / name).replace(folder / name)
    shutil.rmtree(staging, ignore_errors=True)


def _synced(folder: Path) -> None:
    """What was written survives a power cut, and tables are not written to by mistake."""
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        path.chmod(0o444 if path.suffix == ".parquet" else 0o644)


def _link(path: Path, target: str) -> None:
    fresh = path.with_name(f".{path.name}.link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)
