"""Stacked comparison of units that were treated in some month with units like them that were not yet: an effect that luck cannot pose as.

Question: by how much did the outcome of treated units change more than that of comparable ones? Unit: the campaign. Treatment follows bad
months, and bad months are followed by better ones whatever is done: so the month of the treatment and the two before it are left out, and a
treated unit is compared with those of its own fifth of prior level. That level is told by every other month and the outcome before by the
months between, since units alike by the luck of the same months would only seem alike. It shows an association, not a cause.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_toolkit.stats.jackknife import interval_from_replicates
from alignment_toolkit.stats.risk import Array, ratio

BEFORE, AFTER = 12, 6  # months looked at on either side
LEFT_OUT = 2  # months before the treatment that are left out beside its own
FIFTHS = 5
MIN_UNITS = 10
NEVER = 10**6
COUNTS = ("n", "events", "judged", "accepted")


class Effect(NamedTuple):
    """The effect with 95 % limits in the outcome's unit; null below `MIN_UNITS` treated or comparable units.

    Attributes:
        value: Weighted mean over the stacks of the change of the treated less that of the comparable.
        lower: Lower limit.
        upper: Upper limit.
        n_treated: Treated units in the comparison.
        n_comparable: Units that they are compared with, each once; one that is treated later counts as both.
        n: Outcomes of the treated behind the change, before and after.
    """

    value: float
    lower: float
    upper: float
    n_treated: int
    n_comparable: int
    n: int


class Changes(NamedTuple):
    """What changed for each unit in each stack that it is part of; arrays of one length.

    Attributes:
        unit: Place of the unit.
        stack: Number of the stack: one month of treatment and one fifth.
        is_treated: Whether it is the treated side of the stack.
        change: Its share after less its share before.
        weight: How well the change is known: the precision of a difference of two shares of equal variance.
        n: Outcomes before and after.
    """

    unit: NDArray[np.int64]
    stack: NDArray[np.int64]
    is_treated: NDArray[np.bool_]
    change: Array
    weight: Array
    n: Array


def stacked_effect(history: pd.DataFrame, treated: dict[str, int], *, last_month: int) -> Effect:
    """The effect of a treatment that units receive in different months.

    Args:
        history: unit, month (whole number, consecutive), n (outcomes observed), events (of them with the event), judged and accepted (the
            level by which units are compared). A unit without a row in a month has nothing then.
        treated: Unit -> month of its first treatment; units that are not in it were never treated.
        last_month: Last month whose outcomes are complete.

    Returns:
        See `Effect`. Each stack holds the units treated in one month and those of the same fifth that are not treated until its last month;
        units need judgements, and outcomes on both sides. Limits leave out one unit at a time, wherever it appears.

    Reference:
        Cengiz, Dube, Lindner and Zipperer 2019, appendix D (stacked event studies); Daw and Hatfield 2018 (matching on the outcome before
        brings regression to the mean back); Cameron and Miller 2015 (a unit in several stacks is one cluster); Shao and Tu 1995, 2.2.
    """
    units = sorted(set(history["unit"]))
    months, tables = _tables(history, units)
    first = np.array([treated.get(unit, NEVER) for unit in units])
    parts = [_stack(tables, months, first, month, last_month) for month in sorted({int(at) for at in first if at != NEVER})]
    compared = _paired(parts)
    sides = [compared.unit[compared.is_treated], compared.unit[~compared.is_treated]]
    n_treated, n_comparable = (len(np.unique(side)) for side in sides)
    n = int(compared.n[compared.is_treated].sum())
    if n_treated < MIN_UNITS or n_comparable < MIN_UNITS:
        return Effect(np.nan, np.nan, np.nan, n_treated, n_comparable, n)
    value, left_out, present = _differences(compared, len(units))
    found = interval_from_replicates(value, left_out, present)
    return Effect(value, float(found.lower), float(found.upper), n_treated, n_comparable, n)


def _tables(history: pd.DataFrame, units: list[str]) -> tuple[NDArray[np.int64], dict[str, Array]]:
    """The months and each count as an array (units, months)."""
    months = np.arange(int(history["month"].min()), int(history["month"].max()) + 1) if len(history) else np.zeros(0, dtype=np.int64)
    row, column = pd.Index(units).get_indexer(pd.Index(history["unit"])), history["month"].to_numpy() - (months[0] if len(months) else 0)
    tables = {name: np.zeros((len(units), len(months))) for name in COUNTS}
    for name, table in tables.items():
        np.add.at(table, (row, column), history[name].to_numpy(dtype=float))
    return months, tables


def _stack(tables: dict[str, Array], months: NDArray[np.int64], first: NDArray[np.int64], month: int, last_month: int) -> Changes:
    """The units treated in a month and those not treated until the stack's last month, by fifth of their prior level."""
    ends = min(month + AFTER, last_month)
    age = month - months
    prior = (age > LEFT_OUT) & (age <= LEFT_OUT + BEFORE)
    between, after = prior & (age % 2 == 0), (age < 0) & (months <= ends)
    level = ratio(tables["accepted"][:, between].sum(axis=1), tables["judged"][:, between].sum(axis=1))
    n_before, n_after = (tables["n"][:, part].sum(axis=1) for part in (prior & ~between, after))
    known = ~np.isnan(level) & (n_before > 0) & (n_after > 0) & ((first == month) | (first > ends))
    shares = [ratio(tables["events"][:, part].sum(axis=1), n) for part, n in ((prior & ~between, n_before), (after, n_after))]
    place = np.flatnonzero(known)
    return Changes(
        unit=place,
        stack=month * FIFTHS + fifths(level[place]),
        is_treated=first[place] == month,
        change=(shares[1] - shares[0])[place],
        weight=ratio(n_before * n_after, n_before + n_after)[place],
        n=(n_before + n_after)[place],
    )


