"""Working definitions as deferred expressions: which leads each team calls by the same word.

Question: do both teams mean the same leads? Unit: the lead handed over. Each team's rule is configured (`definitions`); days count from the
handover. A score counts as last seen before `as_of`. It does not answer whose rule is better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from alignment_toolkit.days import days_until, last_whole_day
from alignment_toolkit.handovers import first_verdicts, handovers
from alignment_toolkit.periods import midnight
from alignment_toolkit.timelines import timeline, won_rank

if TYPE_CHECKING:
    from alignment_toolkit.config import Definition
    from alignment_toolkit.study import Study

YES, NO, UNKNOWN, NO_VERDICT = "yes", "no", "unknown", "none"


def called(study: Study, *, within: str) -> ir.Table:
    """One row per lead handed over in the report quarter or the study's window, since verdicts are recorded.

    Args:
        study: Quarter and as-of; the store must have feedback.
        within: `quarter` or `window`.

    Returns:
        number, bucket, handed_at, given_at and verdict (of the first verdict before `as_of`; "none"), in_time (verdict within the agreed
        days), is_due (those days have been observed whole), marketing and sales (yes, no, unknown: what each team calls the lead).
    """
    crm, config = study.crm, study.config
    opened = study.starts_at if within == "quarter" and study.cohort != "all" else study.window_opens_at
    begun = config.observed_since("feedback")
    floors = [at for at in (opened, None if begun is None else midnight(begun, config.time_zone)) if at is not None]
    handed = handovers(crm).filter(_.handed_at < study.created_before)
    kept = handed.filter(_.handed_at >= max(floors)) if floors else handed
    told = kept.select("number", "bucket", "score", "score_at", "handed_at").left_join(first_verdicts(crm), "number").drop("number_right")
    for team in (config.definitions.marketing, config.definitions.sales):
        told = _with_stage(study, told, team)
    day = days_until(crm, told.handed_at, told.given_at)
    return told.mutate(
        verdict=ibis.coalesce(told.verdict, ibis.literal(NO_VERDICT)),
        in_time=(told.given_at.notnull() & (day <= config.acceptance_days)).fill_null(False),
        is_due=last_whole_day(crm, told.handed_at, study.as_of) >= config.acceptance_days,
        marketing=_says(study, told, config.definitions.marketing),
        sales=_says(study, told, config.definitions.sales),
    ).select("number", "bucket", "handed_at", "given_at", "verdict", "in_time", "is_due", "marketing", "sales")


def _column(definition: Definition) -> str:
    return f"reached_{definition.reached}"


def _with_stage(study: Study, told: ir.Table, definition: Definition) -> ir.Table:
    """The leads with the instant at which they first reached the stage of a definition, or one beyond it."""
    if definition.reached is None or _column(definition) in told.columns:
        return told
    rank, at_least = timeline(study.crm)["rank"], study.config.stage_names.index(definition.reached)
    at_most = max(at_least, won_rank(study.crm))
    seen = timeline(study.crm).filter((rank >= at_least) & (rank <= at_most))
    first = seen.group_by("number").agg(**{_column(definition): _.entered_at.min()})
    return told.left_join(first, "number").drop("number_right")


def _says(study: Study, told: ir.Table, definition: Definition) -> ir.StringValue:
    if definition.score_at_least is not None:
        seen = told.score.notnull() & (told.score_at.isnull() | (told.score_at < study.as_of))
        return ibis.cases((~seen.fill_null(False), UNKNOWN), (told.score >= definition.score_at_least, YES), else_=NO)
    at = told.given_at if definition.verdict is not None else told[_column(definition)]
    holds = at.notnull() if definition.verdict is None else (told.verdict == definition.verdict).fill_null(False)
    days = study.config.acceptance_days if definition.verdict and definition.within_days is None else definition.within_days
    if days is not None:
        holds = holds & (days_until(study.crm, told.handed_at, at) <= days)
    return ibis.ifelse(holds.fill_null(False), YES, NO)
