"""What is true of the simulated company? Incidence and value per lead by quadrature over the laws in `company`.

Unit: one lead; the state is "won". An event at day index k counts within h when k <= h, so the continuous time must be
below h + 1 days. The figures hold while no quarter is bad: for events before 2026Q3. It does not look at drawn data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from alignment_toolkit.samples import company

NODES = 80


def _sizes() -> tuple[np.ndarray, np.ndarray]:
    """Amounts in EUR and their weights: segments by Gauss-Hermite nodes of the log-normal price."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    prices = np.array([group.factor for group in company.SEGMENTS])
    shares = np.array([group.weight for group in company.SEGMENTS])
    amounts = np.outer(prices, np.exp(company.LAW.size_sigma * points)).ravel()
    return amounts, np.outer(shares, weights / weights.sum()).ravel()


def _first_win_share(source: company.Source) -> float:
    """Mean probability that the first end is a win, over personas, regions and quality."""
    factors = [
        [(group.weight, group.factor) for group in company.PERSONAS],
        [(group.weight, group.factor) for group in company.REGIONS],
        [(1 / len(company.QUALITY), factor) for factor in company.QUALITY],
    ]
    return sum(
        w1 * w2 * w3 * min(source.win * f1 * f2 * f3, company.LAW.win_cap)
        for w1, f1 in factors[0]
        for w2, f2 in factors[1]
        for w3, f3 in factors[2]
    )


def _second_win_share(source: company.Source) -> float:
    """Probability that a lead is lost, re-opened and then won."""
    law = company.LAW
    again = min(law.second_win_factor * source.win, law.second_win_cap)
    return (1 - _first_win_share(source)) * law.reopen_share * again


def _win_time(source: company.Source, *, horizon: int, amounts: np.ndarray) -> np.ndarray:
    from scipy.special import gammainc

    law = company.LAW
    scale = source.pace * (amounts / law.reference_amount) ** law.size_exponent
    return np.asarray(gammainc(law.win_shape, (horizon + 1) / scale))


def _second_time(*, horizon: int) -> float:
    from scipy.special import gammainc

    return float(gammainc(company.LAW.second_total_shape, (horizon + 1) / company.LAW.loss_scale))


def won_incidence(source: company.Source, *, horizon: int) -> float:
    """Probability that a lead of this source is won at day index ``horizon`` or before, re-opened leads included.

    Args:
        source: the lead source.
        horizon: whole days, at least 0.

    Returns:
        A probability in [0, 1].

    Reference:
        Aalen and Johansen (1978): the state probability that their estimator recovers.
    """
    amounts, weights = _sizes()
    first = _first_win_share(source) * float(weights @ _win_time(source, horizon=horizon, amounts=amounts))
    return first + _second_win_share(source) * _second_time(horizon=horizon)


def value_per_lead(source: company.Source, *, horizon: int) -> float:
    """Expected amount won per lead by day index ``horizon``, in EUR at the base rates; bigger deals come later."""
    amounts, weights = _sizes()
    times = _win_time(source, horizon=horizon, amounts=amounts)
    first = _first_win_share(source) * float((weights * amounts) @ times)
    return first + _second_win_share(source) * _second_time(horizon=horizon) * float(weights @ amounts)


def early_churn(source: company.Source, *, horizon: int) -> float:
    """Probability that a customer of this source is gone at day index ``horizon`` or before, below `EARLY_DAYS`.

    Raises:
        ValueError: the horizon is not below `EARLY_DAYS`, where the hazard changes.
    """
    if horizon >= company.EARLY_DAYS:
        raise ValueError(f"The horizon is {horizon} days; early churn is known below {company.EARLY_DAYS}.")
    return float(-np.expm1(-source.churn * (horizon + 1)))


def _per_source(figure: Callable[..., float], *, shares: dict[str, float]) -> dict[str, dict[str, float]]:
    """One figure per source and horizon, and over all leads in the shares given."""
    rows = {source.name: {str(h): round(figure(source, horizon=h), 8) for h in company.HORIZONS} for source in company.SOURCES}
    total = {str(h): round(sum(shares[name] * rows[name][str(h)] for name in rows), 8) for h in company.HORIZONS}
    return {"(all)": total, **rows}


def incidence_truth(*, shares: dict[str, float]) -> dict[str, object]:
    """Truth of conversion and value per lead, per source and over all, at the horizons of the company.

    Args:
        shares: share of leads per source name, adding up to 1.
    """
    return {
        "holds": "for day indices reached before 2026-07-01, local time; 2026Q3 has the planted changes",
        "horizons_days": list(company.HORIZONS),
        "won": _per_source(won_incidence, shares=shares),
        "value_per_lead_eur": _per_source(value_per_lead, shares=shares),
        "won_in_the_end": {s.name: round(_first_win_share(s) + _second_win_share(s), 8) for s in company.SOURCES},
    }
