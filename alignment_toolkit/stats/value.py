"""Value per unit: the money a unit has brought by each age, open units counted as open.

Question: what is one lead worth within h days? Unit and denominator: every unit that entered. Incidence × mean amount of the won is not
the same: big deals take longer, so the amounts seen so far are too small.
"""

from __future__ import annotations

import numpy as np

from alignment_toolkit.stats.incidence import before
from alignment_toolkit.stats.risk import Array, RiskTable, ratio


def value_curve(table: RiskTable) -> Array:
    """Marked Aalen-Johansen: the sum over indices k of S(k−1) × amount won at k / at risk at k, and the same for wins from lost.

    Args:
        table: Counts and amounts of shape (..., K+1).

    Returns:
        Money per unit by each index, shape (..., K+1), in the currency of the amounts; null where no unit ever entered.

    Reference:
        Strawderman 2000 and Lin 2000, with the estimator of Aalen and Johansen 1978 for the share still open.
    """
    opened, lost = before(table)
    per_day = opened * ratio(table.amount, table.at_risk, empty=0.0)
    if table.amount_from_lost.any():
        per_day = per_day + lost * ratio(table.amount_from_lost, table.lost_at_risk, empty=0.0)
    return np.cumsum(per_day, axis=-1)


def value_of_one(table: RiskTable) -> dict[str, Array]:
    """What one unit of money won on a day adds to the value per unit, by kind of win.

    Args:
        table: Counts of shape (..., K+1).

    Returns:
        `event` (from open) and `event_from_lost`: the share in that state before the day / units at risk in it, shape (..., K+1); 0 where
        nobody was. The value per unit is the sum of these times the amounts.
    """
    opened, lost = before(table)
    return {"event": ratio(opened, table.at_risk, empty=0.0), "event_from_lost": ratio(lost, table.lost_at_risk, empty=0.0)}


def value_per_unit(table: RiskTable, horizon: int) -> Array:
    """Money per unit within the horizon, shape (...): `value_curve` at one index; null where the table ends before it."""
    if horizon >= table.at_risk.shape[-1]:
        return np.full(table.shape, np.nan)
    return value_curve(table.cut(horizon))[..., -1]
