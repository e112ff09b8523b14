"""Counts of what the two teams call, record and answer differently: leads, deals and rejections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.moves import moves, segment_of
from alignment_toolkit.days import days_until, follows, last_whole_day, not_before
from alignment_toolkit.deals import deals
from alignment_toolkit.definitions import NO_VERDICT, UNKNOWN, YES, called
from alignment_toolkit.figures import MISSING
from alignment_toolkit.leads import lead_numbers, lead_rows, named_or_missing, with_attributes
from alignment_toolkit.periods import midnight
from alignment_toolkit.responses import ends, timed
from alignment_toolkit.study import Study
from alignment_toolkit.touches import NO_TOUCH, touch_rows

if TYPE_CHECKING:
    import ibis.expr.types as ir

NO_LEAD = "(no lead)"
CELLS = ("both", "marketing only", "sales only", "neither")


@query
def leads_called(study: Study) -> ir.Table:
    """Leads handed over in the report quarter by what each team calls them and by sales' first verdict.

    Returns:
        marketing, sales (yes, no, unknown), verdict ("none": not given yet), in_time, is_due (see `definitions.called`), n.
    """
    return called(study, within="quarter").group_by("marketing", "sales", "verdict", "in_time", "is_due").agg(n=_.count())


@query
def workable_leads(study: Study, *, by: str | None = "source") -> ir.Table:
    """Leads handed over in the report quarter that sales has not sent back (rejected or recycled), by segment: n."""
    kept = called(study, within="quarter").filter(~_.verdict.isin(("rejected", "recycled"))).select("number")
    named = with_attributes(study.crm, kept.inner_join(lead_rows(study.crm).select("number", "cell"), "number"))
    return named.group_by(segment=segment_of(study, named, by)).agg(n=_.count())


@query
def called_moves(study: Study) -> ir.Table:
    """Moves of leads from sales' first verdict to won, or to lost as they stand now; handed over in the study's window.

    Returns:
        The columns of moves; segment is one of `CELLS`; verdict. Leads that a team's rule says nothing about are left out.
    """
    told = called(study, within="window").filter((_.verdict != NO_VERDICT) & _.is_due & (_.marketing != UNKNOWN) & (_.sales != UNKNOWN))
    crm = study.crm
    dated = told.left_join(ends(crm), "number").drop("number_right")
    won = dated.won_at.notnull() & not_before(crm, dated.won_at, dated.given_at)
    day = ibis.ifelse(won.fill_null(False), days_until(crm, dated.given_at, dated.won_at), days_until(crm, dated.given_at, dated.over_at))
    last = last_whole_day(crm, dated.given_at, study.as_of)
    ended = (won | dated.over_at.notnull()).fill_null(False) & (day <= last).fill_null(False)
    mine, theirs = dated.marketing == YES, dated.sales == YES
    spells = dated.mutate(
        segment=ibis.cases((mine & theirs, CELLS[0]), (mine, CELLS[1]), (theirs, CELLS[2]), else_=CELLS[3]),
        entry=ibis.literal(0).cast("int64"),
        entry_move=ibis.literal("enter"),
        exit=ibis.ifelse(ended, day, last),
        exit_move=ibis.cases((~ended, "censor"), (won.fill_null(False), "event"), else_="competing"),
        last_index=last,
        cents=ibis.null("int64"),
    )
    return moves(spells.filter(spells.last_index >= 0), "segment", "verdict")


@query
def deal_sources(study: Study) -> ir.Table:
    """Deals created in the report quarter (all history: every dated deal) by their source in the CRM and how their lead was first touched.

    Returns:
        source (as recorded on the deal), channel (of the lead's first recorded touch; "(no touch)", "(no lead)"), is_cut (touches were
        not recorded yet when the lead came), n.
    """
    crm = study.crm
    own = deals(crm).filter(_.created_at.notnull() & (_.created_at < study.created_before)).select("deal_id", "number", "created_at")
    kept = own if study.cohort == "all" else own.filter(own.created_at >= study.starts_at)
    recorded = crm.tables["deals"].select("deal_id", "source")
    sourced = kept.left_join(recorded, "deal_id").drop("deal_id_right")
    in_order = ibis.window(group_by="number", order_by=["occurred_at", "touch_id"])
    mine = touch_rows(crm).semi_join(sourced.filter(sourced.number.notnull()), "number")
    first = mine.mutate(place=ibis.row_number().over(in_order)).filter(_.place == 0).select("number", "channel")
    born = lead_rows(crm).select("number", lead_created_at="created_at")
    told = sourced.left_join(first, "number").drop("number_right").left_join(born, "number").drop("number_right")
    begun = study.config.observed_since("touches")
    is_cut = ibis.literal(False) if begun is None else (told.lead_created_at < midnight(begun, study.config.time_zone)).fill_null(False)
    channel = ibis.ifelse(told.number.isnull(), NO_LEAD, ibis.coalesce(told.channel, ibis.literal(NO_TOUCH)))
    return told.group_by(source=named_or_missing(told.source), channel=channel, is_cut=is_cut).agg(n=_.count())


@query
def rejections_answered(study: Study) -> ir.Table:
    """Rejections inside the study's window by whether marketing acted on the lead's campaign after them.

    Returns:
        answered (yes, no, or "(missing)": the lead has no campaign), n.
    """
    crm = study.crm
    told = crm.tables["feedback"].filter((_.verdict == "rejected") & (_.given_at < study.created_before)).select("lead_id", "given_at")
    kept = told if study.window_opens_at is None else told.filter(told.given_at >= study.window_opens_at)
    numbered = kept.inner_join(lead_numbers(crm).select("lead_id", "number"), "lead_id").select("number", "given_at")
    named = with_attributes(crm, numbered.inner_join(lead_rows(crm).select("number", "cell"), "number"))
    acted = crm.tables["actions"].filter(_.acted_at < study.as_of).group_by("campaign_id").agg(acted_at=_.acted_at.max())
    both = named.select("campaign_id", "given_at").left_join(acted, "campaign_id").drop("campaign_id_right")
    later = follows(crm, both.acted_at, both.given_at).fill_null(False)
    answered = ibis.cases((both.campaign_id == MISSING, MISSING), (later, "yes"), else_="no")
    return both.group_by(answered=answered).agg(n=_.count())


@query
def lead_attempts(study: Study) -> ir.Table:
    """Leads handed over in the report quarter whose agreed days have passed, by attempts of sales within those days: attempts, n."""
    crm, days = study.crm, study.config.acceptance_days
    handed = timed(study, within="quarter").select("number", "handed_at")
    due = handed.filter(last_whole_day(crm, handed.handed_at, study.as_of) >= days)
    tries = touch_rows(crm).filter(_.side == "sales").select("number", "occurred_at").inner_join(due, "number")
    within = tries.filter(
        not_before(crm, tries.occurred_at, tries.handed_at) & (days_until(crm, tries.handed_at, tries.occurred_at) <= days)
    )
    each = within.group_by("number").agg(attempts=_.count().cast("int64"))
    told = due.left_join(each, "number").drop("number_right")
    return told.group_by(attempts=told.attempts.fill_null(0)).agg(n=_.count())
