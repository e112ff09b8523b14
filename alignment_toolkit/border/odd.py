"""What is odd but usable: the value that every counted fault is, and how all of them are counted in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

COLUMNS = ("table", "fault", "n", "of", "examples", "rule", "way_out")
SHOWN = 3


@dataclass(frozen=True)
class Odd:
    """One kind of counted fault.

    Attributes:
        table: Canonical table it is found in.
        fault: What it is, in a few words.
        ids: One row per odd row, with the column `id` (string) to find it by.
        of: Rows it is looked for in.
        rule: What is expected.
        way_out: What can be done.
    """

    table: str
    fault: str
    ids: ir.Table
    of: ir.Table
    rule: str
    way_out: str


def counted(odds: Iterable[Odd]) -> pd.DataFrame:
    """The kinds that occur, with their number and up to three examples.

    Returns:
        table, fault, n (rows), of (rows looked at), examples (ids, comma between), rule, way_out; in the order given.
    """
    import ibis
    import pandas as pd

    listed = list(odds)
    rows: list[dict[str, Any]] = []
    if listed:
        counts = [odd.ids.aggregate(n=odd.ids.count()).mutate(place=ibis.literal(i, "int64")) for i, odd in enumerate(listed)]
        numbers = _fetched(ibis.union(*counts, distinct=False) if len(counts) > 1 else counts[0])
        found = {row["place"]: int(row["n"]) for row in numbers if row["n"]}
        rows = [_row(listed[place], found[place]) for place in sorted(found)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(odd: Odd, n: int) -> dict[str, Any]:
    first = _fetched(odd.ids.select("id").distinct().order_by("id").limit(SHOWN))
    of = _fetched(odd.of.aggregate(n=odd.of.count()))[0]["n"]
    examples = ", ".join(str(row["id"]) for row in first)
    return dict(zip(COLUMNS, (odd.table, odd.fault, n, int(of), examples, odd.rule, odd.way_out), strict=True))


def _fetched(expression: ir.Table) -> list[dict[str, Any]]:
    return expression.to_pyarrow().to_pylist()
