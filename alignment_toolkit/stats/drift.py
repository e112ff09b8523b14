"""Drift of a mix: has the share of each category moved between two samples by more than chance?

Question: are these leads still the same people? Unit: the lead. The population stability index says how far the two mixes are apart; the
test says whether chance alone would put them there. It does not answer which of the two mixes is the right one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.risk import Array, ratio

NOTABLE = 0.1  # below it an index is commonly read as "no change", from 0.25 on as a large one
CLEAR_P = 0.01


class Drift(NamedTuple):
    """How far two mixes are apart.

    Attributes:
        psi: Population stability index, ≥ 0; null where a sample is empty or only one category occurs.
        expected: What chance alone makes of it on average for samples of these sizes.
        p: p-value of the chi-squared test of equal mixes; null likewise.
        has_moved: Whether the index is notable and the test clear.
    """

    psi: float
    expected: float
    p: float
    has_moved: bool


def population_drift(before: ArrayLike, after: ArrayLike) -> Drift:
    """The population stability index of two samples of counts by category, with a test.

    The index is the sum over categories of (a − b) × ln(a / b) of the two shares; half a unit is added to each count, so that a category
    that appears or vanishes does not make it infinite.

    Args:
        before: Counts per category, shape (categories,).
        after: Counts per category, in the same order.

    Reference:
        Siddiqi 2006, section 10.1; Yurdakul 2018 for the mean of the index by chance, (categories − 1) (1/n + 1/m); Pearson 1900.
    """
    from scipy.special import chdtrc

    counts = np.array([before, after], dtype=float)
    counts = counts[:, counts.sum(axis=0) > 0]
    sizes, kinds = counts.sum(axis=1), counts.shape[1]
    if kinds < 2 or (sizes == 0).any():
        return Drift(float("nan"), float("nan"), float("nan"), False)
    smooth = counts + 0.5
    earlier, later = smooth / smooth.sum(axis=1, keepdims=True)
    index = float(((later - earlier) * np.log(later / earlier)).sum())
    p = float(chdtrc(kinds - 1, chi_squared(counts)))
    chance = float((kinds - 1) * (1 / sizes).sum())
    return Drift(index, chance, p, index >= NOTABLE and p < CLEAR_P)


def chi_squared(counts: Array) -> float:
    """Pearson's statistic of a table of counts without empty rows or columns."""
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    return float(ratio(np.square(counts - expected), expected, empty=0.0).sum())
