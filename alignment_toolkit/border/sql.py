"""The SELECTs of a mapping: one statement each, in DuckDB's dialect, transpiled where they run elsewhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.errors import UsageError

_RULE = "sql is one SELECT in DuckDB's dialect over the files of the source folder, named by their stems"
_DIALECTS = {"pyspark": "spark", "mssql": "tsql"}


def single_select(sql: str, mapping: str) -> str:
    """The statement when it is one SELECT and nothing else.

    Args:
        sql: The text.
        mapping: Name of its mapping, for messages.

    Raises:
        UsageError: Otherwise.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"the sql of the mapping {mapping} cannot be read", value=short(error), rule=_RULE) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT or _is_command(sql):
        raise UsageError(f"the sql of the mapping {mapping} is not one SELECT", value=" ".join(sql.split()), rule=_RULE)
    return str(statements[0].query).strip().rstrip(";")


def _is_command(sql: str) -> bool:
    """Whether the engine makes a SELECT of something that is none: PRAGMA, DESCRIBE, SHOW."""
    return sql.split(maxsplit=1)[0].casefold() in {"pragma", "describe", "desc", "show", "summarize"}


def tables_in(sql: str) -> list[str]:
    """Names after FROM and JOIN, folded; the engine's own list needs the tables to be there already."""
    return list(_sources(sql)[0])


def reads_by_itself(sql: str) -> bool:
    """Whether a SELECT reads files through functions such as `read_csv`, so that nothing tells which."""
    return _sources(sql)[1]


@lru_cache(maxsize=1_000)  # parsing takes longer than anything else where nothing has to be read
def _sources(sql: str) -> tuple[tuple[str, ...], bool]:
    import sqlglot

    tables = list(sqlglot.parse_one(sql, dialect="duckdb").find_all(sqlglot.exp.Table))
    is_function = any(isinstance(table.this, sqlglot.exp.Func) for table in tables)
    return tuple(sorted({table.name.casefold() for table in tables})), is_function


def short(error: Exception) -> str:
    """The first line of an engine's complaint, without e-mail addresses and phone numbers: it may quote a value."""
    return impersonal_sentence(" ".join(str(error).splitlines()[0].split()))


def transpiled(sql: str, backend: Any) -> str:
    """The SELECT in the dialect of another engine."""
    import sqlglot

    return sqlglot.transpile(sql, read="duckdb", write=_DIALECTS.get(backend.name, backend.name))[0]


def literal(value: object) -> str:
    """A text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
