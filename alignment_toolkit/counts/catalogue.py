"""Registering a counts query and running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

Query = Callable[..., "ir.Table"]
CATALOGUE: dict[str, Query] = {}


def query(function: Query) -> Query:
    """Register a function `(study, **choices) -> ibis table of counts` in the catalogue under its own name.

    Raises:
        ValueError: When the name is taken.
    """
    if function.__name__ in CATALOGUE:
        raise ValueError(f"two counts queries are called {function.__name__}")
    CATALOGUE[function.__name__] = function
    return function


def counted(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    """Run one query of the catalogue.

    Args:
        name: Name in `CATALOGUE`.
        study: What it looks at.
        **choices: What the query takes beside the study (a slice, for instance).

    Returns:
        The counts, sorted by their grouping columns so that the order never depends on the engine. A query that was run before is not
        run again: the same counts serve several figures.
    """
    key = (name, study.as_of, study.quarter, study.cohort, tuple(sorted(choices.items())))
    if key not in study.crm.counts:
        study.crm.counts[key] = _run(name, study, **choices)
    return study.crm.counts[key].copy()


def _run(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    # through Arrow: Ibis's own conversion to pandas costs more than the query
    frame = CATALOGUE[name](study, **choices).to_pyarrow().to_pandas()
    keys = [column for column in frame.columns if column not in {"n", "amount", "amount_sq"}]
    return frame.sort_values(keys, ignore_index=True, kind="stable", na_position="last") if keys else frame
