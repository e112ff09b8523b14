"""The files of a source that no mapping reads: a fault where a table may need them, else a line that lists them.

A file that cannot be read is never taken for one that is not there. It is a fault when it bears the name of an input, when the last ingest
read it, or when its headers cannot be seen and the mapping still lacks an input that it is about. Any other file blocks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from alignment_toolkit.border.matching import Matched, by_folded, first_found, named_inputs
from alignment_toolkit.border.sentences import Example, Fault, declare
from alignment_toolkit.border.shelf import Item, Shelf
from alignment_toolkit.errors import ended
from alignment_toolkit.mapping import Mapping, shipped_names


@dataclass(frozen=True)
class Reader:
    """A mapping at a source.

    Attributes:
        mapping: The mapping.
        shelf: What lies there.
        matched: Which file is which input.
        files: Files that canonical tables name themselves.
    """

    mapping: Mapping
    shelf: Shelf
    matched: Matched
    files: frozenset[str] = frozenset()

    @property
    def used(self) -> frozenset[str]:
        """Names of the files that it reads."""
        return self.files | {item.name for match in self.matched.found.values() for item in match.items}

    @property
    def principal(self) -> frozenset[str]:
        """Inputs that the vendor is known by, without those that another one with rows replaces (see `_instead_of`)."""
        needs = self.mapping.vendor.needs if self.mapping.vendor else ()
        filled = {name for name, match in self.matched.found.items() if not all(item.is_empty for item in match.items)}
        return frozenset(need for need in needs if not filled & self._instead_of(need))

    @property
    def lacks(self) -> bool:
        """Whether an input that the vendor is known by is not there, nor one that replaces it."""
        return any(need not in self.matched.found and need not in self.matched.torn for need in self.principal)

    def told(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """Faults of files, with what this mapping has to declare."""
        is_shipped = self.mapping.name in shipped_names()
        return tuple(fault.read_by(self.mapping.name, is_shipped=is_shipped) for fault in faults)

    def _instead_of(self, name: str) -> set[str]:
        """The inputs that serve as well as this one: a part of a table needs any of them."""
        alike = [{*part.any_of} for rule in self.mapping.tables.values() for part in rule.parts if name in part.any_of]
        return set().union(*alike) - {name}


def unread(readers: Sequence[Reader], *, before: Collection[str] = ()) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
    """What is wrong with files that are not read, and what else is not read, in words.

    Args:
        readers: Every mapping with its source.
        before: Names of the files that the last ingest of the same mappings read.
    """
    faults: list[Fault] = [fault for reader in readers for fault in _without_rows(reader, is_fault=True)]
    notes = [fault.sentence() for reader in readers for fault in _without_rows(reader, is_fault=False)]
    idle = []
    for folder in dict.fromkeys(reader.shelf.folder for reader in readers if reader.shelf.folder):
        here = [reader for reader in readers if reader.shelf.folder == folder]
        used = frozenset[str]().union(*(reader.used for reader in here))
        for place, item in enumerate(here[0].shelf.items):
            if item.name in used:
                continue
            found = next((reader.told(fault) for reader in here if (fault := _fault(reader, reader.shelf.items[place], used, before))), ())
            faults += found
            if not found and item.faults:
                first = here[0].told(item.faults)[0]
                notes.append(f"{item.name} is not read, and no table needs it: {ended(first.what)} {ended(first.way_out)}")
            elif not found and (lacking := next((words for reader in here if (words := _lacking(reader, item))), None)):
                notes.append(lacking)
            elif not found:
                idle.append(item.name)
    if idle:
        notes.append(f"no table is made of {', '.join(idle[:10])}{f' and {len(idle) - 10} more files' if len(idle) > 10 else ''}")
    return tuple(faults), tuple(dict.fromkeys(notes))


def file_faults(readers: Sequence[Reader]) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
    """What names and headers alone tell of the files: what an ingest would refuse, and what is not read, in words."""
    used = [fault for reader in readers for item in reader.shelf.items if item.name in reader.used for fault in reader.told(item.faults)]
    faults, notes = unread(readers)
    return tuple(dict.fromkeys((*used, *faults))), notes


def _fault(reader: Reader, item: Item, used: Collection[str], before: Collection[str]) -> tuple[Fault, ...]:
    """Why a file that is not read must not be passed over; none where it may."""
    if _has_twin(item, reader.shelf.items, used):
        return ()
    named = named_inputs(reader.mapping, item)
    if item.faults and (named or item.name in before or (item.is_opaque and reader.lacks)):
        return item.faults
    if named and len(item.columns) == 1 and len(reader.mapping.inputs[named[0]].needs) > 1:
        needs = ", ".join(reader.mapping.inputs[named[0]].needs)
        rule, way_out = (
            f"It is named like {named[0]}, which needs {needs}",
            f"If another separator stands between its columns, {declare('delimiter', ';')}",
        )
        return (Fault(item.name, "the header is one column", rule, way_out, (Example(item.columns[0]),), 1),)
    if any(name in reader.principal for name in named) and (lacking := _lacking(reader, item)):
        way_out = "Export it with the column, or tell the mapping its header"
        return (Fault(item.name, "a required column is missing", lacking, way_out),)
    if item.name in before and reader.mapping.inputs:
        rule = _lacking(reader, item) or f"Its header is {', '.join(item.columns[:6])}"
        way_out = "Export it as before, or tell the mapping its new headers"
        return (Fault(item.name, "this file was read last time but no longer matches any input", rule, way_out),)
    return ()


def _has_twin(item: Item, items: Collection[Item], used: Collection[str]) -> bool:
    """Whether a file of the same name, in another format, is read."""
    folder = item.name.rpartition("/")[0]
    stems = {other.stem for other in items if other.name in used and other.name.rpartition("/")[0] == folder}
    return item.stem in stems


def _lacking(reader: Reader, item: Item) -> str | None:
    """Which columns a file lacks for the input that it is named like."""
    for name in named_inputs(reader.mapping, item):
        rule = reader.mapping.inputs[name]
        there = by_folded(item.columns, reader.mapping.strip)
        lacking = [need for need in rule.needs if not first_found(there, rule.columns[need].origin)]
        if lacking and name not in reader.matched.found:
            wanted = "; ".join(f"{need} ({', '.join(rule.columns[need].origin[:3])})" for need in lacking)
            return f"{item.name} is not read: it is named like {name}, but has no column for {wanted}"
    return None


def _without_rows(reader: Reader, *, is_fault: bool) -> Iterator[Fault]:
    """Inputs whose files hold a header and nothing else; a fault where the vendor is known by the input."""
    for name, match in reader.matched.found.items():
        is_principal = name in reader.principal
        if all(item.is_empty for item in match.items) and is_principal == is_fault and not reader.mapping.inputs[name].same_as:
            way_out = "Export it again without a filter" if is_fault else ""
            yield Fault(match.items[0].name, "the file holds a header and no rows", "", way_out)
