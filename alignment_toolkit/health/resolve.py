"""Bounds: what a figure becomes when everything that the records leave open is resolved the worst way, or the best.

A gap is something the records leave open; a resolution is one thing that may be true of it, as a change of the counts that the figure is
made of. The figure is worked out again from the changed counts, gap by gap and for all of them together. A bound is no interval: it knows
nothing of chance, and an interval knows nothing of gaps.

Pure: it knows counts as values that a figure understands, no engine and no figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Change = Any
Figure = Callable[[Sequence[Change]], Mapping[str, float]]


@dataclass(frozen=True)
class Resolution:
    """One thing that may be true of some records.

    Attributes:
        gap: Name of the gap.
        n: Records it is about.
        change: What it makes of the counts, as the figure understands it.
        group: Records that only one resolution can be true of; by default all records of the gap.
    """

    gap: str
    n: float
    change: Change
    group: str = ""

    @property
    def of(self) -> str:
        """The group, the gap where none is named."""
        return self.group or self.gap


@dataclass(frozen=True)
class Part:
    """What one gap alone does to a figure.

    Attributes:
        gap: Name of the gap.
        n: Records that move the figure.
        lowest: The figure when only this gap is resolved downwards; never above the figure.
        highest: And upwards; never below it.
    """

    gap: str
    n: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Bound:
    """How far the gaps allow a figure to lie from what it is.

    Attributes:
        name: The figure.
        value: As it is; NaN where it is undefined.
        lowest: The lowest value found when gaps are resolved one at a time and all together; at most `value`.
        highest: The highest.
        parts: What each gap does alone, gaps that move nothing included.
    """

    name: str
    value: float
    lowest: float
    highest: float
    parts: tuple[Part, ...] = ()


def bounded(figure: Figure, resolutions: Sequence[Resolution]) -> dict[str, Bound]:
    """The bounds of one or several figures that are made of the same counts.

    Args:
        figure: From a sequence of changes, made one after another to the counts at hand, to the figures by name; no change: as they are.
        resolutions: What may be true. In each direction every group takes the resolution that alone moves the figure furthest; a group that
            moves it the other way keeps the counts at hand.

    Returns:
        Per figure its bound: the envelope of the figure as it is, of each gap alone and of all gaps together, so that it holds the figure
        whatever the figure's shape.
    """
    trials = _Trials(figure)
    names = list(trials(()))
    return {name: _bound(name, trials, list(resolutions)) for name in names}


class _Trials:
    """A figure that remembers what it has worked out; changes are told apart by identity."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.known: dict[tuple[int, ...], Mapping[str, float]] = {}

    def __call__(self, chosen: Sequence[Resolution]) -> Mapping[str, float]:
        key = tuple(sorted(id(each) for each in chosen))
        if key not in self.known:
            self.known[key] = self.figure([each.change for each in chosen])
        return self.known[key]


def _bound(name: str, trials: _Trials, resolutions: list[Resolution]) -> Bound:
    value = float(trials(())[name])
    if math.isnan(value):
        return Bound(name, value, value, value)
    gaps = list(dict.fromkeys(each.gap for each in resolutions))
    parts = tuple(_part(name, trials, [each for each in resolutions if each.gap == gap]) for gap in gaps)
    low, high = _reach(name, trials, resolutions)
    return Bound(
        name, value, min([value, low, *(part.lowest for part in parts)]), max([value, high, *(part.highest for part in parts)]), parts
    )


def _part(name: str, trials: _Trials, mine: list[Resolution]) -> Part:
    value, sizes = float(trials(())[name]), dict[str, float]()
    for each in mine:
        if _known(trials((each,))[name], value) != value:
            sizes[each.of] = max(sizes.get(each.of, 0.0), each.n)
    low, high = _reach(name, trials, mine)
    return Part(mine[0].gap, sum(sizes.values()), low, high)


def _reach(name: str, trials: _Trials, resolutions: list[Resolution]) -> tuple[float, float]:
    """The figure with every group resolved downwards, and upwards."""
    value = float(trials(())[name])
    alone = [(each, _known(trials((each,))[name], value)) for each in resolutions]
    down = _furthest((each, value - found) for each, found in alone)
    up = _furthest((each, found - value) for each, found in alone)
    found = [value, *(each for _, each in alone), *(_known(trials(chosen)[name], value) for chosen in (down, up))]
    return min(found), max(found)


def _furthest(moved: Iterable[tuple[Resolution, float]]) -> list[Resolution]:
    """Of each group the resolution that moves furthest, if any moves at all."""
    best: dict[str, tuple[Resolution, float]] = {}
    for each, step in moved:
        if step > 0 and step > best.get(each.of, (each, 0.0))[1]:
            best[each.of] = (each, step)
    return [each for each, _ in best.values()]


def _known(found: float, value: float) -> float:
    """A figure that a resolution makes undefined says nothing about how far it may lie."""
    return value if math.isnan(found) else float(found)
