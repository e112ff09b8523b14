"""A company whose every free text is an attack: on pages, spreadsheets, terminals, paths and templates."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from alignment_toolkit.samples.simulate import simulate
from alignment_toolkit.samples.write import arrow_table, settings
from alignment_toolkit.schema import TABLES

LEADS = 600
LONG = 100_000
ATTACKS = {
    "script": "<script>alert(1)</script>",
    "handler": '"><img src=x onerror=alert(2)>',
    "cell": "</td></tr></table></main><h1 style='color:red'>mine</h1>",
    "template": "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>",
    "markdown": "[click](javascript:alert(3)) ![p](http://example.invalid/p.png) `x` **b** |",
    "leftward": "\u202egnp.\u2067\u200f",
    "equals": '=HYPERLINK("http://example.invalid","y")',
    "plus": "+1+1",
    "minus": "-2+3|cmd",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "ansi": "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "path": "../../../../etc/passwd",
    "rich": "[bold red]x[/] :smile: [link=file:///etc/passwd]",
    "line": "two\r\nlines\u2028three",
    "quote": "o'hara\"; DROP TABLE leads; --",
    "comment": "<!-- --><![CDATA[ ]]>&#60;svg onload=alert(4)&#62;",
    "math": "$\\frac{1}{0}$ _hidden",
}
"""What stands before each name, by what it attacks."""
AGREED = {("stage_events", "stage"), ("deal_events", "stage"), ("merges", "table"), ("targets", "quarter"), ("targets", "kpi")} | {
    ("claims", "quarter"), ("claims", "kpi"), ("claims", "team"), ("owners", "team"), ("deals", "deal_type"), ("targets", "segment")
}  # fmt: skip
"""Columns of agreed words: another word there is refused or left out, so an attack comes in a row of its own."""


def hostile(value: str) -> str:
    """The value with an attack before it, always the same one, so that ids still find each other."""
    kinds = list(ATTACKS)
    return ATTACKS[kinds[zlib.crc32(value.encode()) % len(kinds)]] + value


def free_columns() -> list[tuple[str, str]]:
    """Every text column of every canonical table whose words are nobody's but the company's."""
    return [
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if column.kind in {"id", "text"} and not column.choices and column.name != "currency" and (table.name, column.name) not in AGREED
    ]


def write_hostile(folder: Path) -> Path:
    """Write the company as a store; one name of each label column has 100,000 characters."""
    folder.mkdir(parents=True)
    tables = simulate(seed=7, leads=LEADS).tables
    for table, column in free_columns():
        if column not in tables[table]:
            tables[table][column] = [f"{column} {at % 3}" for at in range(len(tables[table]))]
        tables[table][column] = tables[table][column].map(hostile, na_action="ignore")
    _lengthen(tables)
    _add_unagreed(tables)
    for name, frame in tables.items():
        pq.write_table(arrow_table(frame), folder / f"{name}.parquet")
    kinds = json.dumps(list(ATTACKS.values()))
    (folder / "alignment.toml").write_text(f"other_deal_types = {kinds}\n{settings()}", encoding="utf-8")
    return folder


def _lengthen(tables: dict[str, pd.DataFrame]) -> None:
    """The most frequent name of each label column, and one campaign, become very long, wherever they stand."""
    columns = [("leads", name) for name in ("source", "persona", "segment", "region")] + [
        ("deals", "product"),
        ("campaigns", "campaign_id"),
    ]
    columns += [("touches", "channel"), ("feedback", "reason"), ("deals", "loss_reason"), ("subscriptions", "churn_reason")]
    words = {tables[table][column].mode()[0] for table, column in columns}
    longer = {word: word + "x" * (LONG - len(word)) for word in words}
    for table, column in free_columns():
        tables[table][column] = tables[table][column].replace(longer)


def _add_unagreed(tables: dict[str, pd.DataFrame]) -> None:
    for at, (name, column) in enumerate(
        sorted(AGREED & {("claims", "team"), ("owners", "team"), ("deals", "deal_type"), ("targets", "segment")})
    ):
        row = tables[name].iloc[[-1]].copy()
        row[column] = list(ATTACKS.values())[at]
        key = TABLES[name].key[0]
        if TABLES[name].column(key).kind == "id":
            row[key] = f"{row[key].iloc[0]}#"
        tables[name] = pd.concat([tables[name], row], ignore_index=True)
