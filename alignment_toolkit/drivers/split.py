"""The exact split of a change of bookings over factors and segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alignment_toolkit.drivers.parts import FACTORS, RATES, VOLUMES, YIELDS, Parts
from alignment_toolkit.stats.apportion import largest_remainder
from alignment_toolkit.stats.risk import Array
from alignment_toolkit.stats.shapley import mix_parts, shapley_slopes


@dataclass(frozen=True)
class Split:
    """What each factor moved, in cents.

    Attributes:
        segments: Names, sorted.
        cents: Whole cents per factor of `FACTORS` and segment, shape (factors, segments); they add up to the change of bookings.
        exact: The same before rounding, with and without each bucket, shape (factors, 257, segments).
        present: Whether each of the 256 buckets holds anything in either quarter.
    """

    segments: list[str]
    cents: np.ndarray
    exact: Array
    present: np.ndarray


def split(segments: list[str], before: Parts, after: Parts) -> Split:
    """Exact Shapley parts of the change of bookings.

    Each volume switches as a total and as a vector of shares (two players), each rate as one player in all segments. A rate that is
    undefined in one quarter takes the other's value, so that it moves nothing and the volume carries the change.
    """
    exact = np.stack(list(contributions(before, after).values()))
    whole = exact[:, 0, :]
    change = round(float(after["cents"][0].sum() - before["cents"][0].sum()))
    cents = largest_remainder(whole.ravel(), change).reshape(whole.shape)
    return Split(segments, cents, exact, _present(before, after))


def contributions(before: Parts, after: Parts) -> dict[str, Array]:
    """Parts in cents per factor, each of shape (257, segments).

    Bookings are a sum over the five volumes of products of at most six factors, and a Shapley value of a sum of games is the sum of
    theirs: so fifteen players need no 2¹⁵ coalitions.
    """
    rates = _defined(before.rates(), after.rates())
    shape = before["cents"].shape
    told = {name: np.zeros(shape) for name in FACTORS}
    for volume in VOLUMES:
        (old_total, old_share), (new_total, new_share) = before.totals(volume), after.totals(volume)
        shares = _defined({"share": old_share}, {"share": new_share})["share"]
        players = [volume, f"{volume}_mix", *([YIELDS[volume]] if volume in YIELDS else []), *RATES]
        sides = [(np.broadcast_to(old_total, shape), np.broadcast_to(new_total, shape)), shares, *(rates[name] for name in players[2:])]
        old, new = (np.stack([side[at] for side in sides]) for at in (0, 1))
        slopes, change = shapley_slopes(old, new), new - old
        for at, name in enumerate(players):
            told[name] += mix_parts(change[at], slopes[at], (old[at] + new[at]) / 2) if at == 1 else slopes[at] * change[at]
    return told


def _defined(before: dict[str, Array], after: dict[str, Array]) -> dict[str, tuple[Array, Array]]:
    """Both sides of each rate, an undefined one as on the other side, 0 where it is undefined on both."""
    told = {}
    for name, old in before.items():
        new = after[name]
        filled = (np.where(np.isnan(old), new, old), np.where(np.isnan(new), old, new))
        told[name] = (np.nan_to_num(filled[0]), np.nan_to_num(filled[1]))
    return told


def _present(before: Parts, after: Parts) -> np.ndarray:
    """Whether leaving a bucket out leaves anything out."""
    differs = [(side[1:] != side[0]).any(axis=-1) for parts in (before, after) for side in parts.counts.values()]
    return np.any(differs, axis=0)
