"""Which sources and campaigns really convert better, when the small ones scatter most?

Unit: the lead; a row is a group of leads. Denominator: the group's leads under observation in the study's window. Conversions are shrunk
towards their common mean; groups with too few leads are listed, not ranked. It does not answer why a group converts better.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alignment_toolkit.arguments import DAYS, LEAD_SLICES, checked
from alignment_toolkit.counts.tables import risk_of
from alignment_toolkit.figures import ALL
from alignment_toolkit.followed import Rule, estimates
from alignment_toolkit.quality.slices import refused
from alignment_toolkit.stats import benjamini_hochberg, effective_wins, incidence, leave_one_out, shrink
from alignment_toolkit.stats.risk import Array, RiskTable, ratio
from alignment_toolkit.stats.shrinkage import TOO_FEW
from alignment_toolkit.study import Study

HORIZON = 180
ABOVE, BELOW, ALIKE = "above the rest", "below the rest", "not told apart"
FLAGGED_BELOW = 0.05  # adjusted p


@checked(by=LEAD_SLICES, horizon=DAYS)
def ranking(study: Study, *, by: str = "source", horizon: int = HORIZON) -> pd.DataFrame:
    """Rank groups by what their conversion probably is.

    Args:
        study: Quarter, as-of and cohort rule.
        by: An attribute of leads.
        horizon: Days from creation to the win.

    Returns:
        One row per group, the ranked ones first and best first:

        - segment, horizon_days; rank (1 = best; null when not ranked);
        - shrunk_rate, lower, upper: shrunk conversion in [0, 1] with its 95 % limits; p_best: probability of being the best of the ranked,
          adding up to 1; null where `reason` is not;
        - own_rate, own_lower_rate, own_upper_rate: the group's own incidence, unshrunk; null where too few leads were followed;
        - n (leads under observation by the horizon), events (wins by it), matured (leads whose potential observation reaches it) and
          matured_share; smallest_followed (leads followed at the age where they were fewest);
        - rest_rate: incidence of all other leads; p_adjusted: Benjamini-Hochberg over the groups compared; different: "above the
          rest", "below the rest" or "not told apart", null when not compared;
        - reason: "too few to rank" or "fewer than five groups to compare", else null.

        An attribute that cannot slice conversions gives one row "(all)" without figures and with the reason.

    Raises:
        UsageError: When there is no such attribute.

    Reference:
        Shrinkage: see `stats.shrink`. Comparison with the rest: score test of two shares on effective counts; Benjamini and Hochberg 1995.
    """
    if reason := refused(study, by):
        return _frame(pd.DataFrame([{"segment": ALL, "reason": reason}]), horizon)
    labels, table = risk_of("lead_moves", study, by=by, max_day=horizon)
    return ranked(labels, table, horizon=horizon, rule=study.followed_rule(by=by))


def ranked(labels: list[str], table: RiskTable, *, horizon: int, rule: Rule) -> pd.DataFrame:
    """The groups of a risk table ranked: see `ranking` for the columns.

    Args:
        labels: The groups, the leading axis of the table.
        table: Moves of leads by group.
        horizon: A day index of the table.
        rule: Groups of which it followed too few leads are listed, not ranked.
    """
    if not labels:
        return _frame(pd.DataFrame({"segment": []}), horizon)
    columns = _own(table, horizon, rule) | _shrunk(table, horizon, rule) | against_the_rest(table, horizon, rule=rule)
    return _frame(pd.DataFrame({"segment": labels} | columns), horizon)


def _own(table: RiskTable, horizon: int, rule: Rule) -> dict[str, Array]:
    own = estimates(incidence(table), table, horizon, rule)
    return {
        "own_rate": own.value,
        "own_lower_rate": own.lower,
        "own_upper_rate": own.upper,
        "n": table.n,
        "events": own.events,
        "matured": table.matured(horizon),
        "matured_share": own.matured_share,
        "smallest_followed": own.smallest_followed,
    }


def _shrunk(table: RiskTable, horizon: int, rule: Rule) -> dict[str, object]:
    own, held = incidence(table).at(horizon), rule.holds(table, horizon)
    cap = table.late_entry_cap()[..., horizon]
    rates = shrink(np.where(held, own.value, np.nan), own.variance, table.matured(horizon), min_n=rule.min_n, cap=cap)
    columns = {"shrunk_rate": rates.value, "lower": rates.lower, "upper": rates.upper, "p_best": rates.p_best}
    return columns | {"reason": list(rates.reason)}


def against_the_rest(table: RiskTable, horizon: int, *, rule: Rule) -> dict[str, object]:
    """Each group's incidence against that of all other units, those of groups too small to rank included.

    Returns:
        rest_rate, p_adjusted (Benjamini-Hochberg over the groups compared) and different (`ABOVE`, `BELOW` or `ALIKE` the rest), each of
        the length of the leading axis; null where too few units of the group or of the rest were followed.
    """
    rest = leave_one_out(table)
    own, other = incidence(table).at(horizon), incidence(rest).at(horizon)
    compared = rule.holds(table, horizon) & rule.holds(rest, horizon)
    p_value = two_shares_p(*effective_wins(table, horizon), *effective_wins(rest, horizon))
    adjusted = benjamini_hochberg(np.where(compared, p_value, np.nan))
    flags = [
        None if np.isnan(p) else ALIKE if p > FLAGGED_BELOW else ABOVE if ours > theirs else BELOW
        for p, ours, theirs in zip(adjusted, own.value, other.value, strict=True)
    ]
    return {"rest_rate": np.where(compared, other.value, np.nan), "p_adjusted": adjusted, "different": flags}


def two_shares_p(trials: Array, wins: Array, other_trials: Array, other_wins: Array) -> Array:
    """Two-sided p of the score test that two binomial shares are equal; null where a count is null or both shares are 0 or 1.

    Args:
        trials: Trials of the first share, need not be whole.
        wins: Successes among them.
        other_trials: Trials of the second share.
        other_wins: Successes among them.
    """
    from scipy.special import ndtr

    pooled = ratio(wins + other_wins, trials + other_trials)
    spread = pooled * (1 - pooled) * (ratio(np.ones_like(trials), trials) + ratio(np.ones_like(other_trials), other_trials))
    known = spread > 0
    distance = ratio(wins, trials) - ratio(other_wins, other_trials)
    z = np.divide(distance, np.sqrt(np.where(known, spread, 1.0)), out=np.full(distance.shape, np.nan), where=known)
    p_value: Array = 2 * ndtr(-np.abs(z))
    return p_value


COLUMNS = (
    "segment", "rank", "shrunk_rate", "lower", "upper", "p_best", "own_rate", "own_lower_rate", "own_upper_rate", "n", "events", "matured",
    "matured_share", "smallest_followed", "rest_rate", "p_adjusted", "different", "unit", "horizon_days", "reason",
)  # fmt: skip


def _frame(rows: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Best first; groups without a shrunk figure by their own, the too few last by size."""
    frame = rows.reindex(columns=[name for name in COLUMNS if name not in {"rank", "horizon_days", "unit"}])
    few = frame["reason"].eq(TOO_FEW)
    order = pd.DataFrame(
        {"few": few, "value": -frame["shrunk_rate"].fillna(frame["own_rate"]).where(~few), "n": -frame["n"], "segment": frame["segment"]}
    ).sort_values(["few", "value", "n", "segment"], kind="stable")
    ranked = frame.loc[order.index].reset_index(drop=True)
    place = ranked["shrunk_rate"].notna().cumsum().where(ranked["shrunk_rate"].notna())
    return ranked.assign(rank=place.astype("Int64"), horizon_days=horizon, unit="share")[list(COLUMNS)]
