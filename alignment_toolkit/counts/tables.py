"""From a counts query to risk tables: money from cents to currency, buckets from hex to numbers."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd

from alignment_toolkit.counts.catalogue import CATALOGUE, coded_counts, counted
from alignment_toolkit.figures import ALL
from alignment_toolkit.stats.risk import RiskTable, bucket_tables, risk_table
from alignment_toolkit.study import Study

LONGEST_DAYS = 366  # no headline looks further than a year


def moves_frame(name: str, study: Study, **choices: Any) -> pd.DataFrame:
    """The moves of one query, amounts in the reporting currency and `bucket` as 0..255; by bucket their words are coded.

    Args:
        name: Query in the catalogue that returns moves.
        study: What it looks at.
        **choices: Passed to the query, `by` for instance; `until`, the last day index that is needed, only where the query can be cut.
    """
    if "until" not in inspect.signature(CATALOGUE[name]).parameters:
        choices.pop("until", None)
    frame = (coded_counts if choices.get("by_bucket") else counted)(name, study, **choices)
    return frame.assign(amount=frame["amount"] / 100)


def risk_of(name: str, study: Study, *, max_day: int | None = LONGEST_DAYS, **choices: Any) -> tuple[list[str], RiskTable]:
    """The risk table of each segment of a moves query.

    Args:
        name: Query in the catalogue that returns moves.
        study: What it looks at.
        max_day: Last day index of the table.
        **choices: Passed to the query, `by` for instance.
    """
    return risk_table(moves_frame(name, study, **choices), max_day=max_day, segments=_segments(choices))


def bucket_risk_of(name: str, study: Study, *, max_day: int | None = LONGEST_DAYS, **choices: Any) -> tuple[list[str], RiskTable]:
    """As `risk_of`, with one table per segment and jackknife bucket."""
    frame = moves_frame(name, study, by_bucket=True, until=max_day, **choices)
    return bucket_tables(frame, max_day=max_day, segments=_segments(choices))


def _segments(choices: dict[str, Any]) -> list[str] | None:
    """The one segment of an unsliced query, so that it has its row even where nothing was counted; else those that occur."""
    return [ALL] if choices.get("by") in (None, "all") else None
