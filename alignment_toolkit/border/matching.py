"""Which file is which input, and under which header each of its columns stands: decided by names and headers, before any row is read.

Headers are compared without capitals, blanks and marks, so that `Create Date`, `createdate` and `create_date` are one; letters and digits
of every script count. Of two headers that differ in nothing else, the one spelled as asked for is meant. A file that bears a name of the
input is preferred; else the file is recognised by its headers. Several files with equal headers are one split export.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from alignment_toolkit.border.shelf import Item
from alignment_toolkit.border.spelling import label_key
from alignment_toolkit.mapping import InputRule, Mapping

_AFFIX = r"^(sf|salesforce|hubspot|stripe|stg|raw)_|_(data|export|tmp)$"


@dataclass(frozen=True)
class Match:
    """One input found at a source.

    Attributes:
        name: The input.
        items: The files that hold it; more than one when an export was split.
        headers: Column -> headers it is read from; several only where a `*` fits more than one.
        by_name: Whether the name of the file spoke for it, besides the headers.
        rivals: Column -> headers that fit it equally well, differing only in marks or capitals: the user has to say which.
    """

    name: str
    items: tuple[Item, ...]
    headers: dict[str, tuple[str, ...]]
    by_name: bool
    rivals: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Matched:
    """What a mapping finds at a source.

    Attributes:
        found: Input -> match.
        torn: Input -> files that fit it equally well but differ: the user has to say which.
    """

    found: dict[str, Match] = field(default_factory=dict)
    torn: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, need: str) -> bool:
        """Whether an input (`lead`) or a column of one (`lead.status`) is there."""
        name, _, column = need.partition(".")
        return name in self.found and (not column or column in self.found[name].headers)

    def lacking(self, needs: Iterable[str]) -> str | None:
        """The first of these that is not there."""
        return next((need for need in needs if not self.has(need)), None)

    @property
    def n_columns(self) -> int:
        """How many columns were found."""
        return sum(len(match.headers) for match in self.found.values())


@lru_cache(maxsize=100_000)
def folded(header: str) -> str:
    """A header without capitals, blanks and marks; `*` stays, and a header of nothing but marks is itself."""
    text = label_key(header)
    kept = "".join(character for character in text if character == "*" or unicodedata.category(character)[0] in "LNM")
    return kept if kept.strip("*") or not text.strip("*") else "".join(text.split())


def match_source(mapping: Mapping, items: Iterable[Item]) -> Matched:
    """The inputs of a mapping at a source: among the files that are not another vendor's, else among all."""
    listed = tuple(items)
    own = match_inputs(mapping, vendor_items(mapping, listed))
    return own if own.found or own.torn else match_inputs(mapping, listed)


def vendor_items(mapping: Mapping, items: Iterable[Item]) -> tuple[Item, ...]:
    """The files that may be a vendor's: those that bear no header of another's."""
    return tuple(item for item in items if not (mapping.vendor and _has(item, mapping.vendor.unless)))


def is_marked(mapping: Mapping, matched: Matched) -> bool:
    """Whether at least half of the files found bear one of the vendor's marks, where it has any."""
    if mapping.vendor is None or not mapping.vendor.marks:
        return True
    files = {item.name: item for match in matched.found.values() for item in match.items}
    return 2 * sum(_has(item, mapping.vendor.marks) for item in files.values()) >= len(files)


def _has(item: Item, headers: Iterable[str]) -> bool:
    return bool(first_found(by_folded(item.columns), headers))


def match_inputs(mapping: Mapping, items: Iterable[Item]) -> Matched:
    """The inputs of a mapping among these files."""
    free = [item for item in items if item.columns]
    fits = {
        name: [match for item in free if (match := _fit(mapping, name, rule, item))]
        for name, rule in mapping.inputs.items()
        if rule.names or not rule.same_as
    }
    result = Matched()
    claimed: set[str] = set()
    for name in sorted(fits, key=lambda name: not any(match.by_name for match in fits[name])):  # those with a name first
        _settle(name, [match for match in fits[name] if match.items[0].name not in claimed], result, claimed)
    for name, rule in mapping.inputs.items():
        if rule.same_as in result.found and name not in result.found:
            item = result.found[rule.same_as].items
            match = _fit(mapping, name, rule, item[0])
            if match:
                result.found[name] = Match(name, item, match.headers, match.by_name, match.rivals)
    return Matched({name: result.found[name] for name in mapping.inputs if name in result.found}, result.torn)


def _settle(name: str, fits: list[Match], result: Matched, claimed: set[str]) -> None:
    """Take the best fitting file, or all that share its headers."""
    if not fits:
        return
    best = max((match.by_name, len(match.headers)) for match in fits)
    equal = [match for match in fits if (match.by_name, len(match.headers)) == best]
    if len({frozenset(map(folded, match.items[0].columns)) for match in equal}) > 1:
        result.torn[name] = tuple(match.items[0].name for match in equal)
        return
    items = tuple(match.items[0] for match in equal)
    claimed.update(item.name for item in items)
    result.found[name] = Match(name, items, equal[0].headers, equal[0].by_name, equal[0].rivals)


