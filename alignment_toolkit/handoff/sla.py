"""Does sales touch what marketing hands over, and in time?

Question: how soon does a person of sales touch a lead, and how often within the agreed hours? Unit: the lead handed over in the report
quarter. Denominator: for the agreement those whose deadline has passed; a lead closed untouched and one never touched break it. It does
not answer whether the touch helped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import LEAD_SLICES, OneOf, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.handoff import STANDINGS
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import ALL, figure, figures
from alignment_toolkit.followed import smallest_by_quantile
from alignment_toolkit.responses import LONGEST_HOURS
from alignment_toolkit.shares import share_figure
from alignment_toolkit.stats import RiskTable, curve_limits, incidence, incidence_quantile, state_probabilities, up_to
from alignment_toolkit.study import Study
from alignment_toolkit.waits import HALF, why_no_median

WITHIN = OneOf(("quarter", "window"), "period")


@checked(by=LEAD_SLICES, within=WITHIN)
def speed_to_lead(study: Study, *, by: str = "all", within: str = "quarter") -> pd.DataFrame:
    """Speed to lead: the hours after which half of all leads handed over have been touched by a person of sales.

    Args:
        study: Quarter and as-of.
        by: `all` or an attribute of leads.
        within: Leads handed over in the `quarter`, or in the study's `window`.

    Returns:
        Figure frame of `speed_to_lead_median` in whole hours with 95 % limits; n leads handed over, events touched within 30 days; null
        where too few leads were followed, without touches, or where fewer than half are ever touched. Leads closed untouched count as never
        touched, open ones as open.
    """
    if reason := not_on_record(study, "touches"):
        return _not_known("speed_to_lead_median", "hours", study, by=by, within=within, reason=reason)
    labels, table = risk_of("response_moves", study, by=by, within=within, max_day=LONGEST_HOURS)
    return speed_of(labels, table, by=by, study=study)


def speed_of(labels: list[str], table: RiskTable, *, by: str, study: Study) -> pd.DataFrame:
    """The figures of `speed_to_lead` from risk tables by whole hours, one per label."""
    curve, rule = incidence(table), study.followed_rule(clock="hour")
    found = up_to(incidence_quantile(curve, HALF, cap=table.late_entry_cap()), rule.reach(table))
    reasons, smallest = why_no_median(curve, table, found, config=study.config, rule=rule), smallest_by_quantile(table, found.value)
    rows = []
    for at, segment in enumerate(labels):
        edges = {"lower": found.lower[at], "upper": found.upper[at]}
        told = figure(
            "speed_to_lead_median",
            value=found.value[at],
            unit="hours",
            slice_=by,
            segment=segment,
            n=table.n[at],
            events=table.won_by(LONGEST_HOURS)[at],
            matured_share=table.matured_share(LONGEST_HOURS)[at],
            smallest_followed=smallest[at],
            reason=reasons[at],
            **edges,
        )
        rows.append(told)
    return figures(rows)


@checked(by=LEAD_SLICES, within=WITHIN)
def sla(study: Study, *, by: str = "all", within: str = "quarter") -> pd.DataFrame:
    """The share of handed-over leads first touched by a person of sales within the agreed hours, among those whose deadline has passed.

    Args:
        study: Quarter and as-of.
        by: `all` or an attribute of leads.
        within: Leads handed over in the `quarter`, or in the study's `window`.

    Returns:
        Figure frame of `sla_met_rate` with Wilson limits; n leads whose deadline has passed, events touched in time, matured_share those
        due over all handed over; null below `min_n` and without touches.
    """
    if reason := not_on_record(study, "touches"):
        return _not_known("sla_met_rate", "share", study, by=by, within=within, reason=reason)
    return figures(_met(row, study=study, by=by) for row in standings(study, by=by, within=within).to_dict("records"))


def _not_known(kpi: str, unit: str, study: Study, *, by: str, within: str, reason: str) -> pd.DataFrame:
    """A null figure per segment with leads handed over, with the reason."""
    rows = standings(study, by=by, within=within).to_dict("records")
    return figures(figure(kpi, value=None, unit=unit, slice_=by, segment=row["segment"], n=row["leads"], reason=reason) for row in rows)


def _met(row: dict[Any, Any], *, study: Study, by: str) -> dict[str, Any]:
    due, met = row["due"], row["in time"]
    named = {"slice_": by, "segment": row["segment"]}
    return share_figure("sla_met_rate", met, due, min_n=study.config.min_n, of=row["leads"], **named)


@checked(by=LEAD_SLICES, within=WITHIN)
def standings(study: Study, *, by: str = "all", within: str = "quarter") -> pd.DataFrame:
    """Handed-over leads by how they stand against the agreed hours.

    Returns:
        One row per segment: segment, leads, due (whose deadline has passed), and of these: in time, late, closed untouched, not touched
        (still open); not due. The four add up to `due`. Without touches on record only segment, leads and due are known, the others null.
    """
    counts = counted("response_standings", study, by=by, within=within)
    table = counts.pivot_table(index="segment", columns="standing", values="n", aggfunc="sum", fill_value=0)
    names = [ALL] if by == "all" else sorted(table.index)
    told = table.reindex(index=names, columns=list(STANDINGS), fill_value=0).astype("int64")
    due = told.drop(columns="not due").sum(axis=1)
    whole = told.assign(leads=due + told["not due"], due=due).rename_axis("segment").reset_index()
    whole.columns.name = None
    if not_on_record(study, "touches"):
        nothing = pd.array([pd.NA] * len(whole), dtype="Int64")
        whole = whole.assign(**dict.fromkeys(STANDINGS, nothing))
    return whole[["segment", "leads", "due", *STANDINGS]]


@checked(by=LEAD_SLICES, within=WITHIN)
def response_curve(study: Study, *, by: str = "all", within: str = "quarter") -> pd.DataFrame:
    """The share touched by each hour since the handover, closed untouched competing.

    Returns:
        segment, hour, touched_share with 95 % limits, closed_share (closed untouched by then), n. A segment's rows end before the first
        hour at which fewer than `min_n` leads were followed; there are none without touches on record.
    """
    labels, table = risk_of("response_moves", study, by=by, within=within, max_day=LONGEST_HOURS)
    curve = incidence(table)
    limits, lost = curve_limits(curve, table), state_probabilities(table).lost
    hours = study.followed_rule(clock="hour").reach(table) + 1
    kept = np.flatnonzero(hours) if not_on_record(study, "touches") is None else np.empty(0, dtype=np.int64)
    parts = [
        pd.DataFrame(
            {
                "segment": labels[at],
                "hour": np.arange(hours[at]),
                "touched_share": curve.value[at, : hours[at]],
                "lower_share": limits.lower[at, : hours[at]],
                "upper_share": limits.upper[at, : hours[at]],
                "closed_share": lost[at, : hours[at]],
                "n": table.n[at],
            }
        )
        for at in kept
    ]
    columns = ["segment", "hour", "touched_share", "lower_share", "upper_share", "closed_share", "n"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
