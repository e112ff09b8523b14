"""Old snapshots go, as far as nobody can still be reading them: never the one shown, nor one that was replaced less than a day ago."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from alignment_toolkit.snapshots.layout import current_of, snapshots_folder
from alignment_toolkit.snapshots.ledger import Entry, kept
from alignment_toolkit.snapshots.showing import GOING

KEPT = 12
GRACE = timedelta(days=1)


def pruned(store: Path, entries: Sequence[Entry], *, keep: int, now: datetime | None) -> list[str]:
    """Remove the oldest snapshots, and give their names; what cannot be removed stays.

    Args:
        store: The store, whose lock is held.
        entries: Its ledger; entries of removed snapshots stay in it.
        keep: Snapshots that stay, the shown one included.
        now: Wall time; None: every snapshot counts as old enough.
    """
    shown = current_of(store)
    here = kept(store, entries)
    replaced_at = {entry.digest: after.at for entry, after in pairwise(entries)}
    old = [entry for entry in here[: max(len(here) - keep, 0)] if shown is None or entry.name != shown.name]
    return [entry.name for entry in old if _is_old(replaced_at.get(entry.digest), now) and _removed(snapshots_folder(store) / entry.name)]


def _is_old(replaced_at: str | None, now: datetime | None) -> bool:
    return now is None or replaced_at is None or now - datetime.fromisoformat(replaced_at) >= GRACE


def _removed(folder: Path) -> bool:
    going = folder.with_name(f"{GOING}{folder.name}")
    try:
        folder.replace(going)
        shutil.rmtree(going)
    except OSError:
        return False
    return True
