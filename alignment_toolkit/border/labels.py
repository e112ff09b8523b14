"""Labels that say nothing, values that are missing, rows that stand twice, tables without rows, records merged away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alignment_toolkit.border.odd import Odd, sizes_of
from alignment_toolkit.schema import TABLES

if TYPE_CHECKING:
    from alignment_toolkit.store import Crm

PLACEHOLDERS = (
    *("select", "unknown", "n/a", "na", "none", "null", "nan", "-", "--", "?"),
    *("(not set)", "not set", "not provided", "undefined", "tbd"),
)
_ATTRIBUTES = {
    "leads": ("source", "persona", "segment", "region"),
    "deals": ("product", "source", "loss_reason"),
    "touches": ("channel",),
    "feedback": ("reason",),
    "campaigns": ("name", "channel", "persona"),
}
_WANTED = {"leads": ("source", "persona", "segment", "region"), "touches": ("channel",), "campaigns": ("channel",)}


def empty_labels(crm: Crm) -> Iterator[Odd]:
    """Placeholder words and missing values of attributes that figures are sliced by; never mixed with real categories."""
    for name, columns in _ATTRIBUTES.items():
        for column in columns:
            if not crm.has(name) or column not in crm.present.get(name, ()):
                continue
            rows = crm.tables[name]
            word = rows[column].lower().isin(PLACEHOLDERS)
            rule = f"A {column} says something; examples are the words"
            way_out = "Ask for it at the source, or translate the word with a map in a mapping; it is shown apart from real categories"
            yield Odd(name, f"placeholder word in {column}", rows[column], rows, rule, way_out, where=word)
            if column in _WANTED.get(name, ()):
                key = rows[TABLES[name].column_names[0]].cast("string")
                way_out = "Ask for it at the source; such rows are shown as (missing)"
                yield Odd(name, f"{column} is missing", key, rows, f"A {column} is known", way_out, where=rows[column].isnull())


def repeated_rows(crm: Crm) -> Iterator[Odd]:
    """Exact copies of rows in tables without a key; the first of each is not counted."""
    import ibis

    for name, contract in TABLES.items():
        if crm.has(name) and not contract.key:
            rows = crm.tables[name]
            first = contract.column_names[0]
            number = ibis.row_number().over(group_by=list(contract.column_names), order_by=first)
            copies = rows.mutate(copy_number=number)
            copies = copies.filter(copies.copy_number > 0)
            rule, way_out = f"A row of {name} stands once", "Remove the copies; until then each counts"
            yield Odd(name, "exact copies of another row", copies.select(id=copies[first].cast("string")), rows, rule, way_out)


def empty_tables(crm: Crm) -> Iterator[str]:
    """Names of optional tables that are there but hold no row."""
    yield from (name for name, n in sizes_of(crm.tables).items() if not n)


def merged_away(crm: Crm) -> Iterator[Odd]:
    """Records merged into another (no fault, but the reason why counts differ from the CRM's), and merges without an instant."""
    if crm.has("merges"):
        merges = crm.tables["merges"]
        rule = "A record merged away counts as its survivor"
        yield Odd("merges", "records merged away", merges.select(id=merges.lost_id), merges, rule, "Nothing has to be done")
        rule = "A merge takes effect when the CRM made it; without an instant it is in force from the start, for earlier as-ofs too"
        way_out = "Export the instant of the merge where the CRM keeps it"
        yield Odd("merges", "merges at an unknown time", merges.lost_id, merges, rule, way_out, where=merges.merged_at.isnull())
