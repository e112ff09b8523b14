"""Bounds of every headline figure: the best and the worst case that the gaps in the records allow.

Question: had nobody made a mistake, how far could each figure lie from what it is? Unit: the headline figure of the whole company. A
bound is no interval: it says nothing of chance, and the interval beside it says nothing of gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alignment_toolkit.churn.lifetimes import lifetime_kpis
from alignment_toolkit.churn.revenue import revenue_kpis
from alignment_toolkit.glossary import is_known, label, term
from alignment_toolkit.health.arrivals import set_aside
from alignment_toolkit.health.customer_bounds import life_bounds, revenue_bounds
from alignment_toolkit.health.deal_bounds import deal_rows, largest_deal, stray_deals, sum_bounds, velocity_bounds
from alignment_toolkit.health.gaps import gaps
from alignment_toolkit.health.lead_bounds import VALUE_HORIZON, time_bounds, volume_bounds
from alignment_toolkit.health.resolve import Bound, Part
from alignment_toolkit.health.visit_bounds import acceptance_bounds, stage_bounds
from alignment_toolkit.quality.conversion import acceptance, conversion, value_per_lead
from alignment_toolkit.quality.volume import bookings, lead_counts, naive_shares
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.cycle import cycle
from alignment_toolkit.velocity.headlines import conversion_rows, cycle_rows, time_rows, velocity_rows
from alignment_toolkit.velocity.sales_velocity import sales_velocity
from alignment_toolkit.velocity.stage_conversion import conversion_rates
from alignment_toolkit.velocity.time_in_stage import stay_quantiles
from alignment_toolkit.verdicts import no_acceptance

COLUMNS = (
    "kpi",
    "figure",
    "unit",
    "value",
    "worst",
    "best",
    "lowest",
    "highest",
    "lower",
    "upper",
    "gaps",
    "widest_gap",
    "owner",
    "reason",
)
PARTS = ("kpi", "figure", "unit", "gap", "what", "n", "lowest", "highest", "assumed", "owner", "fix")


def bounds_of(study: Study, figures: pd.DataFrame | None = None) -> dict[str, Bound]:
    """The bound of every headline figure that can be estimated, by name.

    Args:
        study: Quarter, as-of and cohort rule.
        figures: As `point_figures` makes them: a figure without a value has no bounds. None: all are worked out.
    """
    crm, aside = study.crm, set_aside(study)
    rows = deal_rows(study) if crm.has("deals") else None
    largest, strays = (largest_deal(rows), stray_deals(rows)) if rows is not None else (0.0, (0.0, 0.0))
    lost = aside.get("leads", 0)
    found = volume_bounds(study, stray_deals=strays[0], set_aside=lost)
    found |= time_bounds(study, largest=largest, stray_deals=strays, set_aside=lost) | stage_bounds(study)
    if rows is not None:
        found |= sum_bounds(study, rows, set_aside=aside.get("deals", 0)) | velocity_bounds(study, rows)
    if no_acceptance(study) is None:
        found |= acceptance_bounds(study, days=study.config.acceptance_days)
    if crm.has("subscriptions"):
        found |= revenue_bounds(study) | life_bounds(study)
    unknown = set() if figures is None else set(figures.loc[figures["value"].isna(), "kpi"])
    return {kpi: bound for kpi, bound in found.items() if kpi not in unknown}


def point_figures(study: Study) -> pd.DataFrame:
    """The headline figures of the whole company, without the quarter before: the rows of slice `all` of the headline frame."""
    parts = [lead_counts(study), conversion(study), acceptance(study), value_per_lead(study, horizon=VALUE_HORIZON)]
    parts += [bookings(study), bookings(study, to_date=True), naive_shares(study)]
    rows = [*conversion_rows(conversion_rates(study, horizon=90)), *time_rows(stay_quantiles(study)), *cycle_rows(cycle(study))]
    parts.append(pd.DataFrame([*rows, *velocity_rows(sales_velocity(study), study)]))
    if study.crm.has("subscriptions"):
        parts += [revenue_kpis(study), lifetime_kpis(study)]
    whole = pd.concat([part.dropna(axis=1, how="all") for part in parts if len(part)], ignore_index=True)
    return whole[whole["slice"] == "all"].reset_index(drop=True)


def bounds_table(bounds: Mapping[str, Bound], figures: pd.DataFrame) -> pd.DataFrame:
    """Each headline figure between its worst and its best case.

    Args:
        bounds: As `bounds_of` makes them.
        figures: As `point_figures` makes them.

    Returns:
        One row per figure: kpi, figure (its label), unit, value; worst and best (of lowest and highest the one that is worse, and better;
        both null where neither direction is); lowest and highest (all gaps together); lower and upper (the 95 % interval, which is about
        chance and not about gaps); gaps (how many move it), widest_gap (which moves it most), owner (who can mend that one), reason (why
        the value is null; the bounds are null then).
    """
    return pd.DataFrame([_row(row, bounds.get(str(row["kpi"]))) for row in figures.to_dict("records")], columns=list(COLUMNS))


def _row(figure: dict[Any, Any], bound: Bound | None) -> dict[str, Any]:
    kpi = str(figure["kpi"])
    told = {"kpi": kpi, "figure": label(kpi), **{name: figure.get(name) for name in ("unit", "value", "lower", "upper", "reason")}}
    if bound is None or pd.isna(figure["value"]):
        return told | {"gaps": 0}
    moving = moving_parts(bound)
    widest = max(moving, key=lambda part: part.highest - part.lowest, default=None)
    ends = dict(zip(("worst", "best"), _worse_and_better(kpi, bound), strict=True))
    known = {"widest_gap": gaps()[widest.gap].what, "owner": gaps()[widest.gap].owner} if widest else {}
    return told | ends | {"lowest": bound.lowest, "highest": bound.highest, "gaps": len(moving)} | known


def _worse_and_better(kpi: str, bound: Bound) -> tuple[float | None, float | None]:
    direction = term(kpi).direction if is_known(kpi) else "none"
    if direction == "none":
        return None, None
    return (bound.lowest, bound.highest) if direction == "up" else (bound.highest, bound.lowest)


def moving_parts(bound: Bound) -> list[Part]:
    """The gaps that move a figure by themselves."""
    return [part for part in bound.parts if part.lowest < bound.value or part.highest > bound.value]


def contributions(bounds: Mapping[str, Bound]) -> pd.DataFrame:
    """What each gap does to each figure by itself.

    Returns:
        kpi, figure, unit, gap, what (the records), n (records that move the figure), lowest and highest (the figure with this gap alone
        resolved), assumed (as what), owner, fix; widest first within a figure.
    """
    rows = []
    for kpi, bound in bounds.items():
        for part in sorted(moving_parts(bound), key=lambda each: each.lowest - each.highest):
            gap = gaps()[part.gap]
            unit = term(kpi).unit if is_known(kpi) else None
            told = {"kpi": kpi, "figure": label(kpi), "unit": unit, "gap": part.gap, "what": gap.what, "n": int(part.n)}
            rows.append(told | {"lowest": part.lowest, "highest": part.highest, "assumed": gap.assumed, "owner": gap.owner, "fix": gap.fix})
    return pd.DataFrame(rows, columns=list(PARTS))
