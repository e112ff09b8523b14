"""Which columns of the inputs a column of a canonical table is made of, read from the SELECTs of the mapping and not from data."""

from __future__ import annotations

from typing import Any

from alignment_toolkit.border.layers import words_select
from alignment_toolkit.border.shelf import Item
from alignment_toolkit.mapping import Mapping


def origins(mapping: Mapping, sql: str, *, items: tuple[Item, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Column of a SELECT -> columns it is made of, as `input.column`; `= value` for a constant, nothing for a null.

    Args:
        mapping: Its inputs, words and views.
        sql: The SELECT.
        items: Files that the SELECT may name by their stems.
    """
    import sqlglot
    from sqlglot.lineage import lineage

    tree, scope = _scope(mapping, sql, items)
    found: dict[str, tuple[str, ...]] = {}
    for name in (column.casefold() for column in tree.named_selects if column != "*"):
        try:
            found[name] = _leaves(lineage(name, tree, scope=scope, dialect="duckdb"))
        except sqlglot.errors.SqlglotError:
            found[name] = ()
    return found


def _scope(mapping: Mapping, sql: str, items: tuple[Item, ...]) -> tuple[Any, Any]:
    """The SELECT with its views inside and every column traced to its table, and its scope: worked out once for all columns."""
    import sqlglot
    from sqlglot.optimizer import build_scope, qualify

    schema: dict[str, Any] = {name: dict.fromkeys(rule.columns, "text") for name, rule in mapping.inputs.items()}
    schema |= {item.stem.casefold(): {column.casefold(): "text" for column in item.columns} for item in items}
    views = dict(mapping.views) | {f"word_{name}": words_select(words) for name, words in mapping.words.items()}
    parsed: dict[str, Any] = {name: sqlglot.parse_one(_values_only(view), dialect="duckdb") for name, view in views.items()}
    tree: Any = sqlglot.exp.expand(sqlglot.parse_one(_values_only(sql), dialect="duckdb"), parsed, dialect="duckdb")
    tree = qualify.qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False, identify=False)
    return tree, build_scope(tree)


def _values_only(sql: str) -> str:
    """The SELECT with the conditions of a CASE left out where its branches hold columns: a loss reason is not made of what tells a loss."""
    import sqlglot
    from sqlglot import exp

    def simpler(node: Any) -> Any:
        if not isinstance(node, exp.Case):
            return node
        branches = [branch.args["true"] for branch in node.args["ifs"]] + ([node.args["default"]] if node.args.get("default") else [])
        holding = [branch for branch in branches if branch.find(exp.Column)]
        return exp.Coalesce(this=holding[0].copy(), expressions=[branch.copy() for branch in holding[1:]]) if holding else node

    return str(sqlglot.parse_one(sql, dialect="duckdb").transform(simpler).sql(dialect="duckdb"))


def _leaves(node: Any) -> tuple[str, ...]:
    """The ends of a lineage: columns of tables that are no views, and constants where nothing else is there."""
    from sqlglot import exp

    columns, constants = [], []
    for step in node.walk():
        if isinstance(step.expression, exp.Table):
            column = step.name.rpartition(".")[2].strip('"')
            columns.append(f"{step.expression.name}.{column}".casefold())
        elif not step.downstream and (value := _constant(step.expression)):
            constants.append(value)
    return tuple(dict.fromkeys(columns)) or tuple(dict.fromkeys(constants))


def _constant(expression: Any) -> str | None:
    from sqlglot import exp

    inner = expression.this if isinstance(expression, exp.Alias) else expression
    if isinstance(inner, exp.Literal | exp.Boolean):
        return f"= {inner.this if isinstance(inner, exp.Literal) else str(inner.this).lower()}"
    return None
