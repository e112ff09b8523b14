"""Many comparisons at once: which of the "different" flags survive.

Question: of the groups flagged as different, which share may be flagged by chance alone? At most 5 % of the flags, on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from alignment_toolkit.stats.risk import Array


def benjamini_hochberg(p_values: ArrayLike) -> Array:
    """Adjust p-values so that flagging those ≤ 0.05 keeps the false discovery rate at 5 %.

    Args:
        p_values: One p per comparison, one axis; null ones were not made and do not count.

    Returns:
        Adjusted p-values in [0, 1], null where the p is.

    Reference:
        Benjamini and Hochberg 1995.
    """
    from scipy.stats import false_discovery_control

    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    made = ~np.isnan(given)
    if made.any():
        adjusted[made] = false_discovery_control(given[made])
    return adjusted
