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
_TOGETHER = 8  # counted in one query: fewer round trips, while Ibis compiles longer unions disproportionately slowly


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
    import pandas as pd

    listed = list(odds)
    numbers = [n for start in range(0, len(listed), _TOGETHER) for n in _numbers([odd.ids for odd in listed[start : start + _TOGETHER]])]
    found = [(odd, n) for odd, n in zip(listed, numbers, strict=True) if n]
    bases = {odd.of.op(): odd.of for odd, _ in found}
    of = dict(zip(bases, _numbers(list(bases.values())), strict=True))
    rows = [(odd.table, odd.fault, n, of[odd.of.op()], _examples(odd), odd.rule, odd.way_out) for odd, n in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _numbers(tables: list[ir.Table]) -> list[int]:
    """Number of rows of each table, in one query."""
    import ibis

    if not tables:
        return []
    counts = [table.aggregate(n=table.count()).mutate(place=ibis.literal(place, "int64")) for place, table in enumerate(tables)]
    rows = _fetched(ibis.union(*counts, distinct=False) if len(counts) > 1 else counts[0])
    return [int(row["n"]) for row in sorted(rows, key=lambda row: row["place"])]


def _examples(odd: Odd) -> str:
    rows = _fetched(odd.ids.select("id").distinct().order_by("id").limit(SHOWN))
    return ", ".join(str(row["id"]) for row in rows)


def _fetched(expression: ir.Table) -> list[dict[str, Any]]:
    return expression.to_pyarrow().to_pylist()
