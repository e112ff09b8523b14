"""Counts of personas: who came in, quarter by quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.leads import leads
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def persona_quarters(study: Study) -> ir.Table:
    """All visible leads by persona and quarter of creation: segment, quarter (such as `2026Q3`), n."""
    return leads(study.crm).group_by(segment=_.persona, quarter=_.cohort_quarter).agg(n=_.count())
