"""Counts and figures worked out ahead and kept beside a store of Parquet files, so that asking again takes seconds.

`alignment prepare` keeps them; `alignment kpis` and analysts' notebooks read them. A report does not: its two passes count from rows.
They hold for the SHA-256 of every table, the settings, the code of this package and the versions of what it counts with: whatever changes,
the rows are counted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from alignment_toolkit.digests import digest_of, joint_digest
from alignment_toolkit.sharing import SHARED, leave

if TYPE_CHECKING:
    import pandas as pd

FOLDER = ".counts"
_LARGE = 50_000_000  # bytes of Parquet; so much takes about a quarter of a minute to count
_ENGINES = ("duckdb", "ibis-framework", "numpy", "pandas", "scipy", "statsmodels")
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Prepared:
    """The place of what was counted ahead.

    Attributes:
        store: The store's folder.
        content: Digest of its tables and settings.
        keeps: Whether what has to be counted is kept, not only looked up.
    """

    store: Path
    content: str
    keeps: bool = False

    @property
    def folder(self) -> Path:
        """Where counts of these tables by this code lie, if there are any."""
        return self.store / FOLDER / sha256(f"{self.content} {_code()}".encode()).hexdigest()[:16]

    @property
    def is_large(self) -> bool:
        """Whether counting the tables takes long enough to be worth doing ahead."""
        return sum(path.stat().st_size for path in self.store.glob("*.parquet")) > _LARGE

    def holds(self, key: object) -> bool:
        """Whether a frame was kept under this key."""
        return self._path(key).exists()

    def frame(self, key: object, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The frame under a key: read where it was kept whole, else made.

        Args:
            key: Everything that they depend on beside the tables, the settings and the code, as an object whose `repr` says it.
            make: Makes it.
        """
        import pyarrow as pa
        from pyarrow import feather

        path = self._path(key)
        try:
            return feather.read_table(path, memory_map=False).to_pandas()
        except (OSError, pa.ArrowInvalid):
            frame = make()
        if self.keeps:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            leave(path, lambda half: feather.write_feather(table, half, compression="lz4"))
            path.chmod(self.folder.stat().st_mode & 0o666)  # for whoever may look into the folder, not for its writer alone
        return frame

    def _path(self, key: object) -> Path:
        return self.folder / f"{sha256(repr(key).encode()).hexdigest()}.arrow"

    def forget_others(self) -> None:
        """Remove what was kept for other tables, settings or code."""
        for other in self.store.joinpath(FOLDER).glob("*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)


def prepared_for(store: Path, content: str | None) -> Prepared | None:
    """What was counted ahead of a store; None where its content has no digest, and in a report run, which counts from the rows."""
    return None if content is None or os.environ.get(SHARED) else Prepared(store, content)


def forget(store: Path) -> None:
    """Remove all counts kept beside a store whose tables have been replaced."""
    shutil.rmtree(store / FOLDER, ignore_errors=True)


@cache
def _code() -> str:
    """Digest of all code of the package and of the versions of what it counts with: a figure may depend on any of it."""
    from importlib.metadata import version

    code = sorted(path for path in _PACKAGE.rglob("*") if path.suffix in (".py", ".toml"))
    return digest_of({"package": joint_digest(code), "packages": {name: version(name) for name in _ENGINES}})
