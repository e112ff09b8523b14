"""Which customer of one source is which lead of another: by a link column first, then by equal e-mail addresses, never by names.

A source of leads says by which keys a lead is known (its id, its account, the customer id that somebody entered in the CRM, the e-mail
address), a source of customers by which keys a customer is. E-mail addresses are compared without regard to case, ids exactly, a Salesforce
id of 15 characters as the same id of 18. Keys are compared inside the engine and are not stored.
A customer belongs to the lead with which it shares a key: a link before an e-mail address, then the earliest lead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.duck import stored
from alignment_toolkit.border.inputs import typed_input
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.border.mapped import Mapped
from alignment_toolkit.border.personal import impersonal_id
from alignment_toolkit.border.salesforce_ids import long_salesforce_id

_SIDES = {"leads": ("lead_id", "created_at"), "customers": ("customer_id",)}


def linked(benches: list[Workbench], made: dict[str, Mapped]) -> tuple[dict[str, Mapped], tuple[str, ...]]:
    """The tables with `lead_id` of subscriptions filled in, and what was linked how, in words.

    Args:
        benches: Every mapping with its source.
        made: Canonical tables.
    """
    linking = {side: [bench for bench in benches if side in bench.mapping.links] for side in _SIDES}
    if "subscriptions" not in made or not all(linking.values()):
        return made, ()  # nothing to link: in a renewal of other tables the leads are not even read
    keys = {side: [_keys(bench, side) for bench in found] for side, found in linking.items()}
    backend = benches[0].backend
    pairs = _pairs(_stack(keys["leads"]), _stack(keys["customers"]))
    pairs = stored(backend, pairs, "customer leads")
    mapped = _filled(made["subscriptions"], pairs, backend)
    return made | {"subscriptions": mapped}, (_note(mapped, pairs, backend),)


def _keys(bench: Workbench, side: str) -> Any:
    layers = Layers(bench, typed_input)
    table = layers.select(bench.mapping.links[side], name=f"keys {bench.number} {side}", place=f"links.{side}")  # type: ignore[index]
    written = table["key"].cast("string").strip().nullif("")
    key = (table["how"] == "e-mail").ifelse(written.lower(), long_salesforce_id(written))
    own = _SIDES[side][0]
    return (
        table.mutate(**{"key": key, own: impersonal_id(table[own].cast("string"))})
        .select(*_SIDES[side], "how", "key")
        .drop_null(["key", own])
    )


def _stack(tables: list[Any]) -> Any:
    import ibis

    return ibis.union(*tables, distinct=False) if len(tables) > 1 else tables[0]


def _pairs(leads: Any, customers: Any) -> Any:
    """customer_id, linked_lead_id, how: one row per customer that shares a key with a lead."""
    import ibis

    joined = customers.inner_join(leads, customers.key == leads.key, rname="lead_{name}")
    by_mail = (joined.how == "e-mail") | (joined.lead_how == "e-mail")
    ranked = joined.select("customer_id", "lead_id", "created_at", how=by_mail.ifelse("e-mail address", "link column"))
    order = [ranked.how.desc(), ranked.created_at, ranked.lead_id]  # `link column` sorts after `e-mail address`
    first = ranked.mutate(place=ibis.row_number().over(group_by="customer_id", order_by=order))
    return first.filter(first.place == 0).select("customer_id", "how", linked_lead_id="lead_id")


def _filled(mapped: Mapped, pairs: Any, backend: Any) -> Mapped:
    """The subscriptions with the lead of each customer, where they do not name one themselves."""
    import ibis

    source = mapped.source
    rows = source.rows.rename(subscriber="customer_id") if "customer_id" in source.rows.columns else source.rows
    joined = rows.left_join(pairs, rows.subscriber == pairs.customer_id).drop("customer_id").rename(customer_id="subscriber")
    own = joined["lead_id"] if "lead_id" in source.found else ibis.null("string")
    lead = ibis.coalesce(own, joined.linked_lead_id)
    table = joined.mutate(**{"lead_id": lead, "found lead_id": lead})
    kept = stored(backend, table, "linked subscriptions")
    names = list(dict.fromkeys([*source.found, "lead_id"]))
    found, typed = {name: kept[f"found {name}"] for name in names}, {name: kept[name] for name in names}
    return replace(mapped, source=replace(source, rows=kept, found=found, typed=typed))


def _note(mapped: Mapped, pairs: Any, backend: Any) -> str:
    rows = mapped.source.rows
    n = int(backend.to_pyarrow(rows.customer_id.nunique()).as_py())
    used = pairs.semi_join(rows, "customer_id")
    counts = {row["how"]: row["n"] for row in backend.to_pyarrow(used.group_by("how").aggregate(n=used.count())).to_pylist()}
    ways = " and ".join(f"{counts[how]:,} by {how}" for how in ("link column", "e-mail address") if how in counts)
    return f"subscriptions: {sum(counts.values()):,} of {n:,} customers linked to a lead{f' ({ways})' if ways else ''}"
