"""Personas: who comes in, has that changed since the last review, and can they be told apart at all?

Unit: the lead. Mix: leads created in a quarter by persona. Two personas that neither convert nor are accepted differently by more than
chance are one persona in practice. It does not answer whether a persona is well described.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import checked, instance_of
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.coverage import coverage
from alignment_toolkit.figures import MISSING
from alignment_toolkit.periods import Quarter
from alignment_toolkit.quality.ranking import HORIZON, two_shares_p
from alignment_toolkit.stats import benjamini_hochberg, effective_wins, incidence
from alignment_toolkit.stats.drift import Drift, population_drift
from alignment_toolkit.stats.risk import Array
from alignment_toolkit.study import Study
from alignment_toolkit.verdicts import no_acceptance
from alignment_toolkit.wording import percent

EXAMPLE = 'study.quarter.shift(-4) or Quarter.parse("2026Q1")'
TOLD_APART_BELOW = 0.05  # adjusted p
NOT_RECORDED = "no lead of either quarter has a persona"
NOT_COVERED = "the records do not cover both quarters"
PAIRS = ("persona", "other", "conversion_rate", "other_conversion_rate", "p_conversion", "p_acceptance", "told_apart")


@checked(since=instance_of(Quarter, EXAMPLE))
def persona_mix(study: Study, *, since: Quarter | None = None) -> pd.DataFrame:
    """The mix of personas in the report quarter beside that of the last review.

    Args:
        study: The report quarter.
        since: Quarter of the last review; None: the quarter before.

    Returns:
        One row per persona, most leads first: persona, leads, leads_share, leads_before, before_share, change_share, index_part (its part
        of the population stability index). Leads without a persona take no part in shares and stand last. The columns that compare are null
        where the records do not cover both quarters.
    """
    now, before = _counts(study, since)
    known = [name for name in now.index if name != MISSING]
    shares = [part[known] / max(part[known].sum(), 1) for part in (now, before)]
    smooth = [(part[known] + 0.5) / (part[known] + 0.5).sum() for part in (now, before)]
    frame = pd.DataFrame(
        {
            "leads": now,
            "leads_share": shares[0],
            "leads_before": before,
            "before_share": shares[1],
            "change_share": shares[0] - shares[1],
            "index_part": (smooth[0] - smooth[1]) * np.log(smooth[0] / smooth[1]),
        }
    )
    if not_comparable(study, since):
        frame = frame.assign(leads_before=None, before_share=np.nan, change_share=np.nan, index_part=np.nan)
        frame = frame[frame["leads"] > 0].astype({"leads_before": "Int64"})
    told = frame.rename_axis("persona").reset_index().assign(is_missing=lambda rows: rows["persona"] == MISSING)
    ordered = told.sort_values(["is_missing", "leads", "persona"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="is_missing")


@checked(since=instance_of(Quarter, EXAMPLE))
def persona_drift(study: Study, *, since: Quarter | None = None) -> Drift:
    """Whether the mix of personas has moved since the last review: see `stats.drift.population_drift`; leads without one are left out.

    Nothing is known (NaN) where the records do not cover both quarters.
    """
    if not_comparable(study, since):
        return Drift(np.nan, np.nan, np.nan, has_moved=False)
    now, before = (part.drop(index=MISSING, errors="ignore") for part in _counts(study, since))
    return population_drift(before.to_numpy(), now.to_numpy())


def not_comparable(study: Study, since: Quarter | None = None) -> str | None:
    """Why the mix of personas cannot be compared with that of the last review; None where it can."""
    quarters = (study.quarter, since or study.quarter.shift(-1))
    return next((reason for quarter in quarters if (reason := coverage(study, quarter).reason(["leads"]))), None)


def _counts(study: Study, since: Quarter | None) -> tuple[pd.Series, pd.Series]:
    """Leads by persona in the report quarter and in that of the last review, with the same index."""
    counts = counted("persona_quarters", study)
    quarters = (study.quarter.label, (since or study.quarter.shift(-1)).label)
    parts = [counts[counts["quarter"] == label].groupby("segment")["n"].sum() for label in quarters]
    names = sorted(set(parts[0].index) | set(parts[1].index))
    now, before = (part.reindex(names, fill_value=0).astype("int64") for part in parts)
    return now, before


def told_apart(study: Study) -> pd.DataFrame:
    """For each pair of personas whether they convert, or are accepted by sales, differently by more than chance.

    Returns:
        persona, other, conversion_rate and other_conversion_rate (within 180 days), p_conversion, p_acceptance (Benjamini-Hochberg over all
        pairs and both outcomes; null where too few leads were followed or acceptances are not on record), told_apart ("yes", "no", or null
        when nothing could be compared).

    Reference:
        Score test of two shares on effective counts (see `stats.shrink`); Benjamini and Hochberg 1995.
    """
    rates, converting = _outcome(study, "lead_moves", HORIZON)
    accepting = _outcome(study, "verdict_moves", study.config.acceptance_days)[1] if no_acceptance(study) is None else {}
    pairs = list(combinations([name for name in rates if name != MISSING], 2))
    raw = np.array([[_p(converting, *pair), _p(accepting, *pair)] for pair in pairs], dtype=float).reshape(len(pairs), 2)
    adjusted = benjamini_hochberg(raw.ravel()).reshape(raw.shape)
    rows = [(*pair, rates[pair[0]], rates[pair[1]], *p, _verdict(p)) for pair, p in zip(pairs, adjusted, strict=True)]
    return pd.DataFrame(rows, columns=list(PAIRS))


def _outcome(study: Study, query: str, horizon: int) -> tuple[dict[str, float], dict[str, tuple[Array, Array]]]:
    """Incidence by persona, and effective counts of those with enough leads followed."""
    labels, table = risk_of(query, study, by="persona", max_day=horizon)
    value, (trials, wins) = incidence(table).at(horizon).value, effective_wins(table, horizon)
    enough = study.followed_rule().holds(table, horizon)
    rates = {name: float(value[at]) if enough[at] else float("nan") for at, name in enumerate(labels)}
    return rates, {name: (trials[at : at + 1], wins[at : at + 1]) for at, name in enumerate(labels) if enough[at]}


def _p(counts: dict[str, tuple[Array, Array]], one: str, other: str) -> float:
    if one not in counts or other not in counts:
        return float("nan")
    return float(two_shares_p(*counts[one], *counts[other])[0])


def _verdict(p: Array) -> str | None:
    known = p[~np.isnan(p)]
    if not len(known):
        return None
    return "yes" if known.min() <= TOLD_APART_BELOW else "no"


def drift_sentences(drift: Drift, mix: pd.DataFrame) -> list[str]:
    """What moved, in words, and that nothing did where it did not."""
    if np.isnan(drift.psi):
        reason = NOT_COVERED if mix["leads_before"].isna().any() else NOT_RECORDED
        return [f"Whether the mix of personas has moved is not known: {reason}."]
    told = f"population stability index {drift.psi:.2f}, of which chance explains {drift.expected:.2f}"
    if not drift.has_moved:
        return [f"The mix of personas has not moved by more than chance explains since the last review ({told})."]
    moved = mix.dropna(subset=["change_share"]).sort_values("change_share")
    down, up = moved.iloc[0], moved.iloc[-1]
    return [
        f"The mix of personas has moved since the last review ({told}): {up['persona']} {_points(up)}, {down['persona']} {_points(down)}.",
        "Marketing and sales: is that the mix you agreed on?",
    ]


def _points(row: Any) -> str:
    return f"from {percent(row['before_share'], 0)} to {percent(row['leads_share'], 0)}"


def apart_sentences(pairs: pd.DataFrame) -> list[str]:
    """The pairs of personas that cannot be told apart."""
    same = pairs[pairs["told_apart"] == "no"]
    if pairs.empty or pairs["told_apart"].isna().all():
        return ["Too few leads to say whether personas can be told apart."]
    names = "; ".join(f"{row.persona} and {row.other}" for row in same.itertuples())
    return [f"Not told apart by conversion or acceptance: {names}."] if names else ["All personas convert or are accepted differently."]
