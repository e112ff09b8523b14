"""A mapping against its source: rules into canonical tables as found, personal data out, rows set aside by reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from alignment_toolkit.border.bench import Workbench, landed, refuse_rivals
from alignment_toolkit.border.duck import ROW, stored
from alignment_toolkit.border.inputs import typed_input
from alignment_toolkit.border.layers import Layers
from alignment_toolkit.border.matching import by_folded, first_found, rivals
from alignment_toolkit.border.nothing import null_words
from alignment_toolkit.border.parsing import cleaned, cleaned_column, minor_digits, without_null_words, without_open_end
from alignment_toolkit.border.parts import PART, ensure_columns, files_of, from_parts
from alignment_toolkit.border.personal import impersonal_id, impersonal_text, pseudonym
from alignment_toolkit.border.reasons import BLANK, NO_LOSS_DATE, TWICE, no_stage
from alignment_toolkit.border.sources import Source, settled
from alignment_toolkit.border.spelling import translated
from alignment_toolkit.border.unexplained import unexplained
from alignment_toolkit.border.written import absent_in_file
from alignment_toolkit.border.written_inputs import absent_in_inputs
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.mapping import ColumnRule, SetAside, TableRule
from alignment_toolkit.schema import TABLES

ASIDE = "__aside__"


@dataclass(frozen=True)
class Mapped:
    """One canonical table as the mapping makes it.

    Attributes:
        source: The rows that are used.
        read: Rows read.
        aside: Reason -> rows set aside.
        files: Names of the files it comes from.
        not_taken: Columns of the file that the mapping leaves out.
    """

    source: Source
    read: int
    aside: dict[str, int]
    files: tuple[str, ...]
    not_taken: tuple[str, ...] = ()


def all_mapped(bench: Workbench, *, known: frozenset[str] = frozenset()) -> dict[str, Mapped]:
    """Every canonical table that the mapping makes of its source.

    Args:
        bench: The mapping with its source.
        known: Tables that other sources of the ingest make.
    """
    layers = Layers(bench, typed_input)
    wanted = [name for name in TABLES if name in bench.mapping.tables and not (bench.mapping.tables[name].alone and name in known)]
    asked = [name for name in wanted if bench.tables is None or name in bench.tables]
    return {name: table for name in asked if (table := _mapped(bench, layers, name)) is not None}


def _mapped(bench: Workbench, layers: Layers, name: str) -> Mapped | None:
    """One canonical table as the mapping makes it; None when what it needs is not there or cannot be read.

    Raises:
        UsageError: When the mapping names a column that the file does not have, or its sql does not run.
    """
    rule = bench.mapping.tables[name]
    if any(file not in bench.rows for file in bench.files[name]) or (rule.origin and not bench.files[name]):
        return None
    source = _found(bench, layers, name, rule)
    if source is None:
        return None
    bench.faults += unexplained(bench, layers, name)
    aside = _aside(source, rule, bench)
    from_file = partial(absent_in_file, source, bench.backend, aside=aside)
    absent_in = from_file if rule.origin else partial(absent_in_inputs, bench, name)
    source = replace(_computed(source, aside=aside), absent_in=absent_in)
    extra = {column: source.rows[column] for column in (ASIDE, PART) if column in source.rows.columns}
    by = "stage" if name == "stage_events" and (rule.wide or rule.sql is not None) else None
    source = settled(_impersonal(source), bench.backend, name=f"canonical {bench.number} {name}", extra=extra, by=by)
    if rule.once:
        source = _once(source, rule.once, bench, name)
    counts = source.rows.group_by(ASIDE).aggregate(n=lambda table: table.count())
    by_reason = {row[ASIDE]: int(row["n"]) for row in bench.backend.to_pyarrow(counts).to_pylist()}
    reasons = {reason: n for reason, n in sorted(by_reason.items(), key=lambda item: str(item[0])) if reason is not None}
    files = _files(bench, name)
    for reason, n in (entry for file in files for entry in bench.aside.get(file, {}).items()):  # rows that are no records of any table
        reasons[reason] = reasons.get(reason, 0) + n
        by_reason[reason] = by_reason.get(reason, 0) + n
    return Mapped(_only_used(source), sum(by_reason.values()), reasons, files, source.unknown)


def _found(bench: Workbench, layers: Layers, name: str, rule: TableRule) -> Source | None:
    if rule.parts:
        return from_parts(bench, layers, name)
    return _from_sql(bench, layers, name, rule) if rule.sql is not None else _from_file(bench, name, rule)


def _files(bench: Workbench, name: str) -> tuple[str, ...]:
    """Names of the files that a table comes from."""
    return files_of(bench.mapping, bench.matched, name) if bench.mapping.tables[name].parts else bench.files[name]


def _only_used(source: Source) -> Source:
    """The source without the rows set aside."""
    rows = source.rows.filter(source.rows[ASIDE].isnull())
    found = {name: rows[f"found {name}"] for name in source.found}
    return replace(source, rows=rows, found=found, typed={name: rows[name] for name in found})


def _once(source: Source, columns: tuple[str, ...], bench: Workbench, name: str) -> Source:
    """The source with every further row of the same values set aside; the first part of the mapping has precedence."""
    import ibis

    there = [column for column in columns if column in source.found]
    rows = source.rows.mutate(__open__=source.rows[ASIDE].isnull())
    order = [rows[column] for column in (PART, ROW) if column in rows.columns] or [rows[column] for column in source.found]
    number = ibis.row_number().over(group_by=[*there, "__open__"], order_by=order)
    again = rows.mutate(__again__=number)
    aside = (again["__open__"] & (again["__again__"] > 0)).ifelse(TWICE, again[ASIDE])
    kept = stored(bench.backend, again.mutate(**{ASIDE: aside}).drop("__again__", "__open__"), f"once {bench.number} {name}")
    found = {column: kept[f"found {column}"] for column in source.found}
    return replace(source, rows=kept, found=found, typed={column: kept[column] for column in found})


def _computed(source: Source, *, aside: Any) -> Source:
    """The source with every value as found, and the reason to set the row aside, as columns: what follows mentions them often."""
    values = {name: _without_null_words(source, name) for name in source.found}
    rows = source.rows.mutate(**{f"__value__{name}": value for name, value in values.items()}, **{ASIDE: aside})
    found = {name: rows[f"__value__{name}"] for name in values}
    return replace(source, rows=rows, found=found, tidy=frozenset(found))


def _without_null_words(source: Source, name: str) -> Any:
    """One column as found, without blanks at its ends, null where a word stands for nothing."""
    return replace(source, tidy=frozenset()).there(name)


def _impersonal(source: Source) -> Source:
    """The source without e-mail addresses and phone numbers in ids and texts."""
    blot = {"id": impersonal_id, "text": impersonal_text}
    kinds = {name: source.contract.column(name).kind for name in source.found}
    strings = [name for name, kind in kinds.items() if kind in blot and source.found[name].type().is_string()]
    return replace(source, found=source.found | {name: blot[kinds[name]](source.found[name]) for name in strings})


def _from_sql(bench: Workbench, layers: Layers, name: str, rule: TableRule) -> Source:
    rows = layers.select(rule.sql or "", name=f"selected {bench.number} {name}", place=f"tables.{name}")
    ensure_columns(rows.columns, name, bench.mapping.name)
    found = {column: rows[column] for column in rows.columns if column in TABLES[name].column_names}
    reading = {column: replace(bench.mapping.reading(name, column), is_utc=layers.reads_inputs(rule.sql or "")) for column in found}
    return Source(TABLES[name], f"{name} (sql)", rows, found, reading, is_selected=True)


def _from_file(bench: Workbench, name: str, rule: TableRule) -> Source:
    (file,) = bench.files[name]
    rows = landed(bench, bench.rows[file], f"raw {bench.number} {file}")
    taken = {_header(rows, names, f"tables.stage_events.wide.{stage}", bench) for stage, names in rule.wide.items()}
    taken |= {_header(rows, spec.origin, f"tables.{name}.columns.{column}", bench) for column, spec in rule.columns.items() if spec.origin}
    rows = rows.mutate(**{header: cleaned_column(rows[header]) for header in sorted(taken)})
    if rule.wide:
        rows = _unpivoted(rows, rule, bench)
    found = {column: _expression(rows, spec, f"tables.{name}.columns.{column}", bench) for column, spec in rule.columns.items()}
    found |= _in_major_units(found, rule)
    found = {column: without_open_end(value, bench.mapping.reading(name, column)) for column, value in found.items()}
    if rule.wide:
        found |= {"stage": rows["__stage__"], "entered_at": rows["__entered_at__"]}
        if "reason" in found:  # why a lead was lost says nothing about the stages before
            found["reason"] = (rows["__stage__"] == "lost").ifelse(found["reason"], None)
    unknown = tuple(column for column in rows.columns if column not in taken and not column.startswith("__"))
    readings = {column: bench.mapping.reading(name, column) for column in found}
    return Source(TABLES[name], file, rows, found, readings, tidy=frozenset(found), unknown=unknown)


def _unpivoted(rows: Any, rule: TableRule, bench: Workbench) -> Any:
    """One row per row of the file and stage column."""
    import ibis

    parts = []
    for stage, names in rule.wide.items():
        entered = rows[_header(rows, names, f"tables.stage_events.wide.{stage}", bench)]
        parts.append(rows.mutate(__stage__=ibis.literal(stage), __entered_at__=entered))
    return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _header(rows: Any, names: tuple[str, ...], place: str, bench: Workbench) -> str:
    """The first of these headers that is there; capitals make no difference, nor do blanks and marks among alternatives."""
    columns = [column for column in rows.columns if column != ROW]
    there = by_folded(columns)
    for name in names:
        if found := first_found(there, (name,), without_marks=len(names) > 1):
            refuse_rivals(rivals(there, (name,)), place, bench.mapping.name)
            return found[0]
    way_out = nearest(names[0], columns)
    what = f"{place} in {bench.mapping.name} names a column that the file does not have"
    raise UsageError(what, value=" or ".join(names), way_out=way_out)


def _expression(rows: Any, spec: ColumnRule, place: str, bench: Workbench) -> Any:
    """One column as found: the source's, without stray blanks already, or a constant; its values translated."""
    import ibis

    if not spec.origin:
        return ibis.literal(_written(spec.value))
    value = rows[_header(rows, spec.origin, place, bench)]
    if spec.person:
        return pseudonym(without_null_words(value.cast("string"), null_words("person", "id"), "id"))
    if not spec.map:
        return value
    text = value if value.type().is_string() else value.cast("string")
    found = bench.backend.to_pyarrow(rows.select(label=text).distinct())["label"].to_pylist()
    meaning = translated((label for label in found if label is not None), spec.map)
    by_word: dict[str, list[str]] = {}
    for label, word in sorted(meaning.items()):
        by_word.setdefault(_written(word), []).append(label)
    return ibis.cases(*((text.isin(labels), word) for word, labels in by_word.items()), else_=text) if by_word else text


