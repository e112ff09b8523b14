"""Early churn by source and campaign: the bad-fit signal that goes back to marketing.

Question: whose customers leave within 90 days more often than the others? Unit: the customer. Denominator: customers of the segment
under observation in the study's window. A flag says that the segment differs from the rest, not why.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import CUSTOMER_SLICES, checked
from alignment_toolkit.churn.lifetimes import EARLY, at_horizon
from alignment_toolkit.churn.recorded import NO_CUSTOMERS, why_unknown
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.stats.logrank import logrank
from alignment_toolkit.stats.multiplicity import benjamini_hochberg
from alignment_toolkit.stats.risk import Array, RiskTable
from alignment_toolkit.study import Study
from alignment_toolkit.wording import counted_words, p_words, percent, records

COLUMNS = ("segment", "customers", "churned", "churned_share", "lower_share", "upper_share", "p", "adjusted_p", "differs", "reason")
FALSE_DISCOVERIES = 0.05


@checked(by=CUSTOMER_SLICES)
def early_churn(study: Study, *, by: str = "source") -> pd.DataFrame:
    """Incidence of churn within 90 days per segment, with a test against all other customers.

    Args:
        study: What it looks at.
        by: `source`, `campaign_id` or another origin.

    Returns:
        segment (campaigns by name), customers, churned (within 90 days), churned_share with 95 % limits, p (log-rank against the
        rest, first 90 days), adjusted_p (Benjamini-Hochberg over the segments tested), differs ("more", "less" or "no"), reason
        (too few customers followed: their figures are null and they take no part in the test); highest first.

    Reference:
        Benjamini and Hochberg 1995.
    """
    if not study.crm.has("subscriptions"):
        return pd.DataFrame(columns=list(COLUMNS))
    labels, table = risk_of("customer_moves", study, by=by, max_day=EARLY + 1)
    names = campaign_names(study) if by == "campaign_id" else {}
    found = at_horizon(study, table, horizon=EARLY, gone=True)
    known = np.array([reason is None for reason in found.reasons], dtype=bool)
    p = np.where(known, against_rest(table.cut(EARLY)), np.nan)
    adjusted = benjamini_hochberg(p)
    frame = pd.DataFrame(
        {
            "segment": [names.get(label, label) for label in labels],
            "customers": found.n.astype("int64"),
            "churned": found.events.astype("int64"),
            "churned_share": found.value,
            "lower_share": found.lower,
            "upper_share": found.upper,
            "p": p,
            "adjusted_p": adjusted,
            "differs": _direction(table.cut(EARLY), adjusted),
            "reason": found.reasons,
        },
        columns=list(COLUMNS),
    ).astype(dict.fromkeys(COLUMNS[3:8], float))
    return frame.sort_values(["churned_share", "segment"], ascending=[False, True], na_position="last", ignore_index=True)


def campaign_names(study: Study) -> dict[str, str]:
    """Campaign id -> name, with the id behind it where a name stands for several campaigns; empty without a table of campaigns."""
    if not study.crm.has("campaigns"):
        return {}
    known = study.crm.tables["campaigns"].select("campaign_id", "name").to_pandas().dropna().sort_values("campaign_id")
    shared = known["name"].duplicated(keep=False)
    named = known["name"].where(~shared, known["name"] + " (" + known["campaign_id"] + ")")
    return dict(zip(known["campaign_id"], named, strict=True))


def against_rest(table: RiskTable) -> Array:
    """Log-rank p of each segment against all others together; null with a single segment or without events."""
    pairs = {name: np.stack([array, array.sum(axis=0) - array], axis=1) for name, array in table.arrays()}
    return np.asarray(logrank(RiskTable(**pairs)).p)


def _direction(table: RiskTable, adjusted: Array) -> list[str | None]:
    """Whether a segment that differs loses more or fewer than the rest's hazards would make it lose."""
    everyone = table.at_risk.sum(axis=0)
    hazard = np.divide(table.events.sum(axis=0), everyone, out=np.zeros_like(everyone), where=everyone > 0)
    excess = table.events.sum(axis=-1) - (table.at_risk * hazard).sum(axis=-1)
    words = np.where(adjusted <= FALSE_DISCOVERIES, np.where(excess > 0, "more", "less"), "no")
    return [None if np.isnan(value) else str(word) for value, word in zip(adjusted, words, strict=True)]


def early_churn_sentences(frame: pd.DataFrame, *, study: Study | None = None) -> list[str]:
    """What the table says, in words: the segments that differ, and how many could not be told.

    Args:
        frame: As `early_churn` makes it.
        study: Names what is missing from the records.
    """
    if frame.empty:
        return [f"Whose customers leave early cannot be told: {why_unknown(study) or NO_CUSTOMERS}."]
    differing = frame[frame["differs"].isin(["more", "less"])]
    told = [
        f"{row['segment']}: {percent(row['churned_share'], 1)} of {counted_words(row['customers'], 'customer')} left within {EARLY} days,"
        f" {row['differs']} than the rest ({p_words(row['adjusted_p'], 'adjusted p')})."
        for row in records(differing)
    ]
    few = int(frame["reason"].notna().sum())
    compared = bool(frame["p"].notna().any())
    none = ["No segment differs from the rest by more than chance explains."] if compared and not told else []
    return [*told, *none, *([f"{few} of {len(frame)} segments have too few customers to tell."] if few else [])]
