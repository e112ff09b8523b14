"""What the notebooks of one pass share: what one of them has counted, or has checked, the next need not work out again.

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

    path = _place(key, ".arrow")
    if path is None:
        return count()
    if path.is_file():
        return feather.read_table(path, memory_map=False)
    table = count()
    _leave(path, lambda half: feather.write_feather(table, half, compression="uncompressed"))
    return table


def left_for_others(key: object) -> Any:
    """What another notebook of this pass has left under a key, None when nothing."""
    path = _place(key, ".json")
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else None


def leave_for_others(key: object, value: Any) -> None:
    """Leave a JSON value under a key for the other notebooks of this pass; nothing where there are none."""
    if path := _place(key, ".json"):
        _leave(path, lambda half: half.write(json.dumps(value).encode()))


def _place(key: object, ending: str) -> Path | None:
    folder = os.environ.get(SHARED)
    return Path(folder) / f"{sha256(repr(key).encode()).hexdigest()}{ending}" if folder else None


def _leave(path: Path, write: Callable[[Any], object]) -> None:
    """Write a file so that it is whole or not there, whoever is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as half:
        write(half)
    Path(half.name).replace(path)
