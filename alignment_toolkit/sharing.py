"""Counts shared by the notebooks of one pass: what one of them has counted, the next need not count again.

Only where the environment names a folder, as a report run does, one for the execution and another for the proof. Analysts' kernels share
nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

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

    folder = os.environ.get(SHARED)
    if not folder:
        return count()
    path = Path(folder) / f"{sha256(repr(key).encode()).hexdigest()}.arrow"
    if path.is_file():
        return feather.read_table(path, memory_map=False)
    table = count()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as half:  # whole or not there, whoever is killed
        feather.write_feather(table, half, compression="uncompressed")
    Path(half.name).replace(path)
    return table
