"""A mapping against a source folder: files into the engine, rules into tables as found, rows set aside by reason.

The `sql` of a mapping is one SELECT. It runs after the files were read, in an engine that may open nothing but the source folder and
whose configuration is locked.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alignment_toolkit.border import duck
from alignment_toolkit.border.duck import ROW
from alignment_toolkit.border.parsing import cleaned
from alignment_toolkit.border.sentences import BadFile, Fault
from alignment_toolkit.border.sniffing import dialect_of
from alignment_toolkit.border.sources import Source, settled
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.mapping import ColumnRule, Mapping, SetAside, TableRule
from alignment_toolkit.schema import TABLES

ASIDE = "__aside__"
BLANK_ROW = "the row is blank"
ENDINGS = (".csv", ".txt", ".tsv", ".parquet")


@dataclass
class Workbench:
    """The engine with the files of a source folder.

    Attributes:
        backend: Embedded engine behind Ibis.
        folder: The source folder.
        mapping: The mapping.
        files: Canonical table -> names of the files it comes from.
        rows: File name -> its table; a file that cannot be read is not in it.
        faults: Files that cannot be read.
        notes: Assumptions made while reading, in words.
    """

    backend: Any
    folder: Path
    mapping: Mapping
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: tuple[str, ...] = ()


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


def set_up(mapping: Mapping, folder: Path) -> Workbench:
    """Read every file that the mapping needs, then lock the engine.

    Raises:
        UsageError: When a file that the mapping names is not there.
    """
    bench = Workbench(duck.connect(), folder, mapping)
    files = {path.name: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS}
    files = {path.relative_to(folder).as_posix(): path for path in files.values()} | files
    for table, rule in mapping.tables.items():
        bench.files[table] = tuple(_files_of(rule, bench, files))
        for name in bench.files[table]:
            if name not in bench.rows:
                _read(bench, name, files[name], rule)
    bench.backend.con.execute("SET allowed_directories = ?", [[str(folder)]])
    bench.backend.con.execute("SET enable_external_access = false")
    bench.backend.con.execute("SET lock_configuration = true")
    return bench


def _files_of(rule: TableRule, bench: Workbench, files: Dict[str, Path]) -> list[str]:
    """Names of the files that a table comes from."""
    if rule.origin is not None:
        if rule.origin not in files:
            way_out = nearest(rule.origin, files)
            raise UsageError(f"a file of the mapping {bench.mapping.name} is not in the source folder", value=rule.origin, way_out=way_out)
        return [rule.origin]
    stems = {path.stem.casefold(): name for name, path in files.items()}
    return [stems[table] for table in _tables_in(_single_select(rule.sql or "", bench.mapping)) if table in stems]


def _tables_in(sql: str) -> list[str]:
    """Names after FROM and JOIN, folded; the engine's own list needs the tables to be there already."""
    import sqlglot

    tree = sqlglot.parse_one(sql, dialect="duckdb")
    return sorted({table.name.casefold() for table in tree.find_all(sqlglot.exp.Table)})


def _single_select(sql: str, mapping: Mapping) -> str:
    """The statement when it is one SELECT and nothing else.

    Raises:
        UsageError: Otherwise.
    """
    import duckdb

    rule = "sql is one SELECT in DuckDB's dialect over the files of the source folder, named by their stems"
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"the sql of the mapping {mapping.name} cannot be read", value=_short(error), rule=rule) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(f"the sql of the mapping {mapping.name} is not one SELECT", value=" ".join(sql.split()), rule=rule)
    return str(statements[0].query).strip().rstrip(";")


def _short(error: Exception) -> str:
    return " ".join(str(error).splitlines()[0].split())


def _read(bench: Workbench, name: str, path: Path, rule: TableRule) -> None:
    settings, table = bench.mapping.source, path.stem
    try:
        if path.suffix.lower() == ".parquet":
            bench.rows[name] = duck.load_parquet(bench.backend, path, name=table, place=name)
            return
        encoding, delimiter = rule.encoding or settings.encoding, rule.delimiter or settings.delimiter
        dialect = dialect_of(path, place=name, encoding=encoding, delimiter=delimiter)
        bench.rows[name] = duck.load_csv(bench.backend, path, dialect, name=table, place=name)
        bench.notes += dialect.notes
    except BadFile as error:
        bench.faults += error.faults


def mapped(bench: Workbench, name: str) -> Mapped | None:
    """One canonical table as the mapping makes it; None when a file it needs cannot be read.

    Raises:
        UsageError: When the mapping names a column that the file does not have, or its sql does not run.
    """
    rule = bench.mapping.tables[name]
    if any(file not in bench.rows for file in bench.files[name]):
        return None
    source = _from_sql(bench, name, rule) if rule.sql is not None else _from_file(bench, name, rule)
    aside = _aside(source, rule, bench)
    source = settled(source, bench.backend, name=f"canonical {name}", extra={ASIDE: aside})
    counts = source.rows.group_by(ASIDE).aggregate(n=lambda table: table.count())
    by_reason = {row[ASIDE]: int(row["n"]) for row in bench.backend.to_pyarrow(counts).to_pylist()}
    used = _only_used(source)
    reasons = {reason: n for reason, n in sorted(by_reason.items(), key=lambda item: str(item[0])) if reason is not None}
    return Mapped(used, sum(by_reason.values()), reasons, bench.files[name], source.unknown)


