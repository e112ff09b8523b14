"""Did conversion change since the quarter before, by more than chance? The two estimates share leads, so the interval allows for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.arguments import DAYS, checked
from alignment_toolkit.baseline import comparable
from alignment_toolkit.counts.tables import bucket_risk_of
from alignment_toolkit.figures import known
from alignment_toolkit.stats import incidence, jackknife_difference
from alignment_toolkit.stats.risk import Array, RiskTable
from alignment_toolkit.study import Study


@dataclass(frozen=True)
class Change:
    """A difference between two quarters.

    Attributes:
        value: Later minus earlier, in the figure's unit; None: cannot be told.
        lower: Lower 95 % limit, None where there is none.
        upper: Upper 95 % limit.
        reason: Why there is none, where the records do not cover one of the quarters.
    """

    value: float | None
    lower: float | None
    upper: float | None
    reason: str | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no change at all."""
        return self.lower is not None and self.upper is not None and (self.lower > 0 or self.upper < 0)


@checked(horizon=DAYS)
def conversion_change(study: Study, *, horizon: int = 90) -> Change:
    """Conversion(h) of this quarter's report minus that of the quarter before, on today's data.

    Args:
        study: The later study.
        horizon: Days.

    Returns:
        The difference with a delete-a-bucket jackknife interval that leaves each account out of both estimates at once; null where too few
        leads were followed in either, or where one of the quarters is not covered.
    """
    if reason := comparable(study, f"conversion_{horizon}d"):
        return Change(None, None, None, reason)
    tables = [bucket_risk_of("lead_moves", each, max_day=horizon + 1)[1] for each in (study, study.previous())]
    if not all(study.followed_rule().holds(table.total(axis=1), horizon)[0] for table in tables):
        return Change(None, None, None)
    interval = jackknife_difference(tables[0], tables[1], lambda table: _won_by(table, horizon))
    value, lower, upper = (known(np.ravel(part)[0]) for part in (interval.value, interval.lower, interval.upper))
    return Change(value, lower, upper)


def _won_by(table: RiskTable, horizon: int) -> Array:
    return incidence(table).value[..., horizon]
