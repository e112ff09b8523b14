"""Counts of verdicts that cannot be placed: given before the handover, or on leads that nobody knows.

Unit: the lead handed over, by its wait for a verdict inside the study's window; the verdict where the lead is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.counts.lead_gaps import places
from alignment_toolkit.handovers import first_verdicts, handovers, verdict_spells
from alignment_toolkit.leads import lead_numbers
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def verdict_gaps(study: Study) -> ir.Table:
    """Waits that ended before they began, and verdicts without a lead.

    Returns:
        gap (verdict_before_handover, verdict_unknown_lead; "(all)": every verdict), verdict (of an unknown lead, else null), entry, exit,
        exit_move, last_index (of a misplaced one, else null), n.
    """
    heard = study.crm.tables["leads"].filter(ibis.literal(False)) if not study.crm.has("feedback") else study.crm.tables["feedback"]
    whole = shaped(heard.agg(n=heard.count()), gap="(all)")
    if not study.crm.has("feedback"):
        return whole
    handed = handovers(study.crm).select("number", "handed_at")
    early = first_verdicts(study.crm).inner_join(handed, "number").filter(_.given_at < _.handed_at)
    waits = verdict_spells(study).semi_join(early, "number").filter(_.exit_move != "censor")
    misplaced = waits.group_by("entry", "exit", "exit_move", "last_index").agg(n=_.count())
    stray = heard.anti_join(lead_numbers(study.crm), "lead_id")
    strays = stray.filter(places(study, stray.given_at)["in_window"]).group_by("verdict").agg(n=_.count())
    return whole.union(shaped(misplaced, gap="verdict_before_handover")).union(shaped(strays, gap="verdict_unknown_lead"))


def shaped(counts: ir.Table, *, gap: str) -> ir.Table:
    """Counts with the columns of `verdict_gaps`, null where they lack one."""
    empty = {"verdict": "string", "entry": "int64", "exit": "int64", "exit_move": "string", "last_index": "int64"}
    told = {name: counts[name].cast(kind) if name in counts.columns else ibis.null(kind) for name, kind in empty.items()}
    return counts.select(gap=ibis.literal(gap), **told, n=counts.n.cast("int64"))
