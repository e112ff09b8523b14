"""Counts of the handoff: waits for a person of sales, agreements kept and broken, rejections and their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import Slices, segment_of, segments, sliced_moves
from alignment_toolkit.figures import MISSING
from alignment_toolkit.handovers import verdict_spells
from alignment_toolkit.leads import lead_numbers, lead_rows, named_or_missing, with_attributes
from alignment_toolkit.responses import HOUR, LONGEST_HOURS, assignment_spells, response_spells, timed
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

TOGETHER = ("source", "region")  # the slices of the headline figures, counted in one query
STANDINGS = ("in time", "late", "closed untouched", "not touched", "not due")


@query(rolled_up=TOGETHER)
def response_moves(study: Study, *, by: Slices = None, within: str = "quarter") -> ir.Table:
    """Moves of handed-over leads from waiting to a first touch of a person of sales, by whole hours (`day`), closed untouched competing."""
    return sliced_moves(study, response_spells(study, within=within), by=by, by_bucket=False, until=LONGEST_HOURS)


@query(rolled_up=TOGETHER)
def assignment_moves(study: Study, *, by: Slices = None) -> ir.Table:
    """Moves of leads qualified in the report quarter from waiting to handed over, by whole hours (`day`), closed before it competing."""
    return sliced_moves(study, assignment_spells(study), by=by, by_bucket=False, until=LONGEST_HOURS)


@query(rolled_up=TOGETHER)
def response_standings(study: Study, *, by: Slices = None, within: str = "quarter") -> ir.Table:
    """Handed-over leads by how they stand against the agreed hours.

    Returns:
        segment, standing (in time; late: touched after the deadline; closed untouched: closed without a touch before the deadline passed or
        after it; not touched: still open, deadline passed; not due: the deadline has not passed and nothing has happened), n.
    """
    told = timed(study, within=within)
    limit = round(study.config.sla_hours * HOUR)
    is_due = told.watched > limit
    standing = ibis.cases(
        (told.closed_at.notnull(), "closed untouched"),
        (told.touched_at.notnull() & (told.waited <= limit), "in time"),
        (told.touched_at.notnull(), "late"),
        (is_due, "not touched"),
        else_="not due",
    )
    # What happened before the deadline counts once the deadline has passed, or quick answers alone would be counted early.
    passed = ibis.ifelse(is_due, standing, "not due")
    return told.group_by(**segments(study, told, by), standing=passed).agg(n=_.count())


@query(rolled_up=TOGETHER)
def rejection_moves(study: Study, *, by: Slices = None) -> ir.Table:
    """Moves of handed-over leads from waiting to rejected (event) or to accepted or recycled (competing), by segment."""
    return sliced_moves(study, verdict_spells(study, event="rejected"), by=by, by_bucket=False)


@query
def verdicts_given(study: Study) -> ir.Table:
    """Verdicts visible at the as-of, in whatever quarter they were given: verdict, n."""
    return study.crm.tables["feedback"].filter(_.given_at < study.as_of).group_by("verdict").agg(n=_.count())


@query
def rejection_reasons(study: Study, *, by: str | None = None) -> ir.Table:
    """Leads that sales rejected inside the window by segment and reason ("(missing)" without one); a lead counts once per reason."""
    crm = study.crm
    told = crm.tables["feedback"].filter((_.verdict == "rejected") & (_.given_at < study.created_before))
    kept = told if study.window_opens_at is None else told.filter(told.given_at >= study.window_opens_at)
    known = kept.select("lead_id", reason=ibis.coalesce(named_or_missing(kept.reason), ibis.literal(MISSING)))
    numbered = known.inner_join(lead_numbers(crm).select("lead_id", "number"), "lead_id").select("number", "reason").distinct()
    named = with_attributes(crm, numbered.inner_join(lead_rows(crm).select("number", "cell"), "number"))
    return named.group_by(segment=segment_of(study, named, by), reason=named.reason).agg(n=_.count())
