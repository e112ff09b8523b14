"""A table as found beside the same table as the contract wants it: what the checks compare."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from alignment_toolkit.border.duck import ROW
from alignment_toolkit.border.parsing import TYPES, Reading, cleaned, parsed
from alignment_toolkit.schema import TABLES, Table

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Source:
    """One table on its way over the border.

    Attributes:
        contract: The canonical table that it is to become.
        place: Its file or table name in messages.
        found: Column of the contract -> expression over `rows` as found; columns that are not there are left out.
        rows: The table that the expressions read.
        readings: Column -> how its text is understood.
        unknown: Columns that the contract does not know.
    """

    contract: Table
    place: str
    rows: ir.Table
    found: dict[str, ir.Value]
    readings: dict[str, Reading] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def has_rows_numbered(self) -> bool:
        """Whether the row in the file is known."""
        return ROW in self.rows.columns

    @property
    def missing(self) -> tuple[str, ...]:
        """Required columns that are not there."""
        return tuple(column.name for column in self.contract.columns if column.required and column.name not in self.found)

    def value(self, name: str) -> ir.Value:
        """One column in its canonical type."""
        return parsed(self.found[name], self.contract.column(name).kind, self.readings.get(name, Reading()))

    def unread(self, name: str) -> ir.BooleanValue:
        """Whether a value is there but cannot be read as its kind."""
        return cleaned(self.found[name]).notnull() & self.value(name).isnull()

    def canonical(self, *, keep_row: bool = False) -> ir.Table:
        """The table as the contract wants it: every column, typed; absent optional ones are typed nulls."""
        import ibis

        columns = {
            column.name: self.value(column.name) if column.name in self.found else ibis.null(TYPES[column.kind])
            for column in self.contract.columns
        }
        if keep_row and self.has_rows_numbered:
            columns[ROW] = self.rows[ROW]
        return self.rows.select(**columns)


def source_of(name: str, rows: ir.Table, *, place: str, reading: Reading) -> Source:
    """A table whose columns already bear the canonical names.

    Args:
        name: Canonical table name.
        rows: The table as found.
        place: Its file or table name in messages.
        reading: How its texts are understood.
    """
    contract = TABLES[name]
    by_name = {column.strip().casefold(): column for column in rows.columns if column != ROW}
    found = {column: rows[by_name[column]] for column in contract.column_names if column in by_name}
    unknown = tuple(column for folded, column in by_name.items() if folded not in contract.column_names)
    return Source(contract, place, rows, found, dict.fromkeys(found, reading), unknown)


def materialised(source: Source, table: ir.Table) -> Source:
    """The source after its canonical form was stored as `table`: everything is typed from here on."""
    return replace(source, rows=table, found={name: table[name] for name in source.found}, readings={})
