"""The embedded engine with what the mappings need from their sources: files read once, then the engine locked.

The `sql` of a mapping runs after the files were read, in an engine that may open nothing but the source folders and whose configuration is
locked. Behind an address the same SELECTs run in that engine, and only their results come here, in batches of Arrow.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from typing import Any

from alignment_toolkit.border import duck
from alignment_toolkit.border.kinds import OTHERS, refuse_other
from alignment_toolkit.border.matching import Match, Matched, match_source
from alignment_toolkit.border.records import set_aside_notes
from alignment_toolkit.border.sentences import BadFile, Fault
from alignment_toolkit.border.shelf import Item, Shelf
from alignment_toolkit.border.sniffing import dialect_of
from alignment_toolkit.border.sql import single_select, tables_in
from alignment_toolkit.border.unread import Reader
from alignment_toolkit.errors import UsageError, nearest
from alignment_toolkit.mapping import Mapping, TableRule
from alignment_toolkit.mapping.columns import SourceFiles

_BATCH_ROWS = 200_000


@dataclass
class Workbench:
    """One mapping with its source.

    Attributes:
        backend: Embedded engine behind Ibis, shared by all mappings of an ingest; None until files are read.
        shelf: What lies at the source.
        mapping: The mapping.
        matched: Which file is which input.
        number: Its place among the mappings of the ingest.
        files: Canonical table -> names of the files or tables it comes from.
        rows: File name -> its table; a file that cannot be read is not in it.
        faults: Files that cannot be read.
        aside: File name -> reason -> rows that are no records.
        notes: Assumptions made while reading, in words.
        made: Inputs, words and views made so far (layers.py).
        tables: The canonical tables to make; None: all.
    """

    backend: Any
    shelf: Shelf
    mapping: Mapping
    matched: Matched
    number: int = 0
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    aside: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    made: dict[str, str] = field(default_factory=dict)
    tables: frozenset[str] | None = None

    @property
    def reader(self) -> Reader:
        """The mapping at its source, as it was laid out."""
        return Reader(self.mapping, self.shelf, self.matched, frozenset(name for names in self.files.values() for name in names))

    def item(self, name: str) -> Item:
        """The file or table of a name."""
        return next(item for item in self.shelf.items if item.name == name)


def set_up(pairs: list[tuple[Mapping, Shelf]]) -> list[Workbench]:
    """Read every file that the mappings need, then lock the engine.

    Raises:
        UsageError: When a file that a mapping names is not there, or several fit one input.
    """
    benches = laid_out(pairs)
    read(benches)
    return benches


def laid_out(pairs: list[tuple[Mapping, Shelf]]) -> list[Workbench]:
    """Which file is what, before an engine is started or a row is read.

    Raises:
        UsageError: When a file that a mapping names is not there, or several fit one input.
    """
    benches = []
    for number, (mapping, shelf) in enumerate(pairs):
        bench = Workbench(None, shelf, mapping, match_source(mapping, shelf.items), number)
        _ensure_clear(bench)
        _named_files(bench)
        benches.append(bench)
    return benches


def read(benches: list[Workbench], *, tables: Collection[str] | None = None, files: Mapping_[int, Collection[str]] | None = None) -> None:
    """Read the files of every mapping, then lock the engine.

    Args:
        benches: As laid out; each gets the engine.
        tables: The canonical tables to make; None: all.
        files: Number of a bench -> names of its files to read; None: all.
    """
    backend = duck.connect()
    duck.spill(backend)
    for bench in benches:
        bench.backend, bench.tables = backend, None if tables is None else frozenset(tables)
        wanted = [match for found in bench.matched.found.values() for match in _names(found)]
        wanted += [name for names in bench.files.values() for name in names]
        chosen = [name for name in dict.fromkeys(wanted) if files is None or name in files.get(bench.number, ())]
        for name in chosen:
            _read(bench, bench.item(name), _settings(bench, name))
        _drop_unread(bench, chosen)
        _publish_stems(bench)
    folders = [str(bench.shelf.folder) for bench in benches if bench.shelf.folder]
    backend.con.execute("SET allowed_directories = ?", [folders])
    backend.con.execute("SET enable_external_access = false")
    backend.con.execute("SET lock_configuration = true")


def _drop_unread(bench: Workbench, tried: Collection[str]) -> None:
    """Inputs whose file cannot be read are as if they were not there; the fault is kept."""
    for name, match in list(bench.matched.found.items()):
        if any(file in tried and file not in bench.rows for file in _names(match)):
            del bench.matched.found[name]


def _names(match: Match) -> list[str]:
    return [item.name for item in match.items]


def _ensure_clear(bench: Workbench) -> None:
    """Refuse where the user has to say which file is meant; an input that no source is known by is left out, and said."""
    needed = bench.mapping.vendor.needs if bench.mapping.vendor else tuple(bench.mapping.inputs)
    for name, files in bench.matched.torn.items():
        listed = ", ".join(files)
        way_out = f'Name the right one in a mapping: extends = "{bench.mapping.name}", [inputs.{name}] names = ["…"]'
        if name in needed:
            raise UsageError(f"several files fit {name!r} of the mapping {bench.mapping.name} equally well", value=listed, way_out=way_out)
        bench.notes += (f"{name} is left out: {listed} fit it equally well. {way_out}",)
    for name, match in bench.matched.found.items():
        for column, headers in match.rivals.items():
            refuse_rivals(headers, f"inputs.{name}.columns.{column}", bench.mapping.name)


def refuse_rivals(headers: Collection[str], place: str, mapping: str) -> None:
    """Refuse headers that fit a column equally well.

    Raises:
        UsageError: When there are any.
    """
    if headers:
        what = f"several headers fit {place} of the mapping {mapping} equally well"
        rule = "Headers that differ only in capitals, blanks or marks are told apart by their exact spelling"
        raise UsageError(what, value=", ".join(headers), rule=rule, way_out="Write the right one into the mapping, spelled as in the file")


def _named_files(bench: Workbench) -> None:
    """Files that canonical tables name themselves: by `from`, or in their sql by stems; all that are missing are told at once."""
    missing: dict[str, str] = {}
    for table, rule in bench.mapping.tables.items():
        found = _files_of(rule, bench)
        if found is None and rule.optional:
            bench.notes += (f"{table} is left out: {' or '.join(rule.origin)} is not there",)
        elif found is None:
            missing[table] = " or ".join(rule.origin)
        bench.files[table] = tuple(found or ())
    if missing:
        raise _not_there(missing, bench)


def _not_there(missing: dict[str, str], bench: Workbench) -> UsageError:
    name = bench.mapping.name
    if len(missing) > 1:
        listed = ", ".join(f"{file} (tables.{table})" for table, file in missing.items())
        way_out = "Put them there, or take their tables out of the mapping"
        return UsageError(f"{len(missing)} files of the mapping {name} are not in the source folder", value=listed, way_out=way_out)
    [(table, file)] = missing.items()
    way_out = f"{nearest(bench.mapping.tables[table].origin[0], _by_name(bench))} Put it there, or take tables.{table} out of the mapping"
    what = f"a file of the mapping {name} is not in the source folder"
    return UsageError(what, value=file, rule=f"tables.{table} is made of it", way_out=way_out)


def _by_name(bench: Workbench) -> dict[str, str]:
    """File name, with and without its folder -> name of the item."""
    named = {item.path.name if item.path else item.name: item.name for item in reversed(bench.shelf.items)}
    return named | {item.name: item.name for item in bench.shelf.items}


def _files_of(rule: TableRule, bench: Workbench) -> list[str] | None:
    """Names of the files that a table comes from, besides its inputs; None where the one that it is made of is missing."""
    if rule.parts:
        return []
    by_name = _by_name(bench)
    stems = {item.stem.casefold(): item.name for item in reversed(bench.shelf.items)}
    if rule.origin:
        here = (by_name.get(name) or (None if bench.shelf.folder else stems.get(name.casefold())) for name in rule.origin)
        found = next((name for name in here if name), None) or _in_another_format(rule, bench)
        return [found] if found else None
    select = single_select(rule.sql or "", bench.mapping.name)
    return [stems[name] for name in tables_in(select) if name in stems and name not in bench.mapping.inputs]


def _in_another_format(rule: TableRule, bench: Workbench) -> str | None:
    """A file that bears the name but cannot be read: an .xlsx where the mapping names a .csv."""
    stems = {name.rpartition("/")[2].rpartition(".")[0].casefold() for name in rule.origin}
    return next((item.name for item in bench.shelf.items if item.faults and not item.columns and item.stem.casefold() in stems), None)


def _settings(bench: Workbench, name: str) -> SourceFiles:
    """The setting nearest to a file: of the table or input that reads it, else of the source."""
    tables = [rule for table, rule in bench.mapping.tables.items() if name in bench.files[table]]
    inputs = [bench.mapping.inputs[found.name] for found in bench.matched.found.values() if name in _names(found)]
    return next((rule for rule in (*tables, *inputs) if rule.encoding or rule.delimiter), bench.mapping.source)


def _read(bench: Workbench, item: Item, settings: SourceFiles) -> None:
    if item.path is None:
        bench.rows[item.name] = bench.shelf.backend.table(item.stem, database=item.schema)
        return
    source, table = bench.mapping.source, f"raw {bench.number} {item.name}"
    try:
        if item.path.suffix.lower() == ".parquet":
            bench.rows[item.name] = duck.load_parquet(bench.backend, item.path, name=table, place=item.name, is_proven=False)
            return
        if item.path.suffix.lower() in OTHERS:
            raise refuse_other(item.path, item.name)
        encoding, delimiter = settings.encoding or source.encoding, settings.delimiter or source.delimiter
        dialect = dialect_of(item.path, place=item.name, encoding=encoding, delimiter=delimiter)
        bench.rows[item.name], bench.aside[item.name] = duck.load_csv(bench.backend, item.path, dialect, name=table, place=item.name)
        bench.notes += (*dialect.notes, *set_aside_notes(item.name, bench.aside[item.name]))
    except BadFile as error:
        bench.faults += bench.reader.told(error.faults)
    except OSError as error:
        bench.faults += item.faults or [Fault(item.name, f"the file cannot be opened: {error.strerror}", "", "Let it be readable")]


def _publish_stems(bench: Workbench) -> None:
    """Files under their stems, for the sql of canonical tables."""
    if bench.shelf.folder:
        for names in bench.files.values():
            for name in names:
                if name in bench.rows:
                    stem = bench.item(name).stem
                    bench.backend.con.execute(f'CREATE OR REPLACE TEMP VIEW "{stem}" AS SELECT * FROM "raw {bench.number} {name}"')


def landed(bench: Workbench, expression: Any, name: str) -> Any:
    """The result of an expression as a table of the embedded engine: itself where it is there already, else streamed in batches."""
    if bench.shelf.backend is None:
        return expression
    reader = bench.shelf.backend.to_pyarrow_batches(expression, chunk_size=_BATCH_ROWS)
    con = bench.backend.con
    con.register("__landing__", reader)
    con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM __landing__')
    con.unregister("__landing__")
    return bench.backend.table(name)
