"""The words both teams use: one entry per headline figure, the source of every label, unit and owner.

The entries are data (`glossary.toml` beside this module), so that they can be read, reviewed and translated without touching code.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from alignment_toolkit.errors import UsageError, nearest

if TYPE_CHECKING:
    import pandas as pd

Agreed = Mapping[str, Mapping[str, str]]
NOBODY = "nobody"
CHANGEABLE = ("owner", "definition", "responsible", "accountable", "consulted", "informed")
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
        responsible: Who does the work.
        accountable: Who answers for it.
        consulted: Who is asked before it is changed.
        informed: Who is told.
    """

    name: str
    label: str
    definition: str
    formula: str
    unit: str
    direction: str
    owner: str
    responsible: str
    accountable: str
    consulted: str
    informed: str


@cache
def terms() -> dict[str, Term]:
    """Every term by name, in the order of the file."""
    entries, raci = _entries()
    return {name: Term(name=name, **{**raci[entry["owner"]], **entry}) for name, entry in entries.items()}


@cache
def _entries() -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """The entries of the file as they stand there, and the roles that follow from each owner."""
    text = files("alignment_toolkit").joinpath("glossary.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    return entries, entries.pop("raci")


def terms_with(agreed: Agreed) -> dict[str, Term]:
    """Every term with what a company has agreed otherwise: a new owner brings its own roles, single roles are replaced.

    Args:
        agreed: Name -> owner, definition or role -> value, as in the setting `glossary`.
    """
    raci = _entries()[1]
    told = dict(terms())
    for name, own in agreed.items():
        whose = raci[own["owner"]] if "owner" in own else {}
        told[name] = replace(told[name], **{**whose, **own})
    return told


def refuse_unknown(agreed: Agreed) -> None:
    """Refuse what no company may agree on otherwise.

    Raises:
        ValueError: For an unknown term, a field that cannot be changed, or an unknown owner; with the nearest right one.
    """
    for name, own in agreed.items():
        if name not in terms():
            raise ValueError(f"the glossary has no term {name!r}. {nearest(name, terms())}")
        for field in own:
            if field not in CHANGEABLE:
                raise ValueError(
                    f"{field!r} of {name} cannot be set: labels, formulas and units are the same everywhere. {nearest(field, CHANGEABLE)}"
                )
        if own.get("owner", NOBODY) not in _entries()[1]:
            raise ValueError(f"{own['owner']!r} is no owner. {nearest(own['owner'], _entries()[1])}")


def digest(agreed: Agreed) -> str:
    """SHA-256 of every word as it is in force."""
    text = json.dumps([vars(entry) for entry in terms_with(agreed).values()], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


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

    return replace(entry, name=name, label=fill(entry.label), definition=fill(entry.definition), formula=fill(entry.formula))


def label(name: str) -> str:
    """The label of a figure, its name where the glossary has no entry."""
    try:
        return term(name).label
    except UsageError:
        return name


def with_owners(frame: pd.DataFrame, *, agreed: Agreed | None = None) -> pd.DataFrame:
    """The figure frame with `owner` filled from the glossary; the parts of a change of bookings belong to their factors' owners.

    Args:
        frame: Figures.
        agreed: What the company has agreed otherwise (the setting `glossary`).
    """
    factor = frame["slice"] == BY_FACTOR
    names = frame["kpi"].where(~factor, frame["segment"])
    owners = {name: owner_of(name, agreed=agreed) for name in names.unique()}
    return frame.assign(owner=names.map(owners).astype(object).where(lambda owner: owner.notna(), cast("Any", None)))


def pattern_of(name: str) -> str:
    """The name under which the glossary has a figure: `conversion_{h}d` for `conversion_90d`."""
    return re.sub(r"_\d+d$", "_{h}d", name)


def is_known(name: str) -> bool:
    """Whether the glossary has an entry for the name."""
    try:
        term(name)
    except UsageError:
        return False
    return True


def glossary_table(*, agreed: Agreed | None = None) -> pd.DataFrame:
    """Every term as a row: name, label, definition, formula, unit, direction, owner, responsible, accountable, consulted, informed."""
    import pandas as pd

    return pd.DataFrame([vars(entry) for entry in terms_with(agreed or {}).values()])


def owner_of(name: str, *, agreed: Agreed | None = None) -> str | None:
    """The team that answers for a figure, None for what belongs to nobody, such as exchange rates."""
    if not is_known(name):
        return None
    own = {} if agreed is None else agreed.get(name) or agreed.get(pattern_of(name)) or {}
    owner = own.get("owner", term(name).owner)
    return None if owner == NOBODY else owner
