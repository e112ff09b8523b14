"""The one door to an engine: `open_crm(where, as_of=...)` -> `Crm` (Ibis tables, configuration, as-of)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from alignment_toolkit.config import Config

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Crm:
    """One company's records behind one engine.

    Attributes:
        tables: Canonical name -> Ibis table with every column of its contract (absent optional columns are null); absent tables are not in it.
        config: The company's settings.
        as_of: Exclusive naive UTC instant; nothing at or after it is visible.
        where: What the user pointed at, for messages.
        present: Table -> names of the columns that really were there.
    """

    tables: dict[str, ir.Table]
    config: Config
    as_of: datetime
    where: str = ""
    present: dict[str, frozenset[str]] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Whether all these tables are there."""
        return all(name in self.tables for name in names)
