"""Which tables a newer extract asks to be read again, and which stay as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from alignment_toolkit.border.compare import rows_in
from alignment_toolkit.border.fingerprints import Fingerprint
from alignment_toolkit.border.sentences import Fault
from alignment_toolkit.errors import DataRefused
from alignment_toolkit.mapping import Mapping
from alignment_toolkit.renewal.before import Before

MERGES = ("replace", "upsert")


@dataclass(frozen=True)
class Plan:
    """What an ingest has to do.

    Attributes:
        merge: `replace` or `upsert`.
        read: Tables to be made anew.
        same: Tables that would come out as they are.
        made_from: Table -> what it is made from, for the ledger.
        gone: Tables of the store that the extract does not have, under `replace`.
        files: Number of the mapping -> names of its files to read; None: all.
        notes: Why more is read than changed, in words.
    """

    merge: str
    read: frozenset[str]
    same: frozenset[str] = frozenset()
    made_from: dict[str, Any] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    files: dict[int, frozenset[str]] | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the store would come out as it is."""
        return not (self.read or self.gone)

    def kept(self, before: Before) -> frozenset[str]:
        """Tables whose file stays as it is: those that need not be read, and under `upsert` those that the extract does not have."""
        there = frozenset(before.files)
        return there & self.same if self.merge == "replace" else there - self.read


def planned(now: dict[str, Fingerprint], before: Before, *, merge: str, force: bool) -> Plan:
    """What has to be read.

    Args:
        now: Table -> what it is made of in the new extract.
        before: What the store held.
        merge: `replace` or `upsert`.
        force: Read everything.

    Raises:
        DataRefused: When rows are to be merged into a store whose files are damaged.
    """
    broken = ", ".join(f"{name} {what}" for name, what in before.damage.items())
    if broken and merge == "upsert":
        rule = f"The snapshot {before.entries[-1].name}: {broken}"
        raise DataRefused("rows cannot be merged into a damaged store", rule=rule, way_out="Give the whole extract with --merge replace")
    then = before.made_from
    same = frozenset(name for name, one in now.items() if _is_same(one, then.get(name), merge)) if not (force or broken) else frozenset()
    wanted = frozenset(now) - same
    notes = (f"the snapshot {before.entries[-1].name} is damaged ({broken}), so every file is read again",) if broken else ()
    missing = frozenset(before.files) - frozenset(now) if merge == "replace" else frozenset()
    files = None if not same else _files(now, wanted)
    return Plan(merge, wanted, same, _recorded(now, before, merge, same), missing, files, notes)


def lost(plan: Plan, before: Before, mappings: Iterable[Mapping]) -> list[Fault]:
    """What the store was made of and the new extract lacks, though the mappings still ask for it: each is a fault.

    Args:
        plan: What an ingest has to do.
        before: What the store held.
        mappings: The mappings.
    """
    asked = list(mappings)
    rule = "An export that lost a file does not empty a store"
    way_out = "Export it again; to renew with the files that are there, give --merge upsert; to let its rows go, --drop-missing"
    faults = []
    for name in sorted(plan.gone):
        if any(name in mapping.tables for mapping in asked):
            what = f"the export holds none of the files behind the {rows_in(before.files[name]):,} rows of the store"
            faults.append(Fault(name, what, rule, way_out))
    missing: dict[str, list[str]] = {}
    for name, now in plan.made_from.items():
        for entry in (before.made_from.get(name) or {}).get("inputs", ()):
            if name in plan.read and entry not in now.get("inputs", ()) and any(entry in mapping.inputs for mapping in asked):
                missing.setdefault(entry, []).append(name)
    for entry, names in missing.items():
        what = f"the export holds no rows of this input any more; the store was made of it ({', '.join(names)})"
        faults.append(Fault(entry, what, rule, way_out))
    return faults


def _is_same(now: Fingerprint, then: dict[str, Any] | None, merge: str) -> bool:
    """Whether a table would come out as it is; one that was merged into an older one is not what a whole extract says."""
    if now.made_from is None or then is None:
        return False
    return {key: value for key, value in then.items() if key != "merge"} == now.made_from and merge in ("upsert", then.get("merge"))


def _recorded(now: dict[str, Fingerprint], before: Before, merge: str, same: frozenset[str]) -> dict[str, Any]:
    then = before.made_from
    kept = {name: made_from for name, made_from in then.items() if merge == "upsert" or name in same}
    merged = {name: merge if name in before.files else "replace" for name in now}
    news = {name: {**one.made_from, "merge": merged[name]} for name, one in now.items() if one.made_from is not None and name not in same}
    return kept | news


def _files(now: dict[str, Fingerprint], wanted: frozenset[str]) -> dict[int, frozenset[str]]:
    files: dict[int, frozenset[str]] = defaultdict(frozenset)
    for name in wanted:
        for number, found in now[name].files.items():
            files[number] |= found
    return dict(files)
