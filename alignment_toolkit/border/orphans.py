"""Rows that name a record which is not there: unknown leads, deals, products, campaigns and owners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alignment_toolkit.border.odd import Odd

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.store import Crm

_LINKS = (
    ("lead_id", "leads", ("stage_events", "deals", "touches", "feedback", "subscriptions")),
    ("deal_id", "deals", ("deal_events",)),
    ("product", "products", ("deals",)),
    ("campaign_id", "campaigns", ("leads", "touches", "actions", "campaign_costs")),
    ("owner_id", "owners", ("leads", "deals")),
)


def orphans(crm: Crm) -> Iterator[Odd]:
    """Rows whose link leads nowhere; records merged away are known."""
    for column, home, tables in _LINKS:
        if not crm.has(home):
            continue
        known = _known(crm, home, column)
        for name in tables:
            if crm.has(name) and column in crm.present.get(name, ()):
                rows = crm.tables[name]
                rows = rows.filter(rows[column].notnull())
                lost = rows.anti_join(known, column)
                rule = f"Every {column} of {name} is in {home}; examples are the unknown ones"
                way_out = "Load the missing records, or spell both sides alike; such rows take no part in what needs the link"
                yield Odd(name, f"{column} is not in {home}", lost.select(id=lost[column].cast("string")), rows, rule, way_out)


def _known(crm: Crm, home: str, column: str) -> ir.Table:
    known = crm.tables[home].select(column)
    if crm.has("merges"):
        merges = crm.tables["merges"]
        gone = merges.filter(merges["table"] == home)
        known = known.union(gone.select(**{column: gone.lost_id}), distinct=False)
    return known.distinct()
