"""Rows that name a record which is not there: unknown leads, deals, products, campaigns and owners, and survivors of merges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alignment_toolkit.border.leadless import in_need_of_a_lead
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
_MERGED = {"leads": "lead_id", "deals": "deal_id"}


def orphans(crm: Crm) -> Iterator[Odd]:
    """Rows whose link leads nowhere; records merged away into a known one are known."""
    yield from _survivors(crm)
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
    yield from _leadless(crm)


def _leadless(crm: Crm) -> Iterator[Odd]:
    """Deals that name no lead although they should, where others do."""
    if crm.has("deals") and "lead_id" in crm.present.get("deals", ()):
        counted = in_need_of_a_lead(crm.tables["deals"], crm.config.deal_type)
        way_out = "Export the link between deals and leads; until then such deals count for no campaign or persona"
        yield Odd("deals", "no lead is named", counted.deal_id, counted, "A deal names its lead", way_out, where=counted.lead_id.isnull())


def _known(crm: Crm, home: str, column: str) -> ir.Table:
    from alignment_toolkit.merging import merge_pairs

    known = crm.tables[home].select(column)
    if crm.has("merges") and home in _MERGED:
        pairs = merge_pairs(crm, table=home)
        gone = pairs.semi_join(known, pairs.merged_into == known[column])
        known = known.union(gone.select(**{column: gone.merged_id}), distinct=False)
    return known.distinct()


def _survivors(crm: Crm) -> Iterator[Odd]:
    """Merges into a record that is neither there nor merged on."""
    for home, column in _MERGED.items() if crm.has("merges") else ():
        if crm.has(home):
            merges = crm.tables["merges"].filter(crm.tables["merges"]["table"] == home)
            onward = merges.select(onward="lost_id").distinct()
            ended = merges.anti_join(onward, merges.survivor_id == onward.onward)
            lost = ended.anti_join(crm.tables[home], ended.survivor_id == crm.tables[home][column])
            rule = f"The survivor of a merge is in {home}; examples are the unknown ones"
            way_out = "Load the surviving records; until then the last known record merged into each stands in for it"
            yield Odd("merges", f"survivor is not in {home}", lost.select(id=lost.survivor_id), merges, rule, way_out)
