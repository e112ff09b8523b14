"""Which shipped mapping fits a source: decided by its headers, said with the reason, and asked when two fit equally well."""

from __future__ import annotations

from dataclasses import dataclass

from alignment_toolkit.border.matching import Matched, declared_for, is_marked, match_inputs, vendor_items
from alignment_toolkit.border.personal import impersonal_sentence
from alignment_toolkit.border.shelf import Item, Shelf, written_as
from alignment_toolkit.errors import DataRefused, UsageError
from alignment_toolkit.mapping import Mapping, shipped, shipped_names

SHOWN = 4


@dataclass(frozen=True)
class Recognised:
    """A shipped mapping that fits a source.

    Attributes:
        mapping: The mapping.
        matched: What it finds there.
        why: The files and headers that speak for it, in words.
    """

    mapping: Mapping
    matched: Matched
    why: str


def paired(mappings: list[Mapping], shelves: list[Shelf]) -> tuple[list[tuple[Mapping, Shelf]], tuple[str, ...]]:
    """Each mapping with its source, and what was recognised, in words.

    As many mappings as sources: in order. One source: all mappings read it. No mapping: each source is recognised.

    Raises:
        UsageError: For any other numbers, or when a source is not recognised or not clearly.
    """
    if not mappings:
        found = [(recognised, shelf) for shelf in shelves for recognised in recognise(shelf)]
        told = tuple(f"{shelf.place} is read as {one.mapping.name}: {one.why}" for one, shelf in found)
        return [(one.mapping, shelf) for one, shelf in found], told
    if len(shelves) == 1:
        return [(mapping, _as_declared(mapping, shelves[0])) for mapping in mappings], ()
    if len(mappings) == len(shelves):
        return [(mapping, _as_declared(mapping, shelf)) for mapping, shelf in zip(mappings, shelves, strict=True)], ()
    rule = "There are as many mappings as sources, in the same order, or several mappings for one source, or none at all"
    what = f"{len(mappings)} mapping{'s' if len(mappings) > 1 else ''} for {len(shelves)} sources"
    raise UsageError(what, rule=rule, way_out="Give --mapping once for each --source, or leave it out")


def _as_declared(mapping: Mapping, shelf: Shelf) -> Shelf:
    return written_as(shelf, lambda item: declared_for(mapping, item))


def recognise(shelf: Shelf) -> list[Recognised]:
    """The shipped mappings that fit a source: the best one of a CRM and of a billing system, each on files of its own.

    Raises:
        UsageError: When none fits, or two of a kind fit equally well.
        DataRefused: When none fits, and files cannot be read.
    """
    candidates = [one for name in shipped_names() if (one := _fits(shipped(name), shelf.items)) is not None]
    best = [one for holds in ("crm", "billing") if (one := _best([fit for fit in candidates if _holds(fit) == holds], shelf))]
    chosen = [one for one in best if not _only_shares(one, best)]
    if not chosen:
        _refuse_opaque(shelf)
        listed = ", ".join(item.name for item in shelf.items[:SHOWN]) + (" …" if len(shelf.items) > SHOWN else "")
        rule = f"It holds {listed or 'no CSV or Parquet file and no table'}; shipped mappings: {', '.join(shipped_names())}"
        way_out = "Name one with --mapping, or write a mapping to start from: alignment map --init --source DIR --out mapping.toml"
        raise UsageError("no shipped mapping fits the source", value=shelf.place, rule=rule, way_out=way_out)
    return chosen


def _refuse_opaque(shelf: Shelf) -> None:
    """Say which files might be recognised if they could be read.

    Raises:
        DataRefused: With a fault per file.
    """
    faults = [fault for item in shelf.items if item.is_opaque for fault in item.faults]
    if faults:
        n, what = len(faults), f"no shipped mapping fits the source {shelf.place}"
        rule = f"{n} file{'s' if n > 1 else ''} that may belong to one cannot be read"
        raise DataRefused(what, rule=rule, faults=[impersonal_sentence(fault.sentence()) for fault in faults])


def _holds(one: Recognised) -> str:
    return one.mapping.vendor.holds if one.mapping.vendor else ""


def _fits(mapping: Mapping, items: tuple[Item, ...]) -> Recognised | None:
    vendor = mapping.vendor
    if vendor is None:
        return None
    matched = match_inputs(mapping, vendor_items(mapping, items))
    if not any(need in matched.found or need in matched.torn for need in vendor.needs) or not is_marked(mapping, matched):
        return None
    return Recognised(mapping, matched, _why(matched))


def _why(matched: Matched) -> str:
    """The files that fit best, with the headers that were found in them."""
    matches = sorted(matched.found.values(), key=lambda match: -len(match.headers))
    words = []
    for match in matches[:SHOWN]:
        headers = [found[0] for found in match.headers.values()]
        more = f" and {len(headers) - SHOWN} more" if len(headers) > SHOWN else ""
        words.append(f"{match.items[0].name} has {', '.join(headers[:SHOWN])}{more}")
    return "; ".join(words) + (f"; {len(matches) - SHOWN} more" if len(matches) > SHOWN else "")


def _best(fits: list[Recognised], shelf: Shelf) -> Recognised | None:
    """The mapping that finds the most columns.

    Raises:
        UsageError: When two find equally many.
    """
    ranked = sorted(fits, key=lambda one: -one.matched.n_columns)
    if len(ranked) > 1 and ranked[0].matched.n_columns == ranked[1].matched.n_columns:
        names = " and ".join(one.mapping.name for one in ranked if one.matched.n_columns == ranked[0].matched.n_columns)
        rule = f"{names} fit equally well: {ranked[0].why}"
        way_out = f"Say which it is: --mapping {ranked[0].mapping.name}"
        raise UsageError("the source is not recognised clearly", value=shelf.place, rule=rule, way_out=way_out)
    return ranked[0] if ranked else None


def _only_shares(one: Recognised, others: list[Recognised]) -> bool:
    """Whether another mapping that finds more reads all the same files."""
    mine = _files(one)
    return any(mine <= _files(other) and other.matched.n_columns > one.matched.n_columns for other in others if other is not one)


def _files(one: Recognised) -> set[str]:
    return {item.name for match in one.matched.found.values() for item in match.items}
