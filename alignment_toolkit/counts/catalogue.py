"""Registering a counts query and running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from alignment_toolkit.counts.coding import coded, plain, said
from alignment_toolkit.figures import ALL
from alignment_toolkit.sharing import shared
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

Query = Callable[..., "ir.Table"]
CATALOGUE: dict[str, Query] = {}
ROLLED_UP: dict[str, tuple[str, ...]] = {}
MEASURES = ("n", "n_unpriced", "amount", "amount_sq")


def query(function: Query | None = None, *, rolled_up: tuple[str, ...] = ()) -> Any:
    """Register a function `(study, **choices) -> ibis table of counts` in the catalogue under its own name.

    Args:
        function: The query; a choice `by` names a slice, or several at once.
        rolled_up: Slices that are counted together in one query and added up here, since an engine's cost is the scan.

    Raises:
        ValueError: When the name is taken.
    """
    if function is None:
        return lambda named: query(named, rolled_up=rolled_up)
    if function.__name__ in CATALOGUE:
        raise ValueError(f"two counts queries are called {function.__name__}")
    CATALOGUE[function.__name__] = function
    ROLLED_UP[function.__name__] = rolled_up
    return function


def counted(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    """Run one query of the catalogue.

    Args:
        name: Name in `CATALOGUE`.
        study: What it looks at.
        **choices: What the query takes beside the study (a slice, for instance).

    Returns:
        The counts, sorted by their grouping columns so that the order never depends on the engine. A query that was run before is not
        run again: the same counts serve several figures. For leaders small groups are counted as "(other)".
    """
    return plain(coded_counts(name, study, **choices))


def coded_counts(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    """As `counted`, with the words coded (`coding.coded`): for counts by bucket, which are many."""
    from alignment_toolkit.counts.small import merged

    return merged(_counted(name, study, **choices), study, by=choices.get("by"))


def _counted(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    finer = finer_slices(name, choices)
    if finer:
        return added_up(_counted(name, study, **choices | {"by": finer}), by=choices.get("by"))
    key = (name, study.as_of, study.quarter, study.cohort, tuple(sorted(choices.items())))
    if key not in study.crm.counts:
        study.crm.counts[key] = _run(name, study, **choices)
    return study.crm.counts[key].copy(deep=False)


def finer_slices(name: str, choices: dict[str, Any]) -> tuple[str, ...] | str | None:
    """What a query is really asked for: all slices rolled up; by bucket, where that would count single leads, the first of them."""
    together, by = ROLLED_UP[name], choices.get("by")
    whole = by in (None, "all")
    if not together or isinstance(by, tuple) or not (whole or by in together):
        return None
    if choices.get("by_bucket"):
        return together[0] if whole else None
    return together


def added_up(frame: pd.DataFrame, *, by: str | None) -> pd.DataFrame:
    """Counts by several slices (or by one, in `segment`) added up to one of them, or to all together."""
    segment = frame[by] if by in frame.columns else said(ALL, len(frame))
    slices = [name for name in frame.columns if name in {name for names in ROLLED_UP.values() for name in names}]
    told = frame.drop(columns=slices).assign(segment=segment)
    keys = ["segment", *(column for column in told.columns if column not in (*MEASURES, "segment"))]
    summed = told.groupby(keys, dropna=False, sort=True, as_index=False, observed=True).sum()
    return summed[[*keys, *(column for column in MEASURES if column in summed)]]


def _run(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    crm = study.crm
    key = (name, study.question, sorted(choices.items()))

    def count() -> pd.DataFrame:
        # through Arrow: Ibis's own conversion to pandas costs more than the query
        rows = shared((crm.where, key), lambda: CATALOGUE[name](study, **choices).to_pyarrow())
        return _in_order(coded(rows))

    return count() if crm.prepared is None else crm.prepared.frame(key, count)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [column for column in frame.columns if column not in MEASURES]
    return frame.sort_values(keys, ignore_index=True, kind="stable", na_position="last") if keys else frame
