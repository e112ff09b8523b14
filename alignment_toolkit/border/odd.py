"""What is odd but usable: the value that every counted fault is, and how all of them are counted in few queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

COLUMNS = ("table", "fault", "n", "of", "examples", "rule", "way_out")
SHOWN = 3
_TOGETHER = 8  # counted in one query: fewer round trips, while Ibis compiles longer unions disproportionately slowly


@dataclass(frozen=True)
class Odd:
    """One kind of counted fault.

    Attributes:
        table: Canonical table it is found in.
        fault: What it is, in a few words.
        ids: One row per odd row, with the column `id` (string) to find it by; with `where`, that value of a row of `of`.
        of: Rows it is looked for in.
        rule: What is expected.
        way_out: What can be done.
        where: Which rows of `of` are odd, where that can be seen from the row alone: one query counts all such kinds of a table.
    """

    table: str
    fault: str
    ids: ir.Table | ir.Value
    of: ir.Table
    rule: str
    way_out: str
    where: ir.BooleanValue | None = None

    @property
    def rows(self) -> ir.Table:
        """One row per odd row, with the column `id`."""
        return self.ids if self.where is None else self.of.filter(self.where).select(id=self.ids)


def counted(odds: Iterable[Odd], *, examples: bool = True) -> pd.DataFrame:
    """The kinds that occur, with their number.

    Args:
        odds: What is looked for.
        examples: Whether to name up to three ids or words of each.

    Returns:
        table, fault, n (rows), of (rows looked at), examples (comma between; empty when not asked for), rule, way_out; in the order given.
    """
    import pandas as pd

    listed = list(odds)
    numbers, sizes = _by_row(listed)
    numbers |= sizes_of({place: odd.rows for place, odd in enumerate(listed) if odd.where is None})
    found = [(odd, numbers[place]) for place, odd in enumerate(listed) if numbers[place]]
    sizes |= sizes_of({odd.of.op(): odd.of for odd, _ in found if odd.of.op() not in sizes})
    rows = [(odd.table, odd.fault, n, sizes[odd.of.op()], _examples(odd) if examples else "", odd.rule, odd.way_out) for odd, n in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_row(odds: list[Odd]) -> tuple[dict[Any, int], dict[Any, int]]:
    """Numbers of the kinds that are seen from a row alone, by place, and the sizes of the tables they are looked for in."""
    homes: dict[Any, dict[int, Odd]] = {}
    for place, odd in enumerate(odds):
        if odd.where is not None:
            homes.setdefault(odd.of.op(), {})[place] = odd
    numbers: dict[Any, int] = {}
    sizes: dict[Any, int] = {}
    for home, kinds in homes.items():
        table = next(iter(kinds.values())).of
        sums = {f"n{place}": odd.where.fill_null(False).cast("int64").sum() for place, odd in kinds.items() if odd.where is not None}
        (row,) = _fetched(table.aggregate(n=table.count(), **sums))
        sizes[home] = int(row["n"])
        numbers |= {place: int(row[f"n{place}"] or 0) for place in kinds}
    return numbers, sizes


def sizes_of(tables: dict[Any, ir.Table]) -> dict[Any, int]:
    """Number of rows of each table, several of them in one query."""
    import ibis

    keys, found = list(tables), []
    for start in range(0, len(keys), _TOGETHER):
        some = [tables[key] for key in keys[start : start + _TOGETHER]]
        counts = [table.aggregate(n=table.count()).mutate(place=ibis.literal(place, "int64")) for place, table in enumerate(some)]
        rows = _fetched(ibis.union(*counts, distinct=False) if len(counts) > 1 else counts[0])
        found += [int(row["n"]) for row in sorted(rows, key=lambda row: row["place"])]
    return dict(zip(keys, found, strict=True))


def _examples(odd: Odd) -> str:
    rows = _fetched(odd.rows.select("id").distinct().order_by("id").limit(SHOWN))
    return ", ".join(str(row["id"]) for row in rows)


def _fetched(expression: ir.Table) -> list[dict[str, Any]]:
    return expression.to_pyarrow().to_pylist()