def _in_major_units(found: dict[str, Any], rule: TableRule) -> dict[str, Any]:
    """Amounts given in the minor unit of the row's currency, in its major unit."""
    changed = {}
    for column, spec in rule.columns.items():
        if spec.minor_units == "currency":
            number = found[column].cast("string").try_cast("float64")
            digits = minor_digits(found["currency"].cast("string")) if "currency" in found else 2
            changed[column] = number.isnull().ifelse(found[column].cast("string"), (number / 10**digits).cast("string"))
    return changed


def _written(value: Any) -> str:
    """A constant of a mapping as text, as a file would hold it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _aside(source: Source, rule: TableRule, bench: Workbench) -> Any:
    """The reason for which a row is set aside, null where it is used; the first rule that fits counts."""
    import ibis

    branches = []
    if source.is_numbered:
        columns = [column for column in source.rows.columns if not column.startswith("__")]
        branches.append((ibis.and_(*(cleaned(source.rows[column]).isnull() for column in columns)), BLANK))
    branches += [(_test(source, test, bench), test.reason) for test in rule.set_aside]
    if rule.wide:
        bare = _without_null_words(source, "entered_at").isnull()
        if "reason" in source.found:
            branches.append((bare & _without_null_words(source, "reason").notnull(), NO_LOSS_DATE))
        branches += [((source.rows["__stage__"] == stage) & bare, no_stage(stage)) for stage in rule.wide]
    said = source.rows["set_aside"].cast("string") if "set_aside" in source.rows.columns else ibis.null("string")
    return ibis.cases(*branches, else_=said) if branches else said


def _test(source: Source, test: SetAside, bench: Workbench) -> Any:
    import ibis

    def value(name: str) -> Any:
        place = f"set_aside of {source.contract.name}"
        return source.found[name] if name in source.found else source.rows[_header(source.rows, (name,), place, bench)]

    if test.when_null is not None:
        name = test.when_null
        return (_without_null_words(source, name) if name in source.found else cleaned(value(name))).isnull()
    agree = []
    for name, words in test.when_equals.items():
        listed = words if isinstance(words, list) else [words]
        agree.append(cleaned(value(name)).cast("string").isin([_written(word) for word in listed]).fill_null(False))
    return ibis.and_(*agree)
