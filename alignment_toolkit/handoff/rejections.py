"""What does sales reject, and why?

Question: which share of the leads handed over does sales reject within a month, and with which reason? Unit: the lead handed over.
Denominator: leads handed over inside the study's window; accepted and recycled compete. It does not answer whether sales was right.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.figures import MISSING, figure, figures
from alignment_toolkit.shares import incidence_figures
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import NO_FEEDBACK

WITHIN_DAYS = 30  # a verdict that comes late is one all the same; the agreed days are what acceptance is measured by
COLUMNS = ("segment", "reason", "leads", "rejected", "of_rejected_share")


@checked(by=LEAD_SLICES)
def rejection_rate(study: Study, *, by: str = "all") -> pd.DataFrame:
    """The incidence of rejected within 30 days of handover, accepted and recycled competing.

    Returns:
        Figure frame of `rejection_rate` with its 95 % interval; null where too few leads were followed, one null row without feedback.
    """
    if not study.crm.has("feedback"):
        return figures([figure("rejection_rate", value=None, unit="share", reason=NO_FEEDBACK)] if by == "all" else [])
    days = WITHIN_DAYS
    labels, table = risk_of("rejection_moves", study, by=by, max_day=days + 1)
    return figures(incidence_figures(table, labels, {"rejection_rate": days}, rule=study.followed_rule(), by=by))


@checked(by=LEAD_SLICES)
def rejection_reasons(study: Study, *, by: str = "all") -> pd.DataFrame:
    """The reasons that sales gave for rejecting leads inside the window.

    Args:
        study: What it looks at.
        by: `all` or an attribute of leads, `campaign_id` for instance.

    Returns:
        segment, reason ("(missing)": none given), leads (rejected with it; one with two reasons counts under both), rejected (of the
        segment, reasons added up), of_rejected_share; segments and reasons with most rejections first.
    """
    if not study.crm.has("feedback"):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = counted("rejection_reasons", study, by=by)
    whole = counts.groupby("segment")["n"].transform("sum")
    told = counts.rename(columns={"n": "leads"}).assign(rejected=whole, of_rejected_share=counts["n"] / whole)
    order = ["rejected", "segment", "leads", "reason"]
    return told.sort_values(order, ascending=[False, True, False, True], ignore_index=True)[list(COLUMNS)]


def top_reasons(reasons: pd.DataFrame) -> pd.Series:
    """The most frequent reason that was given, per segment; where none was, "(missing)".

    Args:
        reasons: As `rejection_reasons` makes it.
    """
    given = reasons.assign(unsaid=reasons["reason"] == MISSING)
    order = given.sort_values(["segment", "unsaid", "leads", "reason"], ascending=[True, True, False, True])
    return order.drop_duplicates("segment").set_index("segment")["reason"]
