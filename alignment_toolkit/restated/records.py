"""The records responsible for restated figures: new, changed or gone, read by the figure and in its reach before or after.

A list to go through, not a share of the difference. Ids only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from alignment_toolkit.restated.reach import KINDS, Aspect, Reach, reach_of
from alignment_toolkit.restated.states import FLAGS, state

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from alignment_toolkit.study import Study

COLUMNS = ("kpi", "record", "n", "new", "changed", "gone", "ids")
LIMIT = 20
_FLAG = {"visible": None, "in the quarter": "in_quarter", "won": "won", "won in the quarter": "won_in_quarter"}


@dataclass
class Records:
    """The records that differ between two studies of one quarter; both stores behind the same engine.

    Attributes:
        before: The earlier store.
        after: The later one.
        made: What was compared already.
    """

    before: Study
    after: Study
    made: dict[Any, Any] = field(default_factory=dict)

    def responsible(self, kpis: Iterable[str], *, limit: int = LIMIT) -> pd.DataFrame:
        """The records behind these figures.

        Args:
            kpis: Names of restated figures.
            limit: Ids named of each kind.

        Returns:
            kpi, record (lead, deal, customer, campaign), n, of these new, changed and gone, ids (the first `limit`, by id, then `…`); a
            figure that no record explains (other settings, another version of the toolkit) has no row.
        """
        import pandas as pd

        rows = [{"kpi": kpi, **row} for kpi in dict.fromkeys(kpis) for row in self._behind(reach_of(kpi), limit)]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def _behind(self, reach: Reach, limit: int) -> list[dict[str, Any]]:
        if (reach, limit) not in self.made:
            kinds = dict.fromkeys(KINDS[aspect] for aspect in reach.aspects)
            self.made[reach, limit] = [row for kind in kinds if (row := self._of_kind(kind, reach, limit))]
        return list(self.made[reach, limit])

    def _of_kind(self, kind: str, reach: Reach, limit: int) -> dict[str, Any] | None:
        parts = [part for aspect in reach.aspects if KINDS[aspect] == kind and (part := self._changed(aspect)) is not None]
        flag = _FLAG[reach.scope]
        seen = [part.filter(part[flag]) if flag else part for part in parts]
        if not seen:
            return None
        ids = (ibis.union(*(part.select("id", "was", "now") for part in seen), distinct=False) if len(seen) > 1 else seen[0]).group_by("id")
        each = ids.agg(was=_.was.any(), now=_.now.any())
        counts = each.aggregate(n=each.count(), new=(~each.was).sum(), gone=(~each.now).sum()).to_pyarrow().to_pylist()[0]
        if not counts["n"]:
            return None
        named = each.order_by("id").limit(limit).select("id").to_pyarrow()["id"].to_pylist()
        n, new, gone = (int(counts[name] or 0) for name in ("n", "new", "gone"))
        listed = ", ".join(map(str, named)) + (" …" if n > limit else "")
        return {"record": kind, "n": n, "new": new, "changed": n - new - gone, "gone": gone, "ids": listed}

    def _changed(self, aspect: Aspect) -> ir.Table | None:
        """id, the flags in either state, was and now (whether the record itself is there before and after); None where neither has it."""
        if aspect not in self.made:
            self.made[aspect] = self._compared(aspect)
        return self.made[aspect]

    def _compared(self, aspect: Aspect) -> ir.Table | None:
        was, now = state(self.before, aspect), state(self.after, aspect)
        if was is None or now is None:
            there = now if was is None else was
            changed = there
        else:
            columns = was.columns
            changed = was.difference(now.select(columns), distinct=False).union(now.select(columns).difference(was, distinct=False))
        if changed is None:
            return None
        each = changed.group_by("id").agg(**{name: changed[name].any() for name in FLAGS})
        told = each.mutate(was=self._is_there(self.before, aspect, each), now=self._is_there(self.after, aspect, each))
        return told.cache()

    def _is_there(self, study: Study, aspect: Aspect, each: ir.Table) -> ir.BooleanValue:
        """Whether the record, not just this state of it, is in a store."""
        main: Aspect = "leads" if KINDS[aspect] == "lead" else aspect
        rows = state(study, main)
        return ibis.literal(False) if rows is None else each.id.isin(rows.id)
