"""Groups too small to be shown to leaders are counted as one: `(other)`.

Question: may a reader of the leaders' page see this group by itself? Unit: the lead. A group is a value of an attribute, its size the
number of visible leads that have it. Counts add up, so a figure of `(other)` is that of all its leads together, not a mean of figures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
from ibis import _
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from alignment_toolkit.counts.catalogue import counted, query
from alignment_toolkit.counts.moves import TOGETHER, Slices, segments
from alignment_toolkit.figures import OTHER
from alignment_toolkit.journeys import ATTRIBUTES, leads
from alignment_toolkit.study import Study

if TYPE_CHECKING:
    import ibis.expr.types as ir

NUMBERED = ("day", "bucket", "month", "largest")  # numbers that counts are grouped by; all other numbers add up


@query(rolled_up=TOGETHER)
def group_sizes(study: Study, *, by: Slices = None) -> ir.Table:
    """All visible leads by segment: n."""
    seen = leads(study.crm)
    return seen.group_by(**segments(study, seen, by)).agg(n=_.count())


def small_groups(study: Study, by: object) -> dict[str, int]:
    """The groups of a slice that are merged for leaders, with their sizes on today's data; none for analysts."""
    if not study.is_for_leaders or by not in ATTRIBUTES:
        return {}
    crm = study.crm.at_hand
    key = ("small_groups", crm.as_of, by)
    if key not in crm.counts:
        sizes = counted("group_sizes", replace(study, crm=crm, is_for_leaders=False), by=by)
        crm.counts[key] = sizes[sizes["n"] < study.config.min_cell]
    return dict(zip(crm.counts[key]["segment"], crm.counts[key]["n"], strict=True))


def merged(frame: pd.DataFrame, study: Study, *, by: object) -> pd.DataFrame:
    """Counts by segment with the small groups of the slice added up in `(other)`."""
    small = small_groups(study, by)
    if "segment" not in frame or not small or not (is_small := frame["segment"].isin(list(small))).any():
        return frame
    named = frame["segment"].cat.categories.union([OTHER])
    told = frame.assign(segment=frame["segment"].cat.set_categories(named).mask(is_small, OTHER))
    keys = [name for name in told.columns if name in NUMBERED or not is_numeric_dtype(told[name]) or is_bool_dtype(told[name])]
    return told.groupby(keys, dropna=False, sort=True, as_index=False, observed=True).sum()[list(frame.columns)]
