"""Where a movement sits: the same change split by other attributes, and the one group that most of a factor's part is in.

One configured segmentation carries the published figures, because another splits the same change otherwise. A cause that follows another
attribute (a region, when the split is by source) is spread thin in it; these looks find it. They describe: with several attributes and
many groups some part is large by chance, so a group is named only where it moved beyond its share of the deals by three standard errors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.drivers.bridge import bookings_bridge, quarters_split
from alignment_toolkit.drivers.parts import FACTORS
from alignment_toolkit.drivers.split import Split
from alignment_toolkit.leads import ATTRIBUTES
from alignment_toolkit.stats import interval_from_replicates
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study

COLUMNS = ("factor", "by", "segment", "contribution", "of_movement_share", "of_deals_share", "excess", "standard_error", "stands_out")
MOST_GROUPS = 24  # an attribute with more values than this is no way to look at a quarter
STANDS_OUT = 3.0  # standard errors: with a few dozen groups looked at, chance alone rarely gets there


def looks(study: Study) -> list[str]:
    """The attributes that a change can be looked at by: the configured segmentation, then the others but the campaign."""
    first = study.config.segmentation
    return [first, *(name for name in ATTRIBUTES if name not in {first, "campaign_id"})]


def where_it_moved(study: Study) -> pd.DataFrame:
    """For every factor that moved by more than noise, and every look, the group that moved most beyond its share.

    Args:
        study: As for `bookings_bridge`.

    Returns:
        factor, by (attribute, those with 2 to 24 groups), segment, contribution (the group's part in the split by that attribute),
        of_movement_share (of the factor's part in that split), of_deals_share (the group's share of the deals in play in the quarter
        before), excess (contribution less that share of the factor's part, reporting currency), standard_error (of the excess, jackknife),
        stands_out (three standard errors or more, in the direction of the movement); factors by size, for each the most telling look first.
        Empty when nothing moved by more than noise.
    """
    moved = bookings_bridge(study)
    moved = moved[moved["is_clear"].astype(bool)]
    if moved.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    rows = [row for by in looks(study) for row in _look(study, by, list(moved["factor"]))]
    size = moved.set_index("factor")["contribution"].abs()
    told = pd.DataFrame(rows, columns=[*COLUMNS, "score"])
    told = told.assign(size=told["factor"].map(size)).sort_values(
        ["size", "score", "by"], ascending=[False, False, True], ignore_index=True
    )
    return told[list(COLUMNS)]


def _look(study: Study, by: str, factors: list[str]) -> list[dict[str, Any]]:
    found, before, _ = quarters_split(study, by)
    if not 2 <= len(found.segments) <= MOST_GROUPS:
        return []
    played = before.in_play[0]
    share = played / played.sum() if played.sum() else np.zeros_like(played)
    return [_largest(found, factor, by, share) for factor in factors]


def _largest(found: Split, factor: str, by: str, share: Array) -> dict[str, Any]:
    """The group whose part exceeds its share of the deals by the most standard errors, in the direction of the movement."""
    exact = found.exact[FACTORS.index(factor)] / 100
    whole = exact.sum(axis=-1, keepdims=True)
    excess = (exact - share * whole) * np.sign(whole[0])
    limits = interval_from_replicates(excess[0], excess[1:].T, np.broadcast_to(found.present, (len(share), len(found.present))))
    score = np.nan_to_num(ratio(limits.value, limits.standard_error), nan=-np.inf)
    at = int(np.argmax(score))
    return {
        "factor": factor,
        "by": by,
        "segment": found.segments[at],
        "contribution": int(found.cents[FACTORS.index(factor), at]) / 100,
        "of_movement_share": float(ratio(exact[0, at], whole[0, 0])),
        "of_deals_share": float(share[at]),
        "excess": float(excess[0, at] * np.sign(whole[0, 0])),
        "standard_error": float(limits.standard_error[at]),
        "stands_out": bool(score[at] >= STANDS_OUT),
        "score": float(score[at]),
    }
