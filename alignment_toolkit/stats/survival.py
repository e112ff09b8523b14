"""Kaplan-Meier: which share has not yet left the open state, either way.

Question: how long do units stay open? Unit: the unit of the risk table. Denominator: units at risk that day. It does not say where
they went; for that see `incidence`, since 1 − Kaplan-Meier of one outcome is biased where another competes.
"""

from __future__ import annotations

import numpy as np

from alignment_toolkit.stats.incidence import Curve
from alignment_toolkit.stats.risk import RiskTable, ratio


def survival(table: RiskTable) -> Curve:
    """Kaplan-Meier curve of leaving the open state by any exit, with Greenwood's variance.

    Args:
        table: Counts of shape (..., K+1); late entries and re-entries count as at risk from their day on.

    Returns:
        Share still open after each index and its variance, shape (..., K+1); null where no unit ever entered; variance 0 once the
        share is 0.

    Reference:
        Kaplan and Meier 1958; Greenwood 1926.
    """
    left = table.events + table.competing
    share = np.cumprod(1 - ratio(left, table.at_risk, empty=0.0), axis=-1)
    steps = ratio(left, table.at_risk * (table.at_risk - left), empty=0.0)
    variance = np.square(share) * np.cumsum(steps, axis=-1)
    known = (table.n > 0)[..., None]
    return Curve(np.where(known, share, np.nan), np.where(known, variance, np.nan))
