"""The bottleneck: in which stage do leads, and the money expected of them, wait?

Unit: the stage in the report quarter. Denominators: days of the quarter, lead-days spent in the stage. Back-filled visits are left out. It
shows where things wait, not why; Little's law (number in a stage = arrivals per day × mean days) is shown as a check: far from 1 the
stage is filling up or draining, or its records do not hang together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alignment_toolkit.counts import counted
from alignment_toolkit.figures import NOT_ENOUGH
from alignment_toolkit.stats import RiskTable, restricted_mean, value_per_unit
from alignment_toolkit.stats.risk import Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.velocity.sales_velocity import DAY_SECONDS, quarter_days
from alignment_toolkit.velocity.stage_conversion import whole_counts
from alignment_toolkit.velocity.tables import horizons, padded, stage_tables


def bottleneck(study: Study) -> pd.DataFrame:
    """Waiting per stage in the report quarter.

    Args:
        study: Quarter, as-of and cohort rule; mean days and value per entry are estimated in its window.

    Returns:
        One row per open stage in order: visits (under way in the quarter), lead_days (spent in the stage in it), waiting (in the stage
        at its end), value_per_entry (reporting currency won per lead that enters the stage, within H), value_waiting (waiting ×
        value_per_entry: as if each had just entered), lost (in the quarter), losses_per_100_lead_days with lower and upper (95 %, exact
        Poisson), mean_in_stage (mean number in it, younger than H), arrivals_per_day, mean_days (restricted to H), horizon_days,
        little_ratio (mean_in_stage / (arrivals_per_day × mean_days)). Null without deals (the values), where fewer than `min_n` visits
        were followed at an age up to H (what rests on it) and below `min_n` visits in the quarter (the losses); reason (of a null).

    Reference:
        Little 1961; Garwood 1936 (Poisson limits).
    """
    labels, table = stage_tables(study)
    reach, missing = horizons(labels, table, rule=study.followed_rule("visit"))
    stages = labels[1:]
    frame = _quarter(study, stages, horizon=max((until for until in reach[1:] if until), default=1))
    days, worth = _mean_days(table, reach)[1:], _value_per_entry(study, stages)
    frame["value_per_entry"] = worth
    frame["value_waiting"] = frame["waiting"] * worth
    frame["mean_days"] = days
    frame["horizon_days"] = pd.array([until or pd.NA for until in reach[1:]], dtype="Int64")
    frame["mean_in_stage"] = [_young(study, stage, until) for stage, until in zip(stages, reach[1:], strict=True)]
    frame["little_ratio"] = ratio(frame["mean_in_stage"].to_numpy(), frame["arrivals_per_day"].to_numpy() * days)
    enough = frame["visits"] >= study.config.min_n
    hazard = ["losses_per_100_lead_days", "lower", "upper"]
    frame[hazard] = frame[hazard].where(enough & study.config.losses_recorded, axis=0)
    reasons: Any = [why or (None if known else NOT_ENOUGH) for why, known in zip(missing[1:], enough, strict=True)]
    if not study.config.losses_recorded:
        frame["lost"] = pd.array([pd.NA] * len(frame), dtype="Int64")
        return whole_counts(frame, "visits", "waiting")[list(COLUMNS)].assign(reason=reasons)
    return whole_counts(frame, "visits", "waiting", "lost")[list(COLUMNS)].assign(reason=reasons)


COLUMNS = (
    "stage", "visits", "lead_days", "waiting", "value_per_entry", "value_waiting", "lost", "losses_per_100_lead_days", "lower", "upper",
    "mean_in_stage", "arrivals_per_day", "mean_days", "horizon_days", "little_ratio",
)  # fmt: skip


def poisson_limits(events: Array) -> tuple[Array, Array]:
    """Exact 95 % limits of a Poisson mean from the number of events seen.

    Reference:
        Garwood 1936.
    """
    from scipy.special import chdtri

    seen = np.asarray(events, dtype=float)
    lower = np.where(seen > 0, chdtri(2 * np.maximum(seen, 1), 0.975) / 2, 0.0)
    return lower, chdtri(2 * (seen + 1), 0.025) / 2


def _quarter(study: Study, stages: list[str], *, horizon: int) -> pd.DataFrame:
    """What was counted in the quarter, one row per stage, 0 where nothing was."""
    counts = counted("stage_waiting", study, horizon=horizon).set_index("segment").reindex(stages, fill_value=0)
    lead_days = counts["seconds"].to_numpy(dtype=float) / DAY_SECONDS
    lost = counts["n_lost"].to_numpy(dtype=float)
    lower, upper = poisson_limits(lost)
    return pd.DataFrame(
        {
            "stage": stages,
            "visits": counts["n"].to_numpy(),
            "lead_days": lead_days,
            "waiting": counts["n_waiting"].to_numpy(),
            "lost": lost,
            "losses_per_100_lead_days": ratio(100 * lost, lead_days),
            "lower": ratio(100 * lower, lead_days),
            "upper": ratio(100 * upper, lead_days),
            "arrivals_per_day": counts["n_entered"].to_numpy() / quarter_days(study),
        }
    )


def _young(study: Study, stage: str, until: int | None) -> float:
    """Mean number in the stage in the quarter at an age below H."""
    if until is None:
        return np.nan
    counts = counted("stage_waiting", study, horizon=until).set_index("segment")["young_seconds"]
    return float(counts.get(stage, 0)) / DAY_SECONDS / quarter_days(study)


def _mean_days(table: RiskTable, reach: list[int | None]) -> Array:
    means = [np.nan if until is None else float(restricted_mean(padded(table[at], until), until).value) for at, until in enumerate(reach)]
    return np.array(means)


def _value_per_entry(study: Study, stages: list[str]) -> Array:
    """Money won per lead that enters a stage within H; null without deals or too few leads."""
    if not study.crm.has("deals"):
        return np.full(len(stages), np.nan)
    labels, table = stage_tables(study, query="entry_moves")
    reach, _ = horizons(labels, table, rule=study.followed_rule())
    values = [np.nan if until is None else float(value_per_unit(padded(table[at], until), until)) for at, until in enumerate(reach)]
    return np.array(values[1:])
