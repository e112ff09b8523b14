"""What is on record of customers: why nothing is known of them, and up to which day their starts are.

Question: may a page speak of customers at all, and of new ones in the whole report quarter? Unit: the subscriptions table. It does not
judge whether single rows are right: that is the data health page.
"""

from __future__ import annotations

from datetime import date, timedelta

from alignment_toolkit.border.times import FIRST_YEAR, LAST_YEAR
from alignment_toolkit.churn.records import customer_standing
from alignment_toolkit.coverage import FEWEST_DAYS, Recorded
from alignment_toolkit.periods import local_day
from alignment_toolkit.study import Study

NO_TABLE, NO_CUSTOMERS = "no subscriptions table", "no paying customer is on record"


def why_unknown(study: Study | None) -> str | None:
    """Why nothing is known of customers: no table, or nobody in it who pays. None: something is.

    Args:
        study: Data and as-of; None: whatever is asked is answered by the frames alone.
    """
    if study is None:
        return None
    if not study.crm.has("subscriptions"):
        return NO_TABLE
    standing = customer_standing(study).set_index("standing")["n"]
    return None if standing["customers"] else NO_CUSTOMERS


def starts_recorded_until(study: Study | None) -> date | None:
    """The last day on which a subscription begins, where the quarter goes on for longer than such a gap is usual; else None.

    Subscriptions end when customers leave, so the table may reach to the end of a quarter of whose new customers nothing was exported. The
    rule is that of coverage.py, applied to the starts alone; a quarter that is not over is not judged.

    Args:
        study: Data, quarter and as-of; None: not judged.
    """
    if study is None or not study.crm.has("subscriptions") or study.instant(study.quarter.shift(1)) > study.as_of:
        return None
    rows, visible = study.crm.tables["subscriptions"], local_day(study.as_of, study.config.time_zone)
    dated = rows.filter(rows.started_on.year().between(FIRST_YEAR, LAST_YEAR) & (rows.started_on < visible))
    days = dated.select(day=dated.started_on.cast("date")).distinct().to_pyarrow()["day"].to_pylist()
    if len(days) < FEWEST_DAYS:
        return None
    found = Recorded(min(days), max(days), len(days))
    gap = study.quarter.end_on - timedelta(days=1) - found.last
    return found.last if gap.days > found.longest_gap else None
