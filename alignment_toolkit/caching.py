"""Journeys are made once per as-of and kept in the engine; each slice is then one group-by over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from alignment_toolkit.border.holding import held, held_for_others
from alignment_toolkit.sharing import place_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm


def cached(crm: Crm, key: tuple[object, ...], make: Callable[[], ir.Table]) -> ir.Table:
    """The table made under this key, materialised in the engine at the first call; read where another notebook of a report run made it.

    Args:
        crm: Its `cache` holds the tables; studies of the same store share it.
        key: Name and everything the table depends on beside the store.
        make: Builds the expression when it is not there yet.
    """
    if key not in crm.cache:
        place = place_of(("table", crm.where, crm.config, crm.at_hand.as_of, key), ".parquet")
        crm.cache[key] = held_for_others(make, place, engine=crm.tables["leads"].get_backend()) if place else held(make())
    return crm.cache[key]
