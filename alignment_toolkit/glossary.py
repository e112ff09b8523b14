"""The words both teams use: one entry per headline figure, the source of every label, unit and owner.

The entries are data (`glossary.toml` beside this module), so that they can be read, reviewed and translated without touching code.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import pandas as pd

from alignment_toolkit.errors import UsageError, nearest

NOBODY = "nobody"
BY_FACTOR = "factor"  # the slice whose segments are figures of their own


@dataclass(frozen=True)
class Term:
    """One word of the shared language.

    Attributes:
        name: Stable name, as in `kpis.json`; `{h}` stands for a number of days.
        label: What people read.
        definition: Plain words, one or two sentences.
        formula: How it is computed.
        unit: Unit of its values.
        direction: `up` when more is better, `down` when less is, `none`.
        owner: Team that answers for it: marketing, sales, shared, success, or nobody.
    """

    name: str
    label: str
    definition: str
    formula: str
    unit: str
    direction: str
    owner: str


@cache
def terms() -> dict[str, Term]:
    """Every term by name, in the order of the file."""
    text = files("alignment_toolkit").joinpath("glossary.toml").read_text(encoding="utf-8")
    return {name: Term(name=name, **entry) for name, entry in tomllib.loads(text).items()}


def term(name: str) -> Term:
    """The term of a name or label; `conversion_90d` is found under its pattern `conversion_{h}d` with the days filled in.

    Raises:
        UsageError: When no term has this name; names the nearest.
    """
    known = terms()
    if name in known:
        return known[name]
    by_label = {entry.label.casefold(): entry for entry in known.values()}
    if name.casefold() in by_label:
        return by_label[name.casefold()]
    for pattern, entry in known.items():
        found = re.fullmatch(re.escape(pattern).replace(r"\{h\}", r"(\d+)"), name)
        if found and "{h}" in pattern:
            return _filled(entry, name, days=found[1])
    raise UsageError("the glossary has no such term", value=name, way_out=nearest(name, known))


def _filled(entry: Term, name: str, *, days: str) -> Term:
    def fill(text: str) -> str:
        return text.replace("{h}", days)

    return Term(name, fill(entry.label), fill(entry.definition), fill(entry.formula), entry.unit, entry.direction, entry.owner)


def label(name: str) -> str:
    """The label of a figure, its name where the glossary has no entry."""
    try:
        return term(name).label
    except UsageError:
        return name


def with_owners(frame: pd.DataFrame) -> pd.DataFrame:
    """The figure frame with `owner` filled from the glossary; the parts of a change of bookings belong to their factors' owners."""
    factor = frame["slice"] == BY_FACTOR
    names = frame["kpi"].where(~factor, frame["segment"])
    owners = {name: owner_of(name) for name in names.unique()}
    return frame.assign(owner=names.map(owners).astype(object).where(lambda owner: owner.notna(), cast("Any", None)))


def is_known(name: str) -> bool:
    """Whether the glossary has an entry for the name."""
    try:
        term(name)
    except UsageError:
        return False
    return True


def glossary_table() -> pd.DataFrame:
    """Every term as a row: term, label, definition, formula, unit, better when, owner."""
    return pd.DataFrame([vars(entry) for entry in terms().values()])


def owner_of(name: str) -> str | None:
    """The team that answers for a figure, None for what belongs to nobody, such as exchange rates."""
    if not is_known(name):
        return None
    owner = term(name).owner
    return None if owner == NOBODY else owner
