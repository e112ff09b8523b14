"""Merges that go in a ring: 1 was merged into 2 and 2 into 1, so nothing says which of them survived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alignment_toolkit.border.mapped import Mapped

Rings = dict[str, list[tuple[str, ...]]]
COUNTS_AS = "the record with the smallest id stands for its ring, and what the others hold of their own, such as amounts, counts nowhere"
_SHOWN = 3


def rings(merges: Any, fetch: Callable[[Any], list[dict[str, Any]]]) -> Rings:
    """Canonical table -> its rings of merges, each from its smallest id on in the order of the merges.

    Args:
        merges: The canonical table `merges`.
        fetch: Runs an expression on its engine and gives the rows.
    """
    links = merges.select("table", "lost_id", "survivor_id")
    ends = links.select(home=links["table"], onward=links.survivor_id).distinct()
    both = links.semi_join(ends, (links["table"] == ends.home) & (links.lost_id == ends.onward))  # few are merged into and away
    heirs: dict[str, dict[str, str]] = {}
    for row in fetch(both):
        heirs.setdefault(row["table"], {})[row["lost_id"]] = row["survivor_id"]
    return {table: found for table, of in sorted(heirs.items()) if (found := rings_of(of))}


def rings_of(heirs: dict[str, str]) -> list[tuple[str, ...]]:
    """The rings among merges; a record merged into itself is none, since nothing is lost.

    Args:
        heirs: Merged record -> the record it was merged into.
    """
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in heirs:
        path: dict[str, None] = {}
        at = start
        while at in heirs and at not in done and at not in path:
            path[at] = None
            at = heirs[at]
        if at in path and heirs[at] != at:
            members = list(path)[list(path).index(at) :]
            first = members.index(min(members))
            found.append((*members[first:], *members[:first]))
        done |= path.keys()
    return sorted(found)


def ring_notes(made: dict[str, Mapped], backend: Any) -> tuple[str, ...]:
    """A sentence on the rings of merges that an ingest read, where there are any."""
    if "merges" not in made:
        return ()
    found = rings(made["merges"].source.rows, lambda expression: backend.to_pyarrow(expression).to_pylist())
    each = [f"{table} {' → '.join((*ring, ring[0]))}" for table, of in found.items() for ring in of]
    if not each:
        return ()
    n = sum(len(ring) for of in found.values() for ring in of)
    listed = "; ".join(each[:_SHOWN]) + (f" and {len(each) - _SHOWN:,} more rings" if len(each) > _SHOWN else "")
    return (f"merges: {n:,} merges go in a ring ({listed}): {COUNTS_AS}. Take the merge of the record that survived out of the source",)
