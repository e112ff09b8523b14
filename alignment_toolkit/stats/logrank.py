"""Log-rank test: do groups differ in how fast they are won, or leave?

Question: is there a difference in hazard at all? Unit: the unit of the risk table. It compares hazards, not final shares, and says
nothing about size: show the difference in incidence and in mean time beside it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from alignment_toolkit.stats.risk import Array, RiskTable, ratio


class LogRank(NamedTuple):
    """A chi-squared test over groups, each field of shape (...); null with fewer than two groups that can be compared.

    Attributes:
        statistic: Chi-squared statistic.
        freedom: Groups that can be compared, less one.
        p: Probability of a statistic this large without any difference.
    """

    statistic: Array
    freedom: Array
    p: Array


def logrank(table: RiskTable, *, outcome: Literal["won", "leaving"] = "won") -> LogRank:
    """Log-rank test of equal hazards across groups.

    Args:
        table: Counts of shape (..., groups, K+1). Cut both at the largest common age before comparing cohorts of different age.
        outcome: "won" compares the cause-specific hazard of the event (lost leads leave the risk set), "leaving" that of any exit.

    Returns:
        Statistic, degrees of freedom and p, of shape (...).

    Reference:
        Mantel 1966; Klein and Moeschberger 2003, section 7.3 (hypergeometric variance, ties included).
    """
    from scipy.special import chdtrc

    left = table.events if outcome == "won" else table.events + table.competing
    excess, covariance = _excess(left, table.at_risk), _covariance(left, table.at_risk)
    rank = np.linalg.matrix_rank(covariance, hermitian=True).astype(float)
    statistic = np.einsum("...i,...ij,...j->...", excess, np.linalg.pinv(covariance, hermitian=True), excess)
    freedom = np.where(rank >= 1, rank, np.nan)
    statistic = np.where(rank >= 1, statistic, np.nan)
    return LogRank(statistic, freedom, np.where(rank >= 1, chdtrc(np.where(rank >= 1, rank, 1.0), np.nan_to_num(statistic)), np.nan))


def _excess(left: Array, at_risk: Array) -> Array:
    """Observed minus expected events per group."""
    share = ratio(at_risk, at_risk.sum(axis=-2, keepdims=True), empty=0.0)
    return (left - share * left.sum(axis=-2, keepdims=True)).sum(axis=-1)


def _covariance(left: Array, at_risk: Array) -> Array:
    """Hypergeometric covariance of the observed events, summed over days; shape (..., groups, groups)."""
    total, everyone = left.sum(axis=-2), at_risk.sum(axis=-2)
    weight = total * ratio(everyone - total, everyone - 1, empty=0.0)
    share = ratio(at_risk, everyone[..., None, :], empty=0.0)
    own = (weight[..., None, :] * share).sum(axis=-1)
    return own[..., None] * np.eye(share.shape[-2]) - np.einsum("...ik,...jk->...ij", weight[..., None, :] * share, share)
