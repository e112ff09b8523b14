"""Stage conversion: of the visits to a stage, which share moves on within h days?

Unit: the visit, one stay of one lead in one stage. Denominator: visits under observation in the study's window; open ones count as open,
lost and moved back compete, back-filled stamps are left out. It does not say which share of leads ever reaches a stage.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from alignment_toolkit.arguments import DAYS, checked
from alignment_toolkit.followed import estimates
from alignment_toolkit.stats import incidence
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.tables import padded, stage_tables


@checked(horizon=DAYS)
def stage_conversion(study: Study, *, horizon: int = 90) -> pd.DataFrame:
    """The incidence of advancing within the horizon of entering the stage, lost and moved back competing, and its sensitivity.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Days.

    Returns:
        The rows and columns of `conversion_rates` and, before the reason, stale_lost_rate: the same when open visits of leads that have
        been silent for more than `stale_days` count as lost.
    """
    frame = conversion_rates(study, horizon=horizon)
    stale = incidence(padded(stage_tables(study, silent="lost")[1], horizon)).at(horizon).value
    reason = frame.pop("reason")
    return frame.assign(stale_lost_rate=pd.Series(stale, frame.index).where(reason.isna()), reason=reason)


def conversion_rates(study: Study, *, horizon: int) -> pd.DataFrame:
    """The incidence of advancing within the horizon of entering the stage, lost and moved back competing.

    Args:
        study: Quarter, as-of and cohort rule.
        horizon: Days.

    Returns:
        One row for all visits together, stage "(all)", then one per open stage in order: n (visits under observation by the horizon),
        advanced, lost_or_back, still_open (by it), matured_share, smallest_followed, conversion_rate with lower_rate and upper_rate (95 %,
        null where fewer than `min_n` visits were followed at an age up to the horizon), reason (of a null).

    Reference:
        Aalen and Johansen 1978; interval on the log(-log) scale.
    """
    labels, whole = stage_tables(study)
    table = padded(whole, horizon)
    by_then = table.cut(horizon)
    found = estimates(incidence(by_then), by_then, horizon, study.followed_rule("visit"))
    frame = pd.DataFrame(
        {
            "stage": labels,
            "n": by_then.n,
            "advanced": by_then.events.sum(axis=-1),
            "lost_or_back": by_then.competing.sum(axis=-1),
            "matured_share": found.matured_share,
            "smallest_followed": found.smallest_followed,
            "conversion_rate": found.value,
            "lower_rate": found.lower,
            "upper_rate": found.upper,
        }
    )
    frame.insert(4, "still_open", frame["n"] - frame["advanced"] - frame["lost_or_back"])
    reasons: Any = found.reasons
    return whole_counts(frame, "n", "advanced", "lost_or_back", "still_open").assign(reason=reasons)


def whole_counts(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame with these columns as integers, as counts are."""
    return frame.astype(dict.fromkeys(columns, "int64"))
