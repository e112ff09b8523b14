"""Quality against quantity: which sources bring many leads, which bring good ones, and which do neither?

Unit: the group of leads (a source, a campaign). Quantity is the leads created in the report quarter, quality the conversion of the study's
window. It does not answer what a source would bring if it were scaled (see dilution).
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.quality.ranking import ABOVE, BELOW, HORIZON, ranking
from alignment_toolkit.study import Study

COLUMNS = (
    "segment", "leads", "conversion_rate", "lower", "upper", "is_shrunk", "expected_wins", "bookings", "dominated_by", "n", "events",
    "matured_share", "unit", "horizon_days", "reason",
)  # fmt: skip


@checked(by=LEAD_SLICES, horizon=DAYS)
def quality_quantity(study: Study, *, by: str = "source", horizon: int = HORIZON) -> pd.DataFrame:
    """The quality-quantity plane.

    Args:
        study: Quarter, as-of and cohort rule.
        by: An attribute of leads.
        horizon: Days from creation to the win.

    Returns:
        One row per group, most expected wins first:

        - segment; leads: created in the report quarter (all history: all); conversion_rate, lower, upper: shrunk conversion in [0, 1], the
          group's own where `is_shrunk` is False (fewer than five groups), null below `min_n` matured leads;
        - expected_wins = leads × conversion_rate; bookings: of the report quarter, reporting currency, null without a deals table;
        - dominated_by: the group with at least as many leads and a better conversion (the best such one) where the ranking tells one of
          the two apart from the rest, null when there is none;
        - n, events, matured_share of the conversion; horizon_days; reason why the conversion is null.

        An attribute that cannot slice conversions gives one row "(all)" without a conversion and with the reason.

    Raises:
        UsageError: When there is no such attribute.
    """
    ranked = ranking(study, by=by, horizon=horizon)
    shrunk = ranked["shrunk_rate"].notna()
    frame = pd.DataFrame(
        {
            "segment": ranked["segment"],
            "conversion_rate": ranked["shrunk_rate"].where(shrunk, ranked["own_rate"]),
            "lower": ranked["lower"].where(shrunk, ranked["own_lower_rate"]),
            "upper": ranked["upper"].where(shrunk, ranked["own_upper_rate"]),
            "is_shrunk": shrunk,
        }
    ).join(ranked[["n", "events", "matured_share", "horizon_days"]])
    frame["different"] = ranked["different"]
    frame["reason"] = ranked["reason"].where(frame["conversion_rate"].isna(), cast("Any", None))
    return _placed(frame.assign(leads=_leads(study, by, frame), bookings=_bookings(study, by, frame)))


def _leads(study: Study, by: str, frame: pd.DataFrame) -> pd.Series:
    created = counted("leads_created", study, by=by).set_index("segment")["n"]
    return frame["segment"].map(created).astype("float64").fillna(0).astype("int64")


def _bookings(study: Study, by: str, frame: pd.DataFrame) -> pd.Series:
    if not study.crm.has("deals"):
        return pd.Series(np.nan, index=frame.index)
    won = counted("deals_won", study, by=by).set_index("segment")["amount"]
    return frame["segment"].map(won).astype("float64").fillna(0) / 100


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    wins = frame["leads"] * frame["conversion_rate"]
    better: Any = dominated_by(frame)
    placed = frame.assign(expected_wins=wins, dominated_by=better, unit="share")
    return placed.sort_values(["expected_wins", "segment"], ascending=[False, True], na_position="last", ignore_index=True)[list(COLUMNS)]


def dominated_by(frame: pd.DataFrame) -> list[str | None]:
    """For each group the best-converting other one that has at least as many leads and converts better, None when there is none.

    A group converts better only where the comparison with the rest tells the two apart: the better one is above it, or the worse below.

    Args:
        frame: Columns segment, leads, conversion_rate and different; groups without a conversion neither dominate nor are dominated.
    """
    known = frame.dropna(subset=["conversion_rate"]).sort_values(["conversion_rate", "segment"], ascending=[False, True])
    found: list[str | None] = []
    for row in frame.to_dict("records"):
        better = known[(known["leads"] >= row["leads"]) & (known["conversion_rate"] > row["conversion_rate"])]
        told = better if row["different"] == BELOW else better[better["different"] == ABOVE]
        found.append(None if told.empty else str(told["segment"].iloc[0]))
    return found
