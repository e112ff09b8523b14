"""Credit: how much of the bookings do both teams claim, and how much neither?

Question: by each team's own configured rule (`marketing_credit`, `sales_credit`), which bookings would both put into their report,
and which nobody? Unit: the deal won in the report quarter. Denominator: its bookings. It does not answer who deserves them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.attribution.credits import by_bucket
from alignment_toolkit.counts import counted
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import NOT_ENOUGH, figure
from alignment_toolkit.stats.jackknife import Interval, interval_from_replicates
from alignment_toolkit.stats.risk import ratio
from alignment_toolkit.study import Study

NEEDS = ("deals", "touches")
NO_BOOKINGS = "nothing was booked in the quarter"
PARTS = ("both", "marketing only", "sales only", "neither")
COLUMNS = ("claimed_by", "deals", "bookings", "bookings_share", "lower_share", "upper_share")


def credit_gap(study: Study) -> dict[str, object]:
    """The figure `gap.credit`: bookings claimed by both teams or by neither over bookings, with delete-a-bucket limits."""
    if reason := not_on_record(study, *NEEDS):
        return figure("gap.credit", value=None, unit="share", reason=reason)
    counts = _claimed(study)
    apart = counts["claimed_by"].isin(["both", "neither"])
    found, n = _share(counts, apart), int(counts["n"].sum())
    reason = NO_BOOKINGS if not counts["amount"].sum() else NOT_ENOUGH
    value = None if n < study.config.min_n else float(found.value)
    events = int(counts.loc[apart, "n"].sum())
    lower, upper = float(found.lower), float(found.upper)
    return figure("gap.credit", value=value, lower=lower, upper=upper, unit="share", n=n, events=events, reason=reason)


def claimed_bookings(study: Study) -> pd.DataFrame:
    """The bookings of the quarter by who claims them under each team's own rule; the four parts add up to the bookings.

    Returns:
        claimed_by (both, marketing only, sales only, neither), deals, bookings (reporting currency), bookings_share with 95 %
        delete-a-bucket limits (null without bookings). Empty without deals or touches.
    """
    if not_on_record(study, *NEEDS):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = _claimed(study)
    rows = []
    for part in PARTS:
        chosen = counts["claimed_by"] == part
        found = _share(counts, chosen)
        mine = counts[chosen]
        rows.append((part, int(mine["n"].sum()), mine["amount"].sum() / 100, float(found.value), float(found.lower), float(found.upper)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _claimed(study: Study) -> pd.DataFrame:
    """The counts of `won_origins` with who claims their deals."""
    counts = counted("won_origins", study, unit="account")
    rules = {"marketing": study.config.marketing_credit, "sales": study.config.sales_credit}
    mine, theirs = (
        (counts["first_side"] == team) if rule == "sourced" else counts[f"has_{team}"].astype(bool) for team, rule in rules.items()
    )
    claimed = np.select([mine & theirs, mine, theirs], PARTS[:3], default=PARTS[3])
    return counts.assign(claimed_by=claimed)


def _share(counts: pd.DataFrame, chosen: pd.Series) -> Interval:
    total, mine = by_bucket(counts, "amount"), by_bucket(counts[chosen], "amount")
    share = ratio(np.atleast_1d(mine.sum()), np.atleast_1d(total.sum()))[0]
    found = interval_from_replicates(share, ratio(mine.sum() - mine, total.sum() - total), by_bucket(counts, "n") > 0)
    return found._replace(lower=np.clip(found.lower, 0, 1), upper=np.clip(found.upper, 0, 1))
