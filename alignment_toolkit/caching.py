"""Journeys are made once per as-of and kept in the engine; each slice is then one group-by over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from alignment_toolkit.border.holding import held

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def cached(crm: Crm, key: tuple[object, ...], make: Callable[[], ir.Table]) -> ir.Table:
    """The table made under this key, materialised in the engine at the first call.

    Args:
        crm: Its `cache` holds the tables; studies of the same store share it.
        key: Name and everything the table depends on beside the store.
        make: Builds the expression when it is not there yet.
    """
    if key not in crm.cache:
        crm.cache[key] = held(make())
    return crm.cache[key]
