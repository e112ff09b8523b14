"""What each canonical table is made of, known before a row is read: the files behind it, the mapping, the settings, this version.

A table whose fingerprint is that of the last ingest would come out the same, so it need not be read again. Tables behind an address have
no fingerprint, since nothing tells whether they changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from alignment_toolkit import __version__
from alignment_toolkit.border.bench import Workbench
from alignment_toolkit.border.parts import chosen
from alignment_toolkit.border.sql import reads_by_itself, tables_in
from alignment_toolkit.digests import digest_of, file_digest

_AMOUNTS = ("deals", "campaign_costs", "subscriptions")  # their currencies are checked against the rates


@dataclass(frozen=True)
class Fingerprint:
    """What one table is made of.

    Attributes:
        files: Number of the mapping -> names of the files that it reads for the table.
        made_from: As JSON for the ledger; None: not known.
    """

    files: dict[int, frozenset[str]]
    made_from: dict[str, Any] | None


def fingerprints(benches: list[Workbench], settings: dict[str, Any]) -> dict[str, Fingerprint]:
    """Canonical table -> what it is made of, for every table that the mappings can make of the files that are there.

    Args:
        benches: Mappings with their sources, as laid out.
        settings: The configuration that the store gets.
    """
    mappings = [bench.mapping.model_dump(mode="json", exclude={"name", "text"}) for bench in benches]
    recipe = digest_of([mappings, json.loads(json.dumps(settings, default=str)), __version__])
    names = dict.fromkeys(name for bench in benches for name in bench.mapping.tables if bench.files.get(name) or _selects(bench, name))
    files = {name: _files(name, benches) for name in names}
    for name in _AMOUNTS:
        if name in files and "exchange_rates" in files:
            rates = files["exchange_rates"]
            files[name] = {number: found | rates.get(number, frozenset()) for number, found in files[name].items()}
    known: dict[tuple[int, str], str | None] = {}
    return {name: _fingerprint(name, found, benches, recipe, known) for name, found in files.items()}


def _fingerprint(
    table: str, files: dict[int, frozenset[str]], benches: list[Workbench], recipe: str, known: dict[tuple[int, str], str | None]
) -> Fingerprint:
    digests = {f"{number} {name}": _digest(benches[number], name, known) for number, found in files.items() for name in sorted(found)}
    parts = [part.says for bench in benches if table in bench.mapping.tables for part in chosen(bench.mapping, bench.matched, table).parts]
    inputs = sorted({name for bench in benches for name in _inputs(bench, files.get(bench.number, frozenset()))})
    made_from = {"recipe": recipe, "files": digests, "parts": parts, "inputs": inputs}
    is_open = any(reads_by_itself(sql) for bench in benches for sql in _selects(bench, table))
    return Fingerprint(files, None if is_open or None in digests.values() else made_from)


def _inputs(bench: Workbench, files: frozenset[str]) -> Iterable[str]:
    """The inputs that have rows in these files."""
    for name, match in bench.matched.found.items():
        if any(item.name in files and not item.is_empty for item in match.items):
            yield name


def _digest(bench: Workbench, name: str, known: dict[tuple[int, str], str | None]) -> str | None:
    if (bench.number, name) not in known:
        path = bench.item(name).path
        known[bench.number, name] = file_digest(path) if path else None
    return known[bench.number, name]


def _files(table: str, benches: Iterable[Workbench]) -> dict[int, frozenset[str]]:
    """Number of each mapping -> names of its files behind a table; those that link customers to leads are among them."""
    found = {}
    for bench in benches:
        links = list(bench.mapping.links.values()) if table == "subscriptions" else []
        found[bench.number] = frozenset(bench.files.get(table, ())) | files_behind(bench, [*_selects(bench, table), *links])
    return found


def _selects(bench: Workbench, table: str) -> list[str]:
    """The SELECTs whose rows are a table."""
    rule = bench.mapping.tables.get(table)
    if rule is None:
        return []
    return [rule.sql] if rule.sql else [part.sql for part in chosen(bench.mapping, bench.matched, table).parts]


def files_behind(bench: Workbench, selects: Collection[str]) -> frozenset[str]:
    """Names of the files behind these SELECTs."""
    waiting = [name for sql in selects for name in tables_in(sql)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += tables_in(bench.mapping.views[name]) if name in bench.mapping.views else []
    return frozenset(item.name for name in seen if name in bench.matched.found for item in bench.matched.found[name].items)
