"""One folder takes the place of another in one step, so that no reader ever sees half of each."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def swap_in(staged: Path, target: Path) -> None:
    """Put a finished folder where `target` is, and remove what was there.

    The two names are exchanged in one system call; where the system has none, the old folder steps aside for a moment.

    Args:
        staged: The finished folder, on the same disk.
        target: Its final place; may or may not exist.
    """
    staged.chmod(0o755)  # a temporary folder is private, a store is not
    if not target.exists():
        staged.rename(target)
        return
    if not _exchanged(staged, target):
        aside = staged.with_name(f"{staged.name}-old")
        target.rename(aside)
        staged.rename(target)
        aside.rename(staged)
    shutil.rmtree(staged, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system exchanged the two names at once."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0
