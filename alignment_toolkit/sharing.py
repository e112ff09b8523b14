"""What the notebooks of one pass share: what one of them has counted, checked or held in its engine, the next need not work out again.

Only where the environment names a folder, as a report run does, one for the execution and another for the proof. Analysts' kernels share
nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

SHARED = "ALIGNMENT_COUNTS"


def shared(key: object, count: Callable[[], pa.Table]) -> pa.Table:
    """The counts under a key: read where another notebook has left them, else counted now and left for the others.

    Args:
        key: Everything that the counts depend on, as an object whose `repr` says it.
        count: Counts.
    """
    from pyarrow import feather

    path = place_of(key, ".arrow")
    if path is None:
        return count()
    if path.is_file():
        return feather.read_table(path, memory_map=False)
    table = count()
    leave(path, lambda half: feather.write_feather(table, half, compression="uncompressed"))
    return table


def left_for_others(key: object) -> Any:
    """What another notebook of this pass has left under a key, None when nothing."""
    path = place_of(key, ".json")
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else None


def leave_for_others(key: object, value: Any) -> None:
    """Leave a JSON value under a key for the other notebooks of this pass; nothing where there are none."""
    if path := place_of(key, ".json"):
        leave(path, lambda half: half.write(json.dumps(value).encode()))


def place_of(key: object, ending: str) -> Path | None:
    """The file that something is left in for the other notebooks of this pass, None where there are none.

    Args:
        key: Everything that it depends on, as an object whose `repr` says it.
        ending: Of the file's name.
    """
    folder = os.environ.get(SHARED)
    return Path(folder) / f"{sha256(repr(key).encode()).hexdigest()}{ending}" if folder else None


def leave(path: Path, write: Callable[[Any], object]) -> None:
    """Write a file, given open and empty, so that it is whole or not there, whoever is killed; nothing is left of one that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as half:
        try:
            write(half)
        except Exception:
            Path(half.name).unlink(missing_ok=True)
            raise
    Path(half.name).replace(path)
