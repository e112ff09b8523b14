"""Check of proportional hazards: does an effect stay the same over time?

Question: is one hazard ratio per attribute a fair summary? Unit: the event. A small p says that it is not, a large one that these data
cannot tell.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from alignment_toolkit.stats.incidence import Curve
from alignment_toolkit.stats.risk import Array, table_from_counts
from alignment_toolkit.stats.survival import survival


def ph_statistics(
    time: Array, event: Array, exog: Array, *, coef: Array, covariance: Array, scale: Literal["rank", "km"] = "rank"
) -> Array:
    """Chi-squared statistic, one degree of freedom per covariate, of scaled Schoenfeld residuals against time.

    Args:
        time: Times, shape (n,).
        event: 1 for an event, 0 for censored.
        exog: Covariates, shape (n, covariates).
        coef: Fitted log hazard ratios.
        covariance: Their covariance.
        scale: "rank" of the event times (ties share their mean rank) or "km", 1 − Kaplan-Meier, robust to early clusters.

    Returns:
        Shape (covariates,); null where all events fall on one time.

    Reference:
        Grambsch and Therneau 1994.
    """
    when, residuals = schoenfeld_residuals(time, event, exog, coef=coef)
    axis = _rank(when) if scale == "rank" else _leaving(time, event, when)
    axis = axis - axis.mean()
    scaled = len(when) * residuals @ covariance
    room = len(when) * np.diag(covariance) * np.square(axis).sum()
    return np.divide(np.square(axis @ scaled), room, out=np.full(len(coef), np.nan), where=room > 0)


def schoenfeld_residuals(time: Array, event: Array, exog: Array, *, coef: Array) -> tuple[Array, Array]:
    """Times of the events, rising, and each event's covariates minus their mean in the risk set (Efron's mean at ties).

    Returns:
        Times of shape (events,) and residuals of shape (events, covariates).

    Reference:
        Schoenfeld 1982.
    """
    order = np.argsort(time, kind="stable")
    time, died, exog = time[order], event[order] > 0, exog[order]
    risk = np.exp((exog - exog.mean(axis=0)) @ coef)[:, None]
    when, place, ties = np.unique(time[died], return_inverse=True, return_counts=True)
    tied = np.zeros((len(when), exog.shape[1] + 1))
    np.add.at(tied, place, np.hstack([risk, risk * exog])[died])
    from_here = np.cumsum(np.hstack([risk, risk * exog])[::-1], axis=0)[::-1][np.searchsorted(time, when)]
    # The l-th of d tied events has l / d of the tied risk taken off.
    first = np.concatenate([[0], np.cumsum(ties)[:-1]])
    done = (np.arange(len(place)) - first[np.sort(place)]) / ties[np.sort(place)]
    left = from_here[np.sort(place)] - done[:, None] * tied[np.sort(place)]
    mean = np.zeros((len(when), exog.shape[1]))
    np.add.at(mean, np.sort(place), left[:, 1:] / left[:, :1])
    return time[died], exog[died] - (mean / ties[:, None])[place]


def _rank(when: Array) -> Array:
    _, place, ties = np.unique(when, return_inverse=True, return_counts=True)
    return (np.cumsum(ties) - (ties - 1) / 2)[place]


def _leaving(time: Array, event: Array, when: Array) -> Array:
    """1 − Kaplan-Meier at each event time, from a risk table whose index is the rank of the distinct times."""
    known, place = np.unique(time, return_inverse=True)
    events = np.bincount(place, weights=event, minlength=len(known)).astype(float)
    everyone = np.bincount(place, minlength=len(known)).astype(float)
    enter = np.zeros(len(known))
    enter[0] = everyone.sum()
    curve: Curve = survival(table_from_counts({"enter": enter, "event": events, "censor": everyone - events}))
    return 1 - curve.value[np.searchsorted(known, when)]