def fifths(level: Array) -> NDArray[np.int64]:
    """The fifth of each value, 0 to 4, equal values in the same one."""
    order = np.sort(level)
    middle = (np.searchsorted(order, level, side="left") + np.searchsorted(order, level, side="right")) / 2
    return np.minimum((middle / max(len(level), 1) * FIFTHS).astype(np.int64), FIFTHS - 1)


def _paired(parts: list[Changes]) -> Changes:
    """Everything in stacks that hold both treated and comparable units."""
    if not parts:
        none = np.zeros(0)
        return Changes(none.astype(np.int64), none.astype(np.int64), none.astype(bool), none, none, none)
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    _, stack = np.unique(whole[1], return_inverse=True)
    sides = np.zeros((stack.max(initial=-1) + 1, 2))
    np.add.at(sides, (stack, whole[2].astype(int)), 1)
    both = np.asarray((sides > 0).all(axis=1))[stack]
    kept = [column[both] for column in whole]
    return Changes(kept[0], np.unique(kept[1], return_inverse=True)[1], *kept[2:])


def _differences(compared: Changes, n_units: int) -> tuple[float, Array, NDArray[np.bool_]]:
    """The effect, the effect without each unit, and which units take part: least squares with an effect per stack."""
    shape = (n_units, compared.stack.max() + 1, 2)
    weight, moved = np.zeros(shape), np.zeros(shape)
    where = (compared.unit, compared.stack, compared.is_treated.astype(int))
    np.add.at(weight, where, compared.weight)
    np.add.at(moved, where, compared.weight * compared.change)
    whole = [array.sum(axis=0) for array in (weight, moved)]
    present = np.asarray(weight.any(axis=(1, 2)))
    return float(_effect(*whole)), _effect(whole[0] - weight, whole[1] - moved), present


def _effect(weight: Array, moved: Array) -> Array:
    """The weighted mean over stacks of treated less comparable, from sums of shape (..., stacks, 2)."""
    sure = np.where(weight > 1e-9, weight, 0.0)  # what is left of a sum after its only member is taken out
    mean = ratio(moved, sure, empty=0.0)
    stack = ratio(sure.prod(axis=-1), sure.sum(axis=-1), empty=0.0)
    return ratio(((mean[..., 1] - mean[..., 0]) * stack).sum(axis=-1), stack.sum(axis=-1))
