"""Tables that are worked out once and held where they are: in their engine.

Ibis does that itself for most engines. Spark forgets it: what it caches is found again by comparing plans, which fails as soon as a cached
plan with common table expressions stands inside another one, and every figure would be worked out from the files. So there a table is
checkpointed, which cuts its plan: reliably where the session has a checkpoint directory, else in the executors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


def held(table: ir.Table) -> ir.Table:
    """The table with its rows worked out now and held in its engine for as long as the connection lives.

    Args:
        table: Any expression over tables of one connection.
    """
    backend = table.get_backend()
    return _checkpointed(table, backend) if backend.name == "pyspark" else table.cache()


def _checkpointed(table: ir.Table, backend: Any) -> ir.Table:
    from ibis.util import gen_name

    session = backend._session  # the only way to the session that the connection was made with
    rows = session.sql(backend.compile(table))
    is_reliable = session.sparkContext.getCheckpointDir() is not None
    name = gen_name("alignment_held")
    (rows.checkpoint() if is_reliable else rows.localCheckpoint()).createOrReplaceTempView(name)
    return backend.table(name)
