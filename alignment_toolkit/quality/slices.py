"""Which attributes may slice a conversion, and does a total move against all of its parts?

Unit: the lead. An attribute that is only known of leads with one outcome says what happened, not who the lead was: conversion by it is
100 % or 0 % by construction. Such attributes are refused with the reason; suspicious ones are shown with a warning.
"""

from __future__ import annotations

import pandas as pd

from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.figures import MISSING
from alignment_toolkit.journeys import ATTRIBUTES
from alignment_toolkit.study import Study

ALWAYS = ("all", "cohort_quarter")
OUTCOMES = ("won", "lost", "open")
WIDE_GAP = 0.25  # difference in the share filled between won and other leads from which filling is suspicious
TELLING_AUC = 0.85  # an attribute that orders won before other leads this well was probably filled in afterwards
PLACEHOLDERS = frozenset({"select", "please select", "none", "--none--", "n/a", "na", "-", "?", "tbd", "null", "nan", "not specified"})


def slice_checks(study: Study) -> pd.DataFrame:
    """Which attributes may be used as a slice of conversion.

    Returns:
        One row per attribute: attribute, usable, n (leads), values (distinct, "(missing)" not counted), filled_share, filled_won_share,
        filled_lost_share, filled_open_share (null without such leads), auc (how well its values tell won from other leads, rare values
        pooled; 0.5 nothing, 1 everything; null when nobody or everybody was won), reason (why it is refused), warning (why to be careful).
    """
    counts = counted("attribute_outcomes", study)
    return pd.DataFrame([_check(name, counts[counts["attribute"] == name], min_n=study.config.min_n) for name in ATTRIBUTES])


def refused(study: Study, by: str) -> str | None:
    """Why conversions cannot be sliced by this, None when they can."""
    if by in ALWAYS:
        return None
    return refusal(**_filled_and_total(_by_value(counted("attribute_outcomes", study, attribute=by))))


def _check(name: str, counts: pd.DataFrame, *, min_n: int) -> dict[str, object]:
    table = _by_value(counts)
    known = _filled_and_total(table)
    filled, total = known["filled"], known["total"]
    shares = {f"filled_{outcome}_share": _share(filled[outcome], total[outcome]) for outcome in OUTCOMES}
    reason, auc = refusal(**known), value_auc(table, min_n=min_n)
    return {
        "attribute": name,
        "usable": reason is None,
        "n": sum(total.values()),
        "values": len(table.index.drop(MISSING, errors="ignore")),
        "filled_share": _share(sum(filled.values()), sum(total.values())),
        **shares,
        "auc": auc,
        "reason": reason,
        "warning": None if reason else _warning(list(table.index), filled, total, auc),
    }


def _by_value(counts: pd.DataFrame) -> pd.DataFrame:
    """Leads per value (rows) and outcome (columns)."""
    table = counts.pivot_table(index="segment", columns="outcome", values="n", aggfunc="sum", fill_value=0)
    return table.reindex(columns=list(OUTCOMES), fill_value=0).astype("int64")


def _filled_and_total(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Leads with a value and all leads, by outcome."""
    filled = table.drop(index=MISSING, errors="ignore").sum()
    return {"filled": {name: int(filled[name]) for name in OUTCOMES}, "total": {name: int(table[name].sum()) for name in OUTCOMES}}


def refusal(*, filled: dict[str, int], total: dict[str, int]) -> str | None:
    """Why an attribute cannot slice conversions, None when it can.

    Args:
        filled: Leads with a value, by outcome (won, lost, open).
        total: All leads, by outcome.

    Returns:
        A reason when no lead has a value, or when only leads of one outcome have one although there are leads with another.
    """
    known = [outcome for outcome in OUTCOMES if filled[outcome]]
    if not known:
        return "no lead has a value"
    others = [outcome for outcome in OUTCOMES if outcome not in known and total[outcome]]
    if len(known) == 1 and others:
        return f"known only of {known[0]} leads: it says what happened, not who the lead was"
    return None


def value_auc(table: pd.DataFrame, *, min_n: int) -> float | None:
    """How well an attribute's values order won leads before others when each value stands for its own share of won.

    Args:
        table: Leads per value (rows) and outcome (columns won, lost, open).
        min_n: Values with fewer leads are pooled, since a value seen once always tells its own outcome.

    Returns:
        In [0.5, 1], ties counting one half; null when nobody or everybody was won.
    """
    rare = table.sum(axis=1) < min_n
    pooled = table.groupby(table.index.where(~rare, "(rare)")).sum()
    won, other = pooled["won"].to_numpy(dtype=float), (pooled["lost"] + pooled["open"]).to_numpy(dtype=float)
    if not won.sum() or not other.sum():
        return None
    order = (won / (won + other)).argsort(kind="stable")
    below = other[order].cumsum() - other[order] / 2
    return float((won[order] * below).sum() / (won.sum() * other.sum()))


def _warning(values: list[str], filled: dict[str, int], total: dict[str, int], auc: float | None) -> str | None:
    """Every ground for suspicion, null when there is none."""
    said = []
    won, others = _share(filled["won"], total["won"]), _share(filled["lost"] + filled["open"], total["lost"] + total["open"])
    if won is not None and others is not None and abs(won - others) >= WIDE_GAP:
        said.append(
            f"filled for {100 * won:.0f} % of the won leads but {100 * others:.0f} % of the others: probably filled in after contact"
        )
    if auc is not None and auc >= TELLING_AUC:
        said.append("its values nearly tell the outcome: probably filled in after contact")
    if words := [repr(value) for value in values if value.strip().casefold() in PLACEHOLDERS]:
        said.append(f"{', '.join(words)} looks like a placeholder for a missing value")
    return "; ".join(said) or None


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
