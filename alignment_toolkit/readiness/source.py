"""Does the mapping still fit the source? A renamed header is found before a quarter's report is due.

Decided from names and headers alone (`alignment map --explain`), against the columns that hold values in the store. A column that the store
needs and the source no longer has is a failure, one that reports can do without a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alignment_toolkit.border import address
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.mapping import shipped_names
from alignment_toolkit.readiness.findings import FAILED, OK, UNKNOWN, WARNING, Finding
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import current_of
from alignment_toolkit.snapshots.ledger import read_ledger
from alignment_toolkit.snapshots.whole import journal_of
from alignment_toolkit.store import Crm, locate

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 5


def source_findings(data: str, crm: Crm | None, *, source: Sequence[str], mapping: Sequence[str]) -> Iterator[Finding]:
    """Whether the sources of a store would still give what it holds.

    Args:
        data: The store as typed.
        crm: Its records; None: they cannot be opened.
        source: Sources as typed; none: those of the last ingest.
        mapping: Mapping files or shipped names; none: those of the last ingest.

    Raises:
        UsageError: When a source or mapping that was named cannot be used.
    """
    snapshot = _snapshot(data)
    sources = list(source) or _ingested_from(snapshot)
    if not sources:
        yield Finding("source", UNKNOWN, "the store was not made by an ingest, or does not say from what", "Name it with --source")
        return
    mappings = list(mapping) or _mapped_by(snapshot)
    if mappings is None:
        way_out = "Name it with --mapping FILE"
        yield Finding("source", UNKNOWN, "the last ingest used a mapping file, and its place is not on record", way_out)
        return
    yield from _fit(sources, mappings, crm, are_named=bool(source))


def _fit(sources: list[str], mappings: list[str], crm: Crm | None, *, are_named: bool) -> Iterator[Finding]:
    from alignment_toolkit.explain import explained

    places = ", ".join(address.shown(place) for place in sources)
    try:
        told = explained(mappings or None, source=sources)
    except DataRefused as error:
        yield _unreadable(places, error.faults)
        return
    except UsageError as error:
        if are_named or "not there" not in error.what:
            raise
        way_out = "Exports that are brought anew each time: name the place of the next ones with --source"
        yield Finding("source", UNKNOWN, f"the source of the last ingest is not there: {places}", way_out)
        return
    if told.faults:
        yield _unreadable(places, told.faults)
    gone = _gone(told.columns, crm)
    needed = gone[gone["needed"]]
    if len(needed):
        way_out = "Export them again, or tell the mapping their new headers"
        yield Finding(
            "source", FAILED, f"{places} no longer has what the store needs: {_listed(needed)}", way_out, exit_code=UsageError.exit_code
        )
    if len(rest := gone[~gone["needed"]]):
        yield Finding(
            "source", WARNING, f"columns of the store that {places} does not have: {_listed(rest)}", "alignment map --explain says more"
        )
    if not len(gone) and not told.faults:
        yield Finding("source", OK, f"the mapping finds in {places} every column that the store holds")


def _unreadable(places: str, faults: Sequence[str]) -> Finding:
    more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    sentence = f"{places} holds files that cannot be read: {faults[0].rstrip('.')}{more}"
    return Finding("source", FAILED, sentence, "alignment map --explain lists them", exit_code=DataRefused.exit_code)


def _gone(columns: pd.DataFrame, crm: Crm | None) -> pd.DataFrame:
    """The columns that hold values in the store and that the source has no more: table, column, from, needed."""
    missing = columns[columns["status"] == "missing"]
    held = (
        _held(crm)
        if crm
        else {(table, column.name) for table, contract in TABLES.items() for column in contract.columns if column.required}
    )
    places = list(zip(missing["table"], missing["column"], strict=True))
    kept = missing[[place in held for place in places]]
    needed = [TABLES[table].column(column).required for table, column in zip(kept["table"], kept["column"], strict=True)]
    return kept.assign(needed=needed).astype({"needed": bool})


def _held(crm: Crm) -> set[tuple[str, str]]:
    """The columns in which the store has a value."""
    found = set()
    for name, columns in crm.present.items():
        table = crm.tables[name]
        counts = table.aggregate(**{column: table[column].count() for column in sorted(columns)}).to_pyarrow().to_pylist()[0]
        found |= {(name, column) for column, n in counts.items() if n}
    return found


def _listed(gone: pd.DataFrame) -> str:
    words = [f"{row[0]}.{row[1]} ({row[2]})" for row in gone[["table", "column", "from"]].itertuples(index=False)]
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return f"{', '.join(words[:_NAMED])}{more}"


def _snapshot(data: str) -> Path | None:
    if address.is_address(data):
        return None
    place = locate(data)
    return (current_of(place) or place) if place.is_dir() else None


def _ingested_from(snapshot: Path | None) -> list[str]:
    """The sources of the last ingest, as typed."""
    entries = read_ledger(snapshot.parent.parent) if snapshot and snapshot.parent.name == ".snapshots" else []
    return list(entries[-1].sources) if entries else []


def _mapped_by(snapshot: Path | None) -> list[str] | None:
    """The shipped mappings of the last ingest; none: recognise the source; None: a file was used."""
    names = [name for name in str(journal_of(snapshot).get("mapping", "")).split(" and ") if name] if snapshot else []
    return names if all(name in shipped_names() for name in names) else None
