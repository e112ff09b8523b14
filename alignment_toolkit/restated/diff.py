"""What changed between two snapshots of a store: rows, the figures of a quarter, and the records behind them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignment_toolkit.border import address
from alignment_toolkit.border.compare import Changes, compared, rows_in
from alignment_toolkit.config import CONFIG_FILE
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.restated.figures import records_of, restated_figures
from alignment_toolkit.restated.pair import opened_pair, seen_as
from alignment_toolkit.restated.records import LIMIT
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.layout import snapshots_folder
from alignment_toolkit.snapshots.ledger import Entry, kept, named, read_ledger
from alignment_toolkit.snapshots.whole import damaged
from alignment_toolkit.store import locate
from alignment_toolkit.study import quarter_asked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Difference:
    """What changed between two snapshots.

    Attributes:
        before: The earlier snapshot.
        after: The later one.
        quarter: The quarter whose figures are compared.
        tables: table, before, after, new, changed, gone, same: rows; one row per table that one of them has.
        figures: See `restated_figures`.
        records: See `Records.responsible`.
        notes: What else changed, in words.
    """

    before: Entry
    after: Entry
    quarter: str
    tables: pd.DataFrame
    figures: pd.DataFrame
    records: pd.DataFrame
    notes: tuple[str, ...] = ()

    def heading(self) -> str:
        """Which two snapshots, and how many figures of the quarter are not what they were."""
        n = len(self.figures)
        figures = f"{n:,} figures of {self.quarter} are restated" if n != 1 else f"1 figure of {self.quarter} is restated"
        return f"from {self.before.name} to {self.after.name}: {figures}"

    def record(self) -> dict[str, Any]:
        """The difference as JSON values: null, never NaN."""
        from alignment_toolkit.tables import table_payload

        frames = {"tables": self.tables, "figures": self.figures, "records": self.records}
        listed = {}
        for name, frame in frames.items():
            payload = table_payload(frame, name=name)
            listed[name] = [dict(zip(payload["columns"], row, strict=True)) for row in payload["rows"]]
        return {"from": self.before.digest, "to": self.after.digest, "quarter": self.quarter, **listed, "notes": list(self.notes)}


def difference(
    data: str | Path,
    *,
    before: str = "",
    after: str = "",
    quarter: str = "",
    as_of: str = "",
    cohort: str = "4q",
    config: str = "",
    limit: int = LIMIT,
) -> Difference:
    """What changed between two snapshots of a store.

    Args:
        data: The store.
        before: Digest of the earlier snapshot, or how it begins; empty: the one before the later one.
        after: Digest of the later one; empty: the one that is shown.
        quarter: Label; empty: the last one that was over in the earlier snapshot.
        as_of: First day (or instant) that is not visible; empty: the first day after the quarter.
        cohort: `4q`, `1q` or `all`.
        config: Configuration file for both; empty: each its own.
        limit: Ids named per figure and kind of record.

    Raises:
        UsageError: When the store has no such snapshots, or the quarter cannot be used.
        DataRefused: When the ledger cannot be read or a snapshot is damaged.
    """
    from alignment_toolkit.headlines import kpis

    store = _folder(data)
    was, now = chosen(store, before=before, after=after)
    places = [_whole(store, entry) for entry in (was, now)]
    tables = changes_frame([change for name in TABLES if (change := change_of(name, *places)) is not None])
    with ExitStack() as views:
        one, other = (views.enter_context(seen_as(store, place)) for place in places)
        asked = quarter_asked(str(one), quarter, config=config)
        pair = opened_pair(one, other, quarter=asked, as_of=as_of, cohort=cohort, config=config)
        was_told, now_told = (records_of(kpis(study)) for study in (pair.before, pair.after))
        figures = restated_figures(was_told, now_told)
        records = pair.responsible(figures["kpi"], limit=limit)
    return Difference(was, now, asked, tables, figures, records, tuple(_settings_changed(was, now)))


def chosen(store: Path, *, before: str = "", after: str = "") -> tuple[Entry, Entry]:
    """The two snapshots asked for.

    Raises:
        UsageError: When there are no such ones.
    """
    entries = read_ledger(store)
    here = kept(store, entries)
    if not entries:
        rule = "Snapshots are kept of stores that alignment ingest made or renewed"
        raise UsageError("the store has no snapshots", value=store, rule=rule, way_out="Renew it: alignment ingest --source DIR --out DIR")
    now = named(after, store, entries) if after else entries[-1]
    if before:
        return named(before, store, entries), now
    earlier = here[: next((place for place, entry in enumerate(here) if entry.digest == now.digest), 0)]
    if not earlier:
        rule = f"It has {', '.join(entry.name for entry in here) or 'none'}"
        raise UsageError("the store has no earlier snapshot to compare with", value=now.name, rule=rule, way_out="Name one with --from")
    return earlier[-1], now


def changes_frame(changes: list[Changes]) -> pd.DataFrame:
    """Changes as a frame: table, before, after, new, changed, gone, same."""
    import pandas as pd

    names = ("table", "before", "after", "new", "changed", "gone", "same")
    return pd.DataFrame([{name: getattr(change, name) for name in names} for change in changes], columns=list(names))


def change_of(table: str, before: Path, after: Path) -> Changes | None:
    """What became of the rows of a table between two snapshot folders; None where neither has it."""
    was, now = ((place / f"{table}.parquet") for place in (before, after))
    there = [path if path.is_file() else None for path in (was, now)]
    if not any(there):
        return None
    if all(there) and was.samefile(now):
        return Changes(table, n := rows_in(was), n)
    return compared(table, *there)


def snapshot_known_as(store: Path, names: Iterable[str]) -> Path | None:
    """The folder of a snapshot that is kept whole, by its name or digest; None where there is none."""
    try:
        entries = kept(store, read_ledger(store))
    except DataRefused:
        return None
    for name in filter(None, names):
        for entry in entries:
            place = snapshots_folder(store) / entry.name
            if entry.digest.startswith(name) and not damaged(place, entry.files, sizes=entry.sizes):
                return place
    return None


def _folder(data: str | Path) -> Path:
    if address.is_address(data):
        raise UsageError("a store behind an address has no snapshots", value=address.shown(data), way_out="Compare folders")
    place = locate(data)
    if not place.is_dir():
        raise UsageError("a database file has no snapshots", value=data, way_out="Ingest it into a folder: alignment ingest --source FILE")
    return place


def _whole(store: Path, entry: Entry) -> Path:
    place = snapshots_folder(store) / entry.name
    if broken := damaged(place, entry.files, sizes=entry.sizes):
        faults = [f"{name} {what}" for name, what in broken.items()]
        raise DataRefused(f"the snapshot {entry.name} is damaged", faults=faults, way_out="Name another one with --from or --to")
    return place


def _settings_changed(was: Entry, now: Entry) -> list[str]:
    return ["the settings (alignment.toml) changed as well"] if was.files.get(CONFIG_FILE) != now.files.get(CONFIG_FILE) else []
