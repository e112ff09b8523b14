"""Where the snapshots of a store lie, and how a reader sees all its tables of one of them.

`<store>/leads.parquet` is a link to `.snapshots/current/leads.parquet`, and `.snapshots/current` a link to the folder of the snapshot that
is shown. Replacing that one link shows another snapshot. A folder without snapshots is a store as it lies there.
"""

from __future__ import annotations

from pathlib import Path

SNAPSHOTS = ".snapshots"
CURRENT = "current"
LENGTH = 12
_TRIES = 100


def snapshots_folder(store: Path) -> Path:
    """Where the snapshots of a store lie."""
    return store / SNAPSHOTS


def current_of(store: Path) -> Path | None:
    """The folder of the snapshot that a store shows; None: it has none."""
    link = snapshots_folder(store) / CURRENT
    try:
        return link.parent / link.readlink().name
    except OSError:
        return None


def is_own_link(path: Path) -> bool:
    """Whether this is the link of a store to a file of the snapshot that is shown."""
    return path.is_symlink() and str(path.readlink()) == link_target(path.name)


def link_target(name: str) -> str:
    """What the link of that name in a store points to."""
    return f"{SNAPSHOTS}/{CURRENT}/{name}"


def files_of(store: Path) -> dict[str, Path]:
    """Name -> file of everything that is not hidden in a store folder, its own links followed, all of one snapshot.

    A writer makes the links of new files before it shows a snapshot, and removes those of old ones after it. So whoever lists them while
    one snapshot was shown has all of its files, and links besides that lead nowhere, which are left out.

    Raises:
        OSError: When the folder cannot be read.
    """
    for _ in range(_TRIES):
        shown = current_of(store)
        found = {path.name: _followed(path, shown) for path in sorted(store.iterdir()) if not path.name.startswith(".")}
        if current_of(store) == shown:
            break
    return {name: path for name, path in found.items() if path is not None}


def store_file(store: Path, name: str) -> Path:
    """One file of a store folder, whether it is there or not."""
    shown = current_of(store)
    return (_followed(store / name, shown) if shown else None) or store / name


def _followed(path: Path, shown: Path | None) -> Path | None:
    if not is_own_link(path):
        return path
    target = (shown or path) / path.name
    return target if target.is_file() else None
