"""`alignment map --init`: a commented mapping to start from, in which every line that a person has to look at is marked.

Lines marked `# CHECK` are guesses that run as they are; lines marked `# COMPLETE` hold a `?` that has to be replaced, or are deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.border.profile import Profile, profiles
from alignment_toolkit.border.shelf import shelf_of
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.guessing import UNSURE, Guess, TableGuess, guess_tables
from alignment_toolkit.visible import visible

CHECK, COMPLETE = "# CHECK", "# COMPLETE"


def write_starter(source: Sequence[str | Path] | str | Path, *, out: Path | None = None) -> str:
    """A mapping for a folder of files or the tables behind an address.

    Args:
        source: The folder, DuckDB file or address; one.
        out: File to write; None: only the text is given.

    Returns:
        The text, or a sentence that says where it was written and how many lines are to be completed.

    Raises:
        UsageError: When the source is not there, holds nothing like leads, or the file exists.
        DataRefused: When nothing looks like leads, and files cannot be read.
    """
    sources = [source] if isinstance(source, str | Path) else list(source)
    if len(sources) != 1:
        raise UsageError("map --init looks at one source", way_out="Give one folder with --source")
    shelf = shelf_of(sources[0])
    files, faults = profiles(shelf)
    tables = guess_tables(files)
    unread = [impersonal_sentence(fault.sentence()) for fault in faults]
    if not tables and unread:
        raise DataRefused(f"no file of {shelf.place} looks like leads, and {len(unread)} cannot be read", faults=unread)
    if not tables:
        rule = (
            f"Leads are a file with an id that is unique in every row and a date; it holds {', '.join(files) or 'no file that can be read'}"
        )
        raise UsageError(
            "no file looks like leads", value=shelf.place, rule=rule, way_out="Write the mapping by hand: docs/your-own-data.md"
        )
    text = starter(shelf.place, tables, files, unread=unread)
    if out is None:
        return text
    if out.exists():
        raise UsageError(
            "the file is there already", value=out, rule="A mapping is not overwritten", way_out="Give another name with --out"
        )
    out.write_text(text, encoding="utf-8")
    n = text.count(COMPLETE) - 1
    return f"{out}: {len(tables)} tables guessed, {n} line{'s' if n != 1 else ''} to complete, {text.count(CHECK) - 1} to check" + "".join(
        f"\nnot read: {sentence}" for sentence in unread
    )


def starter(place: str, tables: list[TableGuess], files: dict[str, list[Profile]], *, unread: Sequence[str] = ()) -> str:
    """The text of the mapping; files that cannot be read are named at its head."""
    lines = [
        f"# A mapping for {place}, guessed from its headers and values.",
        f"# Lines marked {COMPLETE} need you: replace the question mark, or delete the line. Lines marked {CHECK} run as they are.",
        *(f"# NOT READ: {visible(' '.join(sentence.split()))}" for sentence in unread),
        "",
        "[config]",
        f'time_zone = "UTC"  {CHECK} the zone in which days begin and in which times without an offset were written',
        f'reporting_currency = "EUR"  {CHECK}',
    ]
    used = {guess.header for table in tables for guess in table.columns} | {name for table in tables for name in table.wide.values()}
    orders = {column.order for columns in files.values() for column in columns if column.name in used and column.order}
    if orders:
        sure = sorted(orders - {UNSURE})
        order = sure[0] if len(sure) == 1 else "dmy"
        mark = "" if len(sure) == 1 else f"  {CHECK} the values do not tell day from month"
        lines += ["", "[source]", f'date_order = "{order}"{mark}']
    for table in tables:
        lines += ["", *_table(table)]
    return "\n".join(lines) + "\n"


def _table(table: TableGuess) -> Iterator[str]:
    yield f"[tables.{table.table}]"
    yield f"from = {_text(table.file)}"
    if table.table == "stage_events" and not table.wide:
        yield 'set_aside = [{ when_equals = { stage = "-" }, reason = "no change of stage" }]'
    if table.wide:
        listed = ", ".join(f"{stage} = {_text(header)}" for stage, header in table.wide.items())
        mark = f"{COMPLETE} the columns that hold when a stage was entered" if UNSURE in table.wide.values() else CHECK
        yield f"wide = {{ {listed} }}  {mark}"
    yield f"[tables.{table.table}.columns]"
    for guess in table.columns:
        if not guess.words:
            yield _column(guess)
    if table.left_out:
        yield f"# not taken: {', '.join(visible(' '.join(name.split())) for name in table.left_out)}"
    for guess in table.columns:
        if guess.words:
            yield from _worded(table.table, guess)


def _column(guess: Guess) -> str:
    if guess.header == UNSURE:
        return f'{guess.column} = "{UNSURE}"  {COMPLETE} the header, or {{ value = "…" }} for a constant'
    if guess.person:
        return f"{guess.column} = {{ from = {_text(guess.header)}, person = true }}  {CHECK} names of people become pseudonyms"
    if any(guess.marks):
        decimal, thousands = guess.marks
        groups = f", thousands = {_text(thousands)}" if thousands else ""
        return (
            f"{guess.column} = {{ from = {_text(guess.header)}, decimal = {_text(decimal)}{groups} }}  {CHECK} how its numbers are written"
        )
    return f"{guess.column} = {_text(guess.header)}" + ("" if guess.sure else f"  {CHECK} {guess.why}")


def _worded(table: str, guess: Guess) -> Iterator[str]:
    """A column with agreed words: each label that was found, with the word it resembles."""
    yield f"[tables.{table}.columns.{guess.column}]"
    yield f"from = {_text(guess.header)}"
    yield f"[tables.{table}.columns.{guess.column}.map]"
    hint = 'a stage, or "-" for no change of stage' if guess.column == "stage" else "won, lost or open"
    for label, word in guess.words.items():
        yield f"{_text(label)} = {_text(word)}" + (f"  {COMPLETE} {hint}" if word == UNSURE else "")


def _text(value: str) -> str:
    """The text between quotes; what has no shape is written as its code, so that nobody who edits the file is deceived."""
    plain = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in plain)
