"""A store opened for one writer; a folder that was made for nothing does not stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignment_toolkit.locking import locked
from alignment_toolkit.snapshots.layout import current_of


@contextmanager
def opened_for_writing(store: Path, *, wait: float = 0) -> Iterator[None]:
    """Hold the lock of a store, which is made when it is not there, and removed when nothing came to be shown in it.

    Args:
        store: The store.
        wait: Seconds to wait for another writer.

    Raises:
        Busy: When another one holds the lock for longer.
        PublishError: When the folder cannot be written.
    """
    is_new = not store.exists()
    with locked(store, wait=wait, what="store"):
        try:
            yield
        finally:
            if is_new and current_of(store) is None:
                shutil.rmtree(store, ignore_errors=True)
