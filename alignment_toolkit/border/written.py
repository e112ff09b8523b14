"""Where values that are not there stand in the files: file, header, row, and the word that stands for nothing, such as `NULL`.

A canonical table has lost all of that: its value is null. The files are looked at once more, and only where a fault was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from alignment_toolkit.border.duck import ROW
from alignment_toolkit.border.sentences import SHOWN, Example, word
from alignment_toolkit.border.sources import Source


@dataclass(frozen=True)
class Absent:
    """Values of one column of one file that are not there.

    Attributes:
        place: The file or table.
        column: The column as its header has it, or by its canonical name.
        n: How many there are.
        examples: The first of them.
    """

    place: str
    column: str
    n: int
    examples: tuple[Example, ...]


def absent(backend: Any, rows: Any, is_absent: Any, value: Any, *, place: str, column: str) -> tuple[Absent, ...]:
    """The absent values of one column, none where there are none.

    Args:
        backend: The engine that holds the rows.
        rows: A file as found.
        is_absent: Whether a row has no value.
        value: The value as written.
        place: Name of the file.
        column: Name of the column.
    """
    table = rows.filter(is_absent).select(value=value.cast("string"), **({"row": rows[ROW]} if ROW in rows.columns else {}))
    n = int(backend.to_pyarrow(table.count()).as_py())
    first = backend.to_pyarrow((table.order_by("row") if "row" in table.columns else table).limit(SHOWN)).to_pylist()
    return (Absent(place, column, n, tuple(Example(word(row["value"]), row.get("row")) for row in first)),) if n else ()


def absent_in_file(source: Source, backend: Any, column: str, *, aside: Any = None) -> tuple[Absent, ...]:
    """The absent values of a column of a table that one file makes, but for the rows set aside.

    Args:
        source: The table as found.
        backend: The engine that holds it.
        column: Canonical name.
        aside: Reason to set a row aside, null where it is used; None: every row is used.
    """
    is_absent = replace(source, tidy=frozenset()).there(column).isnull()
    is_absent = is_absent if aside is None else is_absent & aside.isnull()
    return absent(backend, source.rows, is_absent, source.found[column], place=source.place, column=column)
