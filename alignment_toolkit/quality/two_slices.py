"""Conversion by two slices at once, and whether a total moves against all of its parts (Simpson's paradox).

Unit: the lead. Denominator: leads under observation in the study's window. When every part of a segment moves one way and the segment's
total the other, the mix has changed, not the quality: the parts are what to look at.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked
from alignment_toolkit.baseline import comparable
from alignment_toolkit.counts.tables import moves_frame
from alignment_toolkit.errors import UsageError
from alignment_toolkit.figures import ALL
from alignment_toolkit.followed import estimates
from alignment_toolkit.quality.slices import refused
from alignment_toolkit.stats import incidence, risk_table
from alignment_toolkit.study import Study

HORIZON = 180
KEY = ["segment", "part"]
COLUMNS = (*KEY, "value", "lower", "upper", "n", "events", "matured_share", "reason", "unit", "previous", "reversed")
TOLD_SHARE = 0.9  # share of a total's leads that must lie in parts with a figure before "every part" can be said


@checked(by=LEAD_SLICES, and_by=LEAD_SLICES, horizon=DAYS)
def conversion_by_two(study: Study, *, by: str, and_by: str, horizon: int = HORIZON) -> pd.DataFrame:
    """Conversion within a horizon by two slices at once, beside the quarter before.

    Args:
        study: Quarter, as-of and cohort rule.
        by: First slice: an attribute of leads or `cohort_quarter`.
        and_by: Second slice, another one.
        horizon: Days from creation to the win.

    Returns:
        One row per segment (of `by`) and part (of `and_by`), "(all)" for the totals of either:

        - segment, part; value, lower, upper: incidence in [0, 1] with 95 % limits, null where too few leads were followed;
          n, events, matured_share; previous: the same a quarter earlier; reason;
        - reversed: on totals over parts, whether every part moved against the total since the quarter before; null where fewer than two
          parts, or parts with less than 90 % of the leads, can be told.

        A slice that is refused gives one row "(all)" without a figure and with the reason.

    Raises:
        UsageError: When there is no such slice, or both are the same.
    """
    if by == and_by:
        raise UsageError("both slices are the same", value=by, way_out="Choose two different ones")
    reasons = [f"{name} is refused: {reason}" for name in (by, and_by) if (reason := refused(study, name))]
    if reasons:
        return pd.DataFrame([{"segment": ALL, "part": ALL, "reason": reasons[0]}], columns=list(COLUMNS))
    now = _conversions(study, by=by, and_by=and_by, horizon=horizon)
    before = _conversions(study.previous(), by=by, and_by=and_by, horizon=horizon)
    values = before.set_index(KEY)["value"]
    earlier = values.reindex(pd.MultiIndex.from_frame(now[KEY])).to_numpy()
    frame = now.assign(previous=np.nan if comparable(study, f"conversion_{horizon}d") else earlier)
    flags: Any = [_reversed(frame, row) for _place, row in frame.iterrows()]
    return frame.assign(reversed=flags)


def _conversions(study: Study, *, by: str, and_by: str, horizon: int) -> pd.DataFrame:
    moves = moves_frame("lead_moves_by_two", study, by=by, and_by=and_by)
    totals = [moves.assign(part=ALL), moves.assign(segment=ALL), moves.assign(segment=ALL, part=ALL)]
    everything = pd.concat([*totals[::-1], moves], ignore_index=True)
    pairs = everything[KEY].drop_duplicates().sort_values(KEY, ignore_index=True)
    places = pd.Series(range(len(pairs)), index=pd.MultiIndex.from_frame(pairs))
    codes = places.reindex(pd.MultiIndex.from_frame(everything[KEY])).to_numpy()
    labels, table = risk_table(everything.assign(segment=[f"{code:06d}" for code in codes]), max_day=horizon)
    own = estimates(incidence(table), table, horizon, study.followed_rule(by=by))
    reasons: Any = own.reasons
    return pairs.iloc[[int(label) for label in labels]].assign(
        value=own.value,
        lower=own.lower,
        upper=own.upper,
        n=own.n.astype("int64"),
        events=own.events.astype("int64"),
        matured_share=own.matured_share,
        reason=reasons,
        unit="share",
    )


def _reversed(frame: pd.DataFrame, total: pd.Series) -> bool | None:
    """Whether all parts of this total moved against it; null for a row that is no total, or has fewer than two parts to tell."""
    segment, part = total["segment"], total["part"]
    if part == ALL and segment == ALL:
        return None  # two ways to take it apart: the rows of each slice say which
    if part == ALL:
        parts = frame[(frame["segment"] == segment) & (frame["part"] != ALL)]
    elif segment == ALL:
        parts = frame[(frame["part"] == part) & (frame["segment"] != ALL)]
    else:
        return None
    changes = parts["value"] - parts["previous"]
    if parts["n"][changes.notna()].sum() < TOLD_SHARE * total["n"]:
        return None
    return moved_against(total["value"] - total["previous"], changes)


def moved_against(total: float, parts: pd.Series) -> bool | None:
    """Whether every part moved, and each in the direction opposite to the total.

    Args:
        total: Change of the total.
        parts: Changes of its parts; null ones cannot be told and are passed over.

    Returns:
        Null when the total is null or fewer than two parts are known; False when anything stood still.
    """
    known = parts.dropna()
    if pd.isna(total) or len(known) < 2:
        return None
    return bool(total != 0 and (np.sign(known) == -np.sign(total)).all())


def simpson_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Pairs of segments whose totals compare one way and all of whose common parts compare the other way.

    Args:
        frame: As `conversion_by_two` returns it.

    Returns:
        One row per such pair: higher, lower (segments, by their totals), higher_rate, lower_rate (totals), parts (number of common parts).
        Empty when there is none.
    """
    table = frame[frame["segment"] != ALL].pivot_table(index="segment", columns="part", values="value")
    rows = []
    for one, other in combinations(table.index, 2):
        difference = table.loc[one] - table.loc[other]
        if moved_against(difference.get(ALL, np.nan), difference.drop(ALL, errors="ignore")):
            high, low = (one, other) if difference[ALL] > 0 else (other, one)
            parts = int(difference.drop(ALL).notna().sum())
            rows.append((high, low, table.loc[high, ALL], table.loc[low, ALL], parts))
    return pd.DataFrame(rows, columns=["higher", "lower", "higher_rate", "lower_rate", "parts"])
