"""Do two judges agree by more than chance? Cohen's kappa of a square table of counts.

Unit: the thing judged twice. It does not answer who is right, and it depends on how often each judge says yes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.intervals import Z


class Kappa(NamedTuple):
    """Agreement beyond chance with 95 % limits: 1 complete, 0 that of chance; null where it is not defined."""

    value: float
    lower: float
    upper: float


def cohens_kappa(table: ArrayLike) -> Kappa:
    """Cohen's kappa with the large-sample interval.

    Args:
        table: Counts, shape (k, k): rows one judge, columns the other, in the same order.

    Returns:
        Value and limits; null for an empty table, and where both judges gave one and the same answer to everything.

    Reference:
        Cohen 1960; Fleiss, Cohen and Everitt 1969, eq. 13 (variance).
    """
    counts = np.asarray(table, dtype=float)
    n = counts.sum()
    if n <= 0:
        return Kappa(np.nan, np.nan, np.nan)
    shares = counts / n
    rows, columns, agreed = shares.sum(axis=1), shares.sum(axis=0), np.diag(shares)
    by_chance = float(rows @ columns)
    if by_chance >= 1:
        return Kappa(np.nan, np.nan, np.nan)
    value = (agreed.sum() - by_chance) / (1 - by_chance)
    on = (agreed * (1 - (rows + columns) * (1 - value)) ** 2).sum()
    crossed = shares * (columns[:, None] + rows[None, :]) ** 2
    off = (1 - value) ** 2 * (crossed.sum() - np.diag(crossed).sum())
    variance = (on + off - (value - by_chance * (1 - value)) ** 2) / (n * (1 - by_chance) ** 2)
    reach = Z * float(np.sqrt(max(variance, 0.0)))
    return Kappa(float(value), float(value) - reach, float(value) + reach)