def _fit(mapping: Mapping, name: str, rule: InputRule, item: Item) -> Match | None:
    """The headers that an item has for an input, None when it is something else."""
    by_name = any(_is_named(item.stem, known) for known in rule.names)
    there = by_folded(item.columns, mapping.strip)
    if first_found(there, rule.unless):
        return None
    if rule.named and not by_name:
        return None
    if rule.marks and not by_name and not first_found(there, rule.marks):
        return None
    headers = {column: found for column, spec in rule.columns.items() if (found := first_found(there, spec.origin))}
    torn = {column: found for column in headers if (found := rivals(there, rule.columns[column].origin))}
    if any(need not in headers for need in rule.needs):
        return None
    if rule.same_as and any(column not in headers for column in rule.split):
        return None
    return Match(name, (item,), headers, by_name, torn) if rule.needs or by_name or rule.same_as else None


Headers = dict[tuple[int, str], tuple[str, ...]]
_EXACT, _CAPITALS, _MARKS, _PREFIX = range(4)  # what may differ between a name and a header


def first_found(there: Headers, wanted: Iterable[str], *, without_marks: bool = True) -> tuple[str, ...]:
    """The headers that the first of these names finds: one, or all that fit a `*`.

    Args:
        there: As in `by_folded`.
        wanted: Names, the best first.
        without_marks: Whether blanks and marks may differ.
    """
    name, found = _first(there, wanted, without_marks=without_marks)
    return found if "*" in name else found[:1]


def rivals(there: Headers, wanted: Iterable[str]) -> tuple[str, ...]:
    """The headers among which the first of these names that is there does not decide; empty where it does."""
    name, found = _first(there, wanted)
    return () if "*" in name or len(found) < 2 else found


def _first(there: Headers, wanted: Iterable[str], *, without_marks: bool = True) -> tuple[str, tuple[str, ...]]:
    """The first of these names that is there, and the headers that are as close to it as any."""
    each = ((name, _found(there, name, without_marks=without_marks)) for name in wanted)
    return next(((name, found) for name, found in each if found), ("", ()))


def _found(there: Headers, name: str, *, without_marks: bool = True) -> tuple[str, ...]:
    key = folded(name)
    if "*" in key:
        fits = (headers for (level, each), headers in there.items() if level >= _MARKS and fnmatchcase(each, key))
        return tuple(dict.fromkeys(header for headers in fits for header in headers))
    keys = [(_EXACT, name), (_CAPITALS, label_key(name)), *([(_MARKS, key), (_PREFIX, key)] if without_marks else [])]
    return next((there[each] for each in keys if each in there), ())


def by_folded(columns: Iterable[str], strip: Iterable[str] = ()) -> Headers:
    """Closeness and key -> headers; a prefix that the vendor's loader adds may be left out, but a header that bears the plain name wins."""
    there: dict[tuple[int, str], list[str]] = {}
    for column in columns:
        keys = [(_EXACT, column), (_CAPITALS, label_key(column)), (_MARKS, folded(column))]
        keys += [(_PREFIX, folded(column[len(prefix) :])) for prefix in strip if column.casefold().startswith(prefix)]
        for key in keys:
            there.setdefault(key, []).append(column)
    return {key: tuple(headers) for key, headers in there.items()}


def named_inputs(mapping: Mapping, item: Item) -> tuple[str, ...]:
    """The inputs that the name of a file speaks for; none where its headers are another vendor's."""
    if mapping.vendor and _has(item, mapping.vendor.unless):
        return ()
    return tuple(name for name, rule in mapping.inputs.items() if any(_is_named(item.stem, known) for known in rule.names))


def declared_for(mapping: Mapping, item: Item) -> tuple[str | None, str | None]:
    """The encoding and delimiter that a mapping declares for a file, by its name before it is matched, else for all."""
    tables = [rule for rule in mapping.tables.values() if {item.name, item.name.rpartition("/")[2]} & {*rule.origin}]
    rules = [*tables, *(mapping.inputs[name] for name in named_inputs(mapping, item)), mapping.source]
    encoding = next((rule.encoding for rule in rules if rule.encoding), None)
    return encoding, next((rule.delimiter for rule in rules if rule.delimiter), None)


def _is_named(stem: str, known: str) -> bool:
    bare = stem.casefold()
    while (shorter := re.sub(_AFFIX, "", bare)) != bare:
        bare = shorter
    return fnmatchcase(folded(bare), folded(known)) or fnmatchcase(folded(stem), folded(known))
