"""Charts: one `<metric>_chart(frame, *, ax=None) -> Axes` per metric, each with a spoken description.

The rooms are opened when a chart is first asked for: `charts.retention_chart` is found in `charts/churn.py`.
"""

from __future__ import annotations

import importlib
from typing import Any

ROOMS = ("quality", "velocity", "churn", "loop", "health", "drivers", "alignment")


def __getattr__(name: str) -> Any:
    """The chart of this name, from the room that has it."""
    if not name.endswith("_chart"):
        raise AttributeError(f"alignment_toolkit.charts has no {name!r}")
    for room in ROOMS:
        found = getattr(importlib.import_module(f"alignment_toolkit.charts.{room}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"no chart is called {name!r}; there are {', '.join(__dir__())}")


def __dir__() -> list[str]:
    """The names of all charts."""
    rooms = [importlib.import_module(f"alignment_toolkit.charts.{room}") for room in ROOMS]
    return sorted({name for room in rooms for name in vars(room) if name.endswith("_chart")})
