"""The tables that the SELECTs of a mapping read: its inputs, its words and its views, under their own names, and `setting` (one row).

In the embedded engine each is computed once and kept. In another engine they are the WITH clauses of the one statement that is sent
there, so that nothing has to be created and no row leaves it but those of the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.duck import stored
from alignment_toolkit.border.parsing import MINOR_DIGITS
from alignment_toolkit.border.spelling import label_key
from alignment_toolkit.border.sql import literal, short, single_select, tables_in, transpiled
from alignment_toolkit.errors import UsageError
from alignment_toolkit.mapping import Mapping
from alignment_toolkit.schema import Kind

_SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
}
# Currency -> minor units in one major unit, where it is not a hundred.
BUILT_IN_WORDS = {"minor_unit": {currency: str(10**digits) for digits, codes in MINOR_DIGITS.items() for currency in codes}}
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
_NO_COLUMN = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')


@dataclass
class Layers:
    """Tables by name, made when a SELECT asks for them.

    Attributes:
        bench: The mapping with its source.
        make_input: Makes the typed table of an input that is there.
    """

    bench: Workbench
    make_input: Callable[[Workbench, str], Any]

    @property
    def made(self) -> dict[str, str]:
        """Name -> table that holds it (embedded), or its SELECT (elsewhere), in the order of making."""
        return self.bench.made

    @property
    def _mapping(self) -> Mapping:
        return self.bench.mapping

    def reads_inputs(self, sql: str) -> bool:
        """Whether a SELECT reads typed inputs or views of them, whose instants are UTC already, and not files as they are."""
        return any(name in self._mapping.inputs or name in self._mapping.views for name in tables_in(sql))

    def select(self, sql: str, *, name: str, place: str) -> Any:
        """The result of a SELECT, as a table of the embedded engine.

        Args:
            sql: One SELECT in DuckDB's dialect.
            name: Name of the table to make.
            place: Where the SELECT stands, for messages.

        Raises:
            UsageError: When it is no single SELECT, or does not run.
        """
        statement = single_select(sql, self._mapping.name)
        self._make_all(statement)
        return self._elsewhere(statement, name, place) if self.bench.shelf.backend else self._here(statement, name, place)

    def _here(self, statement: str, name: str, place: str) -> Any:
        import duckdb

        try:
            self.bench.backend.con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {statement}')
        except duckdb.Error as error:
            raise self._does_not_run(place, error) from error
        return self.bench.backend.table(name)

    def _elsewhere(self, statement: str, name: str, place: str) -> Any:
        from alignment_toolkit.border.bench import landed

        backend = self.bench.shelf.backend
        try:
            return landed(self.bench, backend.sql(self.statement(statement)), name)
        except Exception as error:
            raise self._does_not_run(place, error) from error

    def statement(self, statement: str) -> str:
        """The whole statement for another engine: the SELECT behind the tables that it reads."""
        needed = self._needed(statement)
        clauses = ", ".join(f"{name} AS ({sql})" for name, sql in self.made.items() if name in needed)
        body = f"SELECT * FROM ({transpiled(statement, self.bench.shelf.backend)}) AS result"
        return f"WITH {clauses} {body}" if clauses else body

    def _needed(self, statement: str) -> set[str]:
        """Names that a SELECT reads, directly or through views."""
        needed: set[str] = set()
        waiting = tables_in(statement)
        while waiting:
            name = waiting.pop()
            if name in self.made and name not in needed:
                needed.add(name)
                waiting += tables_in(self._mapping.views[name]) if name in self._mapping.views else []
        return needed

    def _make_all(self, statement: str) -> None:
        for name in tables_in(statement):
            if name not in self.made:
                self._make(name)
            elif self.bench.shelf.backend is None:
                self._publish(name, self.made[name])  # another mapping may have taken the name since

    def _make(self, name: str) -> None:
        mapping = self._mapping
        if name in mapping.views:
            view = single_select(mapping.views[name], mapping.name)
            self._make_all(view)
            self._define(name, view, place=f"views.{name}")
        elif name in mapping.inputs and name in self.bench.matched.found:
            self._define_typed(name, self.make_input(self.bench, name))
        elif name in mapping.inputs:
            self._define(name, empty_select(mapping, name), place=f"inputs.{name}")
        elif name == "setting":
            self._define(name, f"SELECT {literal(mapping.settings.reporting_currency)} AS reporting_currency", place="config")
        elif name.startswith("word_") and (words := BUILT_IN_WORDS | mapping.word_tables).get(name.removeprefix("word_")) is not None:
            self._define(name, words_select(words[name.removeprefix("word_")]), place=f"words.{name.removeprefix('word_')}")

    def _define(self, name: str, statement: str, *, place: str) -> None:
        if self.bench.shelf.backend:
            self.made[name] = transpiled(statement, self.bench.shelf.backend)
            return
        kept = f"layer {self.bench.number} {name}"
        self._here(statement, kept, place)
        self._publish(name, kept)

    def _define_typed(self, name: str, table: Any) -> None:
        if self.bench.shelf.backend:
            self.made[name] = str(self.bench.shelf.backend.compile(table))
            return
        kept = f"layer {self.bench.number} {name}"
        stored(self.bench.backend, table, kept)
        self._publish(name, kept)

    def _publish(self, name: str, kept: str) -> None:
        self.bench.backend.con.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT * FROM "{kept}"')
        self.made[name] = kept

    def _does_not_run(self, place: str, error: Exception) -> UsageError:
        said = str(error)
        if table := _NO_TABLE.search(said):
            rule = f"The sql of {place} reads it. Files of the source folder are tables named by their stems"
            way_out = f"Put {table[1]}.csv into the source, or leave {place} out of the mapping"
            return UsageError(
                f"a file that the mapping {self._mapping.name} reads is not there", value=table[1], rule=rule, way_out=way_out
            )
        if column := _NO_COLUMN.search(said):
            rule = f"The sql of {place} in {self._mapping.name} reads it"
            way_out = "Write the name that the export has into the mapping, or export the column"
            return UsageError(
                "a column that the mapping reads is not in the export", value=column[1] or column[2], rule=rule, way_out=way_out
            )
        way_out = "Files of the source folder are tables of text named by their stems: cast what is summed or compared"
        return UsageError(f"the sql of {place} in {self._mapping.name} does not run", value=short(error), way_out=way_out)


def empty_select(mapping: Mapping, name: str) -> str:
    """A SELECT that gives no row, with the columns of an input that is not there."""
    columns = mapping.inputs[name].columns
    typed = (f"CAST(NULL AS {_SQL_TYPES[spec.kind_of(column)]}) AS {column}" for column, spec in columns.items())
    return f"SELECT {', '.join(typed)} FROM (SELECT 1 AS one) AS nothing WHERE one = 0"


def words_select(words: dict[str, Any]) -> str:
    """A SELECT of a dictionary: label (in small letters, as the engine and as `label_key` make them) and word.

    Labels that are one have the word of the last: a mapping that extends another may spell them otherwise.
    """
    meaning = {label_key(label): word for label, word in words.items()}
    forms = {(literal(key), literal(word)) for key, word in meaning.items()}
    forms |= {(f"LOWER({literal(label.strip())})", literal(meaning[label_key(label)])) for label in words if not label.isascii()}
    rows = [f"SELECT {label} AS label, {word} AS word" for label, word in sorted(forms)]
    return " UNION ".join(rows or ["SELECT CAST(NULL AS VARCHAR) AS label, CAST(NULL AS VARCHAR) AS word WHERE 1 = 0"])
