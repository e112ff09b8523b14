"""What a mapping makes of a source before a row is read: per canonical column matched, guessed or missing; what that leaves unanswered.

`matched` comes from a column that is there; `guessed` from a stand-in for something better that is not there (a date that people edit for
a history, a total for a course of time); `missing` from nothing. Nothing here says whether the values are any good: that is `check`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border.lineage import origins
from alignment_toolkit.border.matching import Headers, Matched, by_folded, first_found, match_source
from alignment_toolkit.border.parts import chosen
from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.border.shelf import Shelf, shelf_of
from alignment_toolkit.border.sql import tables_in
from alignment_toolkit.border.unread import Reader, file_faults
from alignment_toolkit.errors import UsageError
from alignment_toolkit.mapping import Mapping, load_mapping, shipped, shipped_names
from alignment_toolkit.recognise import paired
from alignment_toolkit.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd

_ORDER = {"missing": 0, "guessed": 1, "matched": 2}


@dataclass(frozen=True)
class Told:
    """Where one canonical column comes from.

    Attributes:
        status: matched, guessed or missing.
        origin: Files and headers, or the headers that were looked for.
    """

    status: str
    origin: str


@dataclass(frozen=True)
class Explained:
    """What the mappings make of the sources.

    Attributes:
        columns: table, column, status, from; one row per canonical column.
        questions: question, page, answered (yes, on guessed columns, no), lacks; one row per question.
        notes: What was recognised, which of several sources is taken and which files are not read, in words.
        faults: Files that `ingest` would refuse, one sentence each.
    """

    columns: pd.DataFrame
    questions: pd.DataFrame
    notes: tuple[str, ...]
    faults: tuple[str, ...] = ()


def explained(mapping: Sequence[Mapping | str | Path] | str | Path | None, *, source: Sequence[str | Path] | str | Path) -> Explained:
    """What mappings make of sources, from names and headers alone.

    Args:
        mapping: As for `ingest`: one per source, several for one source, or None to recognise the sources.
        source: Folders, DuckDB files or connection addresses.

    Raises:
        UsageError: When a source or mapping is not there, or a source is not recognised.
        DataRefused: When a source is not recognised and holds files that cannot be read.
    """
    import pandas as pd

    sources = [source] if isinstance(source, str | Path) else list(source)
    if not sources:
        raise UsageError("nothing to explain", rule="A mapping is explained on a source", way_out="Give a folder with --source")
    named = [mapping] if isinstance(mapping, str | Path) else list(mapping or ())
    mappings = [one if isinstance(one, Mapping) else load_mapping(one) for one in named]
    pairs, notes = paired(mappings, [shelf_of(place) for place in sources])
    told: dict[tuple[str, str], Told] = {}
    readers = []
    for one, shelf in pairs:
        matched = match_source(one, shelf.items)
        readers.append(Reader(one, shelf, matched, _named(one, shelf)))
        notes += tuple(_notes(one, matched))
        for place, entry in _columns(one, shelf, matched):
            told[place] = max(told.get(place, entry), entry, key=lambda entry: _ORDER[entry.status])
    rows = [(table, column, *_words(told.get((table, column)))) for table, contract in TABLES.items() for column in contract.column_names]
    columns = pd.DataFrame(rows, columns=["table", "column", "status", "from"])
    faults, unmatched = file_faults(readers)
    sentences = tuple(impersonal_sentence(fault.sentence()) for fault in faults)
    return Explained(columns, _questions(columns), (*notes, *unmatched), sentences)


def _named(mapping: Mapping, shelf: Shelf) -> frozenset[str]:
    """The files that canonical tables name themselves."""
    named = [Path(name).stem for rule in mapping.tables.values() for name in rule.origin]
    selected = [name for rule in mapping.tables.values() if rule.sql for name in tables_in(rule.sql)]
    stems = {name.casefold() for name in (*named, *selected)}
    return frozenset(item.name for item in shelf.items if item.stem.casefold() in stems)


def _words(told: Told | None) -> tuple[str, str]:
    return (told.status, told.origin) if told else ("missing", "no mapping has it")


def _notes(mapping: Mapping, matched: Matched) -> Iterator[str]:
    for name, rule in mapping.tables.items():
        if rule.parts:
            choice = chosen(mapping, matched, name)
            yield from (*choice.notes.values(), *choice.unmet.values())


def _columns(mapping: Mapping, shelf: Shelf, matched: Matched) -> Iterator[tuple[tuple[str, str], Told]]:
    for name, rule in mapping.tables.items():
        if rule.parts:
            entries = _of_parts(mapping, matched, name)
        elif rule.sql is not None:
            entries = _of_sql(mapping, shelf, rule.sql)
        else:
            entries = _of_file(mapping, shelf, name)
        yield from (((name, column), told) for column, told in entries.items())


def _of_parts(mapping: Mapping, matched: Matched, name: str) -> dict[str, Told]:
    choice = chosen(mapping, matched, name)
    if not choice.parts:
        reason = "; ".join(note.partition(", because ")[2] for note in choice.unmet.values())
        return dict.fromkeys(TABLES[name].column_names, Told("missing", reason))
    entries: dict[str, list[Told]] = {}
    for part in choice.parts:
        for column, leaves in origins(mapping, part.sql).items():
            if column in TABLES[name].column_names:
                entries.setdefault(column, []).append(_told(mapping, matched, leaves, guessed=part.stand_in and not part.also))
    merged = {column: _merged(told) for column, told in entries.items()}
    return merged | {column: Told("missing", "this source has none") for column in TABLES[name].column_names if column not in merged}


def _told(mapping: Mapping, matched: Matched, leaves: tuple[str, ...], *, guessed: bool) -> Told:
    """Where a column comes from, given the columns of inputs it is made of."""
    status = "guessed" if guessed else "matched"
    inputs = [leaf.split(".", 1) for leaf in leaves if leaf.split(".")[0] in mapping.inputs]
    there = [
        f"{matched.found[name].items[0].name}: {matched.found[name].headers[column][0]}"
        for name, column in inputs
        if matched.has(f"{name}.{column}")
    ]
    if there:
        return Told(status, ", ".join(dict.fromkeys(there)))
    if inputs:
        wanted = [mapping.inputs[name].columns[column].origin for name, column in inputs if column in mapping.inputs[name].columns]
        return Told("missing", f"looked for {', '.join(dict.fromkeys(header for names in wanted for header in names))}")
    if leaves:
        return Told(status, ", ".join(leaves))
    return Told("missing", "this source has none")


def _merged(told: list[Told]) -> Told:
    """One entry for a column that several parts fill: guessed as soon as one of them guesses."""
    there = [entry for entry in told if entry.status != "missing"]
    if not there:
        return told[0]
    status = "guessed" if any(entry.status == "guessed" for entry in there) else "matched"
    every = list(dict.fromkeys(origin for entry in there for origin in entry.origin.split(", ")))
    columns = [origin for origin in every if not origin.startswith("= ")]
    return Told(status, ", ".join(columns or every))


def _of_sql(mapping: Mapping, shelf: Shelf, sql: str) -> dict[str, Told]:
    found = origins(mapping, sql, items=shelf.items)
    return {column: Told("matched", ", ".join(leaves) or "the sql of the mapping") for column, leaves in found.items()}


def _of_file(mapping: Mapping, shelf: Shelf, name: str) -> dict[str, Told]:
    rule = mapping.tables[name]
    named = [item for origin in rule.origin for item in shelf.items if origin in (item.name, item.stem, Path(item.name).name)]
    if not named:
        return dict.fromkeys(rule.columns, Told("missing", f"{' or '.join(rule.origin)} is not there"))
    headers = by_folded(named[0].columns)
    wanted = {column: spec.origin for column, spec in rule.columns.items() if spec.origin}
    entries = {column: _by_header(named[0].name, headers, origin) for column, origin in wanted.items()}
    entries |= {column: Told("matched", f"= {spec.value}") for column, spec in rule.columns.items() if not spec.origin}
    if rule.wide:
        times = [_by_header(named[0].name, headers, origin) for origin in rule.wide.values()]
        entries |= {"stage": Told("matched", "one column per stage"), "entered_at": _merged(times)}
    return entries


def _by_header(file: str, headers: Headers, wanted: tuple[str, ...]) -> Told:
    there = first_found(headers, wanted)
    return Told("matched", f"{file}: {there[0]}") if there else Told("missing", f"looked for {', '.join(wanted)}")


def _questions(columns: pd.DataFrame) -> pd.DataFrame:
    """Which questions the columns answer."""
    import pandas as pd

    status = {f"{row.table}.{row.column}": str(row.status) for row in columns.itertuples()}
    text = files("alignment_toolkit").joinpath("questions.toml").read_text(encoding="utf-8")
    rows = []
    for entry in tomllib.loads(text)["questions"]:
        lacks = [need for need in entry["needs"] if _status(need, status) == "missing"]
        guessed = [need for need in entry["needs"] if _status(need, status) == "guessed"]
        answered = "no" if lacks else "on guessed columns" if guessed else "yes"
        rows.append((entry["question"], entry["page"], ", ".join(entry["kpis"]), answered, ", ".join(lacks or guessed)))
    return pd.DataFrame(rows, columns=["question", "page", "kpis", "answered", "lacks"])


def _status(need: str, status: dict[str, str]) -> str:
    """The best status among alternatives (`a|b`)."""
    return max((status[name] for name in need.split("|")), key=lambda word: _ORDER[word])


def headers_read(mapping: Sequence[str] | None) -> pd.DataFrame:
    """The headers that shipped mappings look for.

    Returns:
        mapping, input, column, kind, headers (in the order of preference), needed (whether the file is not recognised without it).
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for name in mapping or shipped_names():
        made = load_mapping(name) if name not in shipped_names() else shipped(name)
        for entry, rule in made.inputs.items():
            rows += [
                (name, entry, column, spec.kind_of(column), " | ".join(spec.origin), column in rule.needs)
                for column, spec in rule.columns.items()
            ]
    return pd.DataFrame(rows, columns=["mapping", "input", "column", "kind", "headers", "needed"])
