"""A table as found beside the same table as the contract wants it: what the checks compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.clocks import TICK, from_zone, instant_of, is_date, micros, offset_of, to_zone, wall_clock
from alignment_toolkit.border.datetexts import order_of, spelled_out
from alignment_toolkit.border.duck import ROW, stored
from alignment_toolkit.border.nothing import is_nothing, null_words
from alignment_toolkit.border.parsing import TYPES, Reading, cleaned, parsed, without_null_words
from alignment_toolkit.schema import IS_DATE, TABLES, Table, key_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from alignment_toolkit.border.written import Absent

CODES = ("currency",)  # columns that hold codes


@dataclass(frozen=True)
class Source:
    """One table on its way over the border.

    Attributes:
        contract: The canonical table that it is to become.
        place: Its file or table name in messages.
        rows: The table that the expressions read.
        found: Column of the contract -> expression over `rows` as found; columns that are not there are left out.
        readings: Column -> how its text is understood.
        typed: Column -> its canonical value where that was already computed and stored.
        tidy: Text columns known to hold no stray blanks, overlong names or words for nothing, so that they can be taken as they are.
        unknown: Columns that the contract does not know.
        is_selected: Whether a SELECT over files made it.
        absent_in: Where the absent values of a column stand in the files behind the table; None: as `found` has them.
    """

    contract: Table
    place: str
    rows: ir.Table
    found: dict[str, ir.Value]
    readings: dict[str, Reading] = field(default_factory=dict)
    typed: dict[str, ir.Value] = field(default_factory=dict)
    tidy: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    is_selected: bool = False
    absent_in: Callable[[str], tuple[Absent, ...]] | None = None

    @property
    def is_numbered(self) -> bool:
        """Whether the row in the file is known."""
        return ROW in self.rows.columns

    @property
    def key(self) -> tuple[str, ...]:
        """The key columns, given the columns that are there."""
        return key_of(self.contract, tuple(self.found))

    @property
    def missing(self) -> tuple[str, ...]:
        """Required columns that are not there."""
        return tuple(column.name for column in self.contract.columns if column.required and column.name not in self.found)

    @property
    def untrimmed(self) -> tuple[str, ...]:
        """Text columns that may still hold stray blanks."""
        strings = (name for name, value in self.found.items() if value.type().is_string() and name not in self.typed)
        return tuple(name for name in strings if name not in self.tidy)

    def value(self, name: str) -> Any:
        """One column in its canonical type."""
        kind, found = self.contract.column(name).kind, self.found[name]
        if name in self.typed:
            return self.typed[name]
        if name in self.tidy and kind in ("id", "text"):
            return found
        return parsed(self.there(name), kind, self.reading(name), is_clean=True)

    def reading(self, name: str) -> Reading:
        """How the text of a column is understood; currencies are codes in every table."""
        reading = self.readings.get(name, Reading())
        return replace(reading, is_code=True) if name in CODES else reading

    def null_words(self, name: str) -> tuple[str, ...]:
        """The words that stand for nothing in a column."""
        stated = self.reading(name).null_words
        return null_words(name, self.contract.column(name).kind) if stated is None else stated

    def says_nothing(self, name: str) -> Any:
        """Whether a text of a column, without blanks at its ends, stands for nothing."""
        return is_nothing(self.found[name], self.null_words(name), is_id=self.contract.column(name).kind == "id")

    def there(self, name: str) -> Any:
        """One column as found, without blanks at its ends; null where nothing is said, be it by a word such as `null`."""
        found = self.found[name]
        if name in self.tidy or name in self.typed:
            return found
        return without_null_words(cleaned(found), self.null_words(name), self.contract.column(name).kind)

    def unread(self, name: str) -> ir.BooleanValue:
        """Whether a value is there but cannot be read as its kind."""
        if self.found[name].type().is_floating() and self.contract.column(name).kind == "number":
            return self.found[name].isinf()
        return self.there(name).notnull() & self.value(name).isnull()

    def absent(self, name: str) -> Any:
        """Whether no value is there: null, nothing but blanks, or a word for nothing."""
        return self.there(name).isnull()

    def respelled(self, name: str, spelled: dict[str, str]) -> Source:
        """The source with some texts of a column spelled otherwise.

        Args:
            name: The column.
            spelled: Text without blanks at its ends -> the one in its place.
        """
        import ibis

        if not spelled:
            return self
        there, kept = self.there(name), self.found[name]
        found = ibis.cases(*((there == text, to) for text, to in spelled.items()), else_=kept)
        typed = self.typed | ({name: parsed(found, self.contract.column(name).kind, is_clean=True)} if name in self.typed else {})
        return replace(self, found=self.found | {name: found}, typed=typed)

    def canonical(self) -> ir.Table:
        """The table as the contract wants it: every column, typed; absent optional ones are typed nulls."""
        return self.rows.select(**self.columns())

    def columns(self) -> dict[str, Any]:
        """Every column of the contract, and the flags of dates that are there -> its canonical value."""
        import ibis

        return {
            column.name: (self.value(column.name) if column.name in self.found else ibis.null()).cast(TYPES[column.kind])
            for column in self.contract.stored_columns
            if column in self.contract.columns or column.name in self.found
        }

    def marked(self) -> ir.Table:
        """The columns that SELECTs of a mapping read; dates bear their mark (see `clocks.is_date`)."""
        import ibis

        values = {name: value for name, value in self.columns().items() if not name.endswith(IS_DATE)}
        for name in self.contract.instants:
            if name in self.found:
                flag = self.typed.get(name + IS_DATE, ibis.literal(self.found[name].type().is_date()))
                # An instant may bear the mark by chance: it gives way by a microsecond, as in `granularity.marked`.
                values[name] = ibis.ifelse(flag, values[name] + ibis.interval(microseconds=TICK), _without_mark(values[name]))
        return self.rows.select(**values)


def source_of(name: str, rows: ir.Table, *, place: str, reading: Reading) -> Source:
    """A table whose columns already bear the canonical names.

    Args:
        name: Canonical table name.
        rows: The table as found.
        place: Its file or table name in messages.
        reading: How its texts are understood.
    """
    contract = TABLES[name]
    known = [column.name for column in contract.stored_columns]
    by_name = {column.strip().casefold(): column for column in rows.columns if column != ROW}
    found = {column: rows[by_name[column]] for column in known if column in by_name}
    unknown = tuple(column for folded, column in by_name.items() if folded not in known)
    return Source(contract, place, rows, found, dict.fromkeys(found, reading), unknown=unknown)


def settled(source: Source, backend: Any, *, name: str | None, extra: dict[str, Any] | None = None, by: str | None = None) -> Source:
    """The source with its canonical values computed once, beside what was found.

    Every step is a SELECT of its own, whose columns the next one mentions (see `clocks`): texts without blanks, then wall clocks, then
    canonical values. Without these steps the statement sent to another engine would grow to many megabytes.

    Args:
        source: A table as found.
        backend: The engine.
        name: Table of the embedded engine in which the result is stored; None: it stays a SELECT, as in another engine.
        extra: Further columns to keep.
        by: Column of the contract whose every value comes from a column of its own, so that each may or may not hold dates.
    """
    kept = (extra or {}) | ({ROW: source.rows[ROW]} if source.is_numbered else {})
    texts = {f"found {column}": source.there(column) for column in source.found}
    rows = source.rows.select(**texts, **kept)
    walls = {column: parts for column in source.found if (parts := _wall(source, column, rows[f"found {column}"])) is not None}
    if walls:
        rows = rows.mutate(**{f"{piece} {column}": value for column, parts in walls.items() for piece, value in parts.items()})
    values = {column: _canonical_value(source, column, rows, column in walls) for column in source.found}
    asked = [column for column in source.contract.instants if column in source.found and column + IS_DATE not in source.found]
    days = {f"day {column}": _is_day(source, column, rows, values[column]) for column in asked}
    values |= {column: _without_mark(values[column]) for column in asked if _is_marked(source, column)}
    rows = rows.select(*(f"found {column}" for column in source.found), *kept, **values, **days)
    rows = rows if name is None else stored(backend, rows, name)
    rows = _flagged(source, rows, asked, backend, by=by)
    columns = [column.name for column in source.contract.stored_columns if f"found {column.name}" in rows.columns]
    found = {column: rows[f"found {column}"] for column in columns}
    return replace(source, rows=rows, found=found, typed={column: rows[column] for column in found})


def _is_marked(source: Source, column: str) -> bool:
    """Whether the dates of a column bear their mark, as those that a SELECT takes from typed inputs do."""
    return source.reading(column).is_utc and source.found[column].type().is_timestamp()


def _without_mark(at: Any) -> Any:
    import ibis

    return ibis.ifelse(is_date(micros(at)), at - ibis.interval(microseconds=TICK), at)


def _is_day(source: Source, column: str, rows: ir.Table, value: Any) -> Any:
    """Whether a value is a day, or may be one: the first instant of a day where the source is."""
    import ibis

    found, reading = rows[f"found {column}"], source.reading(column)
    if found.type().is_date():
        return ibis.literal(True)
    if _is_marked(source, column):
        return is_date(micros(value))
    if f"wall {column}" in rows.columns:
        wall = rows[f"wall {column}"]
        return ibis.ifelse(rows[f"offset {column}"].isnull(), _is_midnight(wall), _is_midnight(to_zone(value, reading.time_zone)))
    return _is_midnight(to_zone(value, reading.time_zone))


def _is_midnight(wall: Any) -> Any:
    return wall == wall.cast("date").cast("timestamp")


def _flagged(source: Source, rows: ir.Table, columns: list[str], backend: Any, *, by: str | None) -> ir.Table:
    """The rows with a flag beside each column of instants in which some row is a date: `found x_is_date` and `x_is_date`."""
    import ibis

    said = {column: source.reading(column).granularity for column in columns if source.reading(column).granularity}
    asked = [column for column in columns if column not in said]
    by_row = {column: flag for column in asked if (flag := _by_row(source, rows, column)) is not None}
    whole = {column: (rows[f"day {column}"] | rows[column].isnull()).all() & rows[column].notnull().any() for column in asked}
    some = {f"some {column}": flag.any() for column, flag in by_row.items()}
    groups = rows.group_by(f"found {by}") if by in source.found else rows
    told = backend.to_pyarrow(groups.aggregate(**whole, **some)).to_pylist() if asked else []
    flags: dict[str, Any] = {column: ibis.literal(granularity == "date") for column, granularity in said.items()}
    for column in asked:
        names = [row.get(f"found {by}") for row in told if row[column]]
        if names and by in source.found:
            flags[column] = rows[f"found {by}"].isin(names).fill_null(False) | by_row.get(column, False)
        elif names:
            flags[column] = ibis.literal(True)
        elif any(row.get(f"some {column}") for row in told):
            flags[column] = by_row[column]
    made = {column + IS_DATE: (flag & rows[column].notnull()).cast("boolean") for column, flag in flags.items()}
    moved = {column: _at_home(source, column, rows[column], flag) for column, flag in flags.items() if not _is_marked(source, column)}
    return rows.mutate(**moved, **made, **{f"found {name}": value for name, value in made.items()}) if made else rows


def _at_home(source: Source, column: str, at: Any, flag: Any) -> Any:
    """Instants whose days begin at the midnight of the configured zone: a day that a source in UTC names is that day everywhere."""
    import ibis

    reading = source.reading(column)
    home = reading.day_zone or reading.time_zone
    if home == reading.time_zone:
        return at
    day = to_zone(at, reading.time_zone).cast("date").cast("timestamp")
    return ibis.ifelse(flag, from_zone(day, home), at)


def _by_row(source: Source, rows: ir.Table, column: str) -> Any:
    """Which rows say of themselves that they are days: those with a mark, and texts of a SELECT, which may put several columns into one."""
    if _is_marked(source, column):
        return rows[f"day {column}"].fill_null(False)
    if source.is_selected and source.found[column].type().is_string():
        return (rows[f"day {column}"] & ~rows[f"found {column}"].contains(":")).fill_null(False)
    return None


def _wall(source: Source, column: str, text: Any) -> dict[str, Any] | None:
    """Wall clock and offset of a column of instants written as text, None for any other."""
    reading = source.reading(column)
    if source.contract.column(column).kind != "instant" or not text.type().is_string() or reading.epoch or reading.excel_dates:
        return None
    written, order = spelled_out(text, reading), order_of(reading)
    return {"wall": wall_clock(written, order=order), "offset": offset_of(written, order=order)}


def _canonical_value(source: Source, column: str, rows: ir.Table, has_wall: bool) -> Any:
    reading, kind = source.reading(column), source.contract.column(column).kind
    if has_wall:
        value = instant_of(rows[f"wall {column}"], rows[f"offset {column}"], zone=reading.time_zone)
    else:
        value = parsed(rows[f"found {column}"], kind, reading, is_clean=True)
    if kind == "instant" and reading.granularity == "date":
        return from_zone(to_zone(value, reading.time_zone).cast("date").cast("timestamp"), reading.time_zone)
    return value
