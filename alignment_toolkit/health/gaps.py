"""The words of the gaps: how each is called, what it is resolved as, who can mend it and how.

The entries are data (`gaps.toml` beside this module), so that they can be read and reviewed without touching code.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Gap:
    """Something that records leave open, and that figures are bounded by.

    Attributes:
        name: Stable name.
        what: Which records they are, in the plural.
        assumed: What they are resolved as, from one end to the other.
        owner: Team that can mend it.
        fix: What that team can do.
    """

    name: str
    what: str
    assumed: str
    owner: str
    fix: str


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes:
        match: Pattern of "table: fault".
        area: Part of the page it belongs to.
        owner: Team that can mend it.
        bounds: Gaps that work out what it does to the headline figures.
        touches: What it does, in words, where none of them does.
        choice: What the teams must agree on before anybody can mend it, where that is so.
    """

    match: str
    area: str
    owner: str
    bounds: tuple[str, ...] = ()
    touches: str = ""
    choice: str = ""


@cache
def entries() -> dict[str, Any]:
    """The file as it is."""
    return tomllib.loads(files("alignment_toolkit.health").joinpath("gaps.toml").read_text(encoding="utf-8"))


@cache
def gaps() -> dict[str, Gap]:
    """Every gap that is bounded, by name."""
    return {name: Gap(name=name, **entry) for name, entry in entries()["bounds"].items()}


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of finding; the first that matches counts, and the last matches all."""
    return tuple(Kind(**entry | {"bounds": tuple(entry.get("bounds", ()))}) for entry in entries()["kinds"])


@cache
def kind_of(table: str, fault: str) -> Kind:
    """The kind of a fault of a table."""
    return next(kind for kind in kinds() if re.search(kind.match, f"{table}: {fault}"))
