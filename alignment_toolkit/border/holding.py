"""Tables that are worked out once and held where they are: in their engine.

Ibis does that itself for most engines. Spark forgets it: what it caches is found again by comparing plans, which fails as soon as a cached
plan with common table expressions stands inside another one, and every figure would be worked out from the files. So there a table is
checkpointed, which cuts its plan: reliably where the session has a checkpoint directory, else in the executors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.duck import is_ours
from alignment_toolkit.sharing import leave

if TYPE_CHECKING:
    import ibis.expr.types as ir


def held(table: ir.Table) -> ir.Table:
    """The table with its rows worked out now and held in its engine for as long as the connection lives.

    Args:
        table: Any expression over tables of one connection.
    """
    backend = table.get_backend()
    return _checkpointed(table, backend) if backend.name == "pyspark" else table.cache()


def held_for_others(make: Callable[[], ir.Table], place: Path, *, engine: Any) -> ir.Table:
    """The table held, and left in a file from which it is read the next time, where it is the embedded engine that reads it.

    Args:
        make: Builds the expression; called only where it has to be worked out.
        place: The Parquet file.
        engine: The engine that it is held in.
    """
    import duckdb
    from ibis.util import gen_name

    if not is_ours(engine):
        return held(make())
    if place.is_file():
        name = gen_name("alignment_held")
        engine.con.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM read_parquet(?)', [str(place)])
        return engine.table(name)
    table = held(make())
    # where there is no room the others work it out, and the run says so where it must write
    with contextlib.suppress(OSError, duckdb.Error):
        leave(place, lambda half: engine.con.execute(f"COPY ({engine.compile(table)}) TO ? (FORMAT parquet)", [half.name]))
    return table


def _checkpointed(table: ir.Table, backend: Any) -> ir.Table:
    from ibis.util import gen_name

    session = backend._session  # the only way to the session that the connection was made with
    rows = session.sql(backend.compile(table))
    is_reliable = session.sparkContext.getCheckpointDir() is not None
    name = gen_name("alignment_held")
    (rows.checkpoint() if is_reliable else rows.localCheckpoint()).createOrReplaceTempView(name)
    return backend.table(name)
