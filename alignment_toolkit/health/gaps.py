"""The words of the gaps: how each is called, what it is resolved as, who can mend it and how.

The entries are data (`gaps.toml` beside this module), so that they can be read and reviewed without touching code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Gap:
    """Something that records leave open.

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


@cache
def entries() -> dict[str, Any]:
    """The file as it is."""
    return tomllib.loads(files("alignment_toolkit.health").joinpath("gaps.toml").read_text(encoding="utf-8"))


@cache
def gaps() -> dict[str, Gap]:
    """Every gap that is bounded, by name."""
    return {name: Gap(name=name, **entry) for name, entry in entries()["bounds"].items()}
