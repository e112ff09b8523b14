"""The fatal faults of a store: a few aggregate queries over all tables, then up to five examples of each fault found.

Fatal: a required table or column missing, a key null or twice, a value that cannot be read, a word outside the agreed ones, an
unknown stage, a currency without a rate, an empty required table. What is odd but usable is counted elsewhere (`faults.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.duck import ROW
from alignment_toolkit.border.parsing import cleaned
from alignment_toolkit.border.sentences import SHOWN, Example, Fault
from alignment_toolkit.border.sources import Source
from alignment_toolkit.config import Config
from alignment_toolkit.errors import nearest
from alignment_toolkit.schema import TABLES, Column, key_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

Fetch = Callable[[Any], list[dict[str, Any]]]
KINDS = {
    "instant": (
        "are no instant",
        "An instant is ISO, such as 2026-01-31 or 2026-01-31T09:30:00+02:00",
        'For day-first or month-first dates declare date_order = "dmy" or "mdy" in a mapping and run alignment ingest',
    ),
    "date": (
        "are no date",
        "A date is ISO, such as 2026-01-31",
        'For day-first or month-first dates declare date_order = "dmy" or "mdy" in a mapping and run alignment ingest',
    ),
    "number": (
        "are no number",
        "A number is written like 1234.50",
        "For another decimal mark, thousands marks or currency signs declare decimal, thousands or symbol in a mapping and run alignment ingest",
    ),
    "flag": ("are no flag", "A flag is true or false, yes or no, 1 or 0", "Repair the values, or map them in a mapping"),
}
_WITH_CURRENCY = ("deals", "campaign_costs", "subscriptions")


def fatal_faults(sources: Mapping[str, Source], config: Config, fetch: Fetch) -> list[Fault]:
    """Every fatal fault of these tables, all at once.

    Args:
        sources: Canonical table name -> table as found.
        config: Stages and the reporting currency.
        fetch: Runs an expression on the engine and gives its rows.
    """
    faults = []
    for source in sources.values():
        faults += _table_faults(source, config, fetch)
    return faults + list(_currency_faults(sources, config, fetch))


def _table_faults(source: Source, config: Config, fetch: Fetch) -> list[Fault]:
    if source.missing:
        return [_missing_columns(source)]
    tests = {name: test for name, test in _tests(source, config)}
    key = key_of(source.contract, tuple(source.found))
    measures = {"n": source.rows.count(), **{name: test.sum() for name, (test, _) in tests.items()}}
    if key:
        measures["keys"] = _key_hash(source, key).nunique()
    counts = fetch(source.rows.aggregate(**measures))[0]
    if counts["n"] == 0:
        return [_empty(source)] if source.contract.required else []
    faults = [_with_examples(source, name, tests[name], int(counts[name]), fetch) for name in tests if counts[name]]
    if key and counts["keys"] < counts["n"] and not any(counts.get(f"null {column}") for column in key):
        faults += _duplicates(source, key, fetch)
    return faults


def _tests(source: Source, config: Config) -> Iterator[tuple[str, tuple[ir.BooleanValue, Fault]]]:
    """Name -> (rows that break a rule, the fault they make) for every rule that a single row can break."""
    for column in source.contract.columns:
        if column.name not in source.found:
            continue
        found = source.found[column.name]
        if column.filled or source.contract.key == (column.name,):
            yield f"null {column.name}", (cleaned(found).isnull(), _null(source, column))
        if column.kind in KINDS and not _is_typed(found, column):
            yield f"unread {column.name}", (source.unread(column.name), _unread(source, column))
        if allowed := _allowed(source, column, config):
            value = source.value(column.name)
            yield f"word {column.name}", (value.notnull() & value.notin(allowed), _word(source, column, allowed))


def _is_typed(found: Any, column: Column) -> bool:
    dtype = found.type()
    return {
        "instant": dtype.is_timestamp() or dtype.is_date(),
        "date": dtype.is_timestamp() or dtype.is_date(),
        "number": dtype.is_integer() or dtype.is_decimal(),  # a float may be infinite
        "flag": dtype.is_boolean(),
    }[column.kind]


def _allowed(source: Source, column: Column, config: Config) -> tuple[str, ...]:
    if (source.contract.name, column.name) == ("stage_events", "stage"):
        return config.stage_names
    if (source.contract.name, column.name) == ("merges", "table"):
        return tuple(TABLES)
    return column.choices


def _missing_columns(source: Source) -> Fault:
    names = ", ".join(source.missing)
    there = ", ".join([*source.found, *source.unknown]) or "none"
    plural = "columns are" if len(source.missing) > 1 else "column is"
    what = f"the required {plural} missing: {names}"
    return Fault(source.place, what, f"It has: {there}", "Rename the columns, or say in a mapping which column is which and run alignment ingest")


def _empty(source: Source) -> Fault:
    return Fault(source.place, "the table is empty", f"{source.contract.name} needs at least one row", "Export it again without a filter")


def _null(source: Source, column: Column) -> Fault:
    rule = f"Every row of {source.contract.name} has a {column.name}"
    return Fault(source.place, f"{column.name} is missing", rule, "Repair the rows, or set them aside by a rule of a mapping")


def _unread(source: Source, column: Column) -> Fault:
    what, rule, way_out = KINDS[column.kind]
    return Fault(source.place, f"values of {column.name} {what}", rule, way_out)


def _word(source: Source, column: Column, allowed: tuple[str, ...]) -> Fault:
    if column.name == "stage":
        return Fault(source.place, "stages are not among the configured ones", f"Configured are: {', '.join(allowed)}")
    what = f"values of {column.name} are not among the agreed ones"
    return Fault(source.place, what, f"Agreed are: {', '.join(allowed)}", "Translate them with a map in a mapping")


def _with_examples(source: Source, name: str, test: tuple[ir.BooleanValue, Fault], n: int, fetch: Fetch) -> Fault:
    """The fault with its number of rows and the first five of them; unknown words come with the nearest known one."""
    broken, fault = test
    kind, _, column = name.partition(" ")
    if kind == "word":
        return _with_words(source, column, broken, fault, n, fetch)
    rows = fetch(_examples(source, column, broken))
    examples = tuple(Example(None if kind == "null" else row["value"], row.get("row"), _key_words(row)) for row in rows)
    return Fault(fault.place, fault.what, fault.rule, fault.way_out, examples, n)


def _with_words(source: Source, column: str, broken: ir.BooleanValue, fault: Fault, n: int, fetch: Fetch) -> Fault:
    value = source.value(column)
    words = source.rows.filter(broken).group_by(value=value).aggregate(n=lambda table: table.count())
    rows = fetch(words.order_by(words.n.desc(), words.value))
    listed = ", ".join(f"{row['value']!r} ({row['n']:,} row{'s' if row['n'] > 1 else ''})" for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN:,} more words" if len(rows) > SHOWN else ""
    allowed = fault.rule.partition(": ")[2].split(", ")
    hints = dict.fromkeys(hint for row in rows[:SHOWN] if (hint := nearest(row["value"], allowed)).startswith("Did"))
    way_out = fault.way_out or "Rename them with a map in a mapping, or add them to the stages of the configuration"
    return Fault(fault.place, f"{fault.what}: {listed}{more}", fault.rule, " ".join([*hints, way_out]), (), n)


def _examples(source: Source, column: str, broken: ir.BooleanValue) -> ir.Table:
    columns: dict[str, Any] = {"value": source.found[column].cast("string")}
    if source.has_rows_numbered:
        columns["row"] = source.rows[ROW]
    for name in key_of(source.contract, tuple(source.found)):
        columns[f"key {name}"] = source.found[name].cast("string")
    table = source.rows.filter(broken).select(**columns)
    return (table.order_by("row") if source.has_rows_numbered else table).limit(SHOWN)


def _key_words(row: dict[str, Any]) -> str | None:
    return ", ".join(f"{name[4:]} {value!r}" for name, value in row.items() if name.startswith("key ") and value is not None) or None


def _key_hash(source: Source, key: tuple[str, ...]) -> Any:
    """A number per key: counting numbers is several times quicker than counting rows of strings."""
    first, *others = (source.value(name).cast("string").fill_null("") for name in key)
    for other in others:
        first = first + "\u001f" + other
    return first.hash()


def _duplicates(source: Source, key: tuple[str, ...], fetch: Fetch) -> list[Fault]:
    columns: dict[str, Any] = {name: source.value(name) for name in key}
    if source.has_rows_numbered:
        columns["row"] = source.rows[ROW]
    rows = source.rows.select(**columns)
    groups = rows.group_by(list(key)).aggregate(
        n=rows.count(), **({"first": rows["row"].min(), "last": rows["row"].max()} if source.has_rows_numbered else {})
    )
    groups = groups.filter(groups.n > 1)
    total = int(fetch(groups.aggregate(n=groups.count()))[0]["n"])
    if not total:
        return []
    shown = fetch(groups.order_by("first" if source.has_rows_numbered else list(key)).limit(SHOWN))
    listed = ", ".join(_twice(row, key) for row in shown)
    more = f" and {total - len(shown):,} more" if total > len(shown) else ""
    rule = f"{' and '.join(key) if len(key) < 3 else ', '.join(key)} {'are' if len(key) > 1 else 'is'} unique together"
    rule = rule if len(key) > 1 else f"{key[0]} is unique"
    return [Fault(source.place, f"keys stand more than once: {listed}{more}", rule, "Remove the copies, or aggregate them with sql in a mapping")]


def _twice(row: dict[str, Any], key: tuple[str, ...]) -> str:
    words = ", ".join(str(row[name]) for name in key)
    return f"{words!r} (rows {row['first']} and {row['last']})" if "first" in row else f"{words!r} ({row['n']} times)"


def _currency_faults(sources: Mapping[str, Source], config: Config, fetch: Fetch) -> Iterator[Fault]:
    """Currencies of amounts that are neither the reporting currency nor among the rates."""
    used = [source for name, source in sources.items() if name in _WITH_CURRENCY and "currency" in source.found and not source.missing]
    if not used:
        return
    known = {config.reporting_currency}
    rates = sources.get("exchange_rates")
    if rates and not rates.missing:
        known |= {row["currency"] for row in fetch(rates.rows.select(currency=rates.value("currency")).distinct())}
    for source in used:
        value = source.value("currency")
        rows = fetch(source.rows.filter(value.notnull() & value.notin(sorted(filter(None, known)))).group_by(currency=value).aggregate(n=lambda t: t.count()))
        if rows:
            listed = ", ".join(f"{row['currency']!r} ({row['n']:,} rows)" for row in sorted(rows, key=lambda row: -row["n"])[:SHOWN])
            rule = f"Amounts are in {config.reporting_currency}, the reporting currency, or have a rate in exchange_rates"
            yield Fault(source.place, f"currencies have no rate: {listed}", rule, "Add the table exchange_rates, or set reporting_currency")
