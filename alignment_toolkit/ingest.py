"""From an export to a store: a mapping is applied, every fault refused at once, and a new snapshot shown in whole.

Every row read is either used or set aside under a reason; the numbers stand in the store's `ingest.json`. A newer extract renews a store:
only tables whose files changed are read, what they held before is kept (`snapshots/`), and nothing happens where nothing changed.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from alignment_toolkit.border import address
from alignment_toolkit.border.bench import Workbench, laid_out, read
from alignment_toolkit.border.combine import combined
from alignment_toolkit.border.fatal import EMPTY, checked
from alignment_toolkit.border.fingerprints import fingerprints
from alignment_toolkit.border.home_currency import with_reporting_currency
from alignment_toolkit.border.mapped import Mapped
from alignment_toolkit.border.parts import ways_to_make
from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.border.sentences import SHOWN, Fault
from alignment_toolkit.border.shelf import Shelf, shelf_of
from alignment_toolkit.border.sources import Source
from alignment_toolkit.border.unread import unread
from alignment_toolkit.config import config_from, load_config, with_deal_types
from alignment_toolkit.errors import DataRefused, PublishError, UsageError, nearest
from alignment_toolkit.mapping import Mapping, load_mapping
from alignment_toolkit.prepared import forget
from alignment_toolkit.recognise import paired
from alignment_toolkit.renewal.before import Before, currencies, what_was
from alignment_toolkit.renewal.making import Making, made_snapshot
from alignment_toolkit.renewal.plan import MERGES, lost, planned
from alignment_toolkit.renewal.result import IngestedTable, IngestResult, journal_text
from alignment_toolkit.schema import TABLES
from alignment_toolkit.snapshots.keeping import KEPT, pruned
from alignment_toolkit.snapshots.layout import current_of, is_own_link
from alignment_toolkit.snapshots.opening import opened_for_writing
from alignment_toolkit.snapshots.whole import JOURNAL

__all__ = ["JOURNAL", "IngestResult", "IngestedTable", "ingest"]


def ingest(
    mapping: Mapping | str | Path | Sequence[Mapping | str | Path] | None,
    *,
    source: str | Path | Sequence[str | Path],
    out: str | Path,
    config: str | Path | None = None,
    merge: str = "replace",
    force: bool = False,
    keep: int = KEPT,
    wait: float = 0,
    drop_missing: bool = False,
    now: datetime | None = None,
) -> IngestResult:
    """Make or renew a store from a folder of exports, the tables behind an address, or several of them.

    Args:
        mapping: A mapping, the path of its file or the name of a shipped one; several, in the order of the sources, or all for one source;
            None: each source is recognised by its headers.
        source: Folder of CSV and Parquet files, DuckDB file or connection address; several.
        out: The store to make or to renew.
        config: Configuration file that takes the place of the mappings' own.
        merge: `replace`: the extract is the whole truth, what is not in it is gone; `upsert`: its rows replace those with the same key, the
            others stay.
        force: Read every file, even when none has changed.
        keep: Snapshots that stay, the new one included.
        wait: Seconds to wait for another ingest.
        drop_missing: Drop tables, and rows of inputs, that the store was made of and the new extract lacks. Without it such an extract is
            refused under `replace`, since a file that was lost on the way must not empty a good store; under `upsert` they stay.
        now: Wall time for the ledger; the package reads no clock.

    Raises:
        UsageError: When a path is not there, a mapping cannot be used, a source is not recognised, or `out` holds something else.
        DataRefused: With every fatal fault of the exports; an older store stays as it was.
        PublishError: When the store cannot be written.
        Busy: When another ingest is at work on the store.
    """
    if merge not in MERGES:
        raise UsageError("the way to merge is unknown", value=merge, way_out=nearest(merge, MERGES))
    sources = [source] if isinstance(source, str | Path) else list(source)
    target = Path(out).resolve()
    mappings = _mappings(mapping)
    shelves = [shelf_of(place) for place in sources]
    _check_places([shelf.folder for shelf in shelves if shelf.folder], target, out=out)
    pairs, told = paired(mappings, shelves)
    settings = _settings(pairs, config)
    benches = laid_out([(one.configured(settings), shelf) for one, shelf in pairs] if config else pairs)
    with opened_for_writing(target, wait=wait):
        before = what_was(target)
        _note_unread(benches, before)
        plan = planned(fingerprints(benches, settings), before, merge=merge, force=force)
        if merge == "replace" and not drop_missing:
            benches[0].faults += lost(plan, before, [bench.mapping for bench in benches])
        ledger = {"at": now.isoformat() if now else None, "sources": tuple(map(address.shown, sources)), "merge": merge}
        making = Making(plan, before, settings, Path(config) if config else None, ledger)
        is_done = plan.is_nothing and before.entries and not any(bench.faults for bench in benches)
        done = _unchanged(before) if is_done else _renewed(target, benches, making, told)
        gone = () if done.is_unchanged else pruned(target, done.entries, keep=keep, now=now)
    return replace(done, out=Path(out), no_longer_kept=tuple(gone))


def _note_unread(benches: list[Workbench], before: Before) -> None:
    """Add what is wrong with files that no mapping reads to what is refused, the rest to the notes."""
    names = " and ".join(dict.fromkeys(bench.mapping.name for bench in benches))
    earlier = before.journal.get("files", {}) if before.journal.get("mapping") == names else {}
    faults, notes = unread([bench.reader for bench in benches], before=frozenset(earlier))
    benches[0].faults += faults
    benches[0].notes += notes


def _renewed(target: Path, benches: list[Workbench], making: Making, told: tuple[str, ...]) -> IngestResult:
    before, plan = making.before, making.plan
    read(benches, tables=plan.read, files=plan.files)
    settings, assumed = with_reporting_currency(benches, making.settings, before)
    making = replace(making, settings=settings)
    made, notes = combined(benches)
    sources = _checked(benches, made, making)
    journal = journal_text(benches, made, (*told, *plan.notes, *assumed, *notes), before=before, kept=plan.kept(before))
    try:
        done = made_snapshot(target, benches[0], sources, making=making, journal=journal)
    except OSError as error:
        way_out = "Give a folder that you may write to with --out; an older store is as it was"
        raise PublishError("the store cannot be written", value=target, rule=os.strerror(error.errno or 0), way_out=way_out) from error
    forget(target)
    return done


def _unchanged(before: Before) -> IngestResult:
    entry = before.entries[-1]
    tables = tuple(IngestedTable.of(record) for record in before.journal.get("tables", ()))
    return IngestResult(Path(), tables, dict(before.journal.get("files", {})), snapshot=entry.name, is_unchanged=True)


def _mappings(mapping: Mapping | str | Path | Sequence[Mapping | str | Path] | None) -> list[Mapping]:
    """The mappings that were named, none where the sources are to be recognised."""
    named = [mapping] if isinstance(mapping, Mapping | str | Path) else list(mapping or ())
    return [one if isinstance(one, Mapping) else load_mapping(one) for one in named]


def _settings(pairs: list[tuple[Mapping, Shelf]], config: str | Path | None) -> dict[str, Any]:
    """The configuration of the store: that of a file, else those of the mappings, the first one first; refused when it cannot be used."""
    values: dict[str, Any] = {}
    if config is not None:
        load_config(Path(config))
        values = tomllib.loads(Path(config).read_text(encoding="utf-8"))
    else:
        for mapping, _ in pairs:
            values = mapping.config | values
    return with_deal_types(values, chain.from_iterable(mapping.other_deal_types for mapping, _ in pairs))


def _check_places(folders: list[Path], target: Path, *, out: str | Path) -> None:
    if any(target == folder or folder.is_relative_to(target) for folder in folders):
        raise UsageError("the store would replace the exports", value=out, way_out="Give another folder with --out")
    if target.exists() and not target.is_dir():
        raise UsageError("the store is to be a folder, but a file is there", value=out, way_out="Give another folder with --out")
    if not target.is_dir() or current_of(target) or (target / JOURNAL).is_file():
        return
    if any(not path.name.startswith(".") and not is_own_link(path) for path in target.iterdir()):
        rule = f"Only a store that ingest made (it holds {JOURNAL}) is replaced"
        raise UsageError("the output folder holds something else", value=out, rule=rule, way_out="Give an empty or new folder with --out")


def _checked(benches: list[Workbench], made: dict[str, Mapped], making: Making) -> dict[str, Source]:
    """The tables that were read, after the fatal checks.

    Raises:
        DataRefused: With every fault, without e-mail addresses and phone numbers.
    """
    names = " and ".join(dict.fromkeys(bench.mapping.name for bench in benches))
    config = config_from(making.settings, origin=f"{names} [config]")
    kept = making.plan.kept(making.before)
    rates = currencies(making.before) if "exchange_rates" in kept or making.plan.merge == "upsert" else frozenset()
    found, sources = checked({name: table.source for name, table in made.items()}, config, _fetch(benches[0]), rates=rates)
    is_unread = any(bench.faults for bench in benches)  # a table may be missing because its file cannot be read, which is said already
    missing = [
        _not_made(name, names, benches)
        for name, table in TABLES.items()
        if table.required and name not in made and name not in kept and not (is_unread and _has_table(name, benches))
    ]
    told = [fault for fault in found if not (is_unread and fault.what == EMPTY)]  # empty because a file behind it cannot be read
    if faults := [*(fault for bench in benches for fault in bench.faults), *missing, *told]:
        n, places = len(faults), " and ".join(dict.fromkeys(bench.shelf.place for bench in benches))
        what = f"the export in {places} cannot be used: {n} fault{'s' if n > 1 else ''}"
        raise DataRefused(what, faults=[impersonal_sentence(fault.sentence()) for fault in faults])
    return sources


def _not_made(name: str, names: str, benches: list[Workbench]) -> Fault:
    """A required table that is not made: no mapping has it, or none of its inputs is there; the way out names files that would make it."""
    rule = f"{name} ({TABLES[name].row}) is required"
    if not _has_table(name, benches):
        return Fault(f"{name} is missing", f"the mapping {names} has no [tables.{name}]", rule)
    having = [bench for bench in benches if name in bench.mapping.tables]
    ways = [way for bench in having for way in ways_to_make(bench, name)]
    way_out = f"Export {', or '.join(ways[:SHOWN])} too" if ways else ""
    if way_out and all(bench.mapping.tables[name].alone for bench in having):
        way_out += ", or give the export of a CRM as another source"
    return Fault(f"{name} is missing", f"the mapping {names} finds none of the files that it is made of", rule, way_out)


def _has_table(name: str, benches: list[Workbench]) -> bool:
    return any(name in bench.mapping.tables for bench in benches)


def _fetch(bench: Workbench) -> Any:
    return lambda expression: bench.backend.to_pyarrow(expression).to_pylist()
