"""What was promised: the targets of a quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from alignment_toolkit.counts.catalogue import query
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir


@query
def targets_promised(study: Study) -> ir.Table:
    """The targets for the report quarter; the store must have targets.

    Returns:
        kpi, owner, segment ("" for the whole), target.
    """
    every = study.crm.tables["targets"].filter(_.quarter == study.quarter.label)
    return every.select("kpi", "owner", target=every.target.cast("float64"), segment=ibis.coalesce(every.segment, ibis.literal("")))