def _only_used(source: Source) -> Source:
    """The source without the rows set aside."""
    rows = source.rows.filter(source.rows[ASIDE].isnull())
    found = {name: rows[f"found {name}"] for name in source.found}
    return replace(source, rows=rows, found=found, typed={name: rows[name] for name in found})


def _from_sql(bench: Workbench, name: str, rule: TableRule) -> Source:
    import duckdb

    select = _single_select(rule.sql or "", bench.mapping)
    try:
        bench.backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "selected {name}" AS {select}')
    except duckdb.Error as error:
        way_out = "Files of the source folder are tables of text named by their stems: cast what is summed or compared"
        raise UsageError(f"the sql of tables.{name} in {bench.mapping.name} does not run", value=_short(error), way_out=way_out) from error
    rows = bench.backend.table(f"selected {name}")
    contract = TABLES[name]
    extra = [column for column in rows.columns if column not in contract.column_names]
    if extra:
        hints = " ".join(f"{column!r}: {nearest(column, contract.column_names)}" for column in extra)
        what = f"the sql of tables.{name} in {bench.mapping.name} selects columns that {name} does not have"
        raise UsageError(what, value=", ".join(extra), way_out=hints)
    found = {column: rows[column] for column in rows.columns}
    return Source(contract, f"{name} (sql)", rows, found, {column: bench.mapping.reading(name, column) for column in found})


def _from_file(bench: Workbench, name: str, rule: TableRule) -> Source:
    rows = bench.rows[str(rule.origin)]
    if rule.wide:
        rows = _unpivoted(rows, rule, bench)
    found = {column: _expression(rows, spec, f"tables.{name}.columns.{column}", bench) for column, spec in rule.columns.items()}
    if rule.wide:
        found |= {"stage": rows["__stage__"], "entered_at": rows["__entered_at__"]}
        if "reason" in found:  # why a lead was lost says nothing about the stages before
            found["reason"] = (rows["__stage__"] == "lost").ifelse(found["reason"], None)
    taken = {spec.origin for spec in rule.columns.values()} | set(rule.wide.values())
    unknown = tuple(column for column in rows.columns if column not in taken and not column.startswith("__"))
    readings = {column: bench.mapping.reading(name, column) for column in found}
    return Source(TABLES[name], str(rule.origin), rows, found, readings, unknown=unknown)


def _unpivoted(rows: Any, rule: TableRule, bench: Workbench) -> Any:
    """One row per row of the file and stage column."""
    import ibis

    parts = []
    for stage, column in rule.wide.items():
        entered = _column(rows, column, f"tables.stage_events.wide.{stage}", bench)
        parts.append(rows.mutate(__stage__=ibis.literal(stage), __entered_at__=entered))
    return ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]


def _column(rows: Any, name: str, place: str, bench: Workbench) -> Any:
    by_name = {column.casefold(): column for column in rows.columns if column != ROW}
    if name.casefold() not in by_name:
        way_out = nearest(name, by_name.values())
        raise UsageError(f"{place} in {bench.mapping.name} names a column that the file does not have", value=name, way_out=way_out)
    return rows[by_name[name.casefold()]]


def _expression(rows: Any, spec: ColumnRule, place: str, bench: Workbench) -> Any:
    """One column as found: the source's or a constant, its values translated."""
    import ibis

    if spec.origin is None:
        return ibis.literal(_written(spec.value))
    value = cleaned(_column(rows, spec.origin, place, bench))
    if not spec.map:
        return value
    text = value if value.type().is_string() else value.cast("string")
    return ibis.cases(*((text == str(key).strip(), _written(word)) for key, word in spec.map.items()), else_=text)


def _written(value: Any) -> str:
    """A constant of a mapping as text, as a file would hold it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _aside(source: Source, rule: TableRule, bench: Workbench) -> Any:
    """The reason for which a row is set aside, null where it is used; the first rule that fits counts."""
    import ibis

    branches = []
    if source.is_numbered:
        columns = [column for column in source.rows.columns if not column.startswith("__")]
        branches.append((ibis.and_(*(cleaned(source.rows[column]).isnull() for column in columns)), BLANK_ROW))
    branches += [(_test(source, test, bench), test.reason) for test in rule.set_aside]
    if rule.wide:
        branches += [
            ((source.rows["__stage__"] == stage) & cleaned(source.found["entered_at"]).isnull(), f"no {column}")
            for stage, column in rule.wide.items()
        ]
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _test(source: Source, test: SetAside, bench: Workbench) -> Any:
    import ibis

    def value(name: str) -> Any:
        return source.found[name] if name in source.found else _column(source.rows, name, f"set_aside of {source.contract.name}", bench)

    if test.when_null is not None:
        return cleaned(value(test.when_null)).isnull()
    agree = []
    for name, words in test.when_equals.items():
        listed = words if isinstance(words, list) else [words]
        agree.append(cleaned(value(name)).cast("string").isin([_written(word) for word in listed]).fill_null(False))
    return ibis.and_(*agree)
