"""What "same data" and "same code" mean: digests of the store's files and of everything that makes the report."""

from __future__ import annotations

import csv
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.digests import digest_of, file_digest
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import current_of, files_of, store_file

_ENDINGS = (".parquet", ".csv")


@dataclass(frozen=True)
class DataDigest:
    """What the data of a report were.

    Attributes:
        digest: Digest over all its files; None where the data lie behind an address and cannot be pinned.
        files: File name -> SHA-256; the configuration used is among them.
        rows: Table -> rows in its file, None where it cannot be read; empty for a database, whose engine counts them (`store.row_counts`).
        snapshot: Name of the snapshot that a store folder shows; None: it has none.
    """

    digest: str | None
    files: dict[str, str]
    rows: dict[str, int | None]
    snapshot: str | None = None


def data_digest(store: Path | None, *, config: Path | None = None) -> DataDigest:
    """The digest of a store folder or database file with the configuration it is read with.

    Args:
        store: Folder or file; None for a connection address.
        config: Configuration given by the user; None: the store's own `alignment.toml` where there is one.
    """
    if store is None:
        return DataDigest(None, {}, {})
    paths = _store_files(store) if store.is_dir() else {store.name: store}
    settings = config or (store_file(store, CONFIG_FILE) if store.is_dir() else store.parent / CONFIG_FILE)
    if settings.is_file():
        paths[CONFIG_FILE] = settings
    files = {name: file_digest(path) for name, path in sorted(paths.items())}
    rows = {path.stem: _rows(path) for name, path in sorted(paths.items()) if name != CONFIG_FILE}
    shown = current_of(store)
    return DataDigest(digest_of(files), files, rows if store.is_dir() else {}, shown.name if shown else None)


def glossary_digest(store: Path | None, config: Path | None) -> str:
    """The digest of the words in force: the package's glossary with what the configuration has agreed otherwise."""
    from alignment_toolkit.config import load_config
    from alignment_toolkit.glossary import digest

    own = None if store is None else (store if store.is_dir() else store.parent) / CONFIG_FILE
    found = config or (own if own is not None and own.is_file() else None)
    return digest(load_config(found).glossary)


def code_digest(notebooks: Iterable[Path], *, packages: Mapping[str, str]) -> str:
    """The digest of the package with its template, the notebooks, Python and every installed version."""
    package = Path(__file__).resolve().parent.parent
    own = {str(path.relative_to(package)): file_digest(path) for path in sorted(package.rglob("*")) if _is_code(path)}
    shown = {path.name: file_digest(path) for path in sorted(notebooks)}
    return digest_of({"package": own, "notebooks": shown, "packages": dict(packages)})


def installed() -> dict[str, str]:
    """Name -> version of every installed distribution, and of Python itself.

    Read from the names of their metadata folders: opening each of them takes half a second.
    """
    folders = (folder.name for place in map(Path, sys.path) if place.is_dir() for folder in place.glob("*.dist-info"))
    found = dict(name.removesuffix(".dist-info").rsplit("-", 1) for name in folders if "-" in name)
    return dict(sorted({name.lower().replace("_", "-"): version for name, version in found.items()}.items())) | {
        "python": platform.python_version()
    }


def version_differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """One phrase per package whose version differs, such as `numpy 2.1 (now 2.2)`."""
    names = sorted({*before, *now}, key=str.casefold)
    return [f"{name} {before.get(name, 'absent')} (now {now.get(name, 'absent')})" for name in names if before.get(name) != now.get(name)]


def _store_files(folder: Path) -> dict[str, Path]:
    """Name -> file of the tables of a store, all of one snapshot where it has any."""
    named = {name: path for name, path in files_of(folder).items() if path.stem in TABLES and path.suffix.lower() in _ENDINGS}
    return {name: path for name, path in named.items() if path.is_file()}


def _is_code(path: Path) -> bool:
    return path.is_file() and path.suffix in {".py", ".j2", ".css", ".json", ".toml"}


def _rows(path: Path) -> int | None:
    if path.suffix.lower() == ".parquet":
        from pyarrow import ArrowException
        from pyarrow.parquet import read_metadata

        try:
            return int(read_metadata(path).num_rows)
        except (ArrowException, OSError):
            return None  # the border refuses the file in its own sentence
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            return max(sum(1 for row in csv.reader(file) if row) - 1, 0)
    except csv.Error:
        return None
