"""One set of numbers for marketing and sales: censoring-aware funnel analytics behind parameterised notebooks.

A notebook needs one import, `import alignment_toolkit as at`; everything behind it is loaded when it is first used, because start-up is
most of a report run.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "open_study": "alignment_toolkit.study",
    "kpis": "alignment_toolkit.headlines",
    "show_table": "alignment_toolkit.display",
    "show_chart": "alignment_toolkit.display",
    "show_text": "alignment_toolkit.display",
    "show_kpis": "alignment_toolkit.display",
}
_PARTS = (
    "quality", "velocity", "churn", "attribution", "handoff", "loop", "summary", "charts", "health", "glossary", "drivers", "alignment",
    "meeting",
)  # fmt: skip

__all__ = [*_HOME, *_PARTS]  # noqa: PLE0604  # names of the lazy table below


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _PARTS:
        return importlib.import_module(f"alignment_toolkit.{name}")
    raise AttributeError(f"alignment_toolkit has no {name!r}; it has {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    """The public names, for completion in a notebook."""
    return sorted(__all__)
