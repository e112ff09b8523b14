"""A change of a product split fairly over its factors: exact Shapley values without enumerating orders.

Question: how much of after − before goes with each factor? The answer is the mean, over all orders in which the factors may switch from
before to after, of what each adds when its turn comes. It does not say why a factor moved.
"""

from __future__ import annotations

from math import comb

import numpy as np

from alignment_toolkit.stats.risk import Array


def shapley_slopes(before: Array, after: Array) -> Array:
    """The mean product of the other factors over all orders of switching: a factor's part is its slope × its change.

    The coalitions of one size enter a Shapley value with one weight, so their products are added up by size, as the coefficients of
    Π (before + after z): n² multiplications instead of 2ⁿ products, and nothing is approximated.

    Args:
        before: The factors of a product, shape (factors, ...).
        after: The same factors afterwards, same shape.

    Returns:
        Slopes of the same shape; Σ slope × (after − before) = Π after − Π before.

    Reference:
        Shapley 1953, "A value for n-person games", eq. 13.
    """
    n = len(before)
    weights = [1 / (n * comb(n - 1, size)) for size in range(n)]
    slopes = []
    for player in range(n):
        products = _products_by_size(np.delete(before, player, axis=0), np.delete(after, player, axis=0))
        slopes.append(sum(weight * product for weight, product in zip(weights, products, strict=True)))
    return np.array(slopes)


def _products_by_size(before: Array, after: Array) -> list[Array]:
    """Per number of switched factors, the sum over the coalitions of that size of the product of all factors."""
    products = [np.ones(before.shape[1:])]
    for old, new in zip(before, after, strict=True):
        stay = [product * old for product in products]
        switch = [product * new for product in products]
        nothing = np.zeros_like(products[0])
        products = [one + other for one, other in zip([*stay, nothing], [nothing, *switch], strict=True)]
    return products


def mix_parts(change: Array, slope: Array, mean_share: Array) -> Array:
    """The segments' parts of the effect of their changed shares: Δshare × (own yield − average yield at mean shares).

    Shares that all grow by nothing move nothing, so the parts add up to Σ change × slope whatever is taken off every slope; taking off the
    average says of a segment whether it grew at the expense of better ones or of worse ones.

    Args:
        change: Change of each share, shape (..., segments), adding up to 0.
        slope: Mean product of the other factors, same shape.
        mean_share: Mean of the shares before and after, same shape.
    """
    average = np.sum(mean_share * slope, axis=-1, keepdims=True)
    return change * (slope - average)
