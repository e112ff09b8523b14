"""Contradictory records of churn side by side: ended subscriptions, flags, events.

Question: how many customers have churned, according to whom, and how often do two records disagree? Unit: the customer.
Denominator: customers with a subscription on record. It does not decide who is right: every other figure here goes by
subscriptions.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.customers import ENDED
from alignment_toolkit.figures import ALL
from alignment_toolkit.stats.intervals import wilson_interval
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, percent, records, verb

COLUMNS = ("kind", "record", "other", "n", "customers", "n_share", "lower_share", "upper_share")


def churned_by_source_of_truth(study: Study) -> pd.DataFrame:
    """Customers churned by each record, and the customers on whom each pair of records is in conflict.

    Ended subscriptions: no subscription is open any more. A flag or an event names a customer whatever happened since.

    Returns:
        kind (`churned` or `conflict`), record, other (of a conflict), n customers, customers (all), n_share with Wilson limits. A
        conflict is a customer that one of the two records calls churned and the other does not.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(COLUMNS))
    counts = counted("churn_records", study)
    n: dict[tuple[str, str], int] = dict(zip(zip(counts["record"], counts["other"], strict=True), counts["n"].astype(int), strict=True))
    customers = n.pop((ALL, ALL), 0)
    records = [ENDED, *sorted({record for record, _ in n} - {ENDED})]
    churned = {record: n.get((record, record), 0) for record in records}
    rows: list[tuple[object, ...]] = [("churned", record, None, churned[record]) for record in records]
    for one, other in combinations(records, 2):
        rows.append(("conflict", one, other, churned[one] + churned[other] - 2 * n.get((one, other), 0)))
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:4])).assign(customers=customers)
    limits = wilson_interval(frame["n"], frame["customers"])
    share = frame["n"] / frame["customers"].where(frame["customers"] > 0)
    return frame.assign(n_share=share, lower_share=np.where(frame["n"] > 0, limits.lower, 0.0), upper_share=limits.upper)


def records_sentences(frame: pd.DataFrame) -> list[str]:
    """The contradiction in words, one sentence per conflict that exists; no subscription counts from the first day without one."""
    churned = frame[frame["kind"] == "churned"]
    told = [
        f"Churned by {row['record']}: {percent(row['n_share'], 1)} of {counted_words(row['customers'], 'customer')}"
        f"{', including those who left only recently' if row['record'] == ENDED else ''}."
        for row in records(churned)
    ]
    conflicts = frame[(frame["kind"] == "conflict") & (frame["n"] > 0)]
    return told + [f"{row['record']} and {row['other']} disagree on {counted_words(row['n'], 'customer')}." for row in records(conflicts)]


def customer_standing(study: Study) -> pd.DataFrame:
    """Where customers stand at `as_of`: active, provisionally gone, churned once, returned; and the rows that made nobody a customer.

    Returns:
        standing, n. `provisional churn` are absences of at most `gap_days` so far; `returned` began a later life after a churn.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=["standing", "n"])
    order = ["customers", "active", "provisional churn", "churned once", "returned"]
    counts = counted("customer_standing", study).set_index("standing")["n"]
    return counts.reindex([*order, *[name for name in counts.index if name not in order]]).rename_axis("standing").reset_index()


def standing_sentences(frame: pd.DataFrame, *, gap_days: int) -> list[str]:
    """Provisional churns and returns in words, and which figures count them.

    Args:
        frame: As `customer_standing` makes it.
        gap_days: Days without a subscription after which a customer counts as churned in the curves.
    """
    if frame.empty:
        return ["Where customers stand cannot be told: no subscriptions table."]
    n = dict(zip(frame["standing"], frame["n"], strict=True))
    if not n["customers"]:
        return ["No paying customer is on record."]
    longer = f"gone for more than {gap_days} days"
    back = (
        f"{n['returned']:,} of the {counted_words(n['churned once'], 'customer')} who {verb(n['churned once'], 'was', 'were')} {longer}"
        f" {verb(n['returned'], 'has', 'have')} returned."
        if n["churned once"]
        else f"No customer has been {longer}."
    )
    return [
        f"{n['active']:,} of {counted_words(n['customers'], 'customer')} on record {verb(n['active'], 'is', 'are')} active.",
        _left_lately(n["provisional churn"], gap_days),
        back,
    ]


def _left_lately(n: int, gap_days: int) -> str:
    """Absences too young to be called churn: logo churn and the bridge compare two days and count them, the curves wait."""
    if not n:
        return f"Nobody left in the last {gap_days} days."
    them, left = verb(n, "it is", "they are"), verb(n, "it", "they")
    return (
        f"{n:,} left in the last {gap_days} days and may yet return: {them} included in the logo churn and the revenue movement of the"
        f" quarter in which {left} left, but not yet counted as gone in the survival curves."
    )
